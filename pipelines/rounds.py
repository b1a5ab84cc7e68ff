"""What is done in rounds, outside of any crawl: emptying the outbox, and the daily upkeep."""

import logging
from datetime import UTC, datetime

from pipelines import flow, forgetting
from pipelines.alerts.outbox import Delivered, Post, deliver
from pipelines.alerts.sending import sender_of
from pipelines.archive.forget import purge
from pipelines.archive.place import open_place
from pipelines.archive.retention import GB, Limits, age_out
from pipelines.archive.writer import adopt
from pipelines.config import Settings
from pipelines.desk import Desk
from pipelines.errors import ConfigError, PortalwatchError
from pipelines.points import Point, passing
from pipelines.store import alerts, comments, listed, retention
from pipelines.store.ageing import Kept
from pipelines.store.candidates import HORIZON
from pipelines.store.database import in_one_transaction, open_store
from pipelines.store.fastpath import open_fast, warn_of
from pipelines.store.late import release_abandoned
from pipelines.store.watchlists import REFUSED, activate, running
from pipelines.watch.watchlist import compile_watchlist

log = logging.getLogger(__name__)


def now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)


def deliver_round(settings: Settings, portal_names: dict[str, str] | None = None) -> Delivered:
    """Send what is owed and due. Without a watchlist that ever ran there is nothing to send."""
    engine = open_store(settings)
    watchlist = running(engine, settings.compiled)
    if watchlist is None:
        return Delivered()
    in_one_transaction(engine, lambda session: release_abandoned(session, now()))
    send, names = sender_of(settings), portal_names or {}
    return deliver(Post(engine=engine, watchlist=watchlist, portal_names=names, send=send, clock=now, zone=settings.zone))


def replay(settings: Settings, message: str | None = None) -> int:
    """Owe dead letters again (those of one message, or all), and ask the channels that are left alone; gives how many they were.

    PortalwatchError where that message has none.
    """
    count = in_one_transaction(open_store(settings), lambda session: alerts.replay(session, message, now()))
    if message is not None and not count:
        raise PortalwatchError(
            f"no dead alert or retraction has the message `{message}`; `portalwatch alerts list --state dead --json` shows them"
        )
    return count


def upkeep_round(settings: Settings) -> dict[str, int]:
    """Refill Redis' index, forget what a restored backup brought back, age out what is old; ConfigError where the watchlist is refused.

    PortalwatchError where something is missing that was not old enough to go.
    """
    engine = open_store(settings)
    active = activate(engine, settings.watchlist, settings.aliases, now(), settings.compiled)
    fast = open_fast(settings, engine)
    warn_of(fast, settings)
    desk = Desk(engine=engine, fast=fast, watchlist=active.watchlist, matcher=compile_watchlist(active.watchlist), learning=False, looks=())
    since = now()
    done = {"forgotten_again": forgetting.respect_all(forgetting.ground(settings, engine)), "indexed": flow.fill_index(desk, now())}
    passing(Point.UPKEEP_INDEXED)
    done["comments_aged_out"] = in_one_transaction(engine, lambda session: comments.age_out(session, now()))
    done["listed_aged_out"] = in_one_transaction(engine, lambda session: listed.age_out(session, now()))
    aged = retention.age_out(engine, kept(settings), since, _log)
    passing(Point.UPKEEP_AGED)
    done |= {f"{each.table}_aged_out": each.gone for each in aged} | _archive(settings)
    if lost := retention.losses(engine, aged, since):
        raise PortalwatchError("\n".join(lost))
    if active.trouble:
        raise ConfigError(REFUSED.format(version=active.watchlist.version, trouble=active.trouble))
    return done


def kept(settings: Settings) -> Kept:
    """How long each is kept in SQL; copies are found at least as far back as a replay of the archive may ask for them."""
    index = max(settings.index_days, settings.archive_days + HORIZON.days) if settings.index_days else 0
    return Kept(
        articles=settings.article_days, revisions=settings.revision_days, alerts=settings.alert_days,
        pages=settings.page_days, runs=settings.run_days, index=index,
    )  # fmt: skip


def limits(settings: Settings) -> Limits:
    """How much of the archive is kept."""
    return Limits(days=settings.archive_days, size=int(settings.archive_gb * GB))


def _log(table: str, gone: int, total: int) -> None:
    if gone == total or gone % 10_000 < retention.BATCH:
        log.info("%s: %d of %d aged out", table, gone, total)


def _archive(settings: Settings) -> dict[str, int]:
    """Take in what killed runs left, finish what was to be forgotten, and age out the rest."""
    place = open_place(settings)
    left = {*place.portals(), *(path.name for path in place.spool.glob("*/"))}
    return {
        "archives_taken_in": sum(adopt(place, portal) for portal in left),
        "archived_pages_forgotten": sum(purge(place, portal) for portal in left),
        "archives_removed": age_out(place, limits(settings), now()),
    }
