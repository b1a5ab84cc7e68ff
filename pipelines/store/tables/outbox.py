"""What topics matched, and what is owed to whom for it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pipelines.store.columns import BigId
from pipelines.store.tables.base import Base


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
    `bundle`: what it is `held` for, see `policy.plan.Bundle`, and then what kind of message it became a part of; None is one of its own.
    `late` names the replay or backfill that found the match.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("topic", "story_id", "development", "revision", "channel", "recipient"),
        Index(None, "state", "next_try_at"),
        Index(None, "recipient", "owed_at"),
        Index(None, "channel", "state", "next_try_at"),
        Index(None, "story_id", "recipient"),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message: Mapped[str] = mapped_column(String(64), index=True)
    topic: Mapped[str] = mapped_column(String(100))
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id"))
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    development: Mapped[int] = mapped_column(default=0, server_default="0")
    revision: Mapped[int]
    late: Mapped[str | None] = mapped_column(String(100))
    bundle: Mapped[str | None] = mapped_column(String(10))


class Retraction(Owed, Base):
    """The outbox' other half: a receiver that was told of an article that had to be forgotten is asked to forget it too.

    `retracts`: the messages that told it, of which only ids are left here; `story_id`: the story that they told, which may be gone.
    """

    __tablename__ = "retractions"
    __table_args__ = (Index(None, "state", "next_try_at"), Index(None, "channel", "state", "next_try_at"))
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message: Mapped[str] = mapped_column(String(64), unique=True)
    retracts: Mapped[list[Any]]
    story_id: Mapped[int] = mapped_column(BigInteger)


class Mute(Base):
    """A silence with an end: of a topic, a story or a recipient, by whom and since when. One that was lifted ended then."""

    __tablename__ = "mutes"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    topic: Mapped[str | None] = mapped_column(String(100))
    story_id: Mapped[int | None] = mapped_column(BigInteger)
    recipient: Mapped[str | None] = mapped_column(String(320))
    since: Mapped[datetime]
    until: Mapped[datetime] = mapped_column(index=True)
    who: Mapped[str] = mapped_column(String(200))


class Silenced(Base):
    """An alert that nobody is ever told, because a mute held when it would have been owed, or gone.

    No foreign key: it holds numbers only. It goes with its article.
    """

    __tablename__ = "silenced"
    __table_args__ = (Index(None, "article_id", "topic"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    mute_id: Mapped[int] = mapped_column(BigId, index=True)
    topic: Mapped[str] = mapped_column(String(100))
    article_id: Mapped[int] = mapped_column(BigId)
    revision: Mapped[int]
    channel: Mapped[str] = mapped_column(String(100))
    recipient: Mapped[str] = mapped_column(String(320))
    silenced_at: Mapped[datetime]


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
