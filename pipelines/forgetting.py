"""Forgetting everywhere: the archive's mark first, then SQL and the outbox, then the archived pages; killed anywhere, it can be ended.

The mark is the intention. Whatever finds one that the database does not know (the daily upkeep, the next crawl, a replay) ends what was
begun, and does again what a restored backup has undone.
"""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from pipelines.archive import forget as archived
from pipelines.archive.index import catalogue, key_of
from pipelines.archive.place import Place, open_place
from pipelines.archive.writer import adopt
from pipelines.config import Settings
from pipelines.errors import ArchiveError
from pipelines.points import Point, passing
from pipelines.store import comments
from pipelines.store.database import in_one_transaction, reading
from pipelines.store.forget import Named, Removed, forget_article, tombs
from pipelines.store.tables import Forgotten
from pipelines.store.watchlists import running

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where is forgotten: the store and the archive. `hooks`: the channels that can be asked to forget what they were told."""

    engine: Engine
    place: Place
    hooks: frozenset[str]


def ground(settings: Settings, engine: Engine) -> Ground:
    """The ground of this installation; ConfigError or ArchiveError where the archive's address cannot be used."""
    watchlist = running(engine)
    channels = watchlist.channels if watchlist else {}
    hooks = frozenset(name for name, channel in channels.items() if channel.type == "webhook")
    return Ground(engine=engine, place=open_place(settings), hooks=hooks)


def forget(on: Ground, named: Named, names: Iterable[str], now: datetime) -> tuple[Removed, int]:
    """Forget an identity: (what went out of SQL, how many archived pages went). `names`: every address that it has."""
    archived.entomb(on.place, named.portal, named.identity, named.url)
    removed = in_one_transaction(on.engine, lambda session: forget_article(session, named, on.hooks, now))
    passing(Point.FORGET_STORED)
    adopt(on.place, named.portal)
    return removed, archived.forget(on.place, named.portal, {named.identity, named.url, *names})


def would_forget(on: Ground, named: Named, names: Iterable[str], now: datetime) -> tuple[Removed, int]:
    """What `forget` would take, and nothing taken."""
    keys = {key_of(name) for name in (named.identity, named.url, *names)}
    records = sum(bool(entry.keys & keys) for entry in catalogue(on.place, named.portal).entries)
    with Session(on.engine.execution_options(writes=True)) as session:
        removed = forget_article(session, named, on.hooks, now)
        session.rollback()
    return removed, records


def forget_commenter(on: Ground, author: str, now: datetime) -> int:
    """Forget a commenter on every portal; gives how many comments went."""
    alias = in_one_transaction(on.engine, lambda session: comments.alias_of(session, author))
    archived.mute(on.place, alias)
    return in_one_transaction(on.engine, lambda session: comments.forget_commenter(session, author, now))


def respect(settings: Settings, engine: Engine, portals: Collection[str]) -> int:
    """Before these portals are read: forget what a mark says and the database does not know; gives how much it was.

    An archive that does not answer is warned of, and does not keep anybody from watching.
    """
    try:
        on = ground(settings, engine)
        return _commenters(on) + sum(_portal(on, portal) for portal in portals)
    except ArchiveError as error:
        log.warning("what was forgotten cannot be looked up: %s", error)
        return 0


def respect_all(on: Ground) -> int:
    """The same for every portal that the archive or the database knows; ArchiveError where it does not answer."""
    with reading(on.engine) as session:
        known = {named.portal for named in tombs(session)}
    return _commenters(on) + sum(_portal(on, portal) for portal in sorted({*known, *on.place.portals()}))


def _portal(on: Ground, portal: str) -> int:
    with reading(on.engine) as session:
        known = {named.identity: named for named in tombs(session, portal)}
    missing = archived.entombed(on.place, portal, known)
    for identity, url in missing:
        forget(on, Named(portal=portal, identity=identity, url=url), (), _now())
        log.warning("%s: %s was forgotten before, and is again", portal, identity)
    _mark(on.place, portal, known.values())
    return len(missing)


def _mark(place: Place, portal: str, known: Collection[Named]) -> None:
    """Tombstones of the database that the archive lacks, which may be a new one."""
    marks = archived.marks(place, portal) if known else frozenset[str]()
    for named in known:
        if key_of(named.identity) not in marks:
            archived.entomb(place, portal, named.identity, named.url)


def _commenters(on: Ground) -> int:
    with reading(on.engine) as session:
        known = frozenset(session.scalars(select(Forgotten.commenter)))
    marks = archived.muted(on.place)
    for alias in known - marks:
        archived.mute(on.place, alias)
    for alias in marks - known:
        in_one_transaction(on.engine, lambda session, alias=alias: comments.forget_commenter(session, alias, _now()))  # type: ignore[misc]
    return len(marks - known)


def _now() -> datetime:
    return datetime.now(UTC)
