"""Attempts: what every try at a message came to, kept as long as its alerts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from pipelines.models import Answer
from pipelines.store.tables import AlertRow, Attempt, Circuit
from pipelines.store.tables.base import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One attempt at a message: what the channel answered, when, and after how many seconds."""

    channel: str
    at: datetime
    seconds: float
    answer: Answer


def note(session: Session, message: str, tried: Tried) -> None:
    """Keep an attempt."""
    answer = tried.answer
    values = {
        "message": message, "channel": tried.channel, "at": tried.at, "seconds": round(tried.seconds, 3),
        "ok": answer.ok, "answer": answer.detail[:500], "retry_after": answer.retry_after,
    }  # fmt: skip
    session.execute(_KEEP, values)


_KEEP = insert(plain(Attempt))


def attempts_of(session: Session, message: str) -> Sequence[Attempt]:
    """Every attempt at a message, the first one first."""
    return session.scalars(select(Attempt).where(Attempt.message == message).order_by(Attempt.id)).all()


def forget_attempts(session: Session, article: int) -> None:
    """Take out what channels answered to messages about the article: an answer may repeat the words that it refuses."""
    messages = select(AlertRow.message).where(AlertRow.article_id == article).scalar_subquery()
    session.execute(delete(Attempt).where(Attempt.message.in_(messages)))
    session.execute(update(AlertRow).where(AlertRow.message.in_(messages), AlertRow.answer.is_not(None)).values(answer=None))
    session.execute(update(Circuit).where(Circuit.message.in_(messages)).values(answer=None))
