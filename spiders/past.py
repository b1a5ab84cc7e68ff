"""A run that reads a day of a portal's past: its own listings, half of the budget, and out of the way of the present."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from statistics import median_low
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from scrapy import signals
from scrapy.crawler import Crawler

from pipelines.extract.moments import Moment
from pipelines.history import dates_in, on_day
from pipelines.models import Article, Outcome
from pipelines.sheet import Sheet
from pipelines.sources import Api, Listing, Source
from pipelines.store import pages, runs
from pipelines.store.database import in_one_reading
from pipelines.store.numbers import Window
from pipelines.store.pages import Found
from pipelines.store.sources import Known
from spiders.discovery import Link, Listed
from spiders.job import Job, now
from spiders.verdict import STOPPED, Verdict

if TYPE_CHECKING:
    from spiders.portal import PortalSpider

SHARE = 0.5  # of a host's daily budget: a backfill stops there, the rest is the present's
NO_LINK = "no article link on it"  # a day may have none
LOOK = 2.0  # seconds between two looks whether a crawl of the present runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What a backfill asks of a run: the `day`, in the portal's own zone, and whether what it finds is told, late, or not."""

    day: date
    told: bool

    def batch(self, portal: str) -> str | None:
        """The name under which its alerts are gathered, None where there are none."""
        return f"backfill-{portal}-{self.day}" if self.told else None

    def seen_at(self, zone: ZoneInfo) -> Callable[[Article, datetime], datetime]:
        """When its articles count as first seen: when they were published, so that they join the stories of their time, not today's."""
        beginning = datetime.combine(self.day, time(), zone)
        return lambda article, now: min(article.published_at if isinstance(article.published_at, datetime) else beginning, now)


def past_sheet(sheet: Sheet, day: date) -> Sheet:
    """The sheet by which a day of the past is read; its articles are not looked at again."""
    pace = sheet.pace.model_copy(update={"budget": max(1, int(sheet.pace.budget * SHARE))})
    return sheet.model_copy(update={"discovery": [on_day(source, day) for source in sheet.history], "pace": pace, "looks": []})


@dataclass(slots=True, kw_only=True)
class Dig:
    """The way to a day in a listing that goes back page by page, newest first: doubled steps, halves, then page after page.

    A page's day is that of its middle item, so that a few pinned ones do not lead astray. `days` are those of the pages so far.
    """

    day: date
    pages: int
    days: dict[int, date] = field(default_factory=dict)

    def after(self, number: int, days: list[date]) -> int | None:
        """The page to read after page `number`, whose items are of `days`; None at the end. A page without items lies before all days."""
        self.days[number] = median_low(days) if days else date.min
        newer = max((each for each, day in self.days.items() if day > self.day), default=0)
        reached = min((each for each, day in self.days.items() if day <= self.day), default=None)
        if reached is None:
            return min(2 * number, self.pages) if number < self.pages else None
        return (newer + reached) // 2 if reached - newer > 1 else self._onward(reached)

    def goes_back_to(self) -> date | None:
        """Where the listing ended, if that was before the day was reached; date.max for one that names nothing."""
        oldest = min((day for day in self.days.values() if day != date.min), default=date.max)
        return oldest if oldest > self.day else None

    def _onward(self, number: int) -> int | None:
        """The first page from `number` on that was not read, up to the one that lies before the day."""
        while number in self.days:
            if self.days[number] < self.day or number == self.pages:
                return None
            number += 1
        return number


