"""health: how portals and topics fare by their own past, and what ops were told of it."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session
from typer.core import TyperGroup

from pipelines.config import settings
from pipelines.errors import WrongUseError
from pipelines.health.judge import signs
from pipelines.health.kinds import KINDS
from pipelines.health.past import looks_of
from pipelines.health.quiet import Quiet, quiet_topics
from pipelines.health.report import Fare, covered, fare_of
from pipelines.health.rhythm import Band
from pipelines.health.round import health_round
from pipelines.health.words import stamp
from pipelines.store import beats, blindness, incidents
from pipelines.store.columns import LARGEST
from pipelines.store.database import in_one_transaction, open_store, reading
from pipelines.store.tables import Incident, Notice
from pipelines.store.watchlists import running
from portalwatch import show
from portalwatch.commands.alerts import State
from spiders import loader

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_LONGEST = timedelta(days=30)
_INTRO = ("--help", "-h")


class _Named(TyperGroup):
    """`health NAME` and `health --json` are `health show …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known = bool(args) and (args[0] in self.commands or args[0] in _INTRO)
        return super().parse_args(ctx, args if known else ["show", *args])


health = typer.Typer(cls=_Named, help="Portals and topics against their own past: who is blind since when, and what is quiet.")


def add_to(app: typer.Typer) -> None:
    """Hang in the group."""
    app.add_typer(health, name="health")


@health.command("show")
def show_health(
    name: Annotated[str | None, typer.Argument(help="A portal or a topic, by its slug; all portals where it is left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """What the last day and the last run brought against what is usual, open incidents with their evidence, and quiet topics.

    Example: `portalwatch health storm_mg`
    """
    now, names = datetime.now(UTC), loader.names(settings())
    engine = open_store(settings())
    watchlist = running(engine, settings().compiled)
    topics = list(watchlist.topics) if watchlist else []
    if name is not None and name not in names and name not in topics:
        raise WrongUseError(f"`{name}` is neither a portal nor a topic; `portalwatch portals list` and `topics list` show them")
    with reading(engine) as session:
        portals = [name] if name in names else [] if name else list(names)
        _tell_portals(session, portals, now, as_json=as_json)
        _tell_incidents(incidents.open_incidents(session), name, as_json=as_json)
        line = covered(blindness.coverage(session, names))
        quiet = quiet_topics(session, [name] if name in topics else [] if name else topics, blindness.blind_since(session), now)
        _tell_topics([(each, each.told(now, line)) for each in quiet], as_json=as_json)
        if not as_json:
            typer.echo(line + _looked(session))


def _looked(session: Session) -> str:
    last = beats.known(session, "health")
    return f"; last looked at {stamp(last.at)}" if last else ""


@health.command("ack")
def acknowledge(number: Annotated[int, typer.Argument(help="The incident's number.")]) -> None:
    """You know of it: no more reminders, only that it is mended.

    Example: `portalwatch health ack 7`
    """
    row = in_one_transaction(open_store(settings()), lambda session: _detached(session, incidents.acknowledge(session, number, _now())))
    typer.echo(f"{number} is acknowledged: {row.name}, {row.kind}")


@health.command("snooze")
def snooze(
    number: Annotated[int, typer.Argument(help="The incident's number.")],
    time: Annotated[str, typer.Option("--for", help="How long: 30m, 8h or 2d, 30 days at most.")],
) -> None:
    """No reminder for a time, only that it is mended; it always ends.

    Example: `portalwatch health snooze 7 --for 8h`
    """
    until = _now() + _span(time)
    row = in_one_transaction(open_store(settings()), lambda session: _detached(session, incidents.snooze(session, number, until)))
    typer.echo(show.plain(f"{number} is put off until {stamp(until)}: {row.name}, {row.kind}"))


@health.command("look")
def look() -> None:
    """One round now, as the DAG `health` does: incidents are opened, told and mended.

    Example: `portalwatch health look`
    """
    done = health_round(settings(), loader.names(settings()), _now())
    typer.echo(", ".join(f"{count} {event}" for event, count in done.items()) or "no watchlist ever ran: there is nobody to tell")


@health.command("notices")
def list_notices(
    state: Annotated[State | None, typer.Option(help="Only these.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=LARGEST, help="How many, newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """What ops were told or are owed, newest first, with the channel's last answer.

    Example: `portalwatch health notices --state dead`
    """
    query = select(Notice).order_by(Notice.id.desc()).limit(limit)
    shown = ("message", "state", "event", "channel", "recipient", "owed_at", "sent_at", "attempts", "answer", "incident_id")
    with reading(open_store(settings())) as session:
        rows = session.scalars(query.where(Notice.state == state) if state else query)
        lines = [{name: getattr(row, name) for name in shown} | {"title": row.body["title"]} for row in rows]
    if as_json:
        show.jsonl(lines)
    else:
        named = ("owed_at", "state", "event", "recipient", "title", "answer")
        show.rows(named, [[line[name] for name in named] for line in lines], empty="nothing was told to ops")


def _now() -> datetime:
    return datetime.now(UTC)


def _detached(session: Session, row: Incident) -> Incident:
    session.flush()
    session.expunge(row)
    return row


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"([1-9]\d{0,4})([mhd])", text.strip())
    span = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta(0)
    if not timedelta(0) < span <= _LONGEST:
        raise typer.BadParameter(f"`{text}` is no time up to 30 days; write one such as 30m, 8h or 2d")
    return span


def _tell_portals(session: Session, portals: Sequence[str], now: datetime, *, as_json: bool) -> None:
    looks, open_ones = looks_of(session, portals, now), incidents.open_incidents(session, "portal")
    fares = [fare_of(slug, looks.get(slug, ()), [row for row in open_ones if row.name == slug], now) for slug in portals]
    young = {slug: [sign for sign in signs(looks.get(slug, ()), now) if not sign.is_told] for slug in portals}
    if as_json:
        show.jsonl(_portal(fare) for fare in fares)
    elif fares:
        cells = [(f.portal, f.day, _band(f.usual_day), f.run, _band(f.usual_run), f.newest, _state(f, young[f.portal])) for f in fares]
        show.rows(("portal", "24 h", "usual", "last run", "usual", "newest", "state"), cells, empty="no portals")


def _state(fare: Fare, young: Sequence[Any]) -> str:
    if fare.ailments:
        return "; ".join(fare.ailments)
    if young:
        return "; ".join(f"{sign.kind}, {sign.runs} in a row" for sign in young)
    return "not run yet" if fare.run is None else "healthy" if fare.usual_run else "nothing wrong yet"


def _band(band: Band | None) -> str:
    return f"{band.low} to {band.high}" if band else "too young"


def _portal(fare: Fare) -> Mapping[str, Any]:
    def told(band: Band | None) -> dict[str, int] | None:
        return {"low": band.low, "usual": band.usual, "high": band.high} if band else None

    return {
        "portal": fare.portal,
        "healthy": fare.good if fare.run is not None else None,
        "day": fare.day,
        "usual_day": told(fare.usual_day),
        "run": fare.run,
        "usual_run": told(fare.usual_run),
        "newest": fare.newest.isoformat() if fare.newest else None,
        "ailments": list(fare.ailments),
    }


def _tell_incidents(rows: Sequence[Incident], name: str | None, *, as_json: bool) -> None:
    rows = [row for row in rows if name in (None, row.name)]
    if as_json:
        show.jsonl({"incident": row.id, **_incident(row)} for row in rows)
        return
    for row in rows:
        state = "acknowledged" if row.acked_at else "told" if row.told_at else "too young to be told"
        typer.echo(show.plain(f"{row.id}  {KINDS[row.kind].says.format(row.name)} ({row.kind}, {state})"))
        for line in row.evidence["lines"]:
            typer.echo(show.plain(f"   {line}"))


def _incident(row: Incident) -> Mapping[str, Any]:
    shown = ("what", "name", "kind", "since", "told_at", "acked_at", "snoozed_until", "evidence")
    return {key: getattr(row, key) for key in shown}


def _tell_topics(quiet: Sequence[tuple[Quiet, str]], *, as_json: bool) -> None:
    for each, told in quiet:
        if as_json:
            show.jsonl([{"topic": each.topic, "last": each.last.isoformat(), "a_day": round(each.a_day, 2), "told": told}])
        else:
            typer.echo(show.plain(f"{each.topic}: {told}"))
