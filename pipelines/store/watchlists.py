"""The watchlist that runs: the file is the source, the active version stands in SQL, a bad file leaves the last good one."""

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, select

from pipelines.errors import ConfigError
from pipelines.store.database import in_one_transaction, reading
from pipelines.store.tables import WatchlistRow
from pipelines.watch.watchlist import Watchlist, compiled_once, load_watchlist

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Active:
    """The running watchlist; `trouble` says why it is not the one in the file, None where it is."""

    watchlist: Watchlist
    trouble: str | None = None


def activate(engine: Engine, path: Path, aliases: Path, now: datetime, shelf: Path | None = None) -> Active:
    """Read the files and make them the running version; a bad file is refused and the last good version runs on.

    ConfigError where the file is bad and there never was a good one. `shelf`: the folder of compiled watchlists.
    """
    try:
        watchlist = load_watchlist(path, aliases if aliases.exists() else None, shelf=shelf)
    except ConfigError as error:
        last = _last_good(engine, shelf)
        if last is None:
            raise
        log.warning("the watchlist is refused, version %s runs on:\n%s", last.version, error)
        return Active(watchlist=last, trouble=str(error))
    in_one_transaction(engine, lambda session: session.merge(_row(watchlist, now)))
    return Active(watchlist=watchlist)


def running(engine: Engine, shelf: Path | None = None) -> Watchlist | None:
    """The version that runs, None before any was activated. `shelf`: the folder of compiled watchlists."""
    return _last_good(engine, shelf)


def _row(watchlist: Watchlist, now: datetime) -> WatchlistRow:
    text, aliases = watchlist.source
    return WatchlistRow(version=watchlist.version, text=text, aliases=aliases, activated_at=now)


def _last_good(engine: Engine, shelf: Path | None) -> Watchlist | None:
    with reading(engine) as session:
        row = session.scalar(select(WatchlistRow).order_by(WatchlistRow.activated_at.desc()).limit(1))
    if row is None:
        return None
    name = f"watchlist {row.version}"
    return compiled_once(shelf, name, (row.text, row.aliases), lambda: Watchlist.from_text(row.text, name, row.aliases))