@dataclass(slots=True, kw_only=True)
class PastJob(Job):
    """One run of one day of the past. What is known is left alone, what is left or fails is nobody's but this day's.

    `lasting`: why the day cannot be read, which the next run would find as well.
    """

    history: date
    digs: dict[str, Dig] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)
    lasting: list[str] = field(default_factory=list)
    comes_again: frozenset[Outcome] = frozenset()

    def load(self) -> None:
        """Read what the run starts from. Its listings count as read before and cut short: each is read to its end, and teaches nothing."""
        Job.load(self)
        self.readings.known = {source.key: Known(cut=True) for source in self.sheet.discovery}
        undated = [source for source in self.sheet.history if isinstance(source, Listing | Api) and not dates_in(source)]
        self.digs = {source.key: Dig(day=self.history, pages=source.pages) for source in undated}

    def due(self) -> list[Found]:
        """Nothing: second looks are the present's."""
        return []

    def admits(self, link: Link, url: str) -> bool:
        """Whether the article is of the day, as far as its item or its address says."""
        day = self._local(link.day) or self.sheet.day_of(url)
        return day is None or day == self.history

    def misses(self, article: Article) -> str | None:
        """Why the article is not of the day; what says no day is taken to be."""
        day = self._local(article.published_at)
        return None if day in (None, self.history) else f"published on {day}, not on {self.history}"

    def gaps(self) -> list[Found]:
        """Nothing: a running number is counted from its end."""
        return []

    def windows(self) -> list[Window]:
        """Nothing either."""
        return []

    def further(self, source: Source, number: int, listed: Listed) -> int | None:
        """The listing's next page; None where none matters. A page that names nothing new counts as empty."""
        most = source.pages if isinstance(source, Listing | Api) and source.has_pages else 1
        following = self._further(source.key, number, listed) if most > 1 else None
        return following if following is not None and following <= most else None

    def _further(self, key: str, number: int, listed: Listed) -> int | None:
        fresh = [link for link in listed.links if link.url not in self.met]
        self.met |= {link.url for link in fresh}
        dig = self.digs.get(key)
        if dig is None:
            return number + 1 if fresh else None
        days = [day for link in fresh if (day := self._local(link.day) or self.sheet.day_of(link.url))]
        if fresh and not days:
            self.lasting.append(f"{key}: no item on it says its day")
            return None
        following = dig.after(number, days)
        if following is None and (oldest := dig.goes_back_to()):
            self.lasting.append(f"{key}: " + ("names nothing" if oldest == date.max else f"goes back to {oldest} only"))
        return following

    def to_fetch(self, fresh: list[Found]) -> tuple[list[Found], list[Found]]:
        """(what to fetch of `fresh`, what is known): only what was never met is fetched."""
        met = in_one_reading(self.desk.engine, lambda session: pages.met(session, fresh))
        return self._leased([each for each in fresh if each.identity not in met]), [each for each in fresh if each.identity in met]

    def _local(self, at: Moment | None) -> date | None:
        return at.astimezone(ZoneInfo(self.sheet.timezone)).date() if isinstance(at, datetime) else at


class GiveWay:
    """Scrapy extension: while a crawl of the portal's present runs, the backfill asks for nothing, so that the host sees one of them."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._watch: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()
        crawler.signals.connect(self._start, signals.spider_opened)
        crawler.signals.connect(self._stop, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "GiveWay":
        return cls(crawler)

    async def _start(self) -> None:
        await self._look()
        self._watch = asyncio.ensure_future(self._keep_looking())

    async def _stop(self) -> None:
        self._closed.set()
        if self._watch is not None:
            await self._watch

    async def _keep_looking(self) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), LOOK)
            await self._look()

    async def _look(self) -> None:
        spider: PortalSpider = self._crawler.spider  # type: ignore[assignment]
        engine = self._crawler.engine
        assert engine is not None
        if await asyncio.to_thread(_has_way, spider.job):
            engine.unpause()
        else:
            engine.pause()


def _has_way(job: Job) -> bool:
    assert isinstance(job, PastJob)
    return not in_one_reading(job.desk.engine, lambda session: runs.is_crawled(session, job.sheet.slug, now()))


def past_verdict(job: PastJob, finish_reason: str) -> Verdict:
    """Judge a run. It fails where the day was not read to its end; what it read stays, and the next run of the day goes on from there."""
    if finish_reason in STOPPED:
        return Verdict(succeeded=False, reason=STOPPED[finish_reason])
    troubles = list(dict.fromkeys(source.why for source in job.sources if source.why and source.why != NO_LINK))
    left = len(job.ledger.open())
    if left:
        budget = f"history may use {job.sheet.pace.budget} requests a day of a host"
        troubles.append(f"{left} articles of the day are left for another run ({budget}; {finish_reason})")
    reasons = [*job.lasting, *troubles]
    return Verdict(succeeded=not reasons, reason="; ".join(reasons) or None, lasting=bool(job.lasting) and not troubles)
