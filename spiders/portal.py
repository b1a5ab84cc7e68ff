"""The spider: one for all portals, since a portal is data. It finds pages and hands them on; it never cleans text."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
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

from pipelines.models import Outcome, Page
from pipelines.sheet import Feed, Listing, Sitemap
from pipelines.store.pages import Found
from spiders.discovery import Listed, read_listing
from spiders.job import Job, SourceAnswer, now
from spiders.manners import Denied, OffPortal, OverBudget

LISTING_FIRST, NEW_FIRST, SECOND_LOOK = 100, 10, 0  # priorities
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
    """A page on its way to be read, and the identity that it stands for."""

    found: Found
    page: Page


class PortalSpider(Spider):
    """Crawls the portal of `job.sheet`."""

    name = "portal"

    def __init__(self, *args: Any, job: Job, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.job = job

    async def start(self) -> AsyncIterator[Request]:
        """Every discovery address, then the known articles that are due."""
        for source in self.job.sheet.discovery:
            yield self._listing(source, source.url, 1)
        due = await asyncio.to_thread(self.job.due)
        for found in self.job.ledger.discover(due):
            yield self._article(found, SECOND_LOOK)

    async def parse_listing(self, response: Response, source: Feed | Sitemap | Listing, number: int) -> AsyncIterator[Request]:
        """Articles that are new, due or moved; then the next page, while pages still hold something unknown."""
        answer = SourceAnswer(url=response.url)
        self.job.sources.append(answer)
        if response.status == 304:
            answer.not_modified = True
            return
        if response.status != 200:
            answer.why = self._refused(response)
            return
        content_type = _header(response, "Content-Type")
        listed = await asyncio.to_thread(read_listing, source, response.url, response.body, content_type)
        found = self._found(listed)
        answer.links, answer.why = len(found), listed.why or (None if found or listed.more or number > 1 else "no article link on it")
        if found:
            assert response.request is not None
            self.job.answered[response.request.url] = (_header(response, "ETag") or None, _header(response, "Last-Modified") or None)
        for url in listed.more:
            yield self._listing(source, url, number)
        fresh = self.job.ledger.discover(found)
        again = self.job.ledger.met_as_known(found)
        wanted, known = await asyncio.to_thread(self.job.to_fetch, [*fresh, *again])
        for each in again:
            if each in wanted:
                self.job.ledger.reopen(each)
        for each in known:
            if each not in again:
                self.job.ledger.settle(each, Outcome.KNOWN)
        for each in wanted:
            yield self._article(each, NEW_FIRST)
        if isinstance(source, Listing) and source.next and number < source.pages and wanted:
            yield self._listing(source, source.next.format(n=number + 1), number + 1)

    def parse_article(self, response: Response, found: Found) -> Iterator[Fetched]:
        """The page, to be read; an answer that holds none settles the identity at once."""
        if response.status in (429, 503):
            self._pause(response)
        if response.status not in (200, 404, 410):
            self.job.ledger.settle(found, Outcome.FAILED, self._refused(response))
            return
        page = Page(url=response.url, body=response.body, status=response.status, content_type=_header(response, "Content-Type"))
        yield Fetched(found=found, page=page)

    def listing_failed(self, failure: Failure) -> None:
        """A listing that could not be fetched."""
        self.job.sources.append(SourceAnswer(url=failure.request.url, why=plain(failure.value)))  # type: ignore[attr-defined]

    def article_failed(self, failure: Failure) -> None:
        """A page that could not be fetched, or must not be."""
        found: Found = failure.request.cb_kwargs["found"]  # type: ignore[attr-defined]
        if isinstance(failure.value, OverBudget):
            return
        outcome = Outcome.DENIED if isinstance(failure.value, Denied) else Outcome.FAILED
        self.job.ledger.settle(found, outcome, plain(failure.value))

    def _listing(self, source: Feed | Sitemap | Listing, url: str, number: int) -> Request:
        etag, modified = self.job.validators.get(url, (None, None)) if not self.job.desk.learning else (None, None)
        headers = {name: value for name, value in (("If-None-Match", etag), ("If-Modified-Since", modified)) if value}
        return Request(
            url,
            self.parse_listing,
            errback=self.listing_failed,
            headers=headers,
            dont_filter=True,
            priority=LISTING_FIRST,
            cb_kwargs={"source": source, "number": number},
        )

    def _article(self, found: Found, priority: int) -> Request:
        return Request(
            found.url, self.parse_article, errback=self.article_failed, dont_filter=True, priority=priority, cb_kwargs={"found": found}
        )

    def _found(self, listed: Listed) -> list[Found]:
        sheet, found = self.job.sheet, []
        for link in listed.links:
            known = sheet.identify(link.url)
            if known and sheet.serves(known[1]):
                found.append(Found(portal=sheet.slug, identity=known[0], url=known[1], mark=link.mark))
        return found

    def _refused(self, response: Response) -> str:
        if response.status in (429, 503):
            self._pause(response)
        return f"answered {response.status}" + (" (the portal refuses us)" if response.status in (401, 403, 451) else "")

    def _pause(self, response: Response) -> None:
        wait = retry_after(_header(response, "Retry-After"), now())
        if wait is not None:
            self.job.wait = max(self.job.wait or timedelta(), min(wait, LONGEST_WAIT))
            raise CloseSpider("asked_to_wait")


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


def _header(response: Response, name: str) -> str:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else ""
