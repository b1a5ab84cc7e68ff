"""Counters that only grow, written in the transactions that they count, so that a scrape reads some hundred rows and ageing takes none."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pipelines.store.tables import Run, Tally

RUNS, PAGES, REQUESTS, BYTES, MESSAGES, DELAY, DELAY_SUM = "runs", "pages", "requests", "bytes", "messages", "delay", "delay_ms"
BUCKETS = (5, 15, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 24 * 3600)
"""Seconds between owing an alert and its being sent; what took longer is in the last bucket, `+Inf`."""
INFINITE = "+Inf"


def count(session: Session, metric: str, subject: str, counts: Mapping[str, int], now: datetime) -> None:
    """Add to a metric's counters of a subject, {label: how many}."""
    rows = [
        {"metric": metric, "subject": subject, "label": label, "count": number, "at": now}
        for label, number in sorted(counts.items())
        if number
    ]
    if not rows:
        return
    insert = (postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert)(Tally)
    added = {"count": Tally.count + insert.excluded.count, "at": insert.excluded.at}
    session.execute(insert.on_conflict_do_update(index_elements=["metric", "subject", "label"], set_=added), rows)


def closed(session: Session, run: Run, now: datetime) -> None:
    """A run of the present ended."""
    if run.history is None:
        count(session, RUNS, run.portal, {"succeeded" if run.succeeded else "failed": 1}, now)
    count(session, PAGES, run.portal, run.outcomes, now)
    count(session, REQUESTS, run.portal, {"": run.requests}, now)
    count(session, BYTES, run.portal, {"": run.bytes}, now)


def delivered(session: Session, channel: str, state: str, owed_at: Iterable[datetime], now: datetime) -> None:
    """A channel answered about a message; where it was sent, its alerts' delays count."""
    count(session, MESSAGES, channel, {state: 1}, now)
    if state == "sent":
        delays = [now - each for each in owed_at]
        count(session, DELAY, "", Counter(map(_bucket, delays)), now)
        count(session, DELAY_SUM, "", {"": sum(int(delay.total_seconds() * 1000) for delay in delays)}, now)


def read(session: Session) -> list[Tally]:
    """All counters."""
    return list(session.scalars(select(Tally).order_by(Tally.metric, Tally.subject, Tally.label)))


def _bucket(delay: timedelta) -> str:
    return next((str(bucket) for bucket in BUCKETS if delay.total_seconds() <= bucket), INFINITE)
