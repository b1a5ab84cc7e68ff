"""What ails channels: messages that wait or died, and nothing that got through since."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.health.words import stamp
from pipelines.store.alerts import TABLES, Table
from pipelines.store.incidents import Ailment

PATIENCE = timedelta(hours=1)
"""A message that waits for longer is told."""


def ailments_of(session: Session, channel: str, now: datetime) -> list[Ailment]:
    """What ails the channel now; nothing where something got through since."""
    late = [row for table in TABLES for row in _stuck(session, table, channel, now)]
    if not late:
        return []
    since, dead = min(row[0] for row in late), sum(row[1] == "dead" for row in late)
    told = f"{len(late) - dead} messages wait since {stamp(since)} or longer, {dead} are dead; it answered: {late[-1][2] or 'nothing yet'}"
    return [Ailment(slot="blind", kind="channel", since=since, evidence={"lines": [told], "runs": len(late)}, is_told=True)]


def _stuck(session: Session, table: Table, channel: str, now: datetime) -> Iterable[tuple[datetime, str, str | None]]:
    sent = select(table.sent_at).where(table.channel == channel, table.sent_at.is_not(None)).order_by(table.sent_at.desc()).limit(1)
    last = session.scalar(sent)
    query = select(table.owed_at, table.state, table.answer).where(table.channel == channel, table.state.in_(("retrying", "dead")))
    rows = session.execute(query.where(table.owed_at <= now - PATIENCE).order_by(table.owed_at).limit(1000))
    return [(owed, state, answer) for owed, state, answer in rows if last is None or owed > last]
