"""Replaying the archive: pages that were fetched once are read again by today's rules. Imports no Scrapy."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from pipelines import flow, forgetting, reread
from pipelines.alerts.outbox import Post, deliver
from pipelines.alerts.sending import sender_of
from pipelines.archive import reader
from pipelines.archive.index import Catalogue, Entry
from pipelines.archive.place import Place, open_place
from pipelines.config import Settings
from pipelines.desk import Desk
from pipelines.errors import ConfigError
from pipelines.extract.client import Extractor
from pipelines.extract.differences import Differences, of_articles
from pipelines.models import PageKind
from pipelines.points import Point, passing
from pipelines.sheet import Sheet
from pipelines.store.database import in_one_transaction, open_store
from pipelines.store.fastpath import open_fast
from pipelines.store.late import keep_holding, release_late
from pipelines.store.pages import Found
from pipelines.store.watchlists import activate
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from spiders import loader
from spiders.archived import WORKERS, Read, Rereader, in_turn, shelf
from spiders.learning import Learning

log = logging.getLogger(__name__)
ALIVE_EVERY = 300.0  # seconds after which a long replay says that it lives
DELIVERY = 20.0  # seconds that the first attempt at its messages may take; the `deliver` DAG does the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which pages are replayed: of one portal or all, fetched from `since` until before `until`, or those of one address."""

    portal: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    url: str | None = None
    dry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What became of one identity: `became` is a reread.Became, or says why nothing was kept."""

    portal: str
    url: str
    at: datetime
    became: str
    why: str = ""
    differences: Differences = field(default_factory=dict)
    alerts: int = 0
    moved: str | None = None


Tell = Callable[[int, int, Replayed], None]
"""Told after each page: how many are done, of how many of this portal, and what became of it."""


def reextract(settings: Settings, wanted: Wanted, tell: Tell) -> dict[str, Any]:
    """Read archived pages again and keep what they say now; gives the counts. New matches go out as one late message a recipient.

    Each page is a transaction of its own: a replay that is stopped has done what it told, and may be started again.
    ConfigError for an unknown portal or address, a bad watchlist, or an archive that cannot be used.
    """
    sheets = _sheets(settings, wanted)
    place, engine = open_place(settings), open_store(settings)
    active = activate(engine, settings.watchlist, settings.aliases, now(), settings.compiled)
    forgetting.respect(settings, engine, [sheet.slug for sheet in sheets])
    late = f"reextract-{now():%Y%m%dT%H%M%S}"
    fast = open_fast(settings, engine)
    desk = Desk(
        engine=engine, fast=fast, watchlist=active.watchlist, matcher=compile_watchlist(active.watchlist), learning=False, looks=(),
        comments=settings.comments, late=late,
    )  # fmt: skip
    flow.fill_index(desk, now())
    counts: Counter[str] = Counter()
    try:
        replays = [_Replay(place=place, sheet=sheet, desk=replace(desk, looks=sheet.looks), wanted=wanted) for sheet in sheets]
        asyncio.run(_all(replays, counts, tell))
    finally:
        fast.close()
    passing(Point.REPLAY_READ)
    messages = 0 if wanted.dry else in_one_transaction(engine, lambda session: release_late(session, late, now()))
    if messages:
        _deliver(settings, engine, active.watchlist)
    return {"dry_run": wanted.dry, "late": late, "pages": sum(counts[name] for name in COUNTED), **_told(counts), "messages": messages}


def wanted_of(params: Mapping[str, Any], settings: Settings) -> Wanted:
    """What a form asked for; `since` and `until` are days in the zone of the settings, both included. ConfigError for what is none."""
    zone, days = ZoneInfo(settings.timezone), {}
    for name in ("since", "until"):
        try:
            days[name] = datetime.fromisoformat(params[name]).replace(tzinfo=zone) if params.get(name) else None
        except ValueError:
            raise ConfigError(f"{name}: `{params[name]}` is no day; write one such as 2026-11-22") from None
    until = days["until"] + timedelta(days=1) if days["until"] else None
    return Wanted(
        portal=params.get("portal") or None,
        since=days["since"],
        until=until,
        url=params.get("url") or None,
        dry=bool(params.get("dry_run")),
    )


def logged(done: int, total: int, replayed: Replayed) -> None:
    """Tell the log: each page that is not the same, and how far the replay is."""
    if replayed.became not in (reread.Became.SAME, "not_article"):
        fields = ", ".join(replayed.differences)
        told = "; ".join(filter(None, (replayed.why, f"reads differently: {fields}" if fields else "", replayed.moved)))
        log.info("%s %s%s", replayed.became, replayed.url, f" ({told})" if told else "")
    if done % 100 == 0 or done == total:
        log.info("%s: %d of %d", replayed.portal, done, total)


def now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)


COUNTED = (*(str(each) for each in reread.Became), "unreadable", "not_article", "no_body", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Replay:
    """What the replay of one portal works with."""

    place: Place
    sheet: Sheet
    desk: Desk
    wanted: Wanted


def _sheets(settings: Settings, wanted: Wanted) -> list[Sheet]:
    if wanted.url is not None:
        sheet = loader.sheet_for(wanted.url, settings)
        if sheet is None or sheet.identify(wanted.url) is None:
            raise ConfigError(f"{wanted.url}: no sheet knows it as an article")
        return [sheet]
    if wanted.portal is not None:
        return [loader.sheet(wanted.portal, settings)]
    return list(loader.shelf(settings).sheets.values())


def _chosen(known: Catalogue, sheet: Sheet, wanted: Wanted) -> dict[str, list[Entry]]:
    fitting = [
        entry for entry in known.entries if (not wanted.since or entry.at >= wanted.since) and (not wanted.until or entry.at < wanted.until)
    ]
    found = reader.states(fitting, sheet.identify)
    told = sheet.identify(wanted.url) if wanted.url else None
    return {told[0]: found[told[0]]} if told and told[0] in found else {} if told else found


async def _all(replays: Sequence["_Replay"], counts: Counter[str], tell: Tell) -> None:
    """Pages are read in parallel and kept one after the other, oldest first, so that a story's first telling comes first."""
    async with Extractor(workers=WORKERS) as extractor:
        for replay in replays:
            await _one(replay, extractor, counts, tell)


