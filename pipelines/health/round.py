"""A health round: look at portals and channels, bring incidents up to date, and owe ops what they are to hear."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from pipelines.config import Settings, settings
from pipelines.health import channels
from pipelines.health.judge import Sign, signs
from pipelines.health.kinds import KINDS
from pipelines.health.look import Look
from pipelines.health.past import looks_of
from pipelines.health.quiet import Quiet, quiet_ailments, quiet_topics
from pipelines.health.report import Fare, covered, fare_of
from pipelines.health.words import lasted, stamp
from pipelines.store import alerts, blindness, incidents, runs, standings
from pipelines.store.database import in_one_transaction, open_store, reading
from pipelines.store.incidents import Ailment, Change
from pipelines.store.notices import owe_notice
from pipelines.store.tables import AlertRow, Incident, Notice, Portal
from pipelines.store.watchlists import running
from pipelines.watch.watchlist import Watchlist

ROLL_UP = time(8)
"""When ops hear of the day before, in the zone of messages."""
SHOWN = 40  # portals of a roll-up


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who is looked after: `portals` by slug with their names, the watchlist's channels, and ops (`watchlist.watchmen`)."""

    engine: Engine
    watchlist: Watchlist
    portals: Mapping[str, str]


def health_round(settings: Settings, portals: Mapping[str, str], now: datetime) -> dict[str, int]:
    """One round over all portals and channels, and the day's roll-up when it is due; gives what was owed, by event."""
    engine = open_store(settings)
    watchlist = running(engine, settings.compiled)
    if watchlist is None:
        return {}
    watch = Watch(engine=engine, watchlist=watchlist, portals=portals)
    with reading(engine) as session:
        looks = looks_of(session, portals, now)
        told = {slug: signs(looks.get(slug, ()), now) for slug in portals}
        blind = {slug for slug, found in told.items() if any(sign.slot == "blind" and sign.is_told for sign in found)}
        quiet = quiet_topics(session, watchlist.topics, blind | blindness.blind_since(session).keys(), now)
    seen = _Seen(looks=looks, told=told, quiet=quiet)
    return in_one_transaction(engine, partial(_round, watch=watch, seen=seen, now=now))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What a round looked at before it writes: portals' looks and what these show, and the topics that are quiet."""

    looks: Mapping[str, Sequence[Look]]
    told: Mapping[str, Sequence[Sign]]
    quiet: Sequence[Quiet]


def after_a_run(watch: Watch, now: datetime) -> None:
    """The same for the watch's portals alone, as a crawl does for its own at its end."""
    with reading(watch.engine) as session:
        looks = looks_of(session, watch.portals, now)
    told = {slug: signs(looks.get(slug, ()), now) for slug in watch.portals}
    in_one_transaction(watch.engine, lambda session: _portals(session, watch, told, now))


def _round(session: Session, watch: Watch, seen: _Seen, now: datetime) -> dict[str, int]:
    _forgotten(session, watch, now)
    changes = [*_portals(session, watch, seen.told, now), *_topics(session, watch, seen.quiet, now)]
    for name in watch.watchlist.channels:
        found = incidents.note(session, "channel", name, channels.ailments_of(session, name, now), now)
        _owe(session, watch, found, now)
        changes += found
    done = {event: sum(change.event == event for change in changes) for event in ("incident", "mended")}
    return {**done, "rollup": _roll_up(session, watch, seen, now)}


def _portals(session: Session, watch: Watch, told: Mapping[str, Sequence[Sign]], now: datetime) -> list[Change]:
    changes: list[Change] = []
    for slug, found in told.items():
        ailments = [ailment(sign) for sign in found]
        changes += incidents.note(session, "portal", slug, [*ailments, *_still_frozen(session, slug, ailments)], now)
    blindness.judged(session, now)
    _owe(session, watch, changes, now)
    return changes


def _still_frozen(session: Session, slug: str, ailments: Sequence[Ailment]) -> list[Ailment]:
    """What was told as frozen is so until something new comes, however old its past grows meanwhile."""
    ill = {each.slot for each in ailments}
    frozen = [row for row in incidents.open_incidents(session, "portal", slug) if row.kind == "frozen" and row.slot not in ill]
    return [incidents.as_told(row) for row in frozen if row.told_at and not runs.found_since(session, slug, row.since)]


def _topics(session: Session, watch: Watch, quiet: Sequence[Quiet], now: datetime) -> list[Change]:
    line, changes = covered(blindness.coverage(session, watch.portals)), list[Change]()
    for slug, found in quiet_ailments(session, quiet, line, now).items():
        changes += incidents.note(session, "topic", slug, found, now)
    _owe(session, watch, changes, now)
    return changes


