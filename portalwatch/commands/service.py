"""up, crawl, doctor, db: running the house and looking after it."""

import contextlib
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from pipelines import pulse
from pipelines.config import settings
from pipelines.errors import PortalwatchError
from pipelines.hiding import hidden
from pipelines.sheet import Sheet
from pipelines.store.database import engine, in_words, open_store, reading, upgrade, version
from pipelines.store.tables import Run
from portalwatch import network, show
from portalwatch.progress import live

if TYPE_CHECKING:
    from pipelines.store.watchlists import Active
    from spiders.loader import Shelf

db = typer.Typer(no_args_is_help=True, help="The database's schema.")


def add_to(app: typer.Typer) -> None:
    """Hang in up, crawl, doctor and db."""
    app.command()(up)
    app.command()(crawl)
    app.command()(doctor)
    app.add_typer(db, name="db")


def up(
    port: Annotated[int, typer.Option(help="Airflow's port; another is chosen where it is taken.")] = 8080,
    dags: Annotated[Path, typer.Option(help="Folder of the DAG files.")] = Path("dags"),
) -> None:
    """Start everything on this machine and watch the portals until Ctrl-C.

    Example: `portalwatch up --port 8090`
    """
    from portalwatch.airflow import WEB
    from portalwatch.airflow.pools import Keeper
    from portalwatch.opening import opening
    from portalwatch.signals import stopping
    from portalwatch.stack import home_lock, running

    if not dags.is_dir():
        raise typer.BadParameter(f"no folder {dags}; run it in the checkout, or name the folder with --dags")
    shelf, active = check()
    for line in opening(settings(), shelf, active):
        typer.echo(hidden(show.plain(line), settings()), err=True)
    try:
        with stopping(), home_lock(settings()), running(settings(), dags, port=port) as stack, contextlib.ExitStack() as cleanup:
            typer.echo(f"Airflow    {stack.airflow_url}   user admin, password {stack.password()}", err=True)
            typer.echo(f"Figures    {stack.airflow_url}{WEB}metrics and …{WEB}health, once logged in there", err=True)
            typer.echo("Ctrl-C stops everything. In another terminal, `portalwatch doctor` tells what is wrong.", err=True)
            told, keeper = datetime.now(UTC), Keeper(settings(), stack.env)
            cleanup.callback(keeper.stop)
            while True:
                keeper.look(_sheets)
                for name in stack.children.mend():
                    typer.echo(f"{name} had died and was started again", err=True)
                told = _tell_runs(told)
                time.sleep(1)
    except KeyboardInterrupt:
        typer.echo("stopped; nothing is left running", err=True)


def _sheets() -> list[Sheet]:
    from spiders import loader

    return list(loader.shelf(settings()).sheets.values())


def _tell_runs(since: datetime) -> datetime:
    """One line for each run that ended after `since`; gives the end of the newest."""
    query = select(Run).where(Run.finished_at > since).order_by(Run.finished_at)
    with reading(open_store(settings())) as session:
        ended = session.scalars(query).all()
    for run in ended:
        counts = ", ".join(f"{count} {outcome}" for outcome, count in run.outcomes.items()) or "nothing found"
        told = f"{run.portal} {run.history}" if run.history else run.portal
        typer.echo(show.plain(f"{told}: {counts if run.succeeded else f'FAILED: {run.reason}'}"), err=True)
    return max([since, *(run.finished_at for run in ended if run.finished_at)])


def crawl(
    portal: Annotated[str, typer.Argument(help="The portal's slug, as `portalwatch portals list` shows it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the run as one JSON object.")] = False,
) -> None:
    """Crawl one portal now, without Airflow; a terminal shows how far it is. Exit 1 where the run could not see its portal.

    Example: `portalwatch crawl dw_zh --json`
    """
    from spiders import loader
    from spiders.crawl import RunFailed
    from spiders.crawl import crawl as run

    loader.path_of(portal, settings())
    try:
        with live(as_json=as_json) as onlooker:
            told = run(portal, settings(), onlooker=onlooker)
    except RunFailed as failed:
        if as_json or failed.summary["discovered"]:
            _tell(failed.summary, as_json)
        if network.UNRESOLVED in (failed.summary["reason"] or "") and network.is_away(_sheets()):
            raise PortalwatchError(f"{portal}: {network.AWAY}") from None
        raise
    _tell(told, as_json)


def doctor(exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 1 where something is wrong, for cron.")] = False) -> None:
    """Look at everything that can be wrong: settings, database, Redis, watchlist, sheets, last runs, dead alerts,
    whether crawls, deliveries and the canary still happen, and whether each channel in use could take a message (nothing is sent).

    Example: `portalwatch doctor --exit-code`
    """
    from pipelines.health.doctor import examine
    from portalwatch import reach
    from spiders import loader

    shelf = loader.shelf(settings())
    findings = [*examine(settings(), shelf.broken, {slug: sheet.name for slug, sheet in shelf.sheets.items()}), *reach.told(settings())]
    for finding in findings:
        typer.echo(hidden(f"{'ok  ' if finding.ok else 'FAIL'} {finding.what}: {finding.how}", settings()))
    quiet = pulse.told(settings(), shelf.sheets)
    for silence in quiet:
        typer.echo(hidden(f"FAIL {silence.part}: {silence.how}", settings()))
    wrong = [finding.what for finding in findings if not finding.ok] + [silence.part for silence in quiet]
    if exit_code and wrong:
        typer.echo(f"wrong: {', '.join(dict.fromkeys(wrong))}", err=True)
        raise typer.Exit(1)


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database's schema to this release's.

    Example: `PORTALWATCH_DATABASE_URL=postgresql://… portalwatch db upgrade`
    """
    settings().ensure_home()
    on = engine(settings().database)
    try:
        before = version(on)[0]
        upgrade(on)
    except DBAPIError as error:
        raise PortalwatchError(in_words(error)) from None
    typer.echo(f"schema {before or 'empty'} -> {version(on)[1]}")


def check() -> "tuple[Shelf, Active]":
    """Refuse to start on an unknown portal, or on a watchlist that never ran and does not read, before anything is started."""
    from pipelines.store.watchlists import activate
    from spiders import loader

    given = settings()
    return loader.shelf(given), activate(open_store(given), given.watchlist, given.aliases, datetime.now(UTC), given.compiled)


def _tell(told: Any, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(dict(told), ensure_ascii=False))
        return
    counts = ", ".join(f"{count} {outcome}" for outcome, count in told["outcomes"].items()) or "nothing"
    typer.echo(f"{told['portal']}: {told['discovered']} discovered ({counts}), {told['bytes']:,} bytes, {told['finish_reason']}")
