"""Redis beside the store: opening it, refilling it from SQL, and saying what is wrong with it.

Its keys belong to an epoch, which ends when Redis turns out to know more than SQL.
"""

import logging
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from pipelines.config import Settings
from pipelines.dedup.fast import GENERATION, SEEN_GENERATIONS, Fast
from pipelines.errors import PortalwatchError
from pipelines.store import candidates, pages
from pipelines.store.database import in_one_transaction, reading, store_id
from pipelines.store.tables import Meta, PageRow

log = logging.getLogger(__name__)
AWAY = "Redis does not answer, is full, or may evict; what was posted stays, and the same command goes on"


def open_fast(settings: Settings, engine: Engine) -> Fast:
    """The store's keys in Redis. A database restored from a backup starts with fresh ones: what Redis saw since is not in it."""
    prefix, posted = in_one_transaction(engine, lambda session: (_prefix(session), candidates.posted(session)))
    fast = Fast(settings.redis, prefix)
    known = fast.upto()
    if known is not None and known > posted:
        log.warning("Redis knows articles that the database does not have: it starts anew, slower for a while")
        fast.close()
        fast = Fast(settings.redis, in_one_transaction(engine, _next_epoch))
    fast.gauge()
    return fast


def warn_of(fast: Fast, settings: Settings) -> None:
    """Log what is wrong with a Redis that answers; one that is away says so itself."""
    found = fast.gauge()
    if found and (trouble := found.trouble(settings.redis_bytes)):
        log.warning(trouble)


def sizes(engine: Engine, now: datetime) -> Mapping[str, int]:
    """What a refill goes through: {"articles": how many, "pages": how many at most}."""
    with reading(engine) as session:
        count = session.scalar(select(func.count()).select_from(PageRow).where(PageRow.looked_at >= _since(now)))
        return {"articles": candidates.indexed(session, now), "pages": count or 0}


def fill_near(engine: Engine, fast: Fast, after: int, now: datetime) -> Iterator[int]:
    """Post what was kept after posting `after` to Redis' index, oldest first; gives the number of each batch.

    PortalwatchError where Redis goes away: what was posted stays, and tells how far it reaches.
    """
    while True:
        with reading(engine) as session:
            batch = candidates.postings(session, after, now)
        if not batch:
            return
        if not fast.post_all(batch):
            raise PortalwatchError(AWAY)
        after = batch[-1].number
        yield len(batch)


def fill_seen(engine: Engine, fast: Fast, now: datetime) -> Iterator[int]:
    """Mark the pages that count as seen; gives the number of each batch. PortalwatchError where Redis goes away."""
    after = 0
    while True:
        with reading(engine) as session:
            batch = pages.remembered(session, after, _since(now))
        if not batch:
            return
        if not all(_mark(fast, portal, rows) for portal, rows in _by_portal(batch).items()):
            raise PortalwatchError(AWAY)
        after = batch[-1].id
        yield len(batch)


def _since(now: datetime) -> datetime:
    return now - GENERATION * (SEEN_GENERATIONS - 1)


def _by_portal(rows: list[PageRow]) -> Mapping[str, list[PageRow]]:
    portals: dict[str, list[PageRow]] = {}
    for row in rows:
        portals.setdefault(row.portal, []).append(row)
    return portals


def _mark(fast: Fast, portal: str, rows: list[PageRow]) -> bool:
    """Each as of its last look, so that it is forgotten in its time; what is marked already takes no room twice."""
    keys = {key: row.looked_at for row in rows for key in pages.keys_of(row)}
    seen = fast.seen(portal, list(keys))
    if seen is None:
        return False
    ages: dict[int, list[str]] = {}
    for (key, at), known in zip(keys.items(), seen, strict=True):
        if not known:
            ages.setdefault(int(at.timestamp() // GENERATION.total_seconds()), []).append(key)
    return all(fast.mark_seen(portal, group, keys[group[0]]) for group in ages.values())


def _prefix(session: Session) -> str:
    epoch = session.get(Meta, "epoch")
    return f"{store_id(session)}.{epoch.value}" if epoch else store_id(session)


def _next_epoch(session: Session) -> str:
    session.merge(Meta(key="epoch", value=secrets.token_hex(4)))
    session.flush()
    return _prefix(session)
