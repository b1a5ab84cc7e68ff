"""The watchlist that runs: the file is the source, the active version stands in SQL, a bad file leaves the last good one."""

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Select, func, select
from sqlalchemy.orm import Session

from pipelines.errors import ConfigError, WrongUseError
from pipelines.store.database import in_one_transaction, reading
from pipelines.store.tables import Match, WatchlistRow
from pipelines.watch.watchlist import Watchlist, compiled_once, load_watchlist

REFUSED = "the watchlist is refused, version {version} runs on:\n{trouble}"
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
        log.warning("%s", REFUSED.format(version=last.version, trouble=error))
        return Active(watchlist=last, trouble=str(error))
    in_one_transaction(engine, lambda session: _keep(session, watchlist, now))
    return Active(watchlist=watchlist)


def standing(engine: Engine, path: Path, aliases: Path, shelf: Path | None = None) -> Active:
    """What would run now, by the files and the last good version; changes nothing. ConfigError as `activate`."""
    try:
        return Active(watchlist=load_watchlist(path, aliases if aliases.exists() else None, shelf=shelf))
    except ConfigError as error:
        last = _last_good(engine, shelf)
        if last is None:
            raise
        return Active(watchlist=last, trouble=str(error))


def refusal(engine: Engine, path: Path, aliases: Path, shelf: Path | None = None) -> str | None:
    """The sentence about a watchlist that is refused while an older version runs on; None where the file is good or none ever ran."""
    try:
        active = standing(engine, path, aliases, shelf)
    except ConfigError:
        return None
    return REFUSED.format(version=active.watchlist.version, trouble=active.trouble) if active.trouble else None


def running(engine: Engine, shelf: Path | None = None) -> Watchlist | None:
    """The version that runs, None before any was activated. `shelf`: the folder of compiled watchlists."""
    return _last_good(engine, shelf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version that ran: since when, until when at least, its topics (None where an older release kept it), and its matches so far."""

    version: str
    since: datetime | None
    until: datetime
    topics: int | None
    matches: int
    runs: bool


def versions(session: Session) -> list[Version]:
    """Every version that ever ran, the one that runs first."""
    matches = dict(session.execute(select(Match.watchlist, func.count()).group_by(Match.watchlist)).all())
    rows = session.execute(_newest(WatchlistRow.version, WatchlistRow.since, WatchlistRow.activated_at, WatchlistRow.topics))
    return [
        Version(version=version, since=since, until=until, topics=topics, matches=matches.get(version, 0), runs=not number)
        for number, (version, since, until, topics) in enumerate(rows)
    ]


def version(session: Session, name: str) -> Watchlist:
    """The version by its hash, or by the hash's beginning. WrongUseError where none or several begin so."""
    known = [each for each in session.scalars(_newest(WatchlistRow.version)) if each.startswith(name)]
    if len(known) != 1:
        raise WrongUseError(f"{len(known) or 'no'} versions begin with `{name}`; `portalwatch topics versions` lists them all")
    return _watchlist(session.get_one(WatchlistRow, known[0]), None)


def _newest(*columns: Any) -> Select[Any]:
    return select(*columns).order_by(WatchlistRow.activated_at.desc(), WatchlistRow.version)


def _keep(session: Session, watchlist: Watchlist, now: datetime) -> None:
    row = session.get(WatchlistRow, watchlist.version)
    if row is None:
        text, aliases = watchlist.source
        row = WatchlistRow(version=watchlist.version, text=text, aliases=aliases, since=now, topics=len(watchlist.topics))
        session.add(row)
    row.activated_at = now


def _last_good(engine: Engine, shelf: Path | None) -> Watchlist | None:
    with reading(engine) as session:
        row = session.scalar(_newest(WatchlistRow).limit(1))
    return _watchlist(row, shelf) if row else None


def _watchlist(row: WatchlistRow, shelf: Path | None) -> Watchlist:
    name = f"watchlist {row.version}"
    return compiled_once(shelf, name, (row.text, row.aliases), lambda: Watchlist.from_text(row.text, name, row.aliases))
