"""Opening Redis for a store: its keys belong to an epoch, which ends when Redis turns out to know more than SQL."""

import logging
import secrets

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from pipelines.config import Settings
from pipelines.dedup.fast import Fast
from pipelines.store.articles import newest_id
from pipelines.store.database import in_one_transaction, store_id
from pipelines.store.tables import Meta

log = logging.getLogger(__name__)


def open_fast(settings: Settings, engine: Engine) -> Fast:
    """The store's keys in Redis. A database restored from a backup starts with fresh ones: what Redis saw since is not in it."""
    prefix, newest = in_one_transaction(engine, lambda session: (_prefix(session), newest_id(session)))
    fast = Fast(settings.redis, prefix)
    known = fast.near(np.empty(0, dtype=np.int64))
    if known is None or known[0] <= newest:
        return fast
    log.warning("Redis knows articles that the database does not have: it starts anew, slower for a while")
    fast.close()
    return Fast(settings.redis, in_one_transaction(engine, _next_epoch))


def _prefix(session: Session) -> str:
    epoch = session.get(Meta, "epoch")
    return f"{store_id(session)}.{epoch.value}" if epoch else store_id(session)


def _next_epoch(session: Session) -> str:
    session.merge(Meta(key="epoch", value=secrets.token_hex(4)))
    session.flush()
    return _prefix(session)
