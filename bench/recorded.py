"""The pages that bench.extract reads, with their true text: replicas and our own pages always, recorded ones where they lie."""

import gzip
import json
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from demo.portals import Asked, answer
from demo.world import World
from pipelines.sheet import Sheet, read_sheet

ROOT = Path(__file__).resolve().parents[1]
PAGES, SHEETS = ROOT / "tests" / "pages", ROOT / "spiders" / "portals"
NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
REPLICAS = 3
"""Articles of each replica portal that are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A page and its true text; `language` is zh-Hans, zh-Hant, ja or empty where nobody wrote it down."""

    name: str
    body: bytes
    truth: str
    url: str = ""
    content_type: str = ""
    sheet: Sheet | None = None
    language: str = ""
    title: str = ""


def of_unknown_sites(shared: Path) -> list[Sample]:
    """The recorded reference pages, read without a sheet; our own pages where these are missing."""
    manifest = shared / "pages" / "manifest.jsonl"
    if not manifest.is_file():
        return without_sheets()
    rows = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    return [_recorded(manifest.parent, row) for row in rows]


def of_portals(shared: Path) -> list[Sample]:
    """Pages of portals that a sheet describes: replicas, our own pages, and the recorded seeds where they lie."""
    return [*_replicas(), *(sample for sample in _own() if sample.sheet), *_seeds(shared / "portals" / "seeds")]


def without_sheets() -> list[Sample]:
    """Our own pages of sites that no sheet describes."""
    return [sample for sample in _own() if sample.sheet is None]


def _recorded(folder: Path, row: dict[str, str]) -> Sample:
    truth = json.loads((folder / row["truth"]).read_text(encoding="utf-8"))
    return Sample(
        name=row["file"],
        body=gzip.decompress((folder / row["file"]).read_bytes()),
        truth="\n".join(truth["body"]),
        url=row["url"],
        language=row["language"],
        title=truth.get("title") or "",
    )


def _own() -> Iterator[Sample]:
    for path in sorted(PAGES.glob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["expect"].get("text"):
            yield Sample(
                name=path.stem,
                body=path.with_suffix(".html").read_bytes(),
                truth=told["expect"]["text"],
                url=told["url"],
                content_type=told.get("content_type", "text/html"),
                sheet=sheet(told["sheet"]) if "sheet" in told else None,
            )


def _seeds(folder: Path) -> Iterator[Sample]:
    known = {
        "storm_2023_seed": ("storm_mg", "https://www.storm.mg/article/4869000"),
        "6park_2024_seed": ("park6", "https://www.6parknews.com/newspark/view.php?app=news&act=view&nid=680000"),
    }
    for name, (slug, url) in known.items():
        if (folder / f"{name}.html").is_file():
            truth = json.loads((folder / f"{name}.gt.json").read_text(encoding="utf-8"))
            yield Sample(name=name, body=(folder / f"{name}.html").read_bytes(), truth="\n".join(truth["body"]), url=url, sheet=sheet(slug))


def _replicas() -> Iterator[Sample]:
    """Articles of every replica portal in turn, each fetched as the crawl would."""
    world = World(now=NOW, phase=3)
    by_portal: dict[str, list[Sample]] = {}
    for true in (*world.truth(), *world.wider_truth()):
        if true.portal == "bbc_zh" and true.script == "Hant":
            continue  # both scripts are fetched under the address of one
        rules = sheet(true.portal)
        identity = rules.identify(true.urls[0])
        asked = urlsplit(identity[1] if identity else true.urls[0])
        reply = answer(Asked(host=asked.hostname or "", path=unquote(asked.path), query=dict(parse_qsl(asked.query))), world.scene)
        sample = Sample(
            name=true.article,
            body=reply.body,
            truth="\n".join(true.paragraphs),
            url=true.urls[0],
            content_type=reply.content_type,
            sheet=rules,
        )
        by_portal.setdefault(true.portal, []).append(sample)
    for samples in by_portal.values():
        yield from samples[:REPLICAS]


@cache
def sheet(slug: str) -> Sheet:
    """A shipped sheet."""
    return read_sheet(SHEETS / f"{slug}.yaml", base=SHEETS)


def gram_f1(truth: str, answer: str) -> float:
    """Character 4-gram F1 after NFKC, without white space."""
    want, have = _grams(truth), _grams(answer)
    both = sum((want & have).values())
    return 2 * both / (sum(want.values()) + sum(have.values())) if both else 0.0


def spearman(left: Sequence[float], right: Sequence[float]) -> float:
    """Spearman's rank correlation, ties at their mean rank."""
    one, other = _ranks(left), _ranks(right)
    middle = (len(one) + 1) / 2
    spread = sum((rank - middle) ** 2 for rank in one) * sum((rank - middle) ** 2 for rank in other)
    return float(sum((a - middle) * (b - middle) for a, b in zip(one, other, strict=True)) / spread**0.5) if spread else 0.0


def _ranks(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    first, times = {value: at for at, value in reversed(list(enumerate(ordered, start=1)))}, Counter(ordered)
    return [first[value] + (times[value] - 1) / 2 for value in values]


def _grams(text: str) -> Counter[str]:
    flat = "".join(unicodedata.normalize("NFKC", text).split())
    return Counter(flat[at : at + 4] for at in range(max(1, len(flat) - 3))) if flat else Counter()
