"""One crawl of one portal, from the opened run to the closed one: what the Airflow task and `portalwatch crawl` call."""

import logging
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings as ScrapySettings
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from pipelines import flow, forgetting
from pipelines.alerts.outbox import Post, deliver
from pipelines.alerts.sending import sender_of
from pipelines.archive.place import open_place
from pipelines.config import Settings
from pipelines.dedup.fast import Fast
from pipelines.desk import Desk
from pipelines.errors import PortalwatchError
from pipelines.points import Point, passing
from pipelines.sheet import Sheet
from pipelines.store import runs, standings
from pipelines.store.database import in_one_transaction, open_store
from pipelines.store.fastpath import open_fast, warn_of
from pipelines.store.tables import Run
from pipelines.store.watchlists import Active, activate
from pipelines.watch.watchlist import compile_watchlist
from spiders import loader
from spiders import settings as scrapy_settings
from spiders.closing import account, keep, summary
from spiders.job import Job, now
from spiders.judged import judge, watch_over
from spiders.past import Past, PastJob, past_sheet
from spiders.portal import PortalSpider
from spiders.progress import Tell
from spiders.verdict import Verdict

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
    job.troubles += _of_watchlist(active, settings)
    judged = judge(job, finish_reason)
    told = _close(job, finish_reason, judged)
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


def _of_watchlist(active: Active, settings: Settings) -> list[str]:
    refused = [f"the watchlist is refused: {active.trouble.splitlines()[0]}"] if active.trouble else []
    return [*loader.unknown_portals(active.watchlist, settings), *refused]


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


def _close(job: Job, finish_reason: str, judged: Verdict) -> dict[str, Any]:
    ended = account(job, finish_reason, judged)
    started = keep(job, ended)
    if job.history is None:
        watch_over(job)
    job.say("sending alerts")
    if finish_reason != "shutdown":
        deliver(job.post, seconds=AFTER_A_RUN)
    told = summary(job, started, ended)
    said = {"portal": job.sheet.slug, "run": job.run_id, **{key: told[key] for key in ("succeeded", "reason", "outcomes")}}
    how = finish_reason if judged.succeeded else f"{judged.reason}; {finish_reason}"
    log.info("%s: %s %s", job.sheet.slug, how, told["outcomes"], extra=said)
    return told
