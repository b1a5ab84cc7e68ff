"""retention: what ages out by rule, told before it goes."""

import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from pipelines import rounds
from pipelines.archive import retention as archived
from pipelines.archive.place import open_place
from pipelines.config import settings
from pipelines.errors import PortalwatchError
from pipelines.store import retention as store
from pipelines.store.database import open_store
from portalwatch import show

COLUMNS = ("table", "portal", "goes", "oldest", "newest", "stays")


def add_to(app: typer.Typer) -> None:
    """Hang it in."""
    app.command("retention")(retention)


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and leave it.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Remove what is older than the settings keep it; the daily upkeep does the same.

    May be stopped at any time, and goes on when it is called again.

    Example: `portalwatch retention --dry-run`
    """
    if dry_run:
        _tell_plan(as_json)
        return
    engine, since = open_store(settings()), datetime.now(UTC)
    aged = store.age_out(engine, rounds.kept(settings()), since, _progress)
    files = archived.age_out(open_place(settings()), rounds.limits(settings()), since)
    lines: list[dict[str, Any]] = [{"table": each.table, "gone": each.gone, "younger": each.after} for each in aged]
    lines.append({"table": "archive files", "gone": files, "younger": None})
    if as_json:
        show.jsonl(lines)
    else:
        show.rows(("table", "gone", "younger, all there"), [tuple(line.values()) for line in lines], empty="")
    if lost := store.losses(engine, aged, since):
        raise PortalwatchError("\n".join(lost))


def _tell_plan(as_json: bool) -> None:
    present = datetime.now(UTC)
    lines = [*store.plan(open_store(settings()), rounds.kept(settings()), present)]
    told = [{name: getattr(line, name) for name in COLUMNS} for line in lines] + list(_files(present))
    if as_json:
        show.jsonl(told)
        return
    cells = [tuple(line[name] for name in COLUMNS) for line in told if line["goes"]]
    show.rows(COLUMNS, cells, empty="nothing is old enough to go")


def _files(present: datetime) -> Iterator[dict[str, Any]]:
    """The archive's files, by portal."""
    gone, stays = archived.plan(open_place(settings()), rounds.limits(settings()), present)
    by: defaultdict[str, tuple[list[datetime], list[datetime]]] = defaultdict(lambda: ([], []))
    for place, files in ((0, gone), (1, stays)):
        for file in files:
            by[file.portal][place].append(file.begun)
    for portal, (old, young) in sorted(by.items()):
        yield {
            "table": "archive files", "portal": portal, "goes": len(old), "stays": len(young),
            "oldest": min(old, default=None), "newest": max(old, default=None),
        }  # fmt: skip


def _progress(table: str, gone: int, total: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{table}: {gone} of {total}", nl=gone >= total, err=True)