def _forgotten(session: Session, watch: Watch, now: datetime) -> None:
    """What is no longer watched is no longer ill, and nobody needs to hear of it."""
    kept = {"portal": watch.portals, "topic": watch.watchlist.topics, "channel": watch.watchlist.channels}
    for row in incidents.open_incidents(session):
        if row.name not in kept.get(row.what, ()):
            row.mended_at = now


def ailment(sign: Sign) -> Ailment:
    """A sign as an incident keeps it."""
    evidence = {"lines": list(sign.evidence), "runs": sign.runs, "good": sign.good, "bad": sign.bad}
    return Ailment(slot=sign.slot, kind=sign.kind, since=sign.since, evidence=evidence, is_told=sign.is_told)


def _owe(session: Session, watch: Watch, changes: Iterable[Change], now: datetime) -> None:
    for change in changes:
        row = change.incident
        key = f"{change.event} {row.id} {now.isoformat()}"
        owe_notice(session, change.event, body_of(change, watch, now), watch.watchlist.watchmen, key, now)


def body_of(change: Change, watch: Watch, now: datetime) -> dict[str, Any]:
    """What ops hear of an incident or its mend: the keys of a Notice."""
    row, kind = change.incident, KINDS[change.incident.kind]
    topic = watch.watchlist.topics.get(row.name) if row.what == "topic" else None
    says = kind.says.format(topic.title if topic else watch.portals.get(row.name, row.name))
    mended = change.event == "mended"
    return {
        "title": f"Mended: {says}" if mended else says,
        "lines": [f"It lasted {lasted(now - row.since)}, since {stamp(row.since)}."] if mended else _lines(row, kind.do),
        "incident": row.id,
        "what": row.what,
        "name": row.name,
        "kind": row.kind,
        "since": row.since.isoformat(),
    }


def _lines(row: Incident, do: str) -> list[str]:
    good, bad = row.evidence.get("good"), row.evidence.get("bad")
    return [
        f"Since {stamp(row.since)}.",
        *row.evidence["lines"],
        *([f"The last good page: {good['url']} ({stamp(datetime.fromisoformat(good['at']))})"] if good else []),
        *([f"A page as it is now: {bad['url']}" + (f" ({bad['why']})" if bad.get("why") else "")] if bad else []),
        do,
        f"`portalwatch health ack {row.id}` stops the reminders, `portalwatch health snooze {row.id} --for 8h` puts them off.",
    ]


def _roll_up(session: Session, watch: Watch, seen: _Seen, now: datetime) -> int:
    """The day's message, once, after ROLL_UP."""
    local = now.astimezone(ZoneInfo(settings().timezone))
    today = local.replace(hour=ROLL_UP.hour, minute=0, second=0, microsecond=0)
    told = select(Notice.id).where(Notice.event == "rollup", Notice.owed_at >= today).limit(1)
    if local < today or not watch.watchlist.watchmen or session.scalar(told) is not None:
        return 0
    body = roll_up(session, watch, seen.looks, now)
    return int(owe_notice(session, "rollup", body, watch.watchlist.watchmen, f"rollup {local.date()}", now) > 0)


def roll_up(session: Session, watch: Watch, looks: Mapping[str, Sequence[Look]], now: datetime) -> dict[str, Any]:
    """Portals with what they brought, dead letters, pauses and quiet topics of the last day."""
    open_ones = incidents.open_incidents(session, "portal")
    fares = [fare_of(slug, looks.get(slug, ()), [row for row in open_ones if row.name == slug], now) for slug in watch.portals]
    quiet = quiet_topics(session, watch.watchlist.topics, blindness.blind_since(session), now)
    line = covered(blindness.coverage(session, watch.portals))
    dead = {name: alerts.counts(session, table).get("dead", 0) for name, table in (("alerts", AlertRow), ("notices", Notice))}
    rows = session.scalars(select(Portal).where(Portal.slug.in_(watch.portals)))
    return {
        "title": line[:1].upper() + line[1:],
        "lines": [
            *(_fare(watch.portals[fare.portal], fare) for fare in sorted(fares, key=lambda each: each.good)[:SHOWN]),
            *([f"and {len(fares) - SHOWN} more portals"] if len(fares) > SHOWN else []),
            *(f"paused: {why}" for row in rows for why in standings.resting(row, now)),
            "dead letters: " + (", ".join(f"{count} {what}" for what, count in dead.items() if count) or "none"),
            *(f"{each.topic}: {each.told(now, line)}" for each in quiet[:10]),
        ],
    }


def _fare(name: str, fare: Fare) -> str:
    usual = f" (usually {fare.usual_day.low} to {fare.usual_day.high})" if fare.usual_day else ""
    return f"{name}: {fare.day} new in 24 h{usual}" + (f"; {', '.join(fare.ailments)}" if fare.ailments else "")
