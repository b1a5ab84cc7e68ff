"""What delivering keeps: every attempt, and which channels answer nobody."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from pipelines.store.columns import BigId
from pipelines.store.tables.base import Base


class Attempt(Base):
    """One attempt at a message: when it was answered, after how many seconds, and what the channel said, in its own words.

    `retry_after`: the seconds for which the channel asked to be left alone.
    """

    __tablename__ = "attempts"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message: Mapped[str] = mapped_column(String(64), index=True)
    channel: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(index=True)
    seconds: Mapped[float]
    ok: Mapped[bool]
    answer: Mapped[str]
    retry_after: Mapped[float | None]


class Circuit(Base):
    """A channel, or the mail server that several share, that failed the last times; one that works has no row.

    `failures` in a row. `opened_at`: since when it is left alone, None while it is not yet; `until`: when one message may ask again.
    `message` is the last one that failed and `answer` what was said to it.
    """

    __tablename__ = "circuits"
    channel: Mapped[str] = mapped_column(String(100), primary_key=True)
    failures: Mapped[int]
    opened_at: Mapped[datetime | None]
    until: Mapped[datetime | None]
    message: Mapped[str] = mapped_column(String(64))
    answer: Mapped[str | None]
