"""Was it found, and is its portal read: the stages before a page is asked for."""

from datetime import UTC, datetime, time, timedelta

from sqlalchemy import func, select

from pipelines.store import listed, runs, standings
from pipelines.store.runs import ABANDONED
from pipelines.store.tables import Listed, Listing, Portal, Run
from pipelines.why.stage import Case, Mark, Stage

NAMED = 5
"""Listings that are told one by one."""


def listing(case: Case) -> Stage:
    """Whether and until when a listing named the identity."""
    assert case.portal is not None
    assert case.identity is not None
    named = listed.of_identity(case.session, case.portal, case.identity)
    evidence = tuple(_named(case, *each) for each in named[:NAMED])
    if any(row.last_at is None for _, row in named):
        first = min(row.first_at for _, row in named)
        return Stage(name="listed", mark=Mark.YES, says=f"listed since {case.when(first)}", at=first, evidence=evidence)
    if named:
        return _rolled_off(case, named, evidence)
    return _never(case)


def crawl(case: Case) -> Stage:
    """Whether the portal is read, and how that stands: left out, broken, never, paused, over its budget, or read."""
    assert case.portal is not None
    hindered = Mark.NO if case.page is None else Mark.WAIT
    if why := case.unread.get(case.portal):
        return Stage(name="crawl", mark=hindered, says=why)
    run = _last(case)
    if run is None:
        return Stage(name="crawl", mark=hindered, says=f"{case.portal} was never crawled; `portalwatch crawl {case.portal}` does it now")
    row = case.session.get_one(Portal, case.portal)
    if resting := standings.resting(row, case.now):
        evidence = ("`portalwatch portals resume " + case.portal + "` lifts the pause",)
        return Stage(name="crawl", mark=hindered, says="paused: " + "; ".join(resting), at=run.started_at, evidence=evidence)
    if spent := _spent(case):
        return Stage(name="crawl", mark=Mark.WAIT, says=spent, at=run.started_at)
    return _of_run(case, run, hindered)


def _rolled_off(case: Case, named: list[tuple[Listing, Listed]], evidence: tuple[str, ...]) -> Stage:
    last = max(row.last_at for _, row in named if row.last_at)
    says = f"listed from {case.when(min(row.first_at for _, row in named))} until {case.when(last)}, then it rolled off"
    return Stage(name="listed", mark=Mark.NO if case.page is None else Mark.YES, says=says, at=last, evidence=evidence)


def _never(case: Case) -> Stage:
    listings = listed.of_portal(case.session, case.portal or "")
    evidence = tuple(f"{each.url}: {each.readings} readings since {case.when(each.since)}" for each in listings[:NAMED])
    if case.page is not None:
        met = case.page.first_seen_at
        says = (
            f"no listing is known to have named it; met on {case.when(met)} by a gap in the numbers, a backfill, or before names were kept"
        )
        return Stage(name="listed", mark=Mark.NOTE, says=says, at=met, evidence=evidence)
    if not listings:
        return Stage(name="listed", mark=Mark.NO, says="never listed: no listing of the portal was read yet")
    count, since = sum(each.readings for each in listings), min(each.since for each in listings)
    return Stage(
        name="listed", mark=Mark.NO, says=f"never listed in the {count} readings since {case.when(since)}", at=since, evidence=evidence
    )


def _named(case: Case, source: Listing, row: Listed) -> str:
    until = f"until {case.when(row.last_at)}" if row.last_at else f"still there on {case.when(source.read_at)}"
    return f"{source.url}: from {case.when(row.first_at)}, {until}"


def _last(case: Case) -> Run | None:
    newest = select(func.max(Run.id)).where(Run.portal == case.portal, Run.history.is_(None)).scalar_subquery()
    return case.session.scalar(select(Run).where(Run.id == newest))


def _spent(case: Case) -> str | None:
    """That a host of the portal had its requests of today, None where there are some left."""
    if case.sheet is None or case.page is not None:
        return None
    budget, spent = case.sheet.pace.budget, runs.spent(case.session, case.now)
    over = [host for host in spent if case.sheet.serves(f"http://{host}/") and spent[host] >= budget]
    morning = datetime.combine(case.now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    return f"{over[0]} had its {budget} requests of today; the next ones are from {case.when(morning)}" if over else None


def _of_run(case: Case, run: Run, hindered: Mark) -> Stage:
    if run.finished_at is None:
        is_running = run.started_at > case.now - ABANDONED
        says = f"a crawl runs since {case.when(run.started_at)}" if is_running else f"the crawl of {case.when(run.started_at)} was killed"
        return Stage(name="crawl", mark=Mark.WAIT, says=says, at=run.started_at)
    ended = case.when(run.finished_at)
    if not run.succeeded:
        return Stage(name="crawl", mark=hindered, says=f"the last crawl ({ended}) failed: {run.reason}", at=run.finished_at)
    told = ", ".join(f"{count} {outcome}" for outcome, count in run.outcomes.items())
    evidence = tuple(filter(None, [told, run.reason]))
    return Stage(name="crawl", mark=Mark.YES, says=f"last crawled on {ended}", at=run.finished_at, evidence=evidence)
