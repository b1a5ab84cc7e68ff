"""Several alerts of a recipient made into one message, once more without what it heard of meanwhile."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.policy.plan import Bundle
from pipelines.store.alerts import message_id
from pipelines.store.database import store_id
from pipelines.store.tables import AlertRow
from pipelines.store.tellings import kin


def bundled(session: Session, rows: Sequence[AlertRow], bundle: Bundle, name: str, now: datetime) -> None:
    """Owe a recipient's alerts as one message of that kind. Its id is made of the bundle's `name` and of what it tells first."""
    first = rows[0]
    told_first = (first.story_id, first.article_id, first.development, first.revision)
    message = message_id(f"{store_id(session)}\n{name}", *told_first, first.channel, first.recipient)
    _owe(rows, message, bundle, now)


def alone(rows: Sequence[AlertRow], now: datetime) -> None:
    """Owe a recipient's alerts about one story as a message of its own, which tells its newest state."""
    _owe(rows, rows[0].message, None, now)


def unheard(session: Session, rows: Sequence[AlertRow]) -> list[AlertRow]:
    """Those of a recipient's alerts whose story it did not hear of, neither before nor further up in `rows`; the others are dropped.

    Revisions and developments are owed because it did.
    """
    sent = select(AlertRow.story_id).where(AlertRow.recipient == rows[0].recipient, AlertRow.state != "held")
    heard, kept = set(session.scalars(sent)), dict[int, AlertRow]()
    for row in rows:
        same = kin(session, row.story_id)
        if row.revision or row.development or not (same & heard or (same - {row.story_id}) & {each.story_id for each in kept.values()}):
            kept[row.id] = row
        else:
            session.delete(row)
    return list(kept.values())


def by_story(rows: Sequence[AlertRow]) -> list[list[AlertRow]]:
    """A recipient's alerts, those about one story together, in their order."""
    found: dict[int, list[AlertRow]] = {}
    for row in rows:
        found.setdefault(row.story_id, []).append(row)
    return list(found.values())


def _owe(rows: Sequence[AlertRow], message: str, bundle: Bundle | None, now: datetime) -> None:
    first = rows[0]
    for row in rows:
        row.message, row.channel, row.bundle = message, first.channel, bundle
        row.state, row.owed_at, row.next_try_at = "owed", now, now
