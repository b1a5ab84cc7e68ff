"""Extraction against its peers: `python -m bench.extract [--peers DIR] [--pages DIR] [--decode]` prints figures and ratios of one run.

Readers take turns, page by page, so that whatever disturbs the machine disturbs all of them. Times are CPU
seconds, so pages a second are a core's. Peers that the lock lacks (newspaper4k, news-please) live in a virtual environment of their
own, which `--peers DIR` makes when it is not there. F1 is over character 4-grams, as the reference pages count it.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

import trafilatura
from lxml import etree, html
from readability import Document
from readability.readability import Unparseable

from bench import charsets, peers, recorded
from bench.recorded import Sample, gram_f1
from pipelines.extract.client import Extractor
from pipelines.extract.decode import decode
from pipelines.extract.ladder import extract
from pipelines.extract.lines import PageLines, tidy
from pipelines.extract.quality import Signs, against, quality_of
from pipelines.extract.tree import parse
from pipelines.models import Page, Reading

Reader = Callable[[Sample], tuple[float, str]]
"""CPU seconds, and the text."""
OURS, PLAIN = "portalwatch", "trafilatura + metadata"
BARS = {"sheet portals": 4.0, "unknown sites": 1.6}
ROUNDS = 5


@dataclass(slots=True)
class Tally:
    """The best time and the F1 of each page, by reader."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    f1: dict[str, list[float]] = field(default_factory=dict)

    def ratio(self, reader: str) -> float:
        """How many times a core of ours reads what one of `reader` does."""
        return sum(self.seconds[reader]) / sum(self.seconds[OURS])


def main() -> None:
    """Measure, print; exit status 1 where a bar is missed."""
    options = _options()
    sets = {
        "sheet portals": recorded.of_portals(options.pages),
        "unknown sites": recorded.of_unknown_sites(options.pages),
        "no sheet, our own": recorded.without_sheets(),
    }
    print(asyncio.run(cold_start(sets["unknown sites"][0])), flush=True)
    with ExitStack() as stack:
        readers = _readers(stack, options.peers)
        met = [_report(name, run(samples, readers, options.rounds), samples) for name, samples in sets.items() if samples]
    for line in quality([*sets["unknown sites"], *sets["sheet portals"]]):
        print(line)
    for line in charsets.survivors(sets["unknown sites"]) if options.decode else ():
        print(line, flush=True)
    sys.exit(0 if all(met) else 1)


def run(samples: Sequence[Sample], readers: dict[str, Reader], rounds: int = ROUNDS) -> Tally:
    """Every reader on every page, `rounds` times, in turn; the best time counts, since a disturbance only ever adds."""
    tally = Tally(seconds={name: [] for name in readers}, f1={name: [] for name in readers})
    for sample in samples:
        for name, answers in _turns(sample, readers, rounds).items():
            tally.seconds[name].append(min(seconds for seconds, _ in answers))
            tally.f1[name].append(gram_f1(sample.truth, answers[0][1]))
    return tally


def _turns(sample: Sample, readers: dict[str, Reader], rounds: int) -> dict[str, list[tuple[float, str]]]:
    """Each reader reads a page `rounds` times in a row, as a worker does that runs nothing else."""
    return {name: [read(sample) for _ in range(rounds)] for name, read in readers.items()}


def ours(sample: Sample) -> Reading:
    """What portalwatch makes of the page, by the sheet of its portal where there is one."""
    return extract(Page(url=sample.url, body=sample.body, content_type=sample.content_type), sample.sheet)


async def cold_start(sample: Sample) -> str:
    """A fresh worker: seconds until it is warm, and what its first page takes beside a later one."""
    async with Extractor(limit=60.0) as pool:
        began = time.perf_counter()
        await pool.started()
        ready, times = time.perf_counter() - began, []
        for _ in range(5):
            asked = time.perf_counter()
            await pool.read(Page(url=sample.url, body=sample.body))
            times.append(time.perf_counter() - asked)
    return f"cold start: a worker is ready in {ready:.2f} s; first page {times[0] * 1e3:.0f} ms, a later one {min(times) * 1e3:.0f} ms"


