"""Good manners, one place for all of them: the portal's own hosts only, robots.txt by RFC 9309, what is reserved from text
and data mining, a daily budget a host, and hosts that refuse us are left alone."""

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadConnectionRefusedError, IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from pipelines.models import Outcome
from spiders import tdm
from spiders.answers import UNANSWERED, header, retry_after
from spiders.breaker import REFUSING
from spiders.job import host_of, now
from spiders.robots import AGENT, kept_delay, rules_of

if TYPE_CHECKING:
    from pipelines.store.pages import Found
    from spiders.job import Job

log = logging.getLogger(__name__)
RESERVED = "reserved from text and data mining"


class Denied(IgnoreRequest):
    """robots.txt does not let us read this address, or it is reserved and the sheet says to obey that."""


class NotNow(IgnoreRequest):
    """The address may be read, only not in this run: it is left, and comes again."""


class OverBudget(NotNow):
    """The host had its requests of today."""


class Resting(NotNow):
    """The host refused us, or asked us to wait, and is left alone."""


class NoRules(NotNow):
    """robots.txt answered with an error of the server's, and that means no (RFC 9309, 2.3.1.4), until it answers otherwise."""


class OffPortal(IgnoreRequest):
    """The address leads to a host that the sheet does not name."""


class Manners:
    """Downloader middleware. `requests` counts what each host was sent."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._rules: dict[str, asyncio.Task[Protego]] = {}
        self._slow: set[str] = set()
        self._spent: set[str] = set()
        self._purse = asyncio.Lock()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Manners":
        return cls(crawler)

    @property
    def _job(self) -> "Job":
        return self._crawler.spider.job  # type: ignore[union-attr, no-any-return]

    async def process_request(self, request: Request) -> None:
        job, host = self._job, host_of(request.url)
        if not job.sheet.serves(request.url) or urlsplit(request.url).scheme not in ("http", "https"):
            raise OffPortal(f"leads off the portal, to {host}")
        if not request.meta.get("of_manners"):
            await self._obey(request)
        if (resting := job.rests(request.url)) is not None:
            raise Resting(resting)
        found = _article(request)
        if found is not None and not job.breaker.admits(host, found.identity, now()):
            raise Resting(f"{host} is tried with one article first")
        await self._spend(host)
        if host in self._slow:  # AutoThrottle would make the pauses shorter than robots.txt asks for
            request.meta["autothrottle_dont_adjust_delay"] = True

    async def _spend(self, host: str) -> None:
        """One request of the host's budget; OverBudget where there is none left."""
        job = self._job
        async with self._purse:
            if job.requests[host] >= job.granted[host] and host not in self._spent:
                await asyncio.to_thread(job.reserve, host)
            if job.requests[host] >= job.granted[host]:
                self._spent.add(host)
                raise OverBudget(f"{host} had its {job.sheet.pace.budget} requests of today")
            job.requests[host] += 1

    def process_response(self, request: Request, response: Response) -> Response:
        self._hear(request, response)
        if header(response, "tdm-reservation").strip() == "1":
            kept = self._job.reserved.setdefault(_root(response.url), tdm.reservations(404, b"", now()))
            kept["header"] = header(response, "tdm-policy")
            if self._job.sheet.tdm == "obey" and not request.meta.get("of_manners"):
                raise Denied(RESERVED)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        if isinstance(exception, DownloadConnectionRefusedError) and not request.meta.get("of_manners"):
            self._job.breaker.refused(host_of(request.url), "connection refused", now(), page=_article(request) is not None)

    def _hear(self, request: Request, response: Response) -> None:
        """A refusal, told to the breaker; that of robots.txt has a meaning of its own, unless it asks us to wait."""
        host, breaker = host_of(request.url), self._job.breaker
        wait = retry_after(header(response, "Retry-After"), now()) if response.status in (429, 503) else None
        if wait is not None:
            breaker.asked_to_wait(host, f"answered {response.status}", wait, now())
        elif response.status in REFUSING and not request.meta.get("of_manners"):
            breaker.refused(host, f"answered {response.status}", now(), page=_article(request) is not None)

    async def _obey(self, request: Request) -> None:
        root, sheet = _root(request.url), self._job.sheet
        if root not in self._rules:
            self._rules[root] = asyncio.ensure_future(self._asked(root))
        try:
            rules = await asyncio.shield(self._rules[root])
        except NoRules as error:
            self._note_left(request, str(error))
            raise
        if sheet.robots is None and not rules.can_fetch(request.url, AGENT):
            raise Denied("robots.txt does not allow it")
        if sheet.tdm == "obey" and root in self._job.reserved and tdm.is_reserved(self._job.reserved[root], request.url):
            raise Denied(RESERVED)

    def _note_left(self, request: Request, why: str) -> None:
        """That articles are left, once a run for each reason; a listing tells it by itself."""
        found = _article(request)
        if found is not None and why not in self._job.troubles:
            self._job.troubles.append(why)
            self._job.ledger.note(found.url, Outcome.LEFT, why)

    async def _asked(self, root: str) -> Protego:
        """The root's robots.txt, and once a day what it reserves."""
        rules = await self._robots(root) if self._job.sheet.robots is None else Protego.parse("")
        if not tdm.is_fresh(self._job.reserved.get(root), now()) and rules.can_fetch(f"{root}{tdm.WELL_KNOWN}", AGENT):
            with contextlib.suppress(*UNANSWERED):
                response = await self._fetch(f"{root}{tdm.WELL_KNOWN}")
                self._job.reserved[root] = tdm.reservations(response.status, response.body, now())
        return rules

    async def _robots(self, root: str) -> Protego:
        host, response = host_of(root), await self._fetch(f"{root}/robots.txt")
        if response.status >= 500:
            raise NoRules(f"robots.txt of {host} answered {response.status}: nothing there is read until it answers")
        rules = rules_of(response.status, response.body)
        delay, too_long = kept_delay(rules, host)
        self._job.troubles += filter(None, [too_long])
        self._slow_down(host, delay)
        return rules

    async def _fetch(self, url: str) -> Response:
        engine = self._crawler.engine
        assert engine is not None
        asked = Request(url, meta={"of_manners": True}, callback=NO_CALLBACK, priority=1000, dont_filter=True)
        return await engine.download_async(asked)

    def _slow_down(self, host: str, delay: float) -> None:
        engine = self._crawler.engine
        slot = engine.downloader.slots.get(host) if engine else None
        if slot is not None and slot.delay < delay:
            log.info("%s: robots.txt asks for %g s between requests", host, delay)
            slot.delay = delay
            self._slow.add(host)


def _article(request: Request) -> "Found | None":
    """The article whose page, further page or comments are asked for; None for a listing."""
    carried = request.cb_kwargs
    return (
        carried["found"] if "found" in carried else next((each.found for name, each in carried.items() if name in ("begun", "talk")), None)
    )


def _root(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
