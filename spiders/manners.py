"""Good manners, one place for all of them: the portal's own hosts only, robots.txt by RFC 9309, a daily budget a host."""

import asyncio
import logging
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

if TYPE_CHECKING:
    from spiders.portal import PortalSpider

log = logging.getLogger(__name__)
ROBOTS_LIMIT = 512 * 1024  # bytes that are read of a robots.txt; RFC 9309 asks for at least 500 KiB
AGENT = "portalwatch"


class Denied(IgnoreRequest):
    """robots.txt does not let us read this address."""


class OverBudget(IgnoreRequest):
    """The host had its requests of today."""


class OffPortal(IgnoreRequest):
    """The address leads to a host that the sheet does not name."""


class Manners:
    """Downloader middleware. `requests` counts what each host was sent."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._robots: dict[str, asyncio.Task[Protego]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Manners":
        return cls(crawler)

    @property
    def _spider(self) -> "PortalSpider":
        return self._crawler.spider  # type: ignore[return-value]

    async def process_request(self, request: Request) -> None:
        job = self._spider.job
        if not job.sheet.serves(request.url) or urlsplit(request.url).scheme not in ("http", "https"):
            raise OffPortal(f"leads off the portal, to {urlsplit(request.url).hostname}")
        if not request.meta.get("is_robots") and job.sheet.robots is None:
            await self._obey(request)
        host = urlsplit(request.url).hostname or ""
        if job.spent.get(host, 0) + job.requests[host] >= job.sheet.pace.budget:
            raise OverBudget(f"{host} had its {job.sheet.pace.budget} requests of today")
        job.requests[host] += 1

    async def _obey(self, request: Request) -> None:
        parts = urlsplit(request.url)
        root = f"{parts.scheme}://{parts.netloc}"
        if root not in self._robots:
            self._robots[root] = asyncio.ensure_future(self._fetch(root))
        rules = await asyncio.shield(self._robots[root])
        if not rules.can_fetch(request.url, AGENT):
            raise Denied("robots.txt does not allow it")

    async def _fetch(self, root: str) -> Protego:
        asked = Request(f"{root}/robots.txt", meta={"is_robots": True}, callback=NO_CALLBACK, priority=1000, dont_filter=True)
        engine = self._crawler.engine
        assert engine is not None
        response = await engine.download_async(asked)
        rules = _rules(response)
        if (delay := rules.crawl_delay(AGENT)) is not None:
            self._slow_down(urlsplit(root).hostname or "", float(delay))
        return rules

    def _slow_down(self, host: str, delay: float) -> None:
        engine = self._crawler.engine
        slot = engine.downloader.slots.get(host) if engine else None
        if slot is not None and slot.delay < delay:
            log.info("%s: robots.txt asks for %g s between requests", host, delay)
            slot.delay = delay


def _rules(response: Response) -> Protego:
    if 400 <= response.status < 500:
        return Protego.parse("")
    if response.status >= 500:
        return Protego.parse("User-agent: *\nDisallow: /")
    return Protego.parse(response.body[:ROBOTS_LIMIT].decode("utf-8", "replace"))


def total(requests: Counter[str]) -> int:
    """All requests of a run."""
    return sum(requests.values())
