"""Late batches: what a replay or a backfill finds is held until it ends, and then is one message to each recipient."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pipelines.points import Point, passing
from pipelines.store.alerts import HELD_FOR, message_id
from pipelines.store.database import serialize_stories, store_id
from pipelines.store.tables import AlertRow
from pipelines.store.tellings import kin


def release_late(session: Session, name: str, now: datetime) -> int:
    """Let go what the batch holds, each recipient's as one message; gives the number of messages.

    Looks once more at who heard what: within a batch a copy may have been read before the article that was told.
    """
    serialize_stories(session)
    held = session.scalars(select(AlertRow).where(AlertRow.late == name, AlertRow.state == "held").order_by(AlertRow.id)).all()
    by: dict[str, list[AlertRow]] = {}
    for row in held:
        by.setdefault(row.recipient, []).append(row)
    released = sum(_released(session, name, rows, now) for rows in by.values())
    passing(Point.LATE_RELEASED)
    return released


def release_abandoned(session: Session, now: datetime) -> int:
    """Release the batches that nothing was heard of for HELD_FOR: they were killed; gives the number of messages."""
    silent = func.max(AlertRow.next_try_at) <= now
    names = session.scalars(select(AlertRow.late).where(AlertRow.state == "held").group_by(AlertRow.late).having(silent)).all()
    return sum(release_late(session, name, now) for name in names if name)


def keep_holding(session: Session, name: str, now: datetime) -> None:
    """The batch is alive: what it holds is not released by anybody else before now + HELD_FOR."""
    session.execute(update(AlertRow).where(AlertRow.late == name, AlertRow.state == "held").values(next_try_at=now + HELD_FOR))


def _released(session: Session, name: str, rows: Sequence[AlertRow], now: datetime) -> int:
    told = _unheard(session, rows)
    for row in set(rows) - set(told):
        session.delete(row)
    if not told:
        return 0
    first = told[0]
    told_first = (first.story_id, first.article_id, first.development, first.revision)
    message = message_id(f"{store_id(session)}\n{name}", *told_first, first.channel, first.recipient)
    for row in told:
        row.message, row.channel, row.state, row.owed_at, row.next_try_at = message, first.channel, "owed", now, now
    session.flush()
    return 1


def _unheard(session: Session, rows: Sequence[AlertRow]) -> list[AlertRow]:
    """Those of a recipient's alerts whose story it did not hear of, neither before nor further up in the same message.

    Revisions and developments are owed because it did.
    """
    heard = set(
        session.scalars(
            select(AlertRow.story_id).where(AlertRow.recipient == rows[0].recipient, AlertRow.id.not_in([row.id for row in rows]))
        )
    )
    kept: dict[int, AlertRow] = {}
    for row in rows:
        same = kin(session, row.story_id)
        if row.revision or row.development or not (same & heard or (same - {row.story_id}) & {each.story_id for each in kept.values()}):
            kept[row.id] = row
    return list(kept.values())
