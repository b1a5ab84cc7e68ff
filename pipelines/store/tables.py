"""The tables: SQL is the truth, and this is all of it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, MetaData, String, UniqueConstraint, false, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from pipelines.store.columns import BigId, CleanJson, CleanText, UtcDateTime


class Base(DeclarativeBase):
    """The schema; constraint names are fixed so that migrations can name them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, date: Date, str: CleanText, dict[str, Any]: CleanJson, list[Any]: CleanJson}  # noqa: RUF012


class Meta(Base):
    """One value of the installation; `store` is its random id, which also names its keys in Redis."""

    __tablename__ = "meta"
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str]


class Portal(Base):
    """What we know of a portal beyond its sheet. `learned_at`: the end of its first whole run.

    `standings`: its hosts that refused us. `reserved`: what its hosts reserve from text and data mining.
    """

    __tablename__ = "portals"
    slug: Mapped[str] = mapped_column(String(40), primary_key=True)
    learned_at: Mapped[datetime | None]
    standings: Mapped[dict[str, Any] | None]
    reserved: Mapped[dict[str, Any] | None]


class Learned(Base):
    """What a portal's own pages taught about the lines that they share: its last pages, each as [identity, story, hashes of lines]."""

    __tablename__ = "learned"
    portal: Mapped[str] = mapped_column(String(40), primary_key=True)
    pages: Mapped[list[Any]]
    updated_at: Mapped[datetime]


class HostDay(Base):
    """Requests sent to a host on a day (UTC), all kinds together."""

    __tablename__ = "host_days"
    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    requests: Mapped[int]


class Source(Base):
    """A discovery address that was read whole once, so that its news is news.

    `url`: its key, the address and what is posted to it. Its validators, the digests of its bytes and of the rules that read
    them, and whether its paging was cut short the last time. `names`: identities that it named lately. `paging`: see Paging.
    """

    __tablename__ = "sources"
    portal: Mapped[str] = mapped_column(String(40), primary_key=True)
    url: Mapped[str] = mapped_column(String(2000), primary_key=True)
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    read_at: Mapped[datetime]
    cut: Mapped[bool] = mapped_column(default=False)
    digest: Mapped[str | None]
    rules: Mapped[str | None]
    names: Mapped[list[Any] | None]
    paging: Mapped[dict[str, Any] | None]


