"""The articles written by hand: one YAML file each, read once, with every complaint at its file and line."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from demo.world.piece import Piece, Said
from demo.world.rights import rights_line
from demo.world.scene import PORTALS, WIDER
from pipelines.yamlfile import read_yaml, validated

ARTICLES, WIDER_ARTICLES = (Path(__file__).with_name(name) for name in ("articles", "wider"))
VANISHED_BEFORE = timedelta(minutes=8)  # before the start: the lagging sitemap shows that something happened
_ZONES = {"rfi_zh": "Europe/Paris", "voa_zh": "America/New_York"}  # of the dates in an address; Asia/Taipei elsewhere


def _portal(value: str) -> str:
    if value not in (*PORTALS, *WIDER):
        raise ValueError(f"`{value}` is no portal of this world")
    return value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Remark(_Strict):
    """A comment as the file has it."""

    author: str
    badges: tuple[str, ...] = ()
    minutes_ago: int
    text: str
    up: int = 0
    down: int = 0


class Later(_Strict):
    """What changes from a phase on; what is left out stays."""

    phase: int
    minutes_ago: int | None = None
    text: str | None = None
    comment_count: int | None = None
    flowers: int | None = None
    eggs: int | None = None


class Draft(_Strict):
    """One file of `articles/` or `wider/`; times are minutes before the world's start.

    An address of `urls` may hold {number} and {published:%Y/%m/%d}, the portal's local date.
    """

    portal: Annotated[str, AfterValidator(_portal)]
    number: int
    phase: int = Field(ge=0)
    minutes_ago: int
    stories: tuple[str, ...] = Field(min_length=1)
    topics: tuple[str, ...] = ()
    section: str
    title: str
    text: str
    publisher: tuple[str, ...] = Field(min_length=1)
    author: str = ""
    editor: str = ""
    slug: str = ""
    layout: Literal["a", "b"] = "a"
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    mark: str = ""
    captions: tuple[str, ...] = ()
    related: str = ""
    glued: str = ""
    comments: tuple[Remark, ...] = ()
    comment_count: int = 0
    flowers: int = 0
    eggs: int = 0
    local: bool = False
    rights: str = ""
    gone: int | None = None
    challenged: int | None = None
    urls: tuple[str, ...] = ()
    extra: dict[str, str] = {}
    later: tuple[Later, ...] = ()


@lru_cache(maxsize=1)
def drafts() -> tuple[tuple[str, Draft], ...]:
    """(file stem, draft) of every article file, in the order of their names; ConfigError where one is wrong."""
    return _read(ARTICLES)


@lru_cache(maxsize=1)
def wider_drafts() -> tuple[tuple[str, Draft], ...]:
    """The same for the portals beyond the demo's four."""
    return _read(WIDER_ARTICLES)


def _read(folder: Path) -> tuple[tuple[str, Draft], ...]:
    return tuple((path.stem, validated(Draft, read_yaml(path))) for path in sorted(folder.glob("*.yaml")))


def written(start: datetime, phase: int) -> list[Piece]:
    """The hand-written pieces that exist at `phase`, in its state, the vanished ones included."""
    return _existing(drafts(), start, phase)


def wider(start: datetime, phase: int) -> list[Piece]:
    """The pieces of the portals beyond the demo's four that exist at `phase`."""
    return _existing(wider_drafts(), start, phase)


def _existing(found: Iterable[tuple[str, Draft]], start: datetime, phase: int) -> list[Piece]:
    return [_at_phase(_first_state(name, draft, start), draft, start, phase) for name, draft in found if draft.phase <= phase]


def _first_state(name: str, draft: Draft, start: datetime) -> Piece:
    published = start - timedelta(minutes=draft.minutes_ago, seconds=_seconds(draft))
    kept = draft.model_dump(exclude={"minutes_ago", "text", "comments", "later", "rights", "urls"})
    local = published.astimezone(ZoneInfo(_ZONES.get(draft.portal, "Asia/Taipei")))
    return Piece(
        **kept,
        name=name,
        paragraphs=paragraphs(draft.text),
        published_at=published,
        updated_at=published,
        rights=draft.rights or rights_line(draft.portal, draft.publisher, published),
        urls=tuple(url.format(number=draft.number, published=local) for url in draft.urls),
        comments=tuple(_said(remark, start) for remark in draft.comments),
    )


def _seconds(draft: Draft) -> int:
    """park6 prints seconds; everybody else's world runs on whole minutes, so that a printed time is the whole truth."""
    return draft.number % 60 if draft.portal == "park6" else 0


def _at_phase(piece: Piece, draft: Draft, start: datetime, phase: int) -> Piece:
    for later in draft.later:
        if later.phase <= phase:
            piece = _changed(piece, later, start)
    vanished = draft.gone is not None and draft.gone <= phase
    return replace(piece, updated_at=start - VANISHED_BEFORE) if vanished else piece


def _changed(piece: Piece, later: Later, start: datetime) -> Piece:
    counts = {key: value for key in ("comment_count", "flowers", "eggs") if (value := getattr(later, key)) is not None}
    piece = replace(piece, **counts)
    if later.text is not None:
        piece = replace(piece, paragraphs=paragraphs(later.text))
    if later.minutes_ago is not None:
        piece = replace(piece, updated_at=start - timedelta(minutes=later.minutes_ago))
    return piece


def paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of a text in which a blank line parts them."""
    return tuple(part.strip() for part in text.strip().split("\n\n"))


def _said(remark: Remark, start: datetime) -> Said:
    kept = remark.model_dump(exclude={"minutes_ago", "badges"})
    return Said(**kept, badges=tuple(f"[{badge}]" for badge in remark.badges), at=start - timedelta(minutes=remark.minutes_ago))
