"""What is done in rounds, outside of any crawl: emptying the outbox, and the daily upkeep."""

from datetime import UTC, datetime

from pipelines import flow
from pipelines.alerts.outbox import Delivered, Post, deliver
from pipelines.alerts.sending import sender_of
from pipelines.archive.forget import purge
from pipelines.archive.place import open_place
from pipelines.archive.retention import GB, Limits, age_out
from pipelines.archive.writer import adopt
from pipelines.config import Settings
from pipelines.errors import ConfigError
from pipelines.store import comments
from pipelines.store.database import in_one_transaction, open_store
from pipelines.store.fastpath import open_fast
from pipelines.store.late import release_abandoned
from pipelines.store.watchlists import activate, running
from pipelines.watch.watchlist import compile_watchlist


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
    return deliver(Post(engine=engine, watchlist=watchlist, portal_names=portal_names or {}, send=sender_of(settings), clock=now))


def upkeep_round(settings: Settings) -> dict[str, int]:
    """Refill Redis' index, age out comments and archive; ConfigError where the watchlist in the file is refused."""
    engine = open_store(settings)
    active = activate(engine, settings.watchlist, settings.aliases, now(), settings.compiled)
    fast = open_fast(settings, engine)
    desk = flow.Desk(
        engine=engine, fast=fast, watchlist=active.watchlist, matcher=compile_watchlist(active.watchlist), learning=False, looks=()
    )
    done = {
        "indexed": flow.fill_index(desk, now()),
        "comments_aged_out": in_one_transaction(engine, lambda session: comments.age_out(session, now())),
        **_archive(settings),
    }
    if active.trouble:
        raise ConfigError(f"the watchlist is refused, version {active.watchlist.version} runs on:\n{active.trouble}")
    return done


def _archive(settings: Settings) -> dict[str, int]:
    """Take in what killed runs left, finish what was to be forgotten, and age out the rest."""
    place = open_place(settings)
    left = {*place.portals(), *(path.name for path in place.spool.glob("*/"))}
    return {
        "archives_taken_in": sum(adopt(place, portal) for portal in left),
        "archived_pages_forgotten": sum(purge(place, portal) for portal in left),
        "archives_removed": age_out(place, Limits(days=settings.archive_days, size=int(settings.archive_gb * GB)), now()),
    }
