"""Runs, portals and budgets: what a crawl reads before it starts and writes when it ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pipelines.models import Outcome
from pipelines.store.tables import HostDay, Portal, Run, Source

ABANDONED = timedelta(minutes=40)  # longer than any run may take: one that is still open was killed


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended.

    `outcomes` counts every discovered identity once; `evidence` holds samples of what went wrong.
    """

    finish_reason: str
    succeeded: bool
    reason: str | None
    discovered: int
    requests: int
    bytes: int
    outcomes: Mapping[str, int]
    evidence: list[dict[str, Any]]


def open_run(session: Session, portal: str, watchlist: str | None, now: datetime, history: date | None = None) -> Run:
    """A new run; it learns where the portal never had a whole one. One that reads the `history` of a day learns nothing of the present."""
    known = session.get(Portal, portal)
    if known is None:
        known = Portal(slug=portal)
        session.add(known)
    session.execute(
        update(Run)
        .where(Run.portal == portal, Run.finished_at.is_(None), Run.started_at < now - ABANDONED)
        .values(finished_at=now, finish_reason="killed", succeeded=False, reason="killed before its end")
    )
    learning = known.learned_at is None and history is None
    run = Run(portal=portal, started_at=now, learning=learning, watchlist=watchlist, history=history, outcomes={}, evidence=[])
    session.add(run)
    session.flush()
    return run


def close_run(session: Session, run_id: int, ended: Ended, now: datetime) -> datetime:
    """Write how the run ended; a first run that saw the portal means that it is learned. Gives its start.

    AssertionError if the ledger does not balance."""
    assert sum(ended.outcomes.values()) == ended.discovered, f"run {run_id}: {ended.outcomes} is not {ended.discovered}"
    run = session.get_one(Run, run_id)
    run.finished_at, run.finish_reason, run.succeeded, run.reason = now, ended.finish_reason, ended.succeeded, ended.reason
    run.discovered, run.requests, run.bytes = ended.discovered, ended.requests, ended.bytes
    run.outcomes, run.evidence = dict(ended.outcomes), ended.evidence
    portal = session.get_one(Portal, run.portal)
    if run.learning and ended.succeeded and portal.learned_at is None:
        portal.learned_at = now
    return run.started_at


def wait_until(session: Session, portal: str) -> datetime | None:
    """Until when the portal asked to be left alone, None if it did not."""
    known = session.get(Portal, portal)
    return known.wait_until if known else None


def ask_to_wait(session: Session, portal: str, until: datetime) -> None:
    """The portal sent Retry-After: no run starts before `until`."""
    session.execute(update(Portal).where(Portal.slug == portal).values(wait_until=until))


def spent(session: Session, host: str, now: datetime) -> int:
    """Requests that `host` had from us today (UTC)."""
    return session.scalar(select(HostDay.requests).where(HostDay.host == host, HostDay.day == now.astimezone(UTC).date())) or 0


def spend(session: Session, requests: Mapping[str, int], now: datetime) -> None:
    """Add to today's requests of each host."""
    day = now.astimezone(UTC).date()
    for host, count in requests.items():
        row = session.get(HostDay, (host, day))
        if row is None:
            session.add(HostDay(host=host, day=day, requests=count))
        else:
            row.requests += count


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What an earlier run learned of a discovery address. `cut`: its paging ended early, so nothing is conditional next time."""

    etag: str | None
    last_modified: str | None
    cut: bool


def known_sources(session: Session, portal: str) -> dict[str, Known]:
    """{discovery address: what is known} of those that were read whole once."""
    rows = session.scalars(select(Source).where(Source.portal == portal))
    return {row.url: Known(etag=row.etag, last_modified=row.last_modified, cut=row.cut) for row in rows}


def remember_source(session: Session, portal: str, url: str, known: Known, now: datetime) -> None:
    """Keep what this run learned of a discovery address."""
    session.merge(Source(portal=portal, url=url, etag=known.etag, last_modified=known.last_modified, cut=known.cut, read_at=now))


def latest_runs(session: Session) -> list[Run]:
    """The newest run of every portal, those that read its history apart."""
    newest = select(func.max(Run.id)).where(Run.history.is_(None)).group_by(Run.portal)
    return list(session.scalars(select(Run).where(Run.id.in_(newest)).order_by(Run.portal)))


def is_crawled(session: Session, portal: str, now: datetime) -> bool:
    """Whether a crawl of the portal's present runs now."""
    newest = select(func.max(Run.id)).where(Run.portal == portal, Run.history.is_(None)).scalar_subquery()
    query = select(Run.id).where(Run.id == newest, Run.finished_at.is_(None), Run.started_at >= now - ABANDONED)
    return session.scalar(query) is not None


def read_days(session: Session, portal: str) -> frozenset[date]:
    """The days of the portal's history that a run read, and of which no page failed."""
    query = select(Run.history, Run.outcomes).where(Run.portal == portal, Run.history.is_not(None), Run.succeeded.is_(True))
    return frozenset(day for day, outcomes in session.execute(query) if day and not outcomes.get(Outcome.FAILED.value))
