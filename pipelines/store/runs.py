"""Runs, portals and budgets: what a crawl reads before it starts and writes when it ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pipelines.models import Outcome
from pipelines.share import Share
from pipelines.store import tallies
from pipelines.store.tables import HostDay, Portal, Run

ABANDONED = timedelta(minutes=40)  # longer than any run may take: one that is still open was killed
USUAL = timedelta(days=7)
"""The time whose runs say what share of a portal is usual, and whose backfills are told where they failed."""
BLOCK = 10
"""Requests that a run reserves at a time: the most that a killed run takes from its day unsent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended.

    `outcomes` counts every discovered identity once; `evidence` holds samples of what went wrong. `share` is what two views
    say that we hold; `numbers` how many of a running number's last ones we do. `figures`: what health judges the run by.
    """

    finish_reason: str
    succeeded: bool
    reason: str | None
    discovered: int
    requests: int
    bytes: int
    outcomes: Mapping[str, int]
    evidence: list[dict[str, Any]]
    share: Share
    numbers: list[dict[str, Any]]
    figures: Mapping[str, Any] | None = None


def open_run(session: Session, portal: str, watchlist: str | None, now: datetime, history: date | None = None) -> Run:
    """A new run; it learns where the portal never had a whole one. One that reads the `history` of a day learns nothing of the present."""
    known = session.get(Portal, portal)
    if known is None:
        known = Portal(slug=portal)
        session.add(known)
    killed: Any = session.execute(
        update(Run)
        .where(Run.portal == portal, Run.finished_at.is_(None), Run.started_at < now - ABANDONED)
        .values(finished_at=now, finish_reason="killed", succeeded=False, reason="killed before its end")
    )
    tallies.count(session, tallies.RUNS, portal, {"failed": killed.rowcount}, now)
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
    run.share, run.views = ended.share.share, {**ended.share.as_json(), "numbers": ended.numbers}
    run.figures = dict(ended.figures) if ended.figures is not None else None
    portal = session.get_one(Portal, run.portal)
    if run.learning and ended.succeeded and portal.learned_at is None:
        portal.learned_at = now
    tallies.closed(session, run, now)
    return run.started_at


def spent(session: Session, now: datetime) -> dict[str, int]:
    """{host: requests that it had from us today (UTC)}."""
    rows = session.execute(select(HostDay.host, HostDay.requests).where(HostDay.day == now.astimezone(UTC).date()))
    return dict(rows.all())


def reserve(session: Session, host: str, budget: int, now: datetime) -> tuple[int, int]:
    """Take requests out of what `budget` leaves of the host's day, BLOCK at most: (how many, how many the host had before).

    Taken before they are sent, so that neither a second run at the same time nor a killed one exceeds the budget.
    """
    day = now.astimezone(UTC).date()
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(HostDay).values(host=host, day=day, requests=0).on_conflict_do_nothing())
    row = session.get_one(HostDay, (host, day), with_for_update=True)
    before = row.requests
    taken = max(0, min(BLOCK, budget - before))
    row.requests = before + taken
    return taken, before


def give_back(session: Session, unused: Mapping[tuple[str, date], int]) -> None:
    """Return what was reserved and not sent, {(host, day): requests}."""
    for (host, day), count in unused.items():
        of_day = (HostDay.host == host) & (HostDay.day == day)
        session.execute(update(HostDay).where(of_day).values(requests=HostDay.requests - count))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A day of a portal's past that its newest run did not read to its end, and why."""

    day: date
    why: str

    def __str__(self) -> str:
        return f"{self.day} was not read to its end ({self.why})"


def unread_days(session: Session, now: datetime, within: timedelta) -> dict[str, list[Unread]]:
    """{portal: the days of its history whose newest run began `within` that time and failed, or left pages that failed}, oldest first."""
    newest = select(func.max(Run.id)).where(Run.history.is_not(None)).group_by(Run.portal, Run.history)
    ended = Run.finished_at.is_not(None) | (Run.started_at < now - ABANDONED)
    query = select(Run).where(Run.id.in_(newest), ended, Run.started_at >= now - within).order_by(Run.portal, Run.history)
    found: dict[str, list[Unread]] = {}
    for run in session.scalars(query):
        failed = run.outcomes.get(Outcome.FAILED.value, 0)
        if run.history is not None and (not run.succeeded or failed):
            why = run.reason if not run.succeeded else f"{failed} pages failed"
            found.setdefault(run.portal, []).append(Unread(day=run.history, why=why or "killed before its end"))
    return found


def latest_looks(session: Session) -> list[Run]:
    """The newest run of every portal that asked it for anything, to the end."""
    looked = Run.history.is_(None) & Run.finish_reason.not_in(("not_started", "killed"))
    newest = select(func.max(Run.id)).where(looked).group_by(Run.portal)
    return list(session.scalars(select(Run).where(Run.id.in_(newest))))


def latest_shares(session: Session, since: datetime) -> dict[str, list[float]]:
    """{portal: the shares that its runs since then could tell, oldest first}."""
    query = select(Run.portal, Run.share).where(Run.share.is_not(None), Run.started_at >= since).order_by(Run.id)
    shares: dict[str, list[float]] = {}
    for portal, share in session.execute(query):
        shares.setdefault(portal, []).append(float(share or 0))
    return shares


def found_since(session: Session, portal: str, since: datetime) -> bool:
    """Whether a run that began after that found something new."""
    news = Run.outcomes[Outcome.NEW.value].as_integer() > 0
    query = select(Run.id).where(Run.portal == portal, Run.history.is_(None), Run.learning.is_(False), Run.started_at > since, news)
    return session.scalar(query.limit(1)) is not None
