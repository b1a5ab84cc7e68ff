"""A changed sheet, tried on the archived pages of its portal: what it would read differently. Imports no Scrapy."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.archive import reader
from pipelines.archive.index import Entry
from pipelines.archive.place import open_place
from pipelines.config import Settings
from pipelines.errors import ArchiveError, ConfigError
from pipelines.extract.client import Extractor
from pipelines.extract.differences import Differences, between
from pipelines.sheet import Sheet
from spiders import loader
from spiders.archived import WORKERS, Rereader, Shelf, in_turn, shelf

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One page, read by two sheets."""

    url: str
    at: datetime
    differences: Differences


def try_sheet(settings: Settings, sheet: Sheet, pages: int) -> list[Compared]:
    """The newest archived pages of the sheet's portal, each read by the portal's present sheet and by this one.

    ConfigError where the portal is unknown, or nothing of it is archived.
    """
    present, archived = loader.sheet(sheet.slug, settings), shelf(open_place(settings), sheet.slug)
    newest = sorted(reader.states(archived.known.entries, present.identify).values(), key=lambda each: each[0].at, reverse=True)[:pages]
    if not newest:
        raise ConfigError(f"nothing of `{sheet.slug}` is archived: `portalwatch crawl {sheet.slug}` archives what it fetches")
    return asyncio.run(_compared(archived, [each[0] for each in newest], (present, sheet)))


async def _compared(archived: Shelf, entries: Sequence[Entry], sheets: tuple[Sheet, Sheet]) -> list[Compared]:
    async def compared(entry: Entry) -> Compared | None:
        try:
            page = await archived.page(entry)
        except ArchiveError as error:
            log.warning("%s", error)
            return None
        old, new = await asyncio.gather(*(each.reading(entry, page) for each in rereaders))
        keys = tuple((sheet.identify(page.url) or (None,))[0] for sheet in sheets)
        moved = {"identity": (keys[0], keys[1])} if keys[0] != keys[1] else {}
        return Compared(url=page.url, at=entry.at, differences={**moved, **between(old, new)})

    async with Extractor(workers=WORKERS) as extractor:
        rereaders = [Rereader(archived, sheet, extractor) for sheet in sheets]
        return [each async for each in in_turn(map(compared, entries)) if each is not None]
