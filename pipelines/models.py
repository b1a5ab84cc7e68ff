"""The values that travel along the arrows: Page -> Article -> Story -> Match -> Alert -> sent."""

from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha1

from pipelines.coverage import Coverage


class PageKind(StrEnum):
    """What a fetched page turned out to be; only an article becomes an Article."""

    ARTICLE = "article"
    LISTING = "listing"
    CHALLENGE = "challenge"
    PAYWALL = "paywall"
    MISSING = "missing"
    ERROR = "error"
    EMPTY = "empty"


class Outcome(StrEnum):
    """What became of one URL of a run; every discovered identity ends in exactly one."""

    NEW = "new"
    REVISED = "revised"
    UNCHANGED = "unchanged"
    KNOWN = "known"
    NOT_ARTICLE = "not_article"
    EMPTY = "empty"
    FAILED = "failed"
    DENIED = "denied"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What was fetched. `content_type` is the header as sent, empty where there was none.

    `part_of` is the address of the article's first page where this is its page `number`, or a page of its comments.
    `headers` are all of them, in their order, `ip` the address that answered; both only where they are known.
    """

    url: str
    body: bytes = field(repr=False)
    status: int = 200
    content_type: str = ""
    part_of: str = ""
    number: int = 1
    headers: tuple[tuple[str, str], ...] = ()
    ip: str | None = None
    fetched_at: datetime | None = None

    @property
    def payload(self) -> str:
        """The digest of the body, as a WARC names it: equal means that the portal sent the same bytes."""
        return "sha1:" + b32encode(sha1(self.body, usedforsecurity=False).digest()).decode()

    @property
    def origin(self) -> "Origin":
        """What an article that is read from this page remembers of it."""
        return Origin(payload=self.payload, fetched_at=self.fetched_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The page that an article was read from, the first where it has several: its body's digest, and when it was fetched."""

    payload: str
    fetched_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One reader's comment. `floor` is its number on the page, `quotes` the floor that it answers, `key` the portal's own id of it.

    A deleted one has no text, and keeps its floor.
    """

    author: str
    text: str
    badges: tuple[str, ...] = ()
    at: datetime | date | None = None
    up: int | None = None
    down: int | None = None
    floor: int | None = None
    quotes: int | None = None
    key: str | None = None

    @property
    def name(self) -> str:
        """What makes two readings of a comment one: the portal's id, else its floor, else its time and text."""
        return self.key or (f"floor {self.floor}" if self.floor is not None else f"{self.at} {self.text}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image of an article: its absolute address, and what the page prints beneath it."""

    url: str
    caption: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """One original publisher and what says so: where on the page, and the words as they stand there."""

    publisher: str
    where: str
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """Text and metadata taken from a page.

    `text` is paragraphs joined by a line feed, without title, captions, rights, related headlines or comments.
    `published_at` is an aware datetime, or a date where the page names a day only; `published_from` says where
    it was read and whence its zone, `published_raw` is the string as printed. `script` is Hans, Hant, mixed or None.
    `publisher_from` has the evidence for each of `publisher`, `images` those of the text with their captions.
    `rung` names the step of the extraction ladder that gave the text, `quality` is how far that text is to be trusted, 0 to 1;
    `codec` is what the page's bytes were read as, `codec_why` what spoke for it.
    `partial` says which of its pages could not be read, None where the article is whole.
    """

    url: str
    title: str
    text: str
    published_at: datetime | date | None = None
    published_from: str | None = None
    published_raw: str | None = None
    modified_at: datetime | date | None = None
    publisher: tuple[str, ...] = ()
    publisher_from: tuple[Credit, ...] = ()
    author: str | None = None
    section: str | None = None
    rights: str | None = None
    language: str | None = None
    script: str | None = None
    captions: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    comment_count: int | None = None
    reactions: Mapping[str, int] = field(default_factory=dict)
    comments: tuple[Comment, ...] = ()
    rung: str = ""
    quality: float | None = None
    codec: str = ""
    codec_why: str = ""
    partial: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What extraction made of a page: its kind, the evidence in one sentence, and the article where it is one.

    `lines` are the hashes of the text's lines where no sheet's zone gave them, from which a portal's memory learns.
    `next` is the address of the article's next page, `thread` that of the first page of its comments.
    """

    kind: PageKind
    why: str = ""
    article: Article | None = None
    lines: tuple[int, ...] = ()
    next: str | None = None
    thread: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A page of an article's comments, and the address of the next one. `trouble` says why it could not be read."""

    comments: tuple[Comment, ...] = ()
    next: str | None = None
    trouble: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One occurrence of a term: code points of the original field, 0-based, end exclusive.

    `term` is the term as the query writes it, `as_written` what stands in the text.
    `field` is title, text, author, publisher, portal, section or comments[i].
    """

    term: str
    as_written: str
    start: int
    end: int
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicMatch:
    """A topic that an article satisfies, with every positive occurrence."""

    topic: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BundledStory:
    """One story of a message that tells several, in its newest state. `topics` pairs slug and title; `gone`: its page says it is."""

    story_id: int
    revision: int
    topics: tuple[tuple[str, str], ...]
    title: str
    url: str
    portal: str
    portal_name: str
    published_at: datetime | date | None = None
    language: str | None = None
    development: int = 0
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What ops hear of the monitor itself: an `event` (incident, mended or rollup) in a title and a few lines.

    An incident has its number, `what` it befell (portal, topic or channel) by `name`, its `kind`, and since when (ISO).
    """

    event: str
    title: str
    lines: tuple[str, ...] = ()
    incident: int | None = None
    what: str | None = None
    name: str | None = None
    kind: str | None = None
    since: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one recipient about one story: all that a channel may tell, and nothing more.

    `id` stays the same over every attempt. `kind` is new, development, revision, vanished, late, digest, storm, retracted, ops or test.
    `topics` pairs slug and title.
    A late message tells all `stories` that a replay or backfill found, a digest those of its time, a storm those that were more than
    the recipient's cap, and none of its own: its `title`, `text` and `url` are empty. A digest says the `coverage` of its time.
    `hits` index into `title` and `text`; a channel prints a capped excerpt of the text, never the whole.
    `development` n: the full report is the nth that follows what this recipient was told of the story first; 0 is that first.
    A retracted one tells nothing but `story_id` and, in `retracts`, the ids of the messages whose article had to be forgotten.
    One of ops tells its `notice` and no story; title and text are the notice's.
    `thread` is the id of the first message about this story to this recipient, None if this is the first.
    `before` is (title, text) of the state of which the recipient of a revision heard last; a channel tells what changed since.
    """

    id: str
    kind: str
    channel: str
    recipient: str
    story_id: int
    revision: int
    topics: tuple[tuple[str, str], ...]
    title: str
    text: str
    url: str
    portal: str
    portal_name: str
    hits: tuple[Hit, ...] = ()
    publisher: tuple[str, ...] = ()
    author: str | None = None
    published_at: datetime | date | None = None
    first_seen_at: datetime | None = None
    language: str | None = None
    rights: str | None = None
    thread: str | None = None
    development: int = 0
    before: tuple[str, str] | None = None
    late: bool = False
    stories: tuple[BundledStory, ...] = ()
    coverage: Coverage | None = None
    retracts: tuple[str, ...] = ()
    notice: Notice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A channel's true answer to one attempt; `retry_after` in seconds where the channel named one.

    `only_this`: the refusal is of this message or its recipient, and others may well be taken.
    """

    ok: bool
    detail: str
    permanent: bool = False
    retry_after: float | None = None
    only_this: bool = False
