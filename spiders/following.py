"""What belongs to an article beyond its first page: its further pages, which make it whole, and after it was kept those of its comments."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from pipelines.extract.joined import adds
from pipelines.extract.paging import is_page
from pipelines.models import Comment, Page, PageKind, Reading, Thread
from pipelines.sheet import Sheet
from pipelines.store.pages import Found
from spiders.answers import plain, short
from spiders.archived import PAGES
from spiders.portal import Fetched, PortalSpider, page_of

SHARE = 0.6  # of a host's daily budget: beyond it no comments are fetched, the rest is for articles
FURTHER, COMMENTS = 30, -10  # priorities: an article that was begun is read to its end, comments are read when all else is done


@dataclass(frozen=True, slots=True, kw_only=True)
class CutShort:
    """An article of which no page after those of `begun` can be had now, and why."""

    begun: Fetched
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """An article's comments as far as they were read in this run; page `number` of them is next.

    `first` is the address of the article, `count` what its page said, `known` the names of comments beyond which all was read before.
    """

    found: Found
    first: str
    count: int | None
    known: frozenset[str]
    read: tuple[Comment, ...] = ()
    number: int = 1

    def after(self, thread: Thread) -> "Talk":
        """The talk with one more page of it."""
        return replace(self, read=(*self.read, *thread.comments), number=self.number + 1)

    def is_over(self, thread: Thread) -> bool:
        """Whether there is no more to come: the page holds nothing that this reading did not, as many are held as the article's page
        counts, or, where it counts none, all of the page was known."""
        met, names = {comment.name for comment in self.read}, {comment.name for comment in thread.comments}
        if not names - met:
            return True
        return not names - self.known if self.count is None else len(names | met | self.known) >= self.count


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkPage:
    """A page of comments on its way to be read; where it could not be fetched, there is no `page`, and `why` says so."""

    talk: Talk
    page: Page | None = None
    why: str = ""


class Following:
    """Makes the requests; what comes back are items. They are requests of the run like any other: robots.txt, budget, pace."""

    def __init__(self, spider: PortalSpider) -> None:
        self._spider, self._sheet = spider, spider.job.sheet

    def further(self, item: Fetched, reading: Reading) -> Request | None:
        """The request of the article's next page; None where `reading` was its last, or its next one is none of ours."""
        url, number, asked = reading.next, item.page.number + 1, (*item.asked, item.page.url)
        if reading.kind is not PageKind.ARTICLE or reading.article is None or url is None or url in asked:
            return None
        if item.before and not adds(item.before, reading.article):
            return None
        if why_not := self._why_not(item.found, url, number):
            self._spider.job.ledger.note(url, "page", why_not)
            return None
        begun = replace(
            item,
            before=(*item.before, reading.article),
            asked=(*asked, url),
            thread=item.thread or reading.thread,
            origin=item.origin or item.page.origin,
        )
        return Request(
            url, self._further_came, errback=self._further_failed, dont_filter=True, priority=FURTHER, cb_kwargs={"begun": begun}
        )

    def comments(self, talk: Talk, url: str | None) -> Request | None:
        """The request of the next page of an article's comments; None where as many as the sheet says were read, or none follows."""
        rule = self._sheet.extract.comments
        if url is None or rule is None or rule.pages is None or talk.number > rule.pages.most:
            return None
        return Request(url, self._talk_came, errback=self._talk_failed, dont_filter=True, priority=COMMENTS, cb_kwargs={"talk": talk})

    def spares(self, url: str | None) -> str | None:
        """Why a page of comments is not fetched today, None where it may be."""
        host, budget = urlsplit(url or "").hostname or "", self._sheet.pace.budget
        spent = self._spider.job.spent.get(host, 0) + self._spider.job.requests[host]
        return f"what is left of the {budget} requests of today is for articles" if url and spent >= SHARE * budget else None

    def _why_not(self, found: Found, url: str, number: int) -> str | None:
        rule, known = self._sheet.extract.pages, self._sheet.identify(url)
        if known is not None and short(known[0]) != found.identity:
            return f"page {number} is by the sheet's patterns another article"
        if not self._sheet.serves(url):
            return f"page {number} leads off the portal"
        most = rule.most if rule else PAGES
        return f"only {most} pages of an article are read" if number > most else None

    def _further_came(self, response: Response, begun: Fetched) -> Iterator[Fetched | CutShort]:
        number = begun.page.number + 1
        if response.status != 200:
            yield CutShort(begun=begun, why=f"page {number} answered {response.status}")
            return
        if self._leads_away(response.url, begun, number):
            yield CutShort(begun=begun, why=f"page {number} led to something else, {response.url}"[:300])
            return
        yield replace(begun, page=page_of(response, part_of=begun.first, number=number))

    def _leads_away(self, url: str, begun: Fetched, number: int) -> bool:
        """Whether what answered for a page is none of the article's: a page that is gone may redirect to another article or the front."""
        known = self._sheet.identify(url)
        if known is not None:
            return known[0] != begun.found.identity
        return _path(url) != _path(begun.asked[-1]) and not is_page(begun.first, url, number)

    def _further_failed(self, failure: Failure) -> Iterator[CutShort]:
        begun: Fetched = failure.request.cb_kwargs["begun"]  # type: ignore[attr-defined]
        yield CutShort(begun=begun, why=f"page {begun.page.number + 1}: {plain(failure.value)}")

    def _talk_came(self, response: Response, talk: Talk) -> Iterator[TalkPage]:
        if response.status != 200:
            yield TalkPage(talk=talk, why=f"answered {response.status}")
            return
        asked = next(iter(response.meta.get("redirect_urls", ())), response.url)
        if leaves_thread(self._sheet, talk.found.identity, asked, response.url):
            yield TalkPage(talk=talk, why=f"led to something else, {response.url}"[:300])
            return
        yield TalkPage(talk=talk, page=page_of(response, part_of=talk.first, number=talk.number))

    def _talk_failed(self, failure: Failure) -> Iterator[TalkPage]:
        args: dict[str, Any] = failure.request.cb_kwargs  # type: ignore[attr-defined]
        yield TalkPage(talk=args["talk"], why=plain(failure.value))


def leaves_thread(sheet: Sheet, identity: str, asked: str, answered: str) -> bool:
    """Whether a redirect led off an article's thread: to another article, another path, or without what the address asked for."""
    known = sheet.identify(answered)
    if known is not None and short(known[0]) != identity:
        return True
    return _path(answered) != _path(asked) or not set(_query(asked)) <= set(_query(answered))


def _query(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)


def _path(url: str) -> str:
    return urlsplit(url).path.rstrip("/")
