"""Counters that only grow, written in the transactions that they count, so that a scrape reads some hundred rows and ageing takes none."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Executable, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pipelines.store.tables import Run, Tally
from pipelines.store.tables.base import plain

RUNS, PAGES, REQUESTS, BYTES, MESSAGES, DELAY, DELAY_SUM = "runs", "pages", "requests", "bytes", "messages", "delay", "delay_ms"
BUCKETS = (5, 15, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 24 * 3600)
"""Seconds between owing an alert and its being sent; what took longer is in the last bucket, `+Inf`."""
INFINITE = "+Inf"


def count(session: Session, metric: str, subject: str, counts: Mapping[str, int], now: datetime) -> None:
    """Add to a metric's counters of a subject, {label: how many}."""
    _add(session, _rows(metric, subject, counts, now))


def _rows(metric: str, subject: str, counts: Mapping[str, int], now: datetime) -> list[dict[str, Any]]:
    return [
        {"metric": metric, "subject": subject, "label": label, "count": number, "at": now}
        for label, number in sorted(counts.items())
        if number
    ]


def _add(session: Session, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(_adding(session.get_bind().dialect.name), rows)


@lru_cache
def _adding(dialect: str) -> Executable:
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(plain(Tally))
    added = {"count": plain(Tally).c.count + insert.excluded.count, "at": insert.excluded.at}
    return insert.on_conflict_do_update(index_elements=["metric", "subject", "label"], set_=added)


def closed(session: Session, run: Run, now: datetime) -> None:
    """A run of the present ended."""
    if run.history is None:
        count(session, RUNS, run.portal, {"succeeded" if run.succeeded else "failed": 1}, now)
    count(session, PAGES, run.portal, run.outcomes, now)
    count(session, REQUESTS, run.portal, {"": run.requests}, now)
    count(session, BYTES, run.portal, {"": run.bytes}, now)


def delivered(session: Session, channel: str, state: str, owed_at: Iterable[datetime], now: datetime) -> None:
    """A channel answered about a message; where it was sent, its alerts' delays count."""
    delays = [now - each for each in owed_at] if state == "sent" else []
    milliseconds = sum(int(delay.total_seconds() * 1000) for delay in delays)
    _add(
        session,
        _rows(MESSAGES, channel, {state: 1}, now)
        + _rows(DELAY, "", Counter(map(_bucket, delays)), now)
        + _rows(DELAY_SUM, "", {"": milliseconds}, now),
    )


def read(session: Session) -> list[Tally]:
    """All counters."""
    return list(session.scalars(select(Tally).order_by(Tally.metric, Tally.subject, Tally.label)))


def _bucket(delay: timedelta) -> str:
    return next((str(bucket) for bucket in BUCKETS if delay.total_seconds() <= bucket), INFINITE)
