"""From page to story: the item pipeline reads a page in a worker process, keeps the article, and lets its alerts go out."""

import asyncio
import logging
from typing import TYPE_CHECKING

from scrapy.crawler import Crawler

from pipelines import flow
from pipelines.alerts.outbox import deliver
from pipelines.dedup.fast import ALIVE
from pipelines.extract.client import Extractor, workers_for
from pipelines.models import Outcome, PageKind, Reading
from spiders.archive import Archive
from spiders.job import now
from spiders.learning import Learning
from spiders.portal import Fetched

if TYPE_CHECKING:
    from spiders.portal import PortalSpider

log = logging.getLogger(__name__)
DELIVERY = 15.0  # seconds of one attempt while pages are still read


class Ingest:
    """Item pipeline; nothing here blocks the event loop."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._courier: asyncio.Task[None] | None = None
        self._owed = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Ingest":
        return cls(crawler)

    async def open_spider(self) -> None:
        spider: PortalSpider = self._crawler.spider  # type: ignore[assignment]
        self._job = spider.job
        self._extractor = Extractor(workers_for(self._job.sheet.pace.concurrency, self._job.settings.extractors))
        self._extractor.start()
        self._rules = self._job.sheet.model_dump(mode="json")
        self._learning = await asyncio.to_thread(Learning, self._job.desk.engine, self._job.sheet.slug)
        self._heart = asyncio.ensure_future(self._stay_alive())
        folder = self._job.settings.home / "archive" / self._job.sheet.slug
        self._archive = Archive(folder, f"{now():%Y%m%dT%H%M%S}-{self._job.run_id}") if self._job.settings.archive else None

    async def _stay_alive(self) -> None:
        fast, owner = self._job.desk.fast, self._job.owner
        while fast is not None:
            await asyncio.to_thread(fast.alive, owner)
            await asyncio.sleep(ALIVE.total_seconds() / 3)

    async def process_item(self, item: Fetched) -> Fetched:
        """Settle the identity of the page; whatever goes wrong with one page leaves the others alone."""
        try:
            await self._ingest(item)
        except Exception as error:
            log.exception("%s: could not be kept", item.page.url)
            self._job.ledger.settle(item.found, Outcome.FAILED, f"could not be kept: {type(error).__name__}: {error}"[:300])
        return item

    async def close_spider(self) -> None:
        self._heart.cancel()
        if self._courier is not None:
            await self._courier
        await self._extractor.close()
        await asyncio.to_thread(self._learning.save)
        if self._archive is not None:
            await asyncio.to_thread(self._archive.close)

    async def _ingest(self, item: Fetched) -> None:
        if self._archive is not None:
            await asyncio.to_thread(self._archive.keep, item.page)
        reading = await self._extractor.read(item.page, self._rules, self._learning.lines)
        outcome, why = await asyncio.to_thread(self._keep, item, reading)
        self._job.ledger.settle(item.found, outcome, why)
        if self._owed and (self._courier is None or self._courier.done()):
            self._courier = asyncio.ensure_future(self._send())

    def _keep(self, item: Fetched, reading: Reading) -> tuple[Outcome, str | None]:
        job, found = self._job, item.found
        if reading.article is not None and reading.kind is PageKind.ARTICLE:
            kept = flow.keep(job.desk, found, reading.article, now())
            outcome, why = kept.outcome, None
            self._learning.note(found.identity, kept.article_id, reading)
            self._owed = self._owed or kept.alerts > 0
        else:
            outcome, why = _not_kept(reading), f"{reading.kind}: {reading.why}"
            if outcome is not Outcome.FAILED:
                flow.settle(job.desk, found, outcome, why, now())
        if job.desk.fast and outcome is not Outcome.FAILED:
            job.desk.fast.mark_seen(job.sheet.slug, [found.key])
            job.desk.fast.release(job.sheet.slug, job.owner, [found.identity])
        return outcome, why

    async def _send(self) -> None:
        while self._owed:
            self._owed = False
            await asyncio.to_thread(deliver, self._job.post, seconds=DELIVERY)


def _not_kept(reading: Reading) -> Outcome:
    return {PageKind.EMPTY: Outcome.EMPTY, PageKind.ERROR: Outcome.FAILED}.get(reading.kind, Outcome.NOT_ARTICLE)
