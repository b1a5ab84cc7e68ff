"""The spider: one for all portals, since a portal is data. It finds pages and hands them on; it never cleans text."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any

from scrapy import Request, Spider
from scrapy.exceptions import (
    CannotResolveHostError,
    CloseSpider,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from scrapy.http import Response
from twisted.python.failure import Failure

from pipelines.models import Article, Origin, Outcome, Page
from pipelines.sheet import Api, Listing, Source
from pipelines.store.pages import Found
from pipelines.store.runs import Known
from pipelines.text import storable
from spiders.discovery import Listed, read_listing
from spiders.job import Job, SourceAnswer, now
from spiders.manners import Denied, OffPortal, OverBudget
from spiders.past import PastJob

LISTING_FIRST, NEW_LISTING, NEW_FIRST, SECOND_LOOK = 100, 50, 10, 0  # priorities
LONGEST_URL = 2000  # characters; what is longer is no address of an article
LONGEST_IDENTITY = 400
LONGEST_WAIT = timedelta(hours=24)
PLAIN: tuple[tuple[type[BaseException], str], ...] = (
    (CannotResolveHostError, "unreachable: name not resolved"),
    (DownloadConnectionRefusedError, "unreachable: connection refused"),
    (DownloadTimeoutError, "unreachable: no answer in time"),
    (ResponseDataLossError, "the page was cut off on its way"),
    (DownloadCancelledError, "larger than 10 MB"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A page on its way to be read, and the identity that it stands for; of a later page also what the ones before it told.

    `asked` are the addresses of the article's pages so far, `thread` is that of its comments, `origin` what its first page was.
    """

    found: Found
    page: Page
    origin: Origin | None = None
    before: tuple[Article, ...] = ()
    asked: tuple[str, ...] = ()
    thread: str | None = None

    @property
    def first(self) -> str:
        """The address of the article's first page."""
        return self.page.part_of or self.page.url


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a listing stands: its source, its page's number, and its depth below a sitemap index."""

    source: Source
    number: int = 1
    depth: int = 0


