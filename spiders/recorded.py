"""Pages that an operator keeps as tests of a sheet: the page as it was, and beside it what it should read as, corrected by hand."""

import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipelines.errors import PortalwatchError
from pipelines.extract.answers import answer
from pipelines.extract.tree import MAX_BYTES
from pipelines.models import Page, Reading
from pipelines.sheet import Sheet
from pipelines.yamlfile import read_yaml, validated
from spiders.prospect.draft import write_new
from spiders.prospect.guesses import safe
from spiders.prospect.reader import Reader

FOLDER = "pages"
_UNPRINTABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")  # what no YAML reader takes as it stands
_CUT = 60  # characters of a difference that are shown around its place


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Vote(_Strict):
    """Votes of a comment."""

    up: int | None = None
    down: int | None = None


class Said(_Strict):
    """A reader's comment."""

    author: str = ""
    badges: list[str] = []
    at: str | None = None
    text: str = ""
    votes: Vote = Vote()
    floor: int | None = None
    quotes: int | None = None


class Expected(_Strict):
    """What the page should read as. Only the keys that stand in the file are compared; `text` is a list of paragraphs."""

    outcome: str = "article"
    title: str | None = None
    text: list[str] = []
    published_at: str | None = None
    modified_at: str | None = None
    publisher: list[str] = []
    author: str | None = None
    section: str | None = None
    rights: str | None = None
    language: str | None = None
    script: str | None = None
    captions: list[str] = []
    comment_count: int | None = None
    reactions: dict[str, int] = {}
    comments: list[Said] = []


class Recorded(_Strict):
    """The file beside a page."""

    url: str
    status: int = 200
    content_type: str = ""
    recorded: str = Field(default="", description="the day on which the page was kept")
    expect: Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A field that reads otherwise than expected; `file` is the one to correct, should the reading be right."""

    file: Path
    field: str
    expected: Any
    read: Any

    def __str__(self) -> str:
        return f"{self.file}: {self.field}: {_shown(self.expected, self.read)}"


def folder(config: Path, slug: str) -> Path:
    """Where a sheet's recorded pages lie."""
    return config / "portals" / FOLDER / slug


def record(into: Path, name: str, page: Page, reading: Reading, *, comments: bool = False, force: bool = False) -> Path:
    """Keep the page and its present reading as NAME.html.gz and NAME.json; gives the JSON file, which is to be corrected by hand.

    Comments name people; they are left out, but with `comments`."""
    told = into / f"{name}.json"
    expected = _expected(reading)
    if not comments:
        expected.pop("comments")
    given = {"url": page.url, "status": page.status, "content_type": page.content_type, "recorded": f"{date.today()}", "expect": expected}  # noqa: DTZ011
    text = _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(given, ensure_ascii=False, indent=1))
    write_new(told, text + "\n", force=force)
    (into / f"{name}.html.gz").write_bytes(gzip.compress(page.body[:MAX_BYTES], mtime=0))
    return told


def name_of(sheet: Sheet, url: str) -> str:
    """A file name for the page: its key."""
    known = sheet.identify(url)
    return safe(known[0] if known else url.rpartition("/")[2]).removeprefix("portal_")


def replay(sheet: Sheet, config: Path, reader: Reader) -> Iterator[tuple[str, Sequence[Difference]]]:
    """(name, differences) of every recorded page of the sheet, read again. ConfigError for a file that is none."""
    for file in sorted(folder(config, sheet.slug).glob("*.json")):
        recorded = validated(Recorded, read_yaml(file))
        page = Page(url=recorded.url, body=_body(file), status=recorded.status, content_type=recorded.content_type)
        read = _expected(reader.read(page, sheet))
        wanted = recorded.expect.model_dump(mode="json", include=recorded.expect.model_fields_set)
        pairs = ((field, expected, read[field]) for field, expected in wanted.items())
        yield (
            file.stem,
            [Difference(file=file, field=field, expected=expected, read=now) for field, expected, now in pairs if expected != now],
        )


def _expected(reading: Reading) -> dict[str, Any]:
    """The answer of `portalwatch extract` by the keys of Expected."""
    told: Mapping[str, Any] = answer(reading, "")
    read = {name: told[name] for name in Expected.model_fields}
    return read | {"text": told["text"].split("\n") if told["text"] else []}


def _body(file: Path) -> bytes:
    page = file.with_suffix(".html.gz")
    try:
        with gzip.open(page, "rb") as packed:
            return packed.read(MAX_BYTES + 1)
    except (OSError, EOFError) as error:
        raise PortalwatchError(f"{page}: cannot be read: {error}; `portalwatch portals record --force` keeps the page anew") from None


def _shown(expected: Any, read: Any) -> str:
    """Both values; of lists and long texts the first place where they part."""
    if isinstance(expected, list) and isinstance(read, list):
        at = next((at for at, pair in enumerate(zip(expected, read, strict=False)) if pair[0] != pair[1]), min(len(expected), len(read)))
        one, other = (each[at] if at < len(each) else None for each in (expected, read))
        return f"{len(expected)} expected, {len(read)} read; number {at + 1}: {_shown(one, other)}"
    if isinstance(expected, str) and isinstance(read, str) and max(len(expected), len(read)) > _CUT:
        at = next((at for at, pair in enumerate(zip(expected, read, strict=False)) if pair[0] != pair[1]), min(len(expected), len(read)))
        start = max(0, at - 10)
        return f"expected {expected[start : start + _CUT]!r}, read {read[start : start + _CUT]!r} (from character {start + 1})"
    return f"expected {expected!r}, read {read!r}"
