"""From page to story: the item pipeline reads a page in a worker process, keeps the article, and lets its alerts go out."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.crawler import Crawler

from pipelines import flow
from pipelines.alerts.outbox import deliver
from pipelines.archive.records import COMMENTS, PAGE, PART, Note
from pipelines.archive.writer import Archive
from pipelines.dedup.fast import ALIVE
from pipelines.errors import PortalwatchError, StoreAway
from pipelines.extract.address import astray
from pipelines.extract.client import Extractor, workers_for
from pipelines.extract.joined import joined
from pipelines.models import Article, Outcome, Page, PageKind, Reading, Thread
from pipelines.points import Point, passing
from pipelines.store.pages import Found
from spiders.following import CutShort, Following, Talk, TalkPage
from spiders.job import Job, now
from spiders.learning import Learning
from spiders.portal import Fetched
from spiders.verdict import STORE_AWAY

if TYPE_CHECKING:
    from spiders.portal import PortalSpider

log = logging.getLogger(__name__)
Item = Fetched | CutShort | TalkPage
DELIVERY = 15.0  # seconds of one attempt while pages are still read


class Ingest:
    """Item pipeline; nothing here blocks the event loop."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._courier: asyncio.Task[None] | None = None
        self._owed = False
        self._stopping: asyncio.Future[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Ingest":
        return cls(crawler)

    async def open_spider(self) -> None:
        spider: PortalSpider = self._crawler.spider  # type: ignore[assignment]
        self._job = spider.job
        self._following = Following(spider)
        self._extractor = Extractor(workers_for(self._job.sheet.pace.concurrency, self._job.settings.extractors))
        self._extractor.start()
        self._rules = self._job.sheet.model_dump(mode="json")
        self._learning = await asyncio.to_thread(Learning, self._job.desk.engine, self._job.sheet.slug)
        self._heart = asyncio.ensure_future(self._stay_alive())
        self._archive = _archive(self._job)

    async def _stay_alive(self) -> None:
        fast, owner = self._job.desk.fast, self._job.owner
        while fast is not None:
            await asyncio.to_thread(fast.alive, owner)
            await asyncio.sleep(ALIVE.total_seconds() / 3)

    async def process_item(self, item: Item) -> Item:
        """Settle the identity of the page; whatever goes wrong with one page leaves the others alone."""
        try:
            await self._taken_in(item)
        except StoreAway as error:
            self._stop(str(error))
        except PortalwatchError as error:
            log.warning("%s: could not be kept: %s", _found(item).url, error)
            self._job.ledger.fail(_found(item), f"could not be kept: {error}"[:300])
        except Exception as error:
            log.exception("%s: could not be kept", _found(item).url)
            self._job.ledger.fail(_found(item), f"could not be kept: {type(error).__name__}: {error}"[:300])
        return item

    async def close_spider(self) -> None:
        self._heart.cancel()
        if self._courier is not None:
            await self._courier
        await self._extractor.close()
        with contextlib.suppress(StoreAway):  # told when the run's account is not kept either
            await asyncio.to_thread(self._learning.save)
        if self._archive is not None:
            await asyncio.to_thread(self._archive.close)
            self._job.troubles += filter(None, [self._archive.trouble])

    def _stop(self, why: str) -> None:
        """End the run, once: what is fetched now could not be kept. What it leaves open comes again."""
        if self._stopping is None and self._crawler.engine is not None:
            log.error("%s: the run ends: %s", self._job.sheet.slug, why)
            self._stopping = asyncio.ensure_future(self._crawler.engine.close_spider_async(reason=STORE_AWAY))

    async def _taken_in(self, item: Item) -> None:
        if isinstance(item, TalkPage):
            await self._hear(item)
        elif isinstance(item, CutShort):
            await self._end(item.begun, self._whole(item.begun.before, cut=item.why))
        else:
            await self._ingest(item)

    async def _ingest(self, item: Fetched) -> None:
        """A page of an article: the next one is asked for, or the article is at its end."""
        part = PART if item.page.part_of else PAGE
        asked = item.asked[-1] if item.asked else item.found.url
        await self._archived(item.page, Note(identity=item.found.identity, asked=asked, part=part))
        passing(Point.PAGE_ARCHIVED)
        reading = await self._extractor.read(item.page, self._rules, self._learning.lines)
        passing(Point.PAGE_EXTRACTED)
        if further := self._following.further(item, reading):
            self._ask(further)
            return
        item = replace(item, thread=item.thread or reading.thread)
        if item.before:
            bad = None if reading.kind is PageKind.ARTICLE else f"page {item.page.number}: {reading.kind}: {reading.why}"
            reading = self._whole([*item.before, *filter(None, [reading.article])], cut=bad)
        await self._end(item, reading)

    def _whole(self, pages: Sequence[Article], cut: str | None) -> Reading:
        article = replace(joined(pages, self._job.sheet.extract.own_publisher), partial=cut)
        return Reading(kind=PageKind.ARTICLE, why=f"{len(pages)} pages", article=article)

    async def _end(self, item: Fetched, reading: Reading) -> None:
        """Settle the identity: keep its article, let the alerts go, and then ask for the comments."""
        kept, outcome, why = await asyncio.to_thread(self._keep, item, reading)
        self._job.ledger.settle(item.found, outcome, why)
        if kept is None or reading.article is None:
            self._deliver(0)
            return
        self._deliver(kept.alerts)
        if kept.thread is not None and not self._following.spares(item.thread):
            talk = Talk(found=item.found, first=item.first, count=reading.article.comment_count, known=kept.thread)
            self._ask(self._following.comments(talk, item.thread))

    async def _hear(self, item: TalkPage) -> None:
        """A page of comments: the next one is asked for, or all that were read are kept."""
        thread, talk = Thread(trouble=item.why), item.talk
        if item.page is not None:
            await self._archived(item.page, Note(identity=talk.found.identity, asked=item.page.url, part=COMMENTS))
            thread = await self._extractor.thread(item.page, self._rules)
        trouble = thread.trouble or ("no comment on it" if talk.count and not talk.read and not thread.comments else None)
        over, talk = talk.is_over(thread), talk.after(thread)
        trouble = trouble or (None if over else self._following.spares(thread.next))
        if not (trouble or over) and (further := self._following.comments(talk, thread.next)):
            self._ask(further)
            return
        if trouble:
            self._job.ledger.note(item.talk.found.url, "comments", f"page {item.talk.number} of its comments: {trouble}")
        heard = flow.Heard(comments=talk.read, count=talk.count, whole=not trouble)
        self._deliver(await asyncio.to_thread(flow.hear, self._job.desk, talk.found, heard, now()))

    async def _archived(self, page: Page, note: Note) -> None:
        if self._archive is not None:
            await asyncio.to_thread(self._archive.keep, page, note)

    def _ask(self, request: Request | None) -> None:
        engine = self._crawler.engine
        assert engine is not None
        if request is not None:
            engine.crawl(request)

    def _keep(self, item: Fetched, reading: Reading) -> tuple[flow.Kept | None, Outcome, str | None]:
        job, found, kept = self._job, item.found, None
        if reading.article is not None and (why := job.misses(reading.article)):
            return None, Outcome.NOT_ARTICLE, why
        if why := astray(found.identity, found.url, item.first, job.sheet):
            outcome = Outcome.NOT_ARTICLE
            flow.settle(job.desk, found, outcome, why, now())
        elif reading.article is not None and reading.kind is PageKind.ARTICLE:
            job.tally.read(reading.article, now().isoformat())
            kept = flow.keep(job.desk, found, reading.article, now(), item.origin or item.page.origin)
            outcome, why = kept.outcome, reading.article.partial and f"partial: {reading.article.partial}"
            self._learning.note(found.identity, kept.article_id, reading)
        else:
            outcome, why = _not_kept(reading), f"{reading.kind}: {reading.why}"
            if outcome is not Outcome.FAILED:
                self._owed = flow.settle(job.desk, found, outcome, why, now()) > 0 or self._owed
        if job.desk.fast and outcome is not Outcome.FAILED:
            job.desk.fast.mark_seen(job.sheet.slug, [found.key])
            job.desk.fast.release(job.sheet.slug, job.owner, [found.identity])
        passing(Point.PAGE_SEEN)
        return kept, outcome, why

    def _deliver(self, owed: int) -> None:
        self._owed = self._owed or owed > 0
        if self._owed and (self._courier is None or self._courier.done()):
            self._courier = asyncio.ensure_future(self._send())

    async def _send(self) -> None:
        while self._owed:
            self._owed = False
            try:
                await asyncio.to_thread(deliver, self._job.post, seconds=DELIVERY)
            except StoreAway as error:
                log.warning("%s: alerts wait for the next delivery: %s", self._job.sheet.slug, error)


def _found(item: Item) -> Found:
    return item.found if isinstance(item, Fetched) else item.begun.found if isinstance(item, CutShort) else item.talk.found


def _archive(job: Job) -> Archive | None:
    return Archive(job.archive, job.sheet.slug, str(job.run_id), now) if job.archive else None


def _not_kept(reading: Reading) -> Outcome:
    return {PageKind.EMPTY: Outcome.EMPTY, PageKind.ERROR: Outcome.FAILED}.get(reading.kind, Outcome.NOT_ARTICLE)
