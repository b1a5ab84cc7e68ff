"""portals: which sites are read, and how they fare."""

from typing import Annotated

import typer

from pipelines.config import settings
from pipelines.errors import PortalwatchError
from pipelines.store import runs
from pipelines.store.database import open_store, reading
from portalwatch import show
from spiders import loader

portals = typer.Typer(no_args_is_help=True, help="The portals that are read: their sheets and their last runs.")


def add_to(app: typer.Typer) -> None:
    """Hang in the group."""
    app.add_typer(portals, name="portals")


@portals.command("list")
def list_portals(as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False) -> None:
    """Every portal, its schedule and how its last run went.

    Example: `portalwatch portals list`
    """
    shelf = loader.shelf(settings())
    with reading(open_store(settings())) as session:
        last = {run.portal: run for run in runs.latest_runs(session)}
    lines = [
        {
            "portal": sheet.slug,
            "name": sheet.name,
            "schedule": sheet.schedule,
            "robots_override": sheet.robots.reason if sheet.robots else None,
            "last_run": last[slug].started_at if slug in last else None,
            "succeeded": last[slug].succeeded if slug in last else None,
            "outcomes": last[slug].outcomes if slug in last else {},
            "reason": last[slug].reason if slug in last else None,
        }
        for slug, sheet in shelf.sheets.items()
    ]
    if as_json:
        show.jsonl(lines)
    else:
        cells = [
            (line["portal"], line["name"], line["schedule"], line["last_run"], _verdict(line["succeeded"]), line["reason"])
            for line in lines
        ]
        show.rows(("portal", "name", "schedule", "last run", "went", "reason"), cells, empty="no sheets")
    for trouble in shelf.broken.values():
        typer.echo(trouble, err=True)
    if shelf.broken:
        raise typer.Exit(1)


@portals.command("check")
def check_portals(portal: Annotated[str | None, typer.Argument(help="One slug; all where it is left out.")] = None) -> None:
    """Check sheets; every problem with file:line:column. Exit 1 where there is one.

    Example: `portalwatch portals check storm_mg`
    """
    if portal is not None:
        loader.sheet(portal, settings())
        typer.echo(f"{portal}: reads")
        return
    shelf = loader.shelf(settings())
    if shelf.broken:
        raise PortalwatchError("\n".join(shelf.broken.values()))
    typer.echo(f"{len(shelf.sheets)} sheets read")


def _verdict(succeeded: object) -> str:
    return {True: "well", False: "FAILED"}.get(succeeded, "")  # type: ignore[call-overload, no-any-return]
