"""The end of a run: its account, and all that it leaves in the store for the run after it."""

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from pipelines.models import Outcome
from pipelines.points import Point, passing
from pipelines.share import Share
from pipelines.store import listed, pages, runs, sources, standings, views
from pipelines.store.database import in_one_reading, in_one_transaction
from pipelines.store.late import release_late
from pipelines.store.numbers import Window
from pipelines.store.pages import Found
from pipelines.store.runs import Ended
from spiders import tdm
from spiders.job import Job, now
from spiders.verdict import Verdict

log = logging.getLogger(__name__)


def account(job: Job, finish_reason: str, judged: Verdict) -> Ended:
    """How the run ended, its troubles behind the verdict's reason; what has no outcome yet is left."""
    for found in job.ledger.open():
        job.ledger.settle(found, Outcome.LEFT)
    windows = job.windows()
    return Ended(
        finish_reason=finish_reason,
        succeeded=judged.succeeded,
        reason="; ".join(filter(None, [judged.reason, *job.troubles])) or None,
        discovered=len(job.ledger.found),
        requests=sum(job.requests.values()),
        bytes=job.bytes,
        outcomes=job.ledger.counts(),
        evidence=job.ledger.evidence,
        share=_share(job, windows) if finish_reason != "not_started" and job.history is None else Share(why="not looked at"),
        numbers=[window.told() for window in windows],
        figures=job.figures(),
    )


def keep(job: Job, ended: Ended) -> datetime:
    """Write the account and what the next run starts from, and give the leases back; gives the run's start."""
    _come_again(job)
    _note_listed(job)
    passing(Point.RUN_ENDING)
    started = in_one_transaction(job.desk.engine, lambda session: _write(session, job, ended))
    passing(Point.RUN_CLOSED)
    if job.desk.fast:
        job.desk.fast.release(job.sheet.slug, job.owner, [found.identity for found in job.ledger.found.values()])
    return started


def summary(job: Job, started_at: datetime, ended: Ended) -> dict[str, Any]:
    """The JSON of `portalwatch crawl --json`, and of `backfill --json`, which has its day in `history`."""
    return {
        "portal": job.sheet.slug,
        **({"history": job.history.isoformat()} if job.history else {}),
        "started_at": started_at.isoformat(),
        "finished_at": now().isoformat(),
        "finish_reason": ended.finish_reason,
        "succeeded": ended.succeeded,
        "reason": ended.reason,
        "discovered": ended.discovered,
        "requests": ended.requests,
        "bytes": ended.bytes,
        "outcomes": dict(ended.outcomes),
        "share": ended.share.share,
        "views": ended.share.as_json(),
        "numbers": ended.numbers,
        "reserved": tdm.told(job.reserved),
    }


def _share(job: Job, windows: Sequence[Window]) -> Share:
    named: dict[str, set[str]] = {}
    for source in job.sheet.discovery:
        named.setdefault(source.view, set()).update(job.readings.lately(source.key))
    missed = {found.identity: now() for found in job.ledger.ended({Outcome.FAILED, Outcome.LEFT})}
    return in_one_reading(job.desk.engine, lambda session: views.estimated(session, job.sheet.slug, named, windows, missed))


def _come_again(job: Job) -> None:
    """Write what is due again, BATCH by BATCH: a sitemap may name 50,000 that are left, and others want to write meanwhile."""
    due = job.ledger.ended(job.comes_again)
    for start in range(0, len(due), pages.BATCH):
        in_one_transaction(job.desk.engine, partial(_settle_again, job=job, due=due[start : start + pages.BATCH]))


def _settle_again(session: Session, job: Job, due: Sequence[Found]) -> None:
    """One identity that a database refuses must not keep the run from being written."""
    for found in due:
        outcome, why = job.ledger.outcomes[found.identity], job.ledger.whys.get(found.identity)
        try:
            with session.begin_nested():
                pages.settle(session, found, outcome, now(), job.sheet.looks, why)
        except DataError:
            log.exception("%s: its outcome could not be written", found.url)


def _note_listed(job: Job) -> None:
    """Keep what each listing named, a transaction a listing, and why robots.txt let none of it be asked for."""
    refused = {found.identity: job.ledger.whys.get(found.identity) for found in job.ledger.ended({Outcome.DENIED})}
    for key, named in job.readings.named.items() if job.history is None else ():
        seen = listed.Seen(
            portal=job.sheet.slug,
            url=key,
            identities={each: refused.get(each) for each in named.identities},
            whole=named.whole and key not in job.readings.cut,
        )
        in_one_transaction(job.desk.engine, partial(listed.note, seen=seen, now=now()))


def _write(session: Session, job: Job, ended: Ended) -> datetime:
    pages.remember_marks(session, job.unmarked)
    if job.history is None:
        _remember_sources(session, job, ended)
    runs.give_back(session, job.unused())
    standings.keep(session, job.sheet.slug, job.stood, job.breaker.standings)
    standings.keep_reserved(session, job.sheet.slug, job.reserved)
    if job.desk.late is not None:
        release_late(session, job.desk.late, now())
    started = runs.close_run(session, job.run_id, ended, now())
    session.flush()
    passing(Point.RUN_WRITTEN)
    return started


def _remember_sources(session: Session, job: Job, ended: Ended) -> None:
    failed = {found.identity for found in job.ledger.ended({Outcome.FAILED})}
    for key, known in job.readings.learned(failed, saw_the_portal=ended.succeeded).items():
        sources.remember_source(session, job.sheet.slug, key, known, now())
