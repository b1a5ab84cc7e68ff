"""portals: which sites are read, and how they fare."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select

from pipelines.config import settings
from pipelines.sheet import Override, Sheet
from pipelines.store import runs, standings
from pipelines.store.database import in_one_transaction, open_store, reading
from pipelines.store.tables import Portal, Run
from pipelines.store.watchlists import refusal
from portalwatch import show
from spiders import loader, tdm

SHOWN = ("portal", "name", "sheet", "schedule", "last_run")
portals = typer.Typer(no_args_is_help=True, help="The portals that are read: their sheets and their last runs.")


def add_to(app: typer.Typer) -> None:
    """Hang in the group."""
    app.add_typer(portals, name="portals")


@portals.command("list")
def list_portals(as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False) -> None:
    """Every portal, whose sheet it is, its schedule, how its last run went, and the share of it that we hold.

    Example: `portalwatch portals list`
    """
    shelf, paths, engine = loader.shelf(settings()), loader.paths(settings()), open_store(settings())
    with reading(engine) as session:
        last, looks = ({run.portal: run for run in found} for found in (runs.latest_runs(session), runs.latest_looks(session)))
        unread = runs.unread_days(session, datetime.now(UTC), runs.USUAL)
        rows = {row.slug: row for row in session.scalars(select(Portal))}
        lines = [
            _line(sheet, paths[slug], last.get(slug))
            | _standing(looks.get(slug), rows.get(slug))
            | {"unread": [{"day": each.day, "why": each.why} for each in unread.get(slug, ())]}
            for slug, sheet in shelf.sheets.items()
        ]
    if as_json:
        show.jsonl(lines)
    else:
        cells = [(*(line[key] for key in SHOWN), _went(line), _share(line), _notes(line)) for line in lines]
        show.rows(("portal", "name", "sheet", "schedule", "last run", "went", "share", "notes"), cells, empty="no sheets")
    refused = refusal(engine, settings().watchlist, settings().aliases, settings().compiled)
    for trouble in (*shelf.broken.values(), *filter(None, [refused])):
        typer.echo(trouble, err=True)
    if shelf.broken or refused:
        raise typer.Exit(1)


@portals.command("resume")
def resume_portal(portal: Annotated[str, typer.Argument(help="The portal's slug, as `portalwatch portals list` shows it.")]) -> None:
    """Lift the pause of a portal that refused us; its next run asks it again.

    Example: `portalwatch portals resume storm_mg`
    """
    loader.sheet(portal, settings())
    lifted = in_one_transaction(open_store(settings()), lambda session: standings.resume(session, portal))
    for line in lifted:
        typer.echo(show.plain(f"{portal}: the pause is lifted, the next run asks again; it was: {line}"))
    if not lifted:
        typer.echo(f"{portal}: it was not paused")


def _line(sheet: Sheet, path: Path, run: Run | None) -> dict[str, Any]:
    return {
        "portal": sheet.slug,
        "name": sheet.name,
        "sheet": "shipped" if path.parent == loader.SHIPPED else "yours",
        "schedule": sheet.schedule,
        "robots_override": sheet.robots.reason if sheet.robots else None,
        "tdm": sheet.tdm.reason if isinstance(sheet.tdm, Override) else sheet.tdm,
        "last_run": run.started_at if run else None,
        "succeeded": run.succeeded if run else None,
        "outcomes": run.outcomes if run else {},
        "reason": run.reason if run else None,
    }


def _standing(look: Run | None, row: Portal | None) -> dict[str, Any]:
    """The share by the last run that asked the portal for anything, and how its hosts stand with us."""
    views = (look.views if look else None) or {}
    return {
        "share": look.share if look else None,
        "share_why": views.get("why"),
        "numbers": views.get("numbers", []),
        "paused": standings.resting(row, datetime.now(UTC)) if row else [],
        "reserved": tdm.told(row.reserved or {}) if row else [],
    }


def _share(line: Mapping[str, Any]) -> str:
    return f"{line['share']:.0%}" if line["share"] is not None else line["share_why"] or ""


def _notes(line: Mapping[str, Any]) -> str:
    reason = standings.present(line["reason"] or "", line["paused"])
    told = [reason, *(each for each in line["paused"] if each not in reason), *line["reserved"]]
    if line["reserved"]:
        told.append("left alone" if line["tdm"] == "obey" else f"read all the same: {line['tdm'] or 'no reason given'}")
    told += [_gaps(each) for each in line["numbers"] if each["gaps"]]
    told += _past(line["unread"])
    if line["robots_override"]:
        told.append(f"robots.txt is overridden: {line['robots_override']}")
    return "; ".join(filter(None, told))


def _past(unread: Sequence[Mapping[str, Any]]) -> list[str]:
    """A backfill's first day that was not read to its end, and how many more there are."""
    more = f", and {len(unread) - 1} more days" if len(unread) > 1 else ""
    return [f"backfill: {runs.Unread(**unread[0])}{more}"] if unread else []


def _gaps(each: Mapping[str, Any]) -> str:
    last = each["to"] - each["from"] + 1
    return f"{each['numbers']}: {each['held']} held of the last {last}, {each['missing']} no article, {each['gaps']} not looked up yet"


def _went(line: Mapping[str, Any]) -> str:
    if line["last_run"] is None:
        return "not run yet"
    return {True: "well", False: "FAILED", None: "running"}[line["succeeded"]]
