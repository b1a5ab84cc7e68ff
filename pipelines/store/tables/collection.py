"""What collecting keeps: portals, what their listings named, runs, and the identity of every page."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pipelines.store.columns import BigId
from pipelines.store.tables.base import Base


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

    `share`: of the portal that we hold, by its `views`. `figures`: what health judges it by, see pipelines.health.tally.
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
    figures: Mapped[dict[str, Any] | None]
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
