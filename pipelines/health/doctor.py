"""What can be wrong, looked at: settings, database, Redis, watchlist, archive, sheets, last runs, dead alerts."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from pipelines.archive.place import open_place
from pipelines.archive.writer import NOT_TAKEN, STOPPED
from pipelines.config import Settings, unknown_variables
from pipelines.dedup.fast import Fast
from pipelines.dedup.gauge import MB
from pipelines.errors import PortalwatchError
from pipelines.health.report import covered
from pipelines.health.words import shown
from pipelines.share import fallen_from
from pipelines.store import alerts, blindness, circuits, runs, standings
from pipelines.store.database import open_store, reading, said_of
from pipelines.store.fastpath import open_fast
from pipelines.store.tables import Circuit, Portal, Run
from pipelines.store.watchlists import REFUSED, activate

ENOUGH = 200 * 10**6  # bytes; two full archive files
V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    how: str


def examine(settings: Settings, broken_sheets: Mapping[str, str], names: Mapping[str, str]) -> list[Finding]:
    """Look at everything; never raises for what it finds. `names`: the portals that are watched, by slug."""
    findings = [_contact(settings), *_variables(), *_sheets(broken_sheets)]
    try:
        engine = open_store(settings)
        return [*findings, Finding(what="database", ok=True, how=engine.dialect.name), *_in_store(settings, engine, names, broken_sheets)]
    except (PortalwatchError, SQLAlchemyError) as error:
        return [*findings, Finding(what="database", ok=False, how=said_of(error))]


def _contact(settings: Settings) -> Finding:
    how = settings.contact or "none: set PORTALWATCH_CONTACT, so that a portal can reach you"
    return Finding(what="contact in the User-Agent", ok=bool(settings.contact), how=how)


def _variables() -> Iterator[Finding]:
    for trouble in unknown_variables():
        yield Finding(what="environment", ok=False, how=trouble)


def _sheets(broken: Mapping[str, str]) -> Iterator[Finding]:
    if not broken:
        yield Finding(what="sheets", ok=True, how="all read")
    for slug, trouble in broken.items():
        yield Finding(what=f"sheet {slug}", ok=False, how=trouble)


def _in_store(settings: Settings, engine: Engine, names: Mapping[str, str], broken: Mapping[str, str]) -> Iterator[Finding]:
    """What the store tells; of portals, only those that are read."""
    fast, read = open_fast(settings, engine), names.keys() | broken.keys()
    with reading(engine) as session:
        counts, taken_back, to_ops = (alerts.counts(session, table) for table in alerts.TABLES)
        silent = circuits.open_circuits(session)
        latest = [run for run in runs.latest_runs(session) if run.portal in read]
        shares = _of(read, runs.latest_shares(session, datetime.now(UTC) - runs.USUAL))
        unread = _of(read, runs.unread_days(session, datetime.now(UTC), runs.USUAL))
        seen = blindness.coverage(session, names)
        paused = {row.slug: standings.resting(row, datetime.now(UTC)) for row in session.scalars(select(Portal)) if row.slug in read}
    yield _redis(settings, fast)
    yield _watchlist(settings, engine)
    yield _archive(settings, latest)
    yield _outbox("alerts", "alerts list", counts)
    if taken_back:
        yield _outbox("retractions", "alerts retractions", taken_back)
    if to_ops:
        yield _outbox("notices to ops", "health notices", to_ops)
    for circuit in silent:
        yield Finding(what=f"delivery by {circuit.channel}", ok=False, how=_silent(circuit))
    if seen:
        is_well = not seen.blind and not seen.failed
        yield Finding(what="portals", ok=is_well, how=covered(seen) + ("" if is_well else "; see `portalwatch health`"))
    for run in latest:
        reason = standings.present(run.reason or "", paused.get(run.portal, []))
        how = f"{shown(run.started_at)}, {run.finish_reason or 'running'}" + (f": {reason}" if reason else "")
        yield Finding(what=f"last run of {run.portal}", ok=run.succeeded is not False, how=how)
    yield from _portals(shares, paused)
    yield from _past(unread)
    if not latest:
        yield Finding(what="runs", ok=True, how="none yet")


def _of(read: AbstractSet[str], told: Mapping[str, V]) -> dict[str, V]:
    return {slug: each for slug, each in told.items() if slug in read}


def _outbox(what: str, command: str, counts: Mapping[str, int]) -> Finding:
    told, dead = ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "none yet", counts.get("dead", 0)
    return Finding(what=what, ok=not dead, how=told + (f"; see `portalwatch {command} --state dead`" if dead else ""))


def _silent(circuit: Circuit) -> str:
    since = f" since {shown(circuit.opened_at)}" if circuit.opened_at else ""
    how = f"fails{since}" + (f": {circuit.answer}" if circuit.answer else "")
    return f"{how}; what it is owed waits until it works again, and `portalwatch alerts replay` asks it at the next delivery"


def _portals(shares: Mapping[str, list[float]], paused: Mapping[str, list[str]]) -> Iterator[Finding]:
    for slug, why in paused.items():
        for each in why:
            yield Finding(what=f"pause of {slug}", ok=False, how=f"{each}; `portalwatch portals resume {slug}` lifts it")
    for slug, known in shares.items():
        if (usual := fallen_from(known)) is not None:
            yield Finding(what=f"share of {slug}", ok=False, how=f"we hold about {known[-1]:.0%} of it, usual is {usual:.0%}")


def _past(unread: Mapping[str, Sequence[runs.Unread]]) -> Iterator[Finding]:
    for slug, days in unread.items():
        more = f", and {len(days) - 1} more up to {days[-1].day}" if len(days) > 1 else ""
        command = f"portalwatch backfill {slug} --from {days[0].day}" + (f" --to {days[-1].day}" if more else "")
        yield Finding(what=f"backfill of {slug}", ok=False, how=f"{days[0]}{more}; `{command}` goes on")


def _redis(settings: Settings, fast: Fast) -> Finding:
    if settings.redis_url is None and not settings.redis_socket.exists():
        fast.close()
        return Finding(what="Redis", ok=True, how="the embedded one is not running; `portalwatch up` starts it, and crawls do without")
    trouble, found = fast.trouble(settings.redis_bytes), fast.gauge()
    fast.close()
    taken = f", {found.used / MB:.0f} of {settings.redis_budget} MB" if found else ""
    return Finding(what="Redis", ok=trouble is None, how=trouble or f"answers, noeviction{taken}")


def _archive(settings: Settings, latest: Sequence[Run]) -> Finding:
    if not settings.archive:
        return Finding(what="archive", ok=True, how="off: fetched pages are not kept")
    try:
        place = open_place(settings)
        place.portals()
    except PortalwatchError as error:
        return Finding(what="archive", ok=False, how=str(error))
    stopped = [run.portal for run in latest if run.reason and any(sign in run.reason for sign in (STOPPED, NOT_TAKEN))]
    if stopped:
        return Finding(
            what="archive", ok=False, how=f"{place.shown}: the last run did not archive all of {', '.join(stopped)}; see its reason"
        )
    free = shutil.disk_usage(_existing(place.spool)).free
    if free < ENOUGH:
        return Finding(
            what="archive", ok=False, how=f"{place.shown}: only {free // 10**6} MB are free; archiving stops when the disk is full"
        )
    return Finding(what="archive", ok=True, how=f"{place.shown}, {free // 10**9} GB free")


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    return next(each for each in (path, *path.parents) if each.exists())


def _watchlist(settings: Settings, engine: Engine) -> Finding:
    try:
        active = activate(engine, settings.watchlist, settings.aliases, datetime.now(UTC), settings.compiled)
    except PortalwatchError as error:
        return Finding(what="watchlist", ok=False, how=str(error))
    if active.trouble:
        return Finding(what="watchlist", ok=False, how=REFUSED.format(version=active.watchlist.version, trouble=active.trouble))
    return Finding(what="watchlist", ok=True, how=f"version {active.watchlist.version}, topics: {len(active.watchlist.topics)}")
