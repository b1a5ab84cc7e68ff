"""The spider: one for all portals, since a portal is data. It finds pages and hands them on; it never cleans text."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response
from twisted.python.failure import Failure

from pipelines.models import Article, Origin, Outcome, Page
from pipelines.points import Point, passing
from pipelines.store.pages import Found
from spiders.answers import header, plain, refusal
from spiders.job import Job, now
from spiders.listings import Listings
from spiders.manners import Denied, NotNow


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


class PortalSpider(Spider):
    """Crawls the portal of `job.sheet`."""

    name = "portal"

    def __init__(self, *args: Any, job: Job, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.job = job
        self._listings = Listings(job, self._article)

    async def start(self) -> AsyncIterator[Request]:
        """Every listing, then the known articles that are due, and the gaps."""
        async for request in self._listings.requests():
            yield request

    def parse_article(self, response: Response, found: Found) -> Iterator[Fetched]:
        """The page, to be read; an answer that holds none settles the identity at once."""
        if response.status not in (200, 404, 410):
            self.job.ledger.settle(found, Outcome.FAILED, refusal(response.status))
            return
        passing(Point.PAGE_FETCHED)
        yield Fetched(found=found, page=page_of(response))

    def article_failed(self, failure: Failure) -> None:
        """A page that could not be fetched, or must not be."""
        found: Found = failure.request.cb_kwargs["found"]  # type: ignore[attr-defined]
        if isinstance(failure.value, NotNow):
            self.job.ledger.put_off(found, plain(failure.value))
            return
        outcome = Outcome.DENIED if isinstance(failure.value, Denied) else Outcome.FAILED
        self.job.ledger.settle(found, outcome, plain(failure.value))

    def _article(self, found: Found, priority: int) -> Request:
        return Request(
            found.url, self.parse_article, errback=self.article_failed, dont_filter=True, priority=priority, cb_kwargs={"found": found}
        )


def page_of(response: Response, part_of: str = "", number: int = 1) -> Page:
    """The page as it came, all its headers with it; `part_of` and `number` as of a Page."""
    sent = response.headers.items()
    return Page(
        url=response.url,
        body=response.body,
        status=response.status,
        content_type=header(response, "Content-Type"),
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, values in sent for value in values),
        ip=str(response.ip_address) if response.ip_address else None,
        fetched_at=now(),
        part_of=part_of,
        number=number,
    )
