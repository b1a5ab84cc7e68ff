"""How a portal is found: every discovery address is read once a run, page by page until it names nothing new, then the gaps."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from pipelines.models import Outcome
from pipelines.points import Point, passing
from pipelines.sources import Api, Listing, Source
from pipelines.store.pages import Found
from pipelines.store.sources import Known
from spiders.answers import LONGEST_URL, header, plain, refusal, short
from spiders.discovery import Listed, challenged, read_listing
from spiders.job import Job, SourceAnswer, host_of, now

log = logging.getLogger(__name__)
LISTING_FIRST, NEW_LISTING, NEW_FIRST, SECOND_LOOK = 100, 50, 10, 0  # priorities
MOST_IDENTITIES = 100_000  # of a run; sitemaps' own limit is 50,000 a file, and an index may name many
BEYOND = (404, 410)  # what a page after the last one may answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a listing stands: its source, its address, its page's number, and its depth below a sitemap index."""

    source: Source
    url: str
    number: int = 1
    depth: int = 0

    @property
    def key(self) -> str:
        """Under which its validators are kept: those of a first page are its source's, those of an index' sitemap its own."""
        return self.url if self.depth else self.source.key


class Listings:
    """Reads the discovery addresses of a job's sheet; `article(found, priority)` makes the request of a page."""

    def __init__(self, job: Job, article: Callable[[Found, int], Request]) -> None:
        self._job, self._readings, self._article = job, job.readings, article
        self._all_read = asyncio.Event()

    async def requests(self) -> AsyncIterator[Request]:
        """Every discovery address, then known articles that are due, and at the end the gaps of running numbers.

        A host whose pause is over gets one listing, and the rest only when that was answered. What is due is taken up before a
        listing can settle it as known.
        """
        due = self._job.ledger.discover(await asyncio.to_thread(self._job.due))
        trials = self._trials()
        for source in trials:
            for request in self._opened(source):
                yield request
        await self._until_read()
        for source in self._job.sheet.discovery:
            for request in self._opened(source) if source not in trials else ():
                yield request
        for found in due:
            yield self._article(found, SECOND_LOOK)
        await self._until_read()
        for found in self._job.ledger.discover(await asyncio.to_thread(self._job.gaps)):
            yield self._article(found, SECOND_LOOK)

    async def read(self, response: Response, place: Place) -> AsyncIterator[Request]:
        """Articles that are new, due or moved; then the next page, as the walk decides."""
        try:
            for request in await self._read(response, place):
                yield request
        except Exception as error:
            log.exception("%s: could not be read", response.url)
            self._cut(place)
            self._job.sources[-1].why = f"could not be read: {type(error).__name__}"
        finally:
            self._one_less(place)

    def failed(self, failure: Failure) -> None:
        """A listing that could not be fetched."""
        place: Place = failure.request.cb_kwargs["place"]  # type: ignore[attr-defined]
        self._cut(place)
        self._job.sources.append(SourceAnswer(url=failure.request.url, why=plain(failure.value)))  # type: ignore[attr-defined]
        self._one_less(place)

    def _trials(self) -> list[Source]:
        by_host = {host_of(source.url): source for source in reversed(self._job.sheet.discovery)}
        return [source for host, source in by_host.items() if self._job.breaker.is_half_open(host, now())]

    def _opened(self, source: Source) -> Iterator[Request]:
        standing = self._job.rests(source.url)
        if standing is not None:
            self._job.sources.append(SourceAnswer(url=source.url, why=standing))
        elif source.key not in self._readings.walks:
            self._readings.begin(source)
            yield from self._request(Place(source=source, url=source.url))

    async def _read(self, response: Response, place: Place) -> list[Request]:
        job, answer = self._job, SourceAnswer(url=response.url)
        job.sources.append(answer)
        known, digest = self._conditional(place), blake2b(response.body, digest_size=16).hexdigest()
        if known is not None and (response.status == 304 or (response.status == 200 and digest == known.digest)):
            answer.not_modified = True
            return self._unmodified(response, place, known)
        if response.status in BEYOND and place.number > 1:
            return []
        if response.status != 200:
            self._cut(place)
            answer.why = refusal(response.status)
            return []
        listed = await asyncio.to_thread(read_listing, place.source, response.url, response.body, header(response, "Content-Type"))
        found = await asyncio.to_thread(self._found, listed, place)
        passing(Point.LISTING_READ)
        found = self._within(found, answer)
        if found or listed.more:
            job.answered(response.url, page=False)
            if place.number == 1:
                self._readings.read[place.key] = self._validators(response, None if listed.more else digest)
        else:
            answer.why = await self._nothing(response, place) or listed.why or (None if place.number > 1 else "no article link on it")
        self._readings.name(place.key, found)
        wanted = await self._wanted(found)
        unsettled = {each.identity for each in found if job.ledger.outcomes.get(each.identity) is not Outcome.KNOWN}
        self._readings.walks[place.source.key].page(place.number, [each.identity for each in found], unsettled)
        return [*wanted, *self._further(listed, place)]

    def _within(self, found: list[Found], answer: SourceAnswer) -> list[Found]:
        """What the run has room for: an index may lead to a million addresses, of which nobody fetches that many a day."""
        room = MOST_IDENTITIES - len(self._job.ledger.found)
        answer.links = len(found)
        if len(found) > room:
            answer.why = f"names more than a run takes up ({MOST_IDENTITIES:,}): the rest is left out"
        return found[: max(room, 0)]

    def _unmodified(self, response: Response, place: Place, known: Known) -> list[Request]:
        self._job.answered(response.url, page=False)
        self._readings.read[place.key] = known if response.status == 304 else self._validators(response, known.digest)
        self._readings.walks[place.source.key].unmodified(place.number)
        self._readings.name(place.key, (), whole=False)
        return list(self._further(Listed(), place))

    def _validators(self, response: Response, digest: str | None) -> Known:
        """What makes the next reading conditional. An index, without a digest, is always read: its sitemaps change without it."""
        if digest is None:
            return Known(rules=self._job.rules)
        etag, modified = header(response, "ETag") or None, header(response, "Last-Modified") or None
        return Known(etag=etag, last_modified=modified, digest=digest, rules=self._job.rules)

    async def _nothing(self, response: Response, place: Place) -> str | None:
        """The challenge that stands in a listing's place, which is a refusal, or where it led instead; None where it is neither."""
        challenge = await asyncio.to_thread(challenged, response.body, header(response, "Content-Type"))
        if challenge is None:
            moved = response.url != place.url and urlsplit(response.url).path in ("", "/")
            return "redirected to the front page, which is no listing" if moved else None
        self._job.breaker.refused(host_of(response.url), "a challenge page", now(), page=False)
        self._cut(place)
        return f"a challenge page: {challenge}"

    async def _wanted(self, found: list[Found]) -> list[Request]:
        ledger = self._job.ledger
        fresh, again = ledger.discover(found), ledger.met_as_known(found)
        wanted, known = await asyncio.to_thread(self._job.to_fetch, [*fresh, *again])
        for each in again:
            if each in wanted:
                ledger.reopen(each)
        for each in known:
            if each not in again:
                ledger.settle(each, Outcome.KNOWN)
        return [self._article(each, NEW_FIRST) for each in wanted]

    def _further(self, listed: Listed, place: Place) -> Iterator[Request]:
        """The sitemaps of an index, one level down; the next page."""
        for url in listed.more if not place.depth else ():
            yield from self._request(replace(place, depth=1, url=url))
        source, number = place.source, self._job.further(place.source, place.number, listed)
        if number is not None and isinstance(source, Api | Listing):
            url = source.next.format(n=source.own(number)) if source.next else source.url
            yield from self._request(replace(place, number=number, url=url))

    def _request(self, place: Place) -> Iterator[Request]:
        """The request of a listing that this run did not ask for yet; conditional where the last reading was whole."""
        source, url = place.source, place.url
        body = source.body_of(place.number) if isinstance(source, Api) else None
        asked = url if body is None else f"{url} {json.dumps(body, sort_keys=True)}"
        if asked in self._readings.asked or len(url) > LONGEST_URL:
            return
        self._readings.asked.add(asked)
        headers = {"Accept": "application/json"} if isinstance(source, Api) else {}
        known = self._conditional(place) if body is None else None  # RFC 9110, 13.1: a failed condition of a POST is an error, not a 304
        pairs = (("If-None-Match", known.etag), ("If-Modified-Since", known.last_modified)) if known else ()
        headers |= {name: value for name, value in pairs if value}
        headers |= {"Content-Type": "application/json"} if body is not None else {}
        posted: dict[str, Any] = {"method": "POST", "body": json.dumps(body)} if body is not None else {}
        # Listings that were read before go first: what they name too is news, though a new listing has it as well.
        priority = LISTING_FIRST if source.key in self._readings.known else NEW_LISTING
        try:
            request = Request(
                url, self.read, **posted, errback=self.failed, headers=headers, dont_filter=True, priority=priority,
                cb_kwargs={"place": place},
            )  # fmt: skip
        except ValueError as error:
            self._job.sources.append(SourceAnswer(url=url[:LONGEST_URL], why=f"no address: {error}"))
            return
        self._readings.walks[source.key].waiting += 1
        yield request

    def _conditional(self, place: Place) -> Known | None:
        """What the last whole reading left, where it was read by the same rules; of a first page only."""
        known = self._readings.known.get(place.key) if place.number == 1 else None
        return known if known is not None and not known.cut and known.rules == self._job.rules else None

    def _found(self, listed: Listed, place: Place) -> list[Found]:
        sheet, known, found = self._job.sheet, self._readings.known.get(place.source.key), []
        learned = self._job.desk.learning or known is None or place.number > (known.paging.depth or place.number)
        for link in listed.links:
            named = sheet.identify(link.url) if len(link.url) <= LONGEST_URL else None
            if named and sheet.serves(named[1]) and self._job.admits(link, named[1]):
                found.append(Found(portal=sheet.slug, identity=short(named[0]), url=named[1], mark=link.mark, learned=learned))
        return found

    def _cut(self, place: Place) -> None:
        """A reading that began ends early; one that did not begin leaves all as it was."""
        if place.number > 1 or place.depth:
            self._readings.cut |= {place.source.key, place.key}

    def _one_less(self, place: Place) -> None:
        self._readings.walks[place.source.key].waiting -= 1
        self._all_read.set()

    async def _until_read(self) -> None:
        while self._readings.waiting:
            self._all_read.clear()
            await self._all_read.wait()
