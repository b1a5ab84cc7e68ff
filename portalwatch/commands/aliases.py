"""aliases: the names that mean the same; what they hold, whether they agree, and what the archive suggests."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.config import settings
from pipelines.errors import WrongUseError
from portalwatch import show

if TYPE_CHECKING:
    from pipelines.store.tales import Told
    from pipelines.watch.aliases import AliasLists
    from pipelines.watch.mining import Telling

EVERY = 500  # stories between two lines of progress where nobody looks at a terminal
REGIONS = {"Asia/Taipei": "TW", "Asia/Hong_Kong": "HK", "Asia/Macau": "HK", "Asia/Singapore": "SG", "Asia/Kuala_Lumpur": "SG"}
aliases = typer.Typer(no_args_is_help=True, help="Aliases: the names and words that mean the same.")


def add_to(app: typer.Typer) -> None:
    """Hang in the group."""
    app.add_typer(aliases, name="aliases")


@aliases.command("list")
def list_aliases(
    name: Annotated[str | None, typer.Argument(metavar="LIST", help="A list or a group; the lists alone where it is left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines: {list, group, terms}.")] = False,
) -> None:
    """The alias lists, or the groups of one.

    Example: `portalwatch aliases list leaders`
    """
    lists = _lists(None).lists
    lines = [
        {"list": each, "group": group, "terms": list(terms)}
        for each, groups in lists.items()
        for group, terms in groups.items()
        if name is None or name.lower() in (each.lower(), group.lower())
    ]
    if name is not None and not lines:
        raise WrongUseError(_unknown(name))
    if as_json:
        show.jsonl(lines)
    elif name is None:
        show.rows(("list", "groups", "takes"), [(each, len(groups), f"@{each}") for each, groups in lists.items()], empty="")
    else:
        show.rows(("list", "group", "terms"), [(line["list"], line["group"], " · ".join(line["terms"])) for line in lines], empty="")


@aliases.command("check")
def check(
    file: Annotated[Path | None, typer.Argument(help="The file; that of the configuration where it is left out.")] = None,
) -> None:
    """Check an alias file, and tell where its groups get into each other's way. Exit 1 where it cannot be read.

    Example: `portalwatch aliases check config/aliases.yaml`
    """
    from pipelines.watch import overlaps

    lists = _lists(file)
    for shared in overlaps.shared(lists):
        if any(name != "territories" for name, _ in shared.groups):
            typer.echo(f"`{shared.form}` stands for {' and '.join('.'.join(group) for group in shared.groups)}")
    for inside in overlaps.inside(lists):
        where = f"`{inside.form}` ({'.'.join(inside.group)}) is found in `{inside.longer}` ({'.'.join(inside.other)})"
        typer.echo(f"{where}: put that into look_alikes where it should not count")
    for (name, group), term in overlaps.repeated(lists):
        typer.echo(f"{name}.{group}: `{term}` is joined by folding already")
    counts = ", ".join(f"{len(groups)} {name}" for name, groups in lists.lists.items())
    typer.echo(f"{file or _path()}: {counts}")


@aliases.command("suggest")
def suggest(
    least: Annotated[int, typer.Option(min=2, help="In how many stories a pair must have been replaced.")] = 3,
    limit: Annotated[int, typer.Option(min=1, help="How many, the best supported first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines: {terms, sides, stories, kept, known, examples}.")] = False,
) -> None:
    """Pairs of names that stories told in two scripts or regions suggest, as YAML to paste into aliases.yaml.

    Look at each before you take it: what an editor always replaces (中央社, 新华社) looks like an alias too.

    Example: `portalwatch aliases suggest --least 5`
    """
    from pipelines.store import tales
    from pipelines.store.database import open_store, reading
    from pipelines.watch import mining
    from portalwatch.suggested import as_line, as_yaml

    lists = _lists(None)
    side_of, two_sided = _sides(), set[int]()
    with reading(open_store(settings())) as session, _progress(2 * tales.count_retold(session)) as tick:

        def read() -> Iterator[Sequence["Telling"]]:
            for tellings in tales.retold(session):
                tick()
                sided = _told(tellings, side_of)
                if mining.paired(sided):
                    two_sided.add(tellings[0].story)
                yield sided

        found = mining.suggestions(read, lists, least)[:limit]
        scripts = tales.scripts(session)
    if as_json:
        show.jsonl(as_line(each) for each in found)
    elif found:
        typer.echo(as_yaml(found, lists))
    if not found:
        typer.echo(_nothing(len(two_sided), scripts, least), err=as_json)


def _nothing(two_sided: int, scripts: dict[str, int], least: int) -> str:
    if two_sided:
        return f"{two_sided} stories are told in two scripts or regions; no pair of names in {least} of them is new to the alias lists"
    if not scripts:
        return "the archive is empty: nothing was crawled yet"
    held = ", ".join(f"{count} {script}" for script, count in sorted(scripts.items()))
    return f"no story is told in two scripts or regions yet; articles by script: {held}"


def _told(tellings: Iterable["Told"], side_of: Callable[[str, str | None], str | None]) -> list["Telling"]:
    from pipelines.watch.mining import Telling

    sided = ((side_of(told.portal, told.script), told) for told in tellings)
    return [Telling(side, f"{told.title}\n\n{told.text}") for side, told in sided if side]


def _sides() -> Callable[[str, str | None], str | None]:
    """An article's side: its script, with the region where the portal's zone tells it; None for mixed and other scripts."""
    from spiders import loader

    zones = {slug: str(loader.sheet(slug, settings()).timezone) for slug in loader.paths(settings())}

    def side(portal: str, script: str | None) -> str | None:
        if script not in ("Hans", "Hant"):
            return None
        return "-".join(filter(None, (script, REGIONS.get(zones.get(portal, "")))))

    return side


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """To be called a story: a bar on a terminal, a line every 500 elsewhere; always on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    if not sys.stderr.isatty():
        done = 0

        def counting() -> None:
            nonlocal done
            done += 1
            if done % EVERY == 0:
                typer.echo(f"{done} of {total}", err=True)

        yield counting
        return
    with Progress(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda: progress.advance(task)


def _path() -> Path:
    from pipelines.watch.watchlist import SHIPPED_ALIASES

    return settings().aliases if settings().aliases.exists() else SHIPPED_ALIASES


def _lists(file: Path | None) -> "AliasLists":
    from pipelines.watch.aliases import read_aliases
    from pipelines.yamlfile import read_yaml

    return read_aliases(read_yaml(file or _path()))


def _unknown(name: str) -> str:
    from pipelines.watch.aliases import unknown_name

    return unknown_name(name, _lists(None).names(), "alias list or group")
