"""topics: the watchlist, checked and tried."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from sqlalchemy import func, select

from pipelines.config import settings
from pipelines.errors import ConfigError, WrongUseError
from pipelines.store import verdicts
from pipelines.store.database import open_store, reading
from pipelines.store.tables import AlertRow, Match, Verdict
from portalwatch import show
from portalwatch.past import chosen, of_file
from spiders import loader

if TYPE_CHECKING:
    from pipelines.watch.topic import Topic

AROUND = 8  # words around a term that are told of
topics = typer.Typer(no_args_is_help=True, help="Topics: what is watched for, and what it found.")


def add_to(app: typer.Typer) -> None:
    """Hang in the group."""
    app.add_typer(topics, name="topics")


@topics.command("list")
def list_topics(as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False) -> None:
    """Every topic of the watchlist with its matches and alerts so far, and how many of the articles alerted of were relevant.

    Where the file is refused these are the topics of the version that runs on; it is told what is wrong, and the exit is 1.

    Example: `portalwatch topics list`
    """
    from pipelines.store.watchlists import REFUSED, standing

    engine = open_store(settings())
    active = standing(engine, settings().watchlist, settings().aliases, settings().compiled)
    watchlist = active.watchlist
    with reading(engine) as session:
        matches = dict(session.execute(select(Match.topic, func.count()).group_by(Match.topic)).all())
        owed = dict(session.execute(select(AlertRow.topic, func.count()).group_by(AlertRow.topic)).all())
        shares = verdicts.shares(session)
        judged = set(session.scalars(select(Verdict.topic).distinct()))
    lines = [
        {
            "topic": slug,
            "title": topic.title,
            "query": topic.query,
            "channels": list(topic.channels),
            "matches": matches.get(slug, 0),
            "alerts": owed.get(slug, 0),
            "alerted": shares.get(slug, (0, 0))[0],
            "irrelevant": shares.get(slug, (0, 0))[1],
        }
        for slug, topic in watchlist.topics.items()
    ]
    if as_json:
        show.jsonl(lines)
    else:
        told = {slug: _relevant(*shares[slug]) for slug in judged & shares.keys()}
        cells = [(t["topic"], t["title"], t["matches"], t["alerts"], told.get(str(t["topic"]), ""), t["query"]) for t in lines]
        show.rows(("topic", "title", "matches", "alerts", "relevant", "query"), cells, empty="the watchlist has no topic")
    if active.trouble:
        raise ConfigError(REFUSED.format(version=watchlist.version, trouble=active.trouble))


def _relevant(alerted: int, irrelevant: int) -> str:
    """The share of the articles alerted of that nobody called irrelevant."""
    return f"{(alerted - irrelevant) / alerted:.0%} of {alerted}"


@topics.command("check")
def check(
    watchlist: Annotated[Path | None, typer.Argument(help="The file; that of the configuration where it is left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, also of a watchlist that is refused.")] = False,
) -> None:
    """Check a watchlist, its queries and samples; every problem with file:line:column. Exit 1 where there is one.

    What a channel that is used still needs (a secret, a mail server), and which topics alert nobody, is told on stderr, and changes
    no exit code.

    Example: `portalwatch topics check config/watchlist.yaml`
    """
    from pipelines.watch.watchlist import load_watchlist
    from portalwatch.commands.lint import trap_warnings
    from portalwatch.needs import needs, unheard

    path = chosen(watchlist)
    aliases = path.with_name("aliases.yaml")
    told: dict[str, Any] = {"file": str(path), "version": None, "topics": 0, "channels": 0, "problems": [], "needs": [], "traps": 0}
    try:
        with show.stages(str(path)) as tell:
            read = load_watchlist(path, aliases if aliases.exists() else None, progress=tell)
            tell("looking for traps", 0, 0)
            warnings = trap_warnings(read)
        loader.refuse_unknown_portals(read, settings())
    except ConfigError as error:
        if not as_json:
            raise
        show.jsonl([told | {"problems": error.problems}])
        raise typer.Exit(1) from None
    lacking = [*needs(read, settings()), *unheard(read, datetime.now(UTC).date())]
    if as_json:
        counts = {"topics": len(read.topics), "channels": len(read.channels), "traps": warnings}
        show.jsonl([told | counts | {"version": read.version, "needs": lacking}])
        return
    typer.echo(f"{path}: {show.counted(len(read.topics), 'topic')}, {show.counted(len(read.channels), 'channel')}, version {read.version}")
    for need in lacking:
        typer.echo(f"{path}: {need}", err=True)
    if warnings:
        typer.echo(f"{show.counted(warnings, 'trap warning')} about short terms: `portalwatch topics lint {path}` tells them")


@topics.command("expand")
def expand(
    query: Annotated[str, typer.Argument(help="A query, or the name of a topic of the watchlist: its query with its alias lists.")],
    take: Annotated[list[str] | None, typer.Option("--take", metavar="LIST", help="An alias list to take; more by repeating.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, one a term.")] = False,
) -> None:
    """Every form of a query's terms that is looked for: scripts, regional words, aliases. `territories` is taken by every query.

    A topic is expanded by its name; a query of that one word, by the word in quotes.

    Example: `portalwatch topics expand '北韓 AND 普京' --take leaders`
    """
    from pipelines.watch.aliases import TERRITORIES, read_aliases, unknown_name
    from pipelines.watch.explain import expansion
    from pipelines.watch.watchlist import SHIPPED_ALIASES
    from pipelines.yamlfile import read_yaml

    lists = read_aliases(read_yaml(settings().aliases if settings().aliases.exists() else SHIPPED_ALIASES))
    for name in take or ():
        if name not in lists.lists:
            raise WrongUseError(unknown_name(name, sorted(lists.lists), "alias list"))
    topic = _topic(query)
    if topic and not as_json:
        typer.echo(f"topic {topic.slug} asks for {topic.asked}")
    own = (topic.asked, topic.aliases) if topic else (query, (TERRITORIES,))
    found = expansion(own[0], lists, tuple(dict.fromkeys((*own[1], *(take or ())))))
    if as_json:
        show.jsonl(map(asdict, found))
        return
    for each in found:
        more = f" · and {len(each.not_inside) - AROUND} more" if len(each.not_inside) > AROUND else ""
        inside = f"; not inside {' · '.join(each.not_inside[:AROUND])}{more}" if each.not_inside else ""
        typer.echo(f"{each.term}: {' · '.join(each.forms)}{inside}")


def _topic(name: str) -> "Topic | None":
    """The topic of that name; None where no watchlist that reads has it: then it is a query."""
    path = settings().watchlist
    try:
        return of_file(path).topics.get(name) if path.exists() else None
    except WrongUseError:
        return None


@topics.command("schema")
def schema() -> None:
    """The JSON Schema of watchlist.yaml, for editors.

    Example: `portalwatch topics schema > watchlist.schema.json`
    """
    from pipelines.watch.file import schema_of

    typer.echo(json.dumps(schema_of(), ensure_ascii=False, indent=2))