def quality(samples: Sequence[Sample]) -> Iterator[str]:
    """How well the stored quality ranks our readings, and how well its formula ranks good and bad ones: ours and two other readers'."""
    articles = [(sample, article) for sample in samples if (article := ours(sample).article)]
    own = [(article.quality or 0.0, gram_f1(sample.truth, article.text)) for sample, article in articles]
    rivals = [
        (_worth(sample, text), gram_f1(sample.truth, text)) for sample in samples for text in (_plain(sample), _readability(sample)) if text
    ]
    for name, pairs in (("our readings", own), ("ours, trafilatura's and readability's", [*own, *rivals])):
        told, true = zip(*pairs, strict=True)
        yield f"quality against F1, {len(pairs)} of {name}: Spearman {recorded.spearman(told, true):.2f}"
    for low, high in ((0.0, 0.6), (0.6, 0.8), (0.8, 0.9), (0.9, 1.01)):
        if found := [true for told, true in (*own, *rivals) if low <= told < high]:
            yield f"  quality {low:.1f} to {min(high, 1.0):.1f}: {len(found):4} readings, mean F1 {mean(found):.3f}"


def _worth(sample: Sample, text: str) -> float:
    paragraphs = [line for raw in text.split("\n") if (line := tidy(raw))]
    linked, covered = against(PageLines(parse(decode(sample.body).text)).all, paragraphs)
    return quality_of(Signs(rung="page", paragraphs=paragraphs, linked=linked, covered=covered, has_title=True, has_time=True))


def _readers(stack: ExitStack, folder: Path | None) -> dict[str, Reader]:
    readers: dict[str, Reader] = {OURS: _timed(_ours_text), PLAIN: _timed(_plain), "readability-lxml": _timed(_readability)}
    if folder is None:
        print("newspaper4k, news-please: not measured; `python -m bench.extract --peers DIR` makes an environment with them in DIR")
        return readers
    process = stack.enter_context(peers.serving(folder))
    return readers | {name: peers.asking(process, name) for name in peers.NAMES}


def _timed(read: Callable[[Sample], str]) -> Reader:
    def timed(sample: Sample) -> tuple[float, str]:
        began = time.process_time()
        text = read(sample)
        return time.process_time() - began, text

    return timed


def _ours_text(sample: Sample) -> str:
    article = ours(sample).article
    return article.text if article else ""


def _plain(sample: Sample) -> str:
    document = trafilatura.bare_extraction(sample.body, url=sample.url or None, with_metadata=True)
    return getattr(document, "text", None) or ""


def _readability(sample: Sample) -> str:
    try:
        return str(html.fromstring(Document(decode(sample.body).text).summary()).text_content())
    except (Unparseable, etree.LxmlError, ValueError):
        return ""


def _report(name: str, tally: Tally, samples: Sequence[Sample]) -> bool:
    print(f"{name}: {len(samples)} pages, {sum(len(sample.body) for sample in samples) // len(samples) // 1024} KiB each")
    for reader, seconds in tally.seconds.items():
        rate, ratio = len(seconds) / sum(seconds), tally.ratio(reader)
        beside = "" if reader == OURS else f"   {ratio:5.1f} x its speed here"
        print(f"  {reader:24} {rate:7.1f} pages/s/core   F1 {mean(tally.f1[reader]):.3f}{beside}", flush=True)
    bar = BARS.get(name)
    return bar is None or tally.ratio(PLAIN) >= bar


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    shared = Path(os.environ.get("PORTALWATCH_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    parser.add_argument("--pages", type=Path, default=shared, help="folder of the recorded reference pages, if there is one")
    parser.add_argument("--peers", type=Path, default=None, help="virtual environment with newspaper4k and news-please; made if missing")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--decode", action="store_true", help="also: which pages survive being encoded and labelled badly")
    return parser.parse_args()


if __name__ == "__main__":
    main()
