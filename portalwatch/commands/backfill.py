"""backfill: reading a portal's past, day by day."""

import json
import subprocess
import sys
from datetime import date, datetime
from typing import Annotated

import typer

from pipelines.config import settings
from pipelines.errors import PortalwatchError
from spiders.backfill import Alerts, Span, unread


def add_to(app: typer.Typer) -> None:
    """Hang in backfill."""
    app.command("backfill")(backfill)


def backfill(
    portal: Annotated[str, typer.Argument(help="The portal's slug, as `portalwatch portals list` shows it.")],
    first: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], metavar="DATE", help="The first day, in the portal's own zone.")
    ],
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], metavar="DATE", help="The last day; --from itself where it is left out."),
    ] = None,
    alerts: Annotated[
        Alerts, typer.Option(help="Tell nobody of what matches, or each recipient once at the end of a day's run, as late.")
    ] = Alerts.OFF,
    again: Annotated[bool, typer.Option("--again", help="Also days that were read to their end before.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print each day's run as one JSON object.")] = False,
) -> None:
    """Read what a portal published on past days, one run a day; days that were read before are passed over. Exit 1 where a day could not
    be read to its end: the same command goes on from there.

    Example: `portalwatch backfill storm_mg --from 2026-11-01 --to 2026-11-07`
    """
    span = Span(first=first.date(), last=(last or first).date())
    missing = unread(portal, span, settings())
    days = span.days() if again else missing
    for day in span.days():
        if day not in days:
            typer.echo(f"{portal} {day}: read before; --again reads it once more", err=True)
    if len(days) == 1:
        _one(portal, days[0], alerts, as_json=as_json)
    elif len(days) > 1:
        _each(portal, days, alerts, as_json=as_json)


def _one(portal: str, day: date, alerts: Alerts, *, as_json: bool) -> None:
    from spiders.backfill import backfill as run
    from spiders.crawl import RunFailed

    try:
        told = run(portal, day, settings(), alerts)
    except RunFailed as failed:
        _tell(failed.summary, as_json)
        raise
    _tell(told, as_json)


def _each(portal: str, days: list[date], alerts: Alerts, *, as_json: bool) -> None:
    """A process for each day, since a crawl needs one of its own. The first that fails ends it, unless it would tomorrow too."""
    unreachable = []
    for day in days:
        options = ["--from", str(day), "--alerts", str(alerts), "--again", "--json"]
        command = [sys.executable, "-m", "portalwatch.cli", "backfill", portal, *options]
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)  # noqa: S603
        told = json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}
        if told:
            _tell(told, as_json)
        if done.returncode and not told.get("lasting"):
            raise PortalwatchError(f"{portal}: stopped at {day}; the same command goes on from there")
        unreachable += [str(day)] if done.returncode else []
    if unreachable:
        raise PortalwatchError(f"{portal}: not read to their end, nor would they be by another try: {', '.join(unreachable)}")


def _tell(told: object, as_json: bool) -> None:
    assert isinstance(told, dict)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    counts = ", ".join(f"{count} {outcome}" for outcome, count in told["outcomes"].items()) or "nothing"
    typer.echo(f"{told['portal']} {told['history']}: {told['discovered']} discovered ({counts}), {told['requests']} requests")
