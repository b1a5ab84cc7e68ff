"""The values of the invented world: a piece as one portal carries it, and the truth that extraction must find in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One reader's comment, badges in their brackets; `floor` and `quotes` are known on the comment page only."""

    author: str
    text: str
    at: datetime
    badges: tuple[str, ...] = ()
    up: int = 0
    down: int = 0
    floor: int | None = None
    quotes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One invented article on one portal, in the state of one phase, with absolute times.

    `gone` is the phase from which on the portal answers as if it had never existed, `challenged` the one phase in which
    a captcha stands in its place. `mark` is park6's (图); `glued` the related headlines without any space between them.
    A `local` piece is listed on park6's local host only. `urls` are given for portals beyond the demo's four, the canonical
    one first, and `extra` is what only that portal's markup shows.
    """

    name: str
    portal: str
    number: int
    phase: int
    title: str
    paragraphs: tuple[str, ...]
    publisher: tuple[str, ...]
    published_at: datetime
    updated_at: datetime
    section: str
    stories: tuple[str, ...]
    topics: tuple[str, ...] = ()
    slug: str = ""
    layout: str = "a"
    encoding: str = "utf-8"
    author: str = ""
    editor: str = ""
    mark: str = ""
    captions: tuple[str, ...] = ()
    related: str = ""
    glued: str = ""
    rights: str = ""
    comments: tuple[Said, ...] = ()
    comment_count: int = 0
    flowers: int = 0
    eggs: int = 0
    local: bool = False
    gone: int | None = None
    challenged: int | None = None
    urls: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def body_length(self) -> int:
        """Characters of the body, paragraphs' breaks left out."""
        return sum(map(len, self.paragraphs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a perfect extraction of one page finds. `urls` are all its forms, the canonical one first.

    `article` is the same for the two scripts of one BBC piece; `stories` has two for a merged piece. `comments` are those on
    the article's page, `thread` all of the comment page, newest first. `reactions` has 鲜花 and 鸡蛋 on park6.
    """

    article: str
    portal: str
    urls: tuple[str, ...]
    script: str
    phase: int
    stories: tuple[str, ...]
    topics: tuple[str, ...]
    title: str
    paragraphs: tuple[str, ...]
    publisher: tuple[str, ...]
    author: str | None
    published_at: datetime
    captions: tuple[str, ...] = ()
    rights: str | None = None
    comments: tuple[Said, ...] = ()
    thread: tuple[Said, ...] = ()
    comment_count: int | None = None
    reactions: Mapping[str, int] = field(default_factory=dict)
