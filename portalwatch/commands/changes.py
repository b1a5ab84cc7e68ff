"""topics diff, rematch, versions, show-version and init: a watchlist that changes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from sqlalchemy import Engine

from pipelines.config import settings
from pipelines.errors import WrongUseError
from pipelines.store.database import open_store, reading
from portalwatch import show
from portalwatch.commands.topics import topics
from portalwatch.past import AsJson, Days, Slug, day, of_file, span
from spiders import loader

if TYPE_CHECKING:
    from pipelines.drift import Drift, Moved
    from pipelines.watch.watchlist import Watchlist


def add_to(_app: typer.Typer) -> None:
    """Hang in the group `topics`."""
    topics.command("diff")(diff)
    topics.command("rematch")(rematch)
    topics.command("versions")(versions)
    topics.command("show-version")(show_version)
    topics.command("init")(init)


def diff(
    watchlist: Annotated[
        str | None, typer.Argument(metavar="[FILE|VERSION]", help="A file, or a version's hash; the configured file where it is left out.")
    ] = None,
    days: Days = 30,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines: each alert, then the counts.")] = False,
) -> None:
    """The alerts that a watchlist would have added to those of the running one, and taken away, in the last days.

    Exit 0 where there are none, 1 where there are some, 2 where it cannot be told.

    Example: `portalwatch topics diff draft.yaml --days 7`
    """
    from pipelines.drift import drift
    from pipelines.store.watchlists import running

    engine = open_store(settings())
    before = running(engine, settings().compiled)
    if before is None:
        raise WrongUseError("no watchlist ever ran here, so there is nothing to compare with; the first crawl makes one run")
    after = _wanted(engine, watchlist)
    with show.counting("matching") as tell:
        found = drift(engine, before, after, span(days), tell)
    _tell_drift(found, (before, after), days, as_json=as_json)
    if found.moved:
        raise typer.Exit(1)


def rematch(
    topic: Annotated[list[str] | None, typer.Option(metavar="SLUG", help="Only this topic; all where it is left out.")] = None,
    days: Days = 30,
    portal: Slug = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would come of it; keep and send nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let changed topics look through the articles that we hold. New matches go out as one late message a recipient.

    What somebody heard of is not told again, and what matched before stays as it was told.

    Example: `portalwatch topics rematch --topic dprk-russia --days 7 --dry-run`
    """
    from pipelines.rematch import Wanted
    from pipelines.rematch import rematch as run

    wanted = Wanted(span=span(days, portal), topics=tuple(topic or ()), dry=dry_run)
    with show.counting("matching") as tell:
        told = run(settings(), wanted, loader.names(settings()), tell)
    if as_json:
        show.jsonl([told])
        return
    would = "would be " if dry_run else ""
    typer.echo(
        f"{told['articles']} articles, {told['matched']} match; {would}{told['new_matches']} new matches, "
        f"{show.counted(told['alerts'], 'late alert')} in {show.counted(told['messages'], 'message')}"
    )


def versions(as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False) -> None:
    """Every watchlist that ever ran, by its hash: since when, until when at least, its topics, and its matches so far.

    Example: `portalwatch topics versions`
    """
    from dataclasses import asdict

    from pipelines.store.watchlists import versions as known

    with reading(open_store(settings())) as session:
        found = known(session)
    if as_json:
        show.jsonl(asdict(each) for each in found)
        return
    cells = [(each.version, each.since, "runs" if each.runs else each.until, each.topics, each.matches) for each in found]
    show.rows(("version", "since", "until", "topics", "matches"), cells, empty="no watchlist ever ran here; the first crawl makes one run")


def show_version(
    version: Annotated[str, typer.Argument(help="The hash, or its beginning.")],
    aliases: Annotated[bool, typer.Option("--aliases", help="Its alias lists instead.")] = False,
) -> None:
    """The file of a version that ran, as it was. `topics diff VERSION` compares it with the running one.

    Example: `portalwatch topics show-version 3f2a > config/watchlist.yaml`
    """
    from pipelines.store.watchlists import version as known

    with reading(open_store(settings())) as session:
        typer.echo(known(session, version).source[aliases], nl=False)


def init(
    file: Annotated[Path | None, typer.Argument(help="Where; the configured file where it is left out.")] = None,
) -> None:
    """Write a commented watchlist to begin with. A file that is there stays as it is.

    Example: `portalwatch topics init`
    """
    from pipelines.watch.starter import write_starter

    path = file or settings().watchlist
    write_starter(path)
    typer.echo(f"{path}: written; put your topics and addresses in, then `portalwatch topics check`")


def _wanted(engine: Engine, named: str | None) -> "Watchlist":
    from pipelines.store.watchlists import version

    path = Path(named) if named else settings().watchlist
    if named is None or path.exists() or not named.isalnum():
        return of_file(path)
    with reading(engine) as session:
        return version(session, named)


def _tell_drift(found: "Drift", versions: tuple["Watchlist", "Watchlist"], days: int, *, as_json: bool) -> None:
    (before, after), (gained, lost) = versions, found.count()
    if as_json:
        show.jsonl(_moved(each) for each in found.moved)
        per_topic = {slug: dict(zip(("gained", "lost"), found.count(slug), strict=True)) for slug in found.topics}
        show.jsonl(
            [{"running": before.version, "version": after.version, "days": days, "gained": gained, "lost": lost, "topics": per_topic}]
        )
        return
    if not found.topics:
        typer.echo(f"{after.name}: no topic differs from the running version {before.version}")
        return
    typer.echo(f"{after.name} against the running version {before.version}, alerts of the last {days} days: +{gained} / −{lost}")
    for slug in found.topics:
        more, less = found.count(slug)
        silent = "" if slug not in after.topics or after.topics[slug].channels else "  (has no channel: its matches alert nobody)"
        typer.echo(f"  {slug}: +{more} / −{less}{silent}")
    cells = [
        ("+" if each.is_gain else "−", each.topic, day(each.seen_at), each.portal, each.title, ", ".join(each.to)) for each in found.moved
    ]
    if cells:
        show.rows(("", "topic", "day", "portal", "title", "to"), cells, empty="")


def _moved(each: "Moved") -> dict[str, Any]:
    return {
        "change": "gained" if each.is_gain else "lost",
        "topic": each.topic,
        "story": each.story,
        "title": each.title,
        "url": each.url,
        "portal": each.portal,
        "seen_at": each.seen_at.isoformat(),
        "to": list(each.to),
    }