async def _one(replay: "_Replay", extractor: Extractor, counts: Counter[str], tell: Tell) -> None:
    archived = await asyncio.to_thread(shelf, replay.place, replay.sheet.slug)
    chosen = _chosen(archived.known, replay.sheet, replay.wanted)
    learning = await asyncio.to_thread(Learning, replay.desk.engine, replay.sheet.slug)
    rereader, lived, done = Rereader(archived, replay.sheet, extractor, learning.lines), time.monotonic(), 0
    async with aclosing(in_turn(rereader.newest(state) for state in chosen.items())) as reads:
        async for read in reads:
            replayed, done = await asyncio.to_thread(_kept, replay, read), done + 1
            counts.update({replayed.became: 1, "alerts": replayed.alerts, "moved": int(bool(replayed.moved))})
            tell(done, len(chosen), replayed)
            if time.monotonic() - lived > ALIVE_EVERY:
                lived = time.monotonic()
                await asyncio.to_thread(_live, replay.desk)


def _kept(replay: _Replay, read: Read) -> Replayed:
    """Keep one reading; whatever goes wrong with one page leaves the others alone."""
    told = Replayed(portal=replay.sheet.slug, url=read.entry.url, at=read.entry.at, became="failed")
    try:
        return _kept_or_told(replay, read, told)
    except Exception as error:
        log.exception("%s: could not be kept", read.entry.url)
        return replace(told, why=f"could not be kept: {type(error).__name__}")


def _kept_or_told(replay: _Replay, read: Read, told: Replayed) -> Replayed:
    if read.page is None or read.reading is None:
        return replace(told, became="no_body", why=read.why)
    asked = read.entry.note.asked or (replay.sheet.identify(read.entry.url) or ("", read.entry.url))[1]
    found = Found(portal=replay.sheet.slug, identity=read.identity, url=asked)
    became, kept = reread.known(replay.desk, found, read.page)
    article = read.reading.article
    if article is None or read.reading.kind is not PageKind.ARTICLE:
        why = f"{read.reading.kind}: {read.reading.why}"
        failed = read.reading.kind is PageKind.ERROR
        return replace(told, became="failed" if failed else "unreadable" if kept else "not_article", why=why)
    differences = of_articles(kept, article) if kept and became not in (reread.Became.OLDER, reread.Became.FORGOTTEN) else {}
    if replay.wanted.dry:
        same = became is reread.Became.SAME and differences
        return replace(told, became=str(reread.Became.REREAD if same else became), differences=differences)
    again = reread.keep_again(replay.desk, found, article, read.page, now())
    passing(Point.REPLAY_KEPT)
    return replace(told, became=str(again.became), differences=differences, alerts=again.alerts, moved=again.moved)


def _live(desk: Desk) -> None:
    in_one_transaction(desk.engine, lambda session: keep_holding(session, desk.late or "", now()))


def _told(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in (*COUNTED, "moved", "alerts")}


def _deliver(settings: Settings, engine: Engine, watchlist: Watchlist) -> None:
    names = {sheet.slug: sheet.name for sheet in loader.shelf(settings).sheets.values()}
    post = Post(engine=engine, watchlist=watchlist, portal_names=names, send=sender_of(settings), clock=now, zone=settings.zone)
    deliver(post, seconds=DELIVERY)