class Listing(Base):
    """A discovery address (its key), as far as we keep what it names: since when, how often it was read and when last, changed or not."""

    __tablename__ = "listings"
    __table_args__ = (UniqueConstraint("portal", "url"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    portal: Mapped[str] = mapped_column(String(40))
    url: Mapped[str] = mapped_column(String(2000))
    since: Mapped[datetime]
    read_at: Mapped[datetime]
    readings: Mapped[int] = mapped_column(default=0)


class Listed(Base):
    """An identity that a listing named: at which reading first, and at which last, None while the listing still names it.

    `refused`: why it was not asked for though it is listed, where that leaves no page: robots.txt denies it.
    """

    __tablename__ = "listed"
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id"), primary_key=True)
    identity: Mapped[str] = mapped_column(String(500), primary_key=True)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime | None]
    refused: Mapped[str | None]


class Run(Base):
    """One crawl of one portal; `outcomes` sums to `discovered`. `history`: the day whose history it read, None for the present.

    `share`: of the portal that we hold, by its `views`.
    """

    __tablename__ = "runs"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    portal: Mapped[str] = mapped_column(String(40), index=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    learning: Mapped[bool]
    succeeded: Mapped[bool | None]
    finish_reason: Mapped[str | None]
    reason: Mapped[str | None]
    discovered: Mapped[int] = mapped_column(default=0)
    requests: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    outcomes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    evidence: Mapped[list[Any]] = mapped_column(default=list)
    share: Mapped[float | None]
    views: Mapped[dict[str, Any] | None]
    watchlist: Mapped[str | None] = mapped_column(String(64))
    history: Mapped[date | None]


class PageRow(Base):
    """One identity of a portal: what became of it, and when it is looked at again."""

    __tablename__ = "pages"
    __table_args__ = (UniqueConstraint("portal", "identity"), Index(None, "portal", "due_at"))
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    portal: Mapped[str] = mapped_column(String(40))
    identity: Mapped[str] = mapped_column(String(500))
    url: Mapped[str]
    marks: Mapped[dict[str, Any]]
    outcome: Mapped[str] = mapped_column(String(20))
    evidence: Mapped[str | None]
    looks: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    learned: Mapped[bool] = mapped_column(default=False)
    first_seen_at: Mapped[datetime]
    looked_at: Mapped[datetime]
    due_at: Mapped[datetime | None]


class ArticleRow(Base):
    """An article in its present state. `digest` is that of its folded letters: equal means equal in both scripts.

    `comments_read`: how many comments there were when they were last read to the end, None before and after a page of them failed.
    `partial`: which of its pages could not be read.
    `payload` and `fetched_at` are of the page that it was last read from, which a replay looks for in the archive.
    `posted`: the place of its last posting in the order of all postings to the index of near-duplicates.
    """

    __tablename__ = "articles"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's name; an id never means two articles
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id"), unique=True)
    portal: Mapped[str] = mapped_column(String(40), index=True)
    url: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    published_at: Mapped[datetime | None] = mapped_column(index=True)
    published_on: Mapped[date | None]
    published_from: Mapped[str | None]
    published_raw: Mapped[str | None]
    modified_at: Mapped[datetime | None]
    publisher: Mapped[list[Any]]
    publisher_from: Mapped[list[Any] | None]
    author: Mapped[str | None]
    section: Mapped[str | None]
    rights: Mapped[str | None]
    language: Mapped[str | None]
    script: Mapped[str | None]
    captions: Mapped[list[Any]]
    images: Mapped[list[Any] | None]
    comment_count: Mapped[int | None]
    reactions: Mapped[dict[str, Any]]
    comments: Mapped[list[Any]]
    rung: Mapped[str]
    quality: Mapped[float | None]
    codec: Mapped[str]
    codec_why: Mapped[str | None]
    comments_read: Mapped[int | None]
    partial: Mapped[str | None]
    digest: Mapped[str] = mapped_column(String(40), index=True)
    revision: Mapped[int] = mapped_column(default=0)
    payload: Mapped[str | None] = mapped_column(String(60))
    fetched_at: Mapped[datetime | None]
    learned: Mapped[bool]
    first_seen_at: Mapped[datetime] = mapped_column(index=True)
    vanished_at: Mapped[datetime | None]
    posted: Mapped[int] = mapped_column(BigInteger, default=0, index=True)


class Revision(Base):
    """One state of an article; number 0 is the first, noise makes none. `why` says what makes it material, or that it is not.

    `gone`: no state, but that its page said once that the article is there no more; without a text.
    """

    __tablename__ = "revisions"
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    text: Mapped[str]
    digest: Mapped[str] = mapped_column(String(40))
    seen_at: Mapped[datetime]
    material: Mapped[bool] = mapped_column(default=True, server_default=true())
    gone: Mapped[bool] = mapped_column(default=False, server_default=false())
    why: Mapped[str | None]


class Story(Base):
    """What one or several articles tell; `article_id` is the one that opened it."""

    __tablename__ = "stories"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - nor two stories
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    title: Mapped[str]
    first_seen_at: Mapped[datetime]


class Telling(Base):
    """An article's place in a story, with what decided it: first, copy, part (of a merged piece), development (a flash's full report)
    or joined (by hand).

    `evidence`: the shared shingles, and the longest passages that they spell. `by_hand`: when a person put or left it here,
    which no later reading changes.
    """

    __tablename__ = "tellings"
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id"), primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(20))
    containment: Mapped[float]
    partner_id: Mapped[int | None]
    why: Mapped[str]
    evidence: Mapped[dict[str, Any] | None]
    by_hand: Mapped[datetime | None]


class Related(Base):
    """A story whose text stands in the background of a newer one, which is its own: a follow-up, or a piece that quotes a flash."""

    __tablename__ = "related"
    story_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    other_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False, index=True)
    partner_id: Mapped[int] = mapped_column(BigId)
    containment: Mapped[float]
    why: Mapped[str]


class Ruling(Base):
    """What a person decided about two stories: they are `apart`, or `joined`, and then `story_id` tells what `other_id` told.

    A joined story keeps its row and its alerts without a telling, so that who heard of it hears no more, and so that it can come back.
    """

    __tablename__ = "rulings"
    story_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    other_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False, index=True)
    verdict: Mapped[str] = mapped_column(String(10))
    ruled_at: Mapped[datetime]


