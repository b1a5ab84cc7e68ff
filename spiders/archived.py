"""Archived pages, read again in parallel: each identity's newest state that still reads as an article. Imports no Scrapy."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pipelines.archive import reader
from pipelines.archive.index import Catalogue, Entry, catalogue
from pipelines.archive.place import Place
from pipelines.archive.writer import adopt
from pipelines.errors import ArchiveError
from pipelines.extract.client import Extractor
from pipelines.extract.joined import adds, joined
from pipelines.models import Article, Page, PageKind, Reading
from pipelines.sheet import Sheet

T = TypeVar("T")
PAGES = 20  # of an article whose sheet does not say how many
STATES = 5  # of an identity, newest first, that are tried until one reads as an article
WORKERS = os.cpu_count() or 1
AHEAD = 4 * WORKERS  # pages that are fetched and read before their turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """An identity's newest state that reads as an article, or else its newest one; `why` where there is no page any more."""

    identity: str
    entry: Entry
    page: Page | None = None
    reading: Reading | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One portal's archive, and where it lies; what killed runs left is in it."""

    place: Place
    known: Catalogue

    async def page(self, entry: Entry) -> Page:
        """The page of a record; ArchiveError where it is gone."""
        return await asyncio.to_thread(reader.page, self.place, self.known, entry)

    def part(self, of: Entry, url: str) -> Entry | None:
        """The further page of an article at `url` that was fetched with its page `of`: the first one after it, else the last before."""
        parts = self.known.parts.get(url, [])
        return next((entry for entry in parts if entry.at >= of.at), parts[-1] if parts else None)


def shelf(place: Place, portal: str) -> Shelf:
    """All that is archived of a portal."""
    adopt(place, portal)
    return Shelf(place=place, known=catalogue(place, portal))


class Rereader:
    """Reads archived pages of a portal by one sheet, an article's further pages with its first, without the lines that were `learned`."""

    def __init__(self, shelf: Shelf, sheet: Sheet, extractor: Extractor, learned: Collection[int] = ()) -> None:
        self._shelf, self._sheet, self._extractor, self._learned = shelf, sheet, extractor, learned
        self._rules = sheet.model_dump(mode="json")

    async def newest(self, state: tuple[str, Sequence[Entry]]) -> Read:
        """An identity's pages, newest first, read until one is an article."""
        identity, entries = state
        best: Read | None = None
        for entry in entries[:STATES]:
            try:
                page = await self._shelf.page(entry)
            except ArchiveError as error:
                best = best or Read(identity=identity, entry=entry, why=str(error))
                continue
            read = Read(identity=identity, entry=entry, page=page, reading=await self.reading(entry, page))
            if read.reading is not None and read.reading.kind is PageKind.ARTICLE:
                return read
            best = read if best is None or best.page is None else best
        assert best is not None, f"{identity}: no state at all"
        return best

    async def reading(self, entry: Entry, page: Page) -> Reading:
        """What the page says, with the further pages that were archived with it."""
        reading = await self._extractor.read(page, self._rules, self._learned)
        if reading.article is None or reading.next is None:
            return reading
        return await self._whole(entry, page, reading)

    async def _whole(self, entry: Entry, page: Page, first: Reading) -> Reading:
        read, asked, reading, trouble = list[Article](), {page.url}, first, None
        rule = self._sheet.extract.pages
        while reading.article is not None:
            ends = reading.next is None or reading.next in asked or bool(read and not adds(read, reading.article))
            read.append(reading.article)
            if ends or reading.next is None or len(read) >= (rule.most if rule else PAGES):
                break
            asked.add(reading.next)
            reading, trouble = await self._further(entry, page, reading.next, len(read) + 1)
        article = replace(joined(read, self._sheet.extract.own_publisher), partial=trouble)
        return replace(first, article=article)

    async def _further(self, entry: Entry, first: Page, url: str, number: int) -> tuple[Reading, str | None]:
        """(what page `number` says, None), or (a reading without article, why)."""
        nothing, part = Reading(kind=PageKind.EMPTY), self._shelf.part(entry, url)
        if part is None:
            return nothing, f"page {number} is not in the archive"
        try:
            page = replace(await self._shelf.page(part), part_of=first.url, number=number)
        except ArchiveError as error:
            return nothing, f"page {number}: {error}"
        reading = await self._extractor.read(page, self._rules, self._learned)
        if reading.kind is not PageKind.ARTICLE or reading.article is None:
            return nothing, f"page {number}: {reading.kind}: {reading.why}"
        return reading, None


async def in_turn(waiting: Iterable[Awaitable[T]]) -> AsyncGenerator[T, None]:
    """The results in order, with up to AHEAD of them under way."""
    running: deque[asyncio.Future[T]] = deque()
    try:
        for each in waiting:
            running.append(asyncio.ensure_future(each))
            if len(running) >= AHEAD:
                yield await running.popleft()
        while running:
            yield await running.popleft()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
