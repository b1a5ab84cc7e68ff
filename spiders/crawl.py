"""One crawl of one portal, from the opened run to the closed one: what the Airflow task and `portalwatch crawl` call."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings as ScrapySettings
from sqlalchemy import Engine
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from pipelines import flow, forgetting
from pipelines.alerts.outbox import Post, deliver
from pipelines.alerts.sending import sender_of
from pipelines.archive.place import open_place
from pipelines.config import Settings
from pipelines.dedup.fast import Fast
from pipelines.desk import Desk
from pipelines.errors import PortalwatchError
from pipelines.models import Outcome
from pipelines.points import Point, passing
from pipelines.share import Share
from pipelines.sheet import Sheet
from pipelines.store import listed, pages, runs, sources, standings, views
from pipelines.store.database import in_one_transaction, open_store, reading
from pipelines.store.fastpath import open_fast, warn_of
from pipelines.store.late import release_late
from pipelines.store.numbers import Window
from pipelines.store.pages import Found
from pipelines.store.tables import Run
from pipelines.store.watchlists import Active, activate
from pipelines.watch.watchlist import compile_watchlist
from spiders import loader, tdm
from spiders import settings as scrapy_settings
from spiders.job import Job, now
from spiders.judged import by_its_past, watch_over, with_fault
from spiders.past import Past, PastJob, past_sheet, past_verdict
from spiders.portal import PortalSpider
from spiders.progress import Tell
from spiders.verdict import Verdict, verdict

log = logging.getLogger(__name__)
AFTER_A_RUN = 20.0  # seconds that a run gives to delivery; the `deliver` DAG does the rest


class RunFailed(PortalwatchError):
    """The run could not see its portal; `summary` is what it has to tell all the same. `lasting`: another run would fare no better."""

    def __init__(self, summary: Mapping[str, Any], *, lasting: bool = False) -> None:
        self.summary, self.lasting = {**summary, **({"lasting": True} if lasting else {})}, lasting
        super().__init__(f"{summary['portal']}: {summary['reason']}")


def crawl(portal: str, settings: Settings, past: Past | None = None, onlooker: Tell | None = None) -> dict[str, Any]:
    """Crawl one portal now, or read a day of its past, once in a process (Twisted's reactor starts once).

    Gives the run's summary, keys as in `summary`; `onlooker` is told how far the run is.

    ConfigError for a bad sheet, a bad archive address, or a bad watchlist where there never was a good one; nothing was fetched then.
    RunFailed where the portal could not be seen.
    """
    sheet = loader.sheet(portal, settings)
    if past is not None:
        sheet = past_sheet(sheet, past.day)
    place = open_place(settings) if settings.archive else None
    engine = open_store(settings)
    active = activate(engine, settings.watchlist, settings.aliases, now(), settings.compiled)
    forgetting.respect(settings, engine, [portal])
    fast = open_fast(settings, engine)
    warn_of(fast, settings)
    job = _job(sheet, settings, (engine, fast, active), past)
    job.archive, job.onlooker = place, onlooker
    finish_reason = "not_started" if job.rests_wholly() else _run(job)
    judged = _judged(job, finish_reason)
    told = _close(job, finish_reason, judged, active)
    fast.close()
    if not judged.succeeded:
        raise RunFailed(told, lasting=judged.lasting)
    return told


def resume(portal: str, settings: Settings) -> list[str]:
    """Lift the pause of a portal that refused us; gives what was lifted, in words."""
    return in_one_transaction(open_store(settings), lambda session: standings.resume(session, portal))


def _job(sheet: Sheet, settings: Settings, parts: tuple[Engine, Fast, Active], past: Past | None) -> Job:
    slug, (engine, fast, active) = sheet.slug, parts
    day, version = past.day if past else None, active.watchlist.version
    run: Run = in_one_transaction(engine, lambda session: _detached(session, runs.open_run(session, slug, version, now(), day)))
    passing(Point.RUN_OPENED)
    desk = Desk(
        engine=engine,
        fast=fast,
        watchlist=active.watchlist,
        matcher=compile_watchlist(active.watchlist),
        learning=run.learning if past is None else not past.told,
        looks=sheet.looks,
        comments=settings.comments,
        threads=bool(sheet.extract.comments and sheet.extract.comments.pages),
        late=past.batch(slug) if past else None,
        zone=settings.zone,
        **({"seen_at": past.seen_at(ZoneInfo(sheet.timezone))} if past else {}),
    )
    names = {known.slug: known.name for known in loader.shelf(settings).sheets.values()}
    post = Post(engine=engine, watchlist=active.watchlist, portal_names=names, send=sender_of(settings), clock=now, zone=settings.zone)
    belongings: dict[str, Any] = {"settings": settings, "sheet": sheet, "desk": desk, "post": post, "run_id": run.id}
    job = PastJob(**belongings, history=past.day) if past else Job(**belongings)
    job.load()
    flow.fill_index(desk, now())
    return job


def _detached(session: Session, run: Run) -> Run:
    session.flush()
    session.expunge(run)
    return run


def _judged(job: Job, finish_reason: str) -> Verdict:
    if resting := job.rests_wholly():
        return Verdict(succeeded=False, reason="; ".join(resting))
    if isinstance(job, PastJob):
        return past_verdict(job, finish_reason)
    judged = verdict(job.sources, job.ledger, finish_reason)
    return by_its_past(job, finish_reason) or judged if judged.succeeded else with_fault(job, judged)


def _run(job: Job) -> str:
    values = ScrapySettings()
    values.setmodule(scrapy_settings, priority="project")
    values.setdict(scrapy_settings.for_sheet(job.sheet, job.settings), priority="cmdline")
    extensions = {"spiders.past.GiveWay": job.history, "spiders.gauge.Gauge": job.onlooker}
    wanted = {path: 0 for path, needed in extensions.items() if needed is not None}
    values.set("EXTENSIONS", scrapy_settings.EXTENSIONS | wanted, priority="cmdline")
    process = _quiet_process(values)
    crawler = process.create_crawler(PortalSpider)
    process.crawl(crawler, job=job)
    process.start()
    assert crawler.stats is not None
    job.bytes = int(crawler.stats.get_value("downloader/response_bytes", 0))
    finish_reason = str(crawler.stats.get_value("finish_reason", "killed"))
    return _refused(job) if finish_reason == "finished" and job.rests_wholly() else finish_reason


def _refused(job: Job) -> str:
    return "asked_to_wait" if any(each.asked for each in job.breaker.standings.values()) else "refused"


def _quiet_process(values: ScrapySettings) -> AsyncCrawlerProcess:
    """Scrapy sets its loggers to DEBUG and tells its versions at every start; a run has one line of its own."""
    logging.disable(logging.INFO)
    try:
        process = AsyncCrawlerProcess(values)
    finally:
        logging.disable(logging.NOTSET)
    for name in ("scrapy", "twisted"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return process


def _close(job: Job, finish_reason: str, judged: Verdict, active: Active) -> dict[str, Any]:
    left = job.ledger.open()
    for found in left:
        job.ledger.settle(found, Outcome.LEFT)
    windows = job.windows()
    notes = [
        judged.reason,
        *job.troubles,
        *loader.unknown_portals(active.watchlist, job.settings),
        f"the watchlist is refused: {active.trouble.splitlines()[0]}" if active.trouble else None,
    ]
    ended = runs.Ended(
        finish_reason=finish_reason,
        succeeded=judged.succeeded,
        reason="; ".join(filter(None, notes)) or None,
        discovered=len(job.ledger.found),
        requests=sum(job.requests.values()),
        bytes=job.bytes,
        outcomes=job.ledger.counts(),
        evidence=job.ledger.evidence,
        share=_share(job, windows) if finish_reason != "not_started" and job.history is None else Share(why="not looked at"),
        numbers=[window.told() for window in windows],
        figures=job.figures(),
    )
    _come_again(job)
    _note_listed(job)
    passing(Point.RUN_ENDING)
    started = in_one_transaction(job.desk.engine, lambda session: _write(session, job, ended))
    passing(Point.RUN_CLOSED)
    if job.desk.fast:
        job.desk.fast.release(job.sheet.slug, job.owner, [found.identity for found in job.ledger.found.values()])
    if job.history is None:
        watch_over(job)
    job.say("sending alerts")
    if finish_reason != "shutdown":
        deliver(job.post, seconds=AFTER_A_RUN)
    told = summary(job, started, ended)
    said = {
        "portal": job.sheet.slug,
        "run": job.run_id,
        "succeeded": ended.succeeded,
        "reason": ended.reason,
        "outcomes": dict(ended.outcomes),
    }
    how = finish_reason if judged.succeeded else f"{judged.reason}; {finish_reason}"
    log.info("%s: %s %s", job.sheet.slug, how, dict(ended.outcomes), extra=said)
    return told


def _write(session: Session, job: Job, ended: runs.Ended) -> datetime:
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


def _remember_sources(session: Session, job: Job, ended: runs.Ended) -> None:
    failed = {found.identity for found in job.ledger.ended({Outcome.FAILED})}
    for key, known in job.readings.learned(failed, saw_the_portal=ended.succeeded).items():
        sources.remember_source(session, job.sheet.slug, key, known, now())


def _share(job: Job, windows: Sequence[Window]) -> Share:
    named: dict[str, set[str]] = {}
    for source in job.sheet.discovery:
        named.setdefault(source.view, set()).update(job.readings.lately(source.key))
    missed = {found.identity: now() for found in job.ledger.ended({Outcome.FAILED, Outcome.LEFT})}
    with reading(job.desk.engine) as session:
        return views.estimated(session, job.sheet.slug, named, windows, missed)


def _come_again(job: Job) -> None:
    """Write what is due again, BATCH by BATCH: a sitemap may name 50,000 that are left, and others want to write meanwhile."""
    due = job.ledger.ended(job.comes_again)
    for start in range(0, len(due), pages.BATCH):
        in_one_transaction(job.desk.engine, partial(_settle_again, job=job, due=due[start : start + pages.BATCH]))


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


def _settle_again(session: Session, job: Job, due: Sequence[Found]) -> None:
    """One identity that a database refuses must not keep the run from being written."""
    for found in due:
        outcome, why = job.ledger.outcomes[found.identity], job.ledger.whys.get(found.identity)
        try:
            with session.begin_nested():
                pages.settle(session, found, outcome, now(), job.sheet.looks, why)
        except DataError:
            log.exception("%s: its outcome could not be written", found.url)


def summary(job: Job, started_at: datetime, ended: runs.Ended) -> dict[str, Any]:
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