class PortalSpider(Spider):
    """Crawls the portal of `job.sheet`."""

    name = "portal"

    def __init__(self, *args: Any, job: Job, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.job = job
        self._growing = False

    async def start(self) -> AsyncIterator[Request]:
        """Every discovery address, then the known articles that are due."""
        for source in self.job.sheet.discovery:
            for request in self._listing(Place(source=source), source.url):
                yield request
        due = await asyncio.to_thread(self.job.due)
        for found in self.job.ledger.discover(due):
            yield self._article(found, SECOND_LOOK)

    async def parse_listing(self, response: Response, place: "Place") -> AsyncIterator[Request]:
        """Articles that are new, due or moved; then the next page, while pages still hold something unknown."""
        answer = SourceAnswer(url=response.url)
        self.job.sources.append(answer)
        if response.status == 304:
            answer.not_modified = True
            return
        if response.status != 200:
            self.job.cut.add(place.source.url)
            answer.why = self.refused(response)
            return
        listed = await asyncio.to_thread(read_listing, place.source, response.url, response.body, _header(response, "Content-Type"))
        found = await asyncio.to_thread(self._found, listed, place)
        answer.links = len(found)
        answer.why = listed.why or (None if found or listed.more or place.number > 1 else "no article link on it")
        if (found or listed.more) and place.number == 1 and not place.depth:
            validators = (None, None) if listed.more else (_header(response, "ETag") or None, _header(response, "Last-Modified") or None)
            self.job.read[place.source.url] = Known(etag=validators[0], last_modified=validators[1], cut=False)
        for request in await self._wanted(found):
            yield request
        for request in self._further(listed, place, grew=bool(found)):
            yield request

    async def _wanted(self, found: list[Found]) -> list[Request]:
        fresh, again = self.job.ledger.discover(found), self.job.ledger.met_as_known(found)
        wanted, known = await asyncio.to_thread(self.job.to_fetch, [*fresh, *again])
        for each in again:
            if each in wanted:
                self.job.ledger.reopen(each)
        for each in known:
            if each not in again:
                self.job.ledger.settle(each, Outcome.KNOWN)
        self._growing = bool(wanted)
        return [self._article(each, NEW_FIRST) for each in wanted]

    def _further(self, listed: Listed, place: "Place", *, grew: bool) -> Iterator[Request]:
        """The sitemaps of an index, one level down; the next page while the last held something to fetch, or one was missed before."""
        for url in listed.more if not place.depth else ():
            yield from self._listing(replace(place, depth=1), url)
        source, number = place.source, self._next_page(listed, place, grew=grew)
        if isinstance(source, Listing | Api) and number is not None:
            yield from self._listing(replace(place, number=number), source.next.format(n=source.own(number)) if source.next else source.url)

    def _next_page(self, listed: Listed, place: "Place", *, grew: bool) -> int | None:
        source, known = place.source, self.job.known.get(place.source.url)
        if not isinstance(source, Listing | Api) or not source.has_pages:
            return None
        if isinstance(self.job, PastJob):
            number = self.job.further(source.url, place.number, listed)
            return number if number is not None and number <= source.pages else None
        goes_on = grew and (self._growing or (known is not None and known.cut))
        return place.number + 1 if goes_on and place.number < source.pages else None

    def parse_article(self, response: Response, found: Found) -> Iterator[Fetched]:
        """The page, to be read; an answer that holds none settles the identity at once."""
        if response.status in (429, 503):
            self._pause(response)
        if response.status not in (200, 404, 410):
            self.job.ledger.settle(found, Outcome.FAILED, self.refused(response))
            return
        yield Fetched(found=found, page=page_of(response))

    def listing_failed(self, failure: Failure) -> None:
        """A listing that could not be fetched."""
        place: Place = failure.request.cb_kwargs["place"]  # type: ignore[attr-defined]
        self.job.cut.add(place.source.url)
        self.job.sources.append(SourceAnswer(url=failure.request.url, why=plain(failure.value)))  # type: ignore[attr-defined]

    def article_failed(self, failure: Failure) -> None:
        """A page that could not be fetched, or must not be."""
        found: Found = failure.request.cb_kwargs["found"]  # type: ignore[attr-defined]
        if isinstance(failure.value, OverBudget):
            return
        outcome = Outcome.DENIED if isinstance(failure.value, Denied) else Outcome.FAILED
        self.job.ledger.settle(found, outcome, plain(failure.value))

    def _listing(self, place: "Place", url: str) -> Iterator[Request]:
        """The request of a listing that this run did not ask for yet; conditional where the last reading was whole."""
        body = place.source.body_of(place.number) if isinstance(place.source, Api) else None
        asked = url if body is None else f"{url} {json.dumps(body, sort_keys=True)}"
        if asked in self.job.asked or len(url) > LONGEST_URL:
            return
        self.job.asked.add(asked)
        known = self.job.known.get(url) if body is None else None
        headers = {}
        if known is not None and not known.cut:
            pairs = (("If-None-Match", known.etag), ("If-Modified-Since", known.last_modified))
            headers = {name: value for name, value in pairs if value}
        # Listings that were read before go first: what they name too is news, though a new listing has it as well.
        priority = LISTING_FIRST if place.source.url in self.job.known else NEW_LISTING
        posted: dict[str, Any] = {"method": "POST", "body": json.dumps(body)} if body is not None else {}
        headers |= {"Accept": "application/json"} if isinstance(place.source, Api) else {}
        headers |= {"Content-Type": "application/json"} if body is not None else {}
        try:
            yield Request(
                url, self.parse_listing, **posted, errback=self.listing_failed, headers=headers, dont_filter=True, priority=priority,
                cb_kwargs={"place": place},
            )  # fmt: skip
        except ValueError as error:
            self.job.sources.append(SourceAnswer(url=url[:LONGEST_URL], why=f"no address: {error}"))

    def _article(self, found: Found, priority: int) -> Request:
        return Request(
            found.url, self.parse_article, errback=self.article_failed, dont_filter=True, priority=priority, cb_kwargs={"found": found}
        )

    def _found(self, listed: Listed, place: "Place") -> list[Found]:
        sheet, found = self.job.sheet, []
        learned = self.job.desk.learning or place.source.url not in self.job.known
        for link in listed.links:
            known = sheet.identify(link.url) if len(link.url) <= LONGEST_URL else None
            if known and sheet.serves(known[1]) and self.job.admits(link, known[1]):
                found.append(Found(portal=sheet.slug, identity=_short(known[0]), url=known[1], mark=link.mark, learned=learned))
        return found

    def refused(self, response: Response) -> str:
        """Why an answer is none, in words. Ends the run (CloseSpider) where the portal asks us to wait."""
        if response.status in (429, 503):
            self._pause(response)
        return f"answered {response.status}" + (" (the portal refuses us)" if response.status in (401, 403, 451) else "")

    def _pause(self, response: Response) -> None:
        wait = retry_after(_header(response, "Retry-After"), now())
        if wait is not None:
            self.job.wait = max(self.job.wait or timedelta(), min(wait, LONGEST_WAIT))
            raise CloseSpider("asked_to_wait")


def page_of(response: Response, part_of: str = "", number: int = 1) -> Page:
    """The page as it came, all its headers with it; `part_of` and `number` as of a Page."""
    sent = response.headers.items()
    return Page(
        url=response.url,
        body=response.body,
        status=response.status,
        content_type=_header(response, "Content-Type"),
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, values in sent for value in values),
        ip=str(response.ip_address) if response.ip_address else None,
        fetched_at=now(),
        part_of=part_of,
        number=number,
    )


def retry_after(value: str, present: datetime) -> timedelta | None:
    """A Retry-After header, in seconds or as a date; None where there is none or it does not read."""
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value), 10**6))
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(until - present, timedelta())


def plain(error: BaseException | None) -> str:
    """A failure in plain words."""
    words = next((words for kind, words in PLAIN if isinstance(error, kind)), None)
    return words or (str(error) if isinstance(error, Denied | OverBudget | OffPortal) else f"failed: {type(error).__name__}: {error}")


def _short(identity: str) -> str:
    """An identity that fits its column, and stays one of its kind."""
    if len(identity) <= LONGEST_IDENTITY:
        return identity
    return f"{identity[:300]}…{sha256(identity.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _header(response: Response, name: str) -> str:
    value = response.headers.get(name)
    return storable(value.decode("latin-1"))[:LONGEST_URL] if value else ""
