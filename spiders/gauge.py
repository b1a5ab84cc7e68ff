"""The gauge of a crawl that somebody looks at: says again and again how far it is."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from scrapy import signals
from scrapy.crawler import Crawler

if TYPE_CHECKING:
    from spiders.portal import PortalSpider

EVERY = 0.25  # seconds between two looks at the run


class Gauge:
    """Scrapy extension: tells the job's onlooker how far it is, until the spider closes."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._telling: asyncio.Task[None] | None = None
        crawler.signals.connect(self._start, signals.spider_opened)
        crawler.signals.connect(self._stop, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Gauge":
        return cls(crawler)

    async def _start(self) -> None:
        self._telling = asyncio.ensure_future(self._tell())

    async def _stop(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._telling

    async def _tell(self) -> None:
        spider: PortalSpider = self._crawler.spider  # type: ignore[assignment]
        while True:
            spider.job.say()
            await asyncio.sleep(EVERY)
