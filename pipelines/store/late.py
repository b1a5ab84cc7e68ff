"""Late batches: what a replay or a backfill finds is held until it ends, and then is one message to each recipient."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pipelines.points import Point, passing
from pipelines.policy.plan import Bundle
from pipelines.store.alerts import HELD_FOR, Held
from pipelines.store.bundles import bundled, unheard
from pipelines.store.database import serialize_stories
from pipelines.store.mutes import Mutes
from pipelines.store.tables import AlertRow


def held_by(name: str, now: datetime) -> Held:
    """What the batch does with what it finds now."""
    return Held(bundle=Bundle.LATE, until=now + HELD_FOR, late=name)


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
    told = unheard(session, rows)
    told = Mutes(session, now).unmuted(told)
    if told:
        bundled(session, told, Bundle.LATE, name, now)
    session.flush()
    return bool(told)