class Shingle(Base):
    """The sampled shingles of an article: the index of near-duplicates, of which Redis holds a faster copy."""

    __tablename__ = "shingles"
    value: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), primary_key=True, index=True)


class Forgotten(Base):
    """A commenter whose comments must not come back; articles that must not keep their page row as the tombstone."""

    __tablename__ = "forgotten"
    commenter: Mapped[str] = mapped_column(String(200), primary_key=True)
    asked_at: Mapped[datetime]


class WatchlistRow(Base):
    """A watchlist that was active once; the newest `activated_at` is the one that runs. `since`: when it was activated first.

    `topics`: how many it has.
    """

    __tablename__ = "watchlists"
    version: Mapped[str] = mapped_column(String(64), primary_key=True)
    text: Mapped[str]
    aliases: Mapped[str]
    activated_at: Mapped[datetime]
    since: Mapped[datetime | None]
    topics: Mapped[int | None]


class Match(Base):
    """A topic that a state of an article satisfies, with the words that did it."""

    __tablename__ = "matches"
    __table_args__ = (UniqueConstraint("article_id", "revision", "topic"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    revision: Mapped[int]
    topic: Mapped[str] = mapped_column(String(100), index=True)
    watchlist: Mapped[str] = mapped_column(String(64))
    hits: Mapped[list[Any]]
    learned: Mapped[bool]
    matched_at: Mapped[datetime]


class Owed:
    """How far something is that is owed to somebody: `next_try_at` is the end of a sender's claim while it is `sending`."""

    channel: Mapped[str] = mapped_column(String(100))
    recipient: Mapped[str] = mapped_column(String(320))
    state: Mapped[str] = mapped_column(String(10))
    owed_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    next_try_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    answer: Mapped[str | None]


class AlertRow(Owed, Base):
    """The outbox: a match owed to a recipient. Alerts that share `message` go out as one message.

    `development` 0 tells the story, n is its nth development that this recipient was told; `revision` n the nth of the article so told.
    `late` names the replay or backfill that found the match; its alerts are `held` until it ends, then are one message a recipient.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("topic", "story_id", "development", "revision", "channel", "recipient"),
        Index(None, "state", "next_try_at"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message: Mapped[str] = mapped_column(String(64), index=True)
    topic: Mapped[str] = mapped_column(String(100))
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id"), index=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    development: Mapped[int] = mapped_column(default=0, server_default="0")
    revision: Mapped[int]
    late: Mapped[str | None] = mapped_column(String(100))


class Retraction(Owed, Base):
    """The outbox' other half: a receiver that was told of an article that had to be forgotten is asked to forget it too.

    `retracts`: the messages that told it, of which only ids are left here; `story_id`: the story that they told, which may be gone.
    """

    __tablename__ = "retractions"
    __table_args__ = (Index(None, "state", "next_try_at"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message: Mapped[str] = mapped_column(String(64), unique=True)
    retracts: Mapped[list[Any]]
    story_id: Mapped[int] = mapped_column(BigInteger)


class Verdict(Base):
    """What the desk said of an alert: whether the article was relevant to the topic, and the word that it blamed.

    No foreign key: the share that a topic earned outlives articles that age out.
    """

    __tablename__ = "verdicts"
    topic: Mapped[str] = mapped_column(String(100), primary_key=True)
    article_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    relevant: Mapped[bool]
    because: Mapped[str | None]
    decided_at: Mapped[datetime]
