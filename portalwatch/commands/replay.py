"""reextract and portals try: archived pages read again, by today's rules or by a changed sheet."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.config import settings
from pipelines.errors import ConfigError
from pipelines.extract.differences import Differences, shown
from portalwatch import moments, show
from portalwatch.commands.portals import portals

if TYPE_CHECKING:
    from spiders.comparison import Compared
    from spiders.replay import Replayed, Tell

CHANGED = ("reread", "new", "revised")
WORTH_TELLING = (*CHANGED, "unreadable", "no_body", "failed")
EVERY = 100  # pages between two lines of progress where nobody looks at a terminal


def add_to(app: typer.Typer) -> None:
    """Hang in reextract; `try` belongs to the portals."""
    app.command()(reextract)
    portals.command("try")(try_sheet)


def reextract(
    portal: Annotated[str | None, typer.Argument(help="One portal; all where it is left out.")] = None,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="Only pages that were fetched since then.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Only pages that were fetched until then, a day included.")] = None,
    url: Annotated[str | None, typer.Option(help="Only this article, by any form of its address.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be read differently; keep and send nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines: each page that is not the same, then the counts.")] = False,
) -> None:
    """Read archived pages again after a rule or the extractor changed. New matches go out as one message a recipient.

    Example: `portalwatch reextract dw_zh --since 2026-11-01 --dry-run`
    """
    from spiders.replay import Wanted
    from spiders.replay import reextract as run

    if portal is not None and url is not None:
        raise typer.BadParameter("--url says the portal already")
    wanted = Wanted(portal=portal, since=moments.beginning(since, "--since"), until=moments.end(until, "--until"), url=url, dry=dry_run)
    try:
        with _progress(_teller(dry_run, as_json)) as tell:
            told = run(settings(), wanted, tell)
    except KeyboardInterrupt:
        typer.echo("stopped; what was told is done, and another start goes on. Its new matches go out within the hour.", err=True)
        raise typer.Exit(1) from None
    if as_json:
        show.jsonl([told])
        return
    counts = ", ".join(f"{count} {name}" for name, count in told.items() if name not in ("dry_run", "late", "pages") and count)
    typer.echo(f"{told['pages']} pages{' would be' if dry_run else ''}: {counts or 'none'}")


def try_sheet(
    sheet_file: Annotated[Path, typer.Argument(metavar="SHEET_FILE", help="The changed sheet; it is called after its portal.")],
    archive: Annotated[int, typer.Option(min=1, help="How many archived pages, the newest.")] = 200,
    diffs: Annotated[int, typer.Option(min=0, help="How many pages' differences are shown.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines: every page that differs, whole.")] = False,
) -> None:
    """What a changed sheet would read differently on the last archived pages. Exit 0 where nothing, 1 where something.

    It is compared with the sheet in force, so change a copy in another folder.

    Example: `portalwatch portals try draft/dw_zh.yaml --archive 200`
    """
    from pipelines.sheet import read_sheet
    from spiders import loader
    from spiders.comparison import try_sheet as run

    if sheet_file.resolve() in {path.resolve() for path in loader.paths(settings()).values()}:
        raise typer.BadParameter(f"{sheet_file} is in force: copy it to another folder under the same name, change the copy, and try that")
    if sheet_file.is_file() and sheet_file.stem not in loader.every_path(settings()):
        why = f"`{sheet_file.stem}` has no sheet in force, with which `try` would compare this one"
        raise typer.BadParameter(f"{why}; look at a new sheet with `portalwatch portals check {sheet_file} --dry-run`")
    try:
        compared = run(settings(), read_sheet(sheet_file, base=loader.SHIPPED), archive)
    except (ConfigError, OSError) as error:
        raise typer.BadParameter(str(error)) from None
    different = [each for each in compared if each.differences]
    if as_json:
        show.jsonl({"url": each.url, "at": each.at, **_as_json(each.differences)} for each in different)
    else:
        _tell_compared(compared, different, diffs)
    if different:
        raise typer.Exit(1)


def _tell_compared(compared: Sequence["Compared"], different: Sequence["Compared"], diffs: int) -> None:
    typer.echo(f"{len(compared)} archived pages, {len(different)} read differently (before: by the sheet in force, after: by yours)")
    for name, count in Counter(name for each in different for name in each.differences).most_common():
        typer.echo(f"  {count:>5}  {name}")
    for each in different[:diffs]:
        typer.echo(f"\n{show.plain(each.url)}  ({show.plain(each.at)})")
        _tell_differences(each.differences)
    if len(different) > diffs:
        typer.echo(f"\nand {len(different) - diffs} more; --diffs {len(different)} shows them, --json all of it")


def _teller(dry: bool, as_json: bool) -> "Tell":
    def tell(_done: int, _total: int, replayed: "Replayed") -> None:
        if as_json and replayed.became not in ("same", "not_article"):
            show.jsonl([_line(replayed)])
        elif not as_json and (replayed.became in WORTH_TELLING or replayed.moved):
            typer.echo(" ".join(filter(None, (f"{replayed.became:<10}", show.plain(replayed.url), replayed.why, replayed.moved))))
            if dry:
                _tell_differences(replayed.differences)

    return tell


def _line(replayed: "Replayed") -> dict[str, Any]:
    return {
        "portal": replayed.portal,
        "url": replayed.url,
        "at": replayed.at,
        "became": replayed.became,
        "why": replayed.why or None,
        "moved": replayed.moved,
        "alerts": replayed.alerts,
        **_as_json(replayed.differences),
    }


def _as_json(differences: Differences) -> dict[str, Any]:
    return {"differences": {name: {"before": old, "after": new} for name, (old, new) in differences.items()}}


def _tell_differences(differences: Differences) -> None:
    for line in shown(differences):
        typer.echo(f"    {show.plain(line)}")


@contextmanager
def _progress(tell: "Tell") -> "Iterator[Tell]":
    """`tell`, with a bar on a terminal, and a line now and then elsewhere."""
    if not sys.stderr.isatty():

        def counting(done: int, total: int, replayed: "Replayed") -> None:
            tell(done, total, replayed)
            if done % EVERY == 0 or done == total:
                typer.echo(f"{replayed.portal}: {done} of {total}", err=True)

        yield counting
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, Any] = {}

        def drawing(done: int, total: int, replayed: "Replayed") -> None:
            task = tasks.setdefault(replayed.portal, None) or progress.add_task(replayed.portal, total=total)
            tasks[replayed.portal] = task
            progress.update(task, completed=done)
            tell(done, total, replayed)

        yield drawing
