"""canary, airflow: what watches the watcher, and what an Airflow needs from us."""

import json
from typing import Annotated

import typer

from pipelines.config import settings
from pipelines.errors import PortalwatchError
from pipelines.hiding import hidden

airflow = typer.Typer(no_args_is_help=True, help="What an Airflow needs to run our DAGs.")


def add_to(app: typer.Typer) -> None:
    """Hang in canary and airflow."""
    app.command()(canary)
    app.add_typer(airflow, name="airflow")


def canary(
    as_json: Annotated[bool, typer.Option("--json", help="Print the flight as one JSON object.")] = False,
    tell: Annotated[bool, typer.Option("--tell", help="Tell ops where it breaks, and once when it mends, as the DAG does.")] = False,
    limit: Annotated[float, typer.Option(help="Seconds in which it must be back.", min=1)] = 120.0,
) -> None:
    """Publish a page on a portal of our own, crawl it, and see it come back as mail and webhook. Exit 1 names the stage that broke.

    It uses a store of its own beside yours, and receivers on loopback: nobody else hears of it.

    Example: `portalwatch canary --json`
    """
    from portalwatch.canary.flight import fly
    from portalwatch.canary.telling import told

    flight = fly(settings(), limit)
    if tell:
        told(settings(), flight)
    if as_json:
        typer.echo(hidden(json.dumps(flight.as_json(), ensure_ascii=False), settings()))
    elif flight.broken is None:
        typer.echo("the canary is back: " + ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in flight.took.items()))
    if flight.broken is not None:
        raise PortalwatchError(f"the canary did not come back: {flight.broken} was not reached: {flight.why}")


@airflow.command("pools")
def pools() -> None:
    """Create a pool of one slot for each host that is crawled, so that one crawler at a time visits it; DAGs use those that are there.

    Run it where Airflow's own `airflow` command works, again after a sheet with a new host came; `portalwatch up` does it by itself.

    Example: `portalwatch airflow pools`
    """
    from portalwatch.airflow.pools import make
    from spiders import loader

    made = make(settings(), loader.shelf(settings()).sheets.values())
    typer.echo(f"{len(made)} pools: {', '.join(made)}")
