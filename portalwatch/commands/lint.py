"""topics lint, topics near: what a query takes by accident, and what it nearly takes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.config import settings
from pipelines.errors import WrongUseError
from pipelines.store.database import has_store, open_store, reading
from pipelines.yamlfile import suggestion
from portalwatch import show
from portalwatch.commands.topics import topics
from portalwatch.past import chosen

if TYPE_CHECKING:
    from pipelines.store.recent import Recent
    from pipelines.watch.aliases import AliasLists
    from pipelines.watch.near import NearMiss
    from pipelines.watch.readable import Readable
    from pipelines.watch.traps import Trap
    from pipelines.watch.trials import Asked
    from pipelines.watch.watchlist import Watchlist

MOST_LINTED = 5000  # articles: enough for neighbours, and a few seconds
MOST_NEAR = 100_000
COMMAND_LINE = "query"  # what a query of the command line is called among topics


def add_to(_app: typer.Typer) -> None:
    """Hang in the group `topics`."""
    topics.command("lint")(lint)
    topics.command("near")(near)


def lint(
    watchlist: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="The watchlist; the configuration's if left out.")] = None,
    query: Annotated[str | None, typer.Option(help="A query instead of a watchlist.")] = None,
    days: Annotated[int, typer.Option(min=1, help="Articles of so many days are looked at.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, one a short term.")] = False,
) -> None:
    """Traps for short terms: longer words that hold them, what stands beside them in the archive, and the query without the trap.

    Example: `portalwatch topics lint --query '中共 OR 人民'`
    """
    from pipelines.watch.traps import traps

    aliases, asked = _queries(watchlist, query)
    articles = list(_recent(days, MOST_LINTED))
    found = traps(aliases, asked, [text for _, text in articles])
    told = [(topic, trap) for topic, each in found.items() for trap in each]
    if as_json:
        show.jsonl(_trap_line(topic, trap) for topic, trap in told)
        return
    for topic, trap in told:
        for line in _sentences(topic, trap):
            typer.echo(show.plain(line))
    typer.echo(f"{len(told)} short terms, {sum(trap.is_warning for _, trap in told)} trap warnings; {_ground(len(articles), days)}")


def near(
    topic: Annotated[str, typer.Argument(help="A topic of the watchlist.")],
    days: Annotated[int, typer.Option(min=1, help="Articles of so many days are looked at.")] = 7,
    limit: Annotated[int, typer.Option(min=1, help="How many are told, the nearest first.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Near misses: articles that one change of the topic's query would have taken, and which change that is.

    Example: `portalwatch topics near dprk-russia --days 14`
    """
    from pipelines.watch.near import NearMisses

    read = _watchlist(chosen(None))
    if topic not in read.topics:
        there = ", ".join(read.topics)
        raise WrongUseError(f"no topic is called `{topic}`{suggestion(topic, list(read.topics)) or f'; there are: {there}'}")
    misses, reads = NearMisses(read.aliases, asked_of(read)[topic]), _reads(read, topic)
    seen = 0

    def articles() -> Iterator[tuple["Recent", "Readable"]]:
        nonlocal seen
        for row, article in _recent(days, MOST_NEAR):
            seen += 1
            if reads(article):
                yield row, article

    found = misses.ranked(articles())
    if as_json:
        show.jsonl(_miss_line(topic, miss) for miss in found[:limit])
        return
    cells = [(miss.change.what, miss.article.portal, miss.article.title, _words(miss), miss.article.url) for miss in found[:limit]]
    show.rows(("change", "portal", "title", "words", "url"), cells, empty=f"no near misses; {_looked_at(seen, days)}")
    if found:
        typer.echo(f"{len(found)} near misses: {_counted(found)}; {_looked_at(seen, days)}")


def trap_warnings(read: "Watchlist") -> int:
    """How many terms of the watchlist stand in a known trap; quick, since the archive is not asked."""
    from pipelines.watch.traps import may_have_traps, traps

    asked = {slug: each for slug, each in asked_of(read).items() if may_have_traps(each.query)}
    return sum(trap.is_warning for each in traps(read.aliases, asked).values() for trap in each)


def _queries(path: Path | None, query: str | None) -> tuple["AliasLists", dict[str, "Asked"]]:
    """The alias lists, and what is asked: the one query, or those of a watchlist."""
    from pipelines.watch.aliases import TERRITORIES, read_aliases
    from pipelines.watch.query import parse
    from pipelines.watch.trials import Asked
    from pipelines.yamlfile import Document, read_yaml

    if query is None:
        read = _watchlist(chosen(path))
        return read.aliases, asked_of(read)
    if path is not None:
        raise typer.BadParameter("a file or --query, not both")
    parse(query)
    aliases = read_aliases(read_yaml(settings().aliases) if settings().aliases.exists() else Document("aliases.yaml", ""))
    return aliases, {COMMAND_LINE: Asked(query=query, taken=(TERRITORIES,))}


def _watchlist(path: Path) -> "Watchlist":
    from pipelines.watch.watchlist import load_watchlist

    beside = path.with_name("aliases.yaml")
    return load_watchlist(path, beside if beside.exists() else None)


def asked_of(read: "Watchlist") -> dict[str, "Asked"]:
    """What each topic asks."""
    from pipelines.watch.trials import Asked

    return {slug: Asked(query=topic.query, taken=topic.aliases, portals=frozenset(topic.portals)) for slug, topic in read.topics.items()}


def _reads(read: "Watchlist", topic: str) -> Callable[["Readable"], bool]:
    """Whether an article is of the publishers and languages that the topic reads."""
    from pipelines.watch.narrowed import narrowed
    from pipelines.watch.trials import Asked, Trials

    entry = read.topics[topic]
    trials = Trials(read.aliases, [Asked(query=narrowed(replace(entry, query="/^./")), taken=entry.aliases)])
    return lambda article: bool(trials.hits(article))


def _recent(days: int, limit: int) -> Iterator[tuple["Recent", "Readable"]]:
    from pipelines.store.recent import recent
    from spiders.job import now

    if has_store(settings()):
        with reading(open_store(settings())) as session:
            yield from recent(session, now() - timedelta(days=days), limit)


def _looked_at(articles: int, days: int) -> str:
    if not articles:
        return f"the archive holds no article of the last {days} days, so this says nothing yet"
    return f"{show.counted(articles, 'article')} of {show.counted(days, 'day')} were looked at"


def _ground(articles: int, days: int) -> str:
    if not articles:
        return f"the archive holds no article of the last {days} days: only the built-in list was looked at"
    return f"the built-in list and {articles} articles of {days} days were looked at"


def _sentences(topic: str, trap: "Trap") -> Iterator[str]:
    about = f"{topic}: {trap.term}"
    if seen := trap.seen:
        counts = f"{show.counted(seen.hits, 'time')} in {show.counted(seen.articles, 'article')}"
        yield f"{about}: {counts}" + _beside("before it", seen.left) + _beside("behind it", seen.right)
        for word in seen.words:
            yield f"  {word.text}: {word.count}" + (", another word reaches into the term" if word.is_across else ", a longer word")
        if seen.words:
            yield f"  {seen.inside:.0%} of its occurrences lie inside these"
    elif trap.is_warning:
        yield about
    if trap.known:
        yield f"  known traps: {', '.join(trap.known)}"
    if trap.proposal:
        yield f"  write: {trap.proposal}"
    if trap.perhaps:
        yield f"  or, if the longer words are not meant: {trap.perhaps}"


def _beside(where: str, counts: Sequence[tuple[str, int]]) -> str:
    return f"; {where} {', '.join(f'{char} {count}' for char, count in counts)}" if counts else ""


def _trap_line(topic: str, trap: "Trap") -> dict[str, Any]:
    seen = asdict(trap.seen) if trap.seen else None
    rest = {"known": trap.known, "archive": seen, "proposal": trap.proposal, "perhaps": trap.perhaps}
    return {"topic": topic, "term": trap.term, "warning": trap.is_warning, **rest}


def _miss_line(topic: str, miss: "NearMiss[Recent]") -> Mapping[str, Any]:
    article, asked = miss.article, miss.change.asked
    return {
        "topic": topic,
        "article": article.id,
        "url": article.url,
        "title": article.title,
        "portal": article.portal,
        "first_seen_at": article.first_seen_at,
        "kind": miss.change.kind.name.lower(),
        "change": miss.change.what,
        "query": asked.query,
        "aliases": asked.taken,
        "portals": sorted(asked.portals),
        "terms": [asdict(hit) for hit in miss.hits],
    }


def _words(miss: "NearMiss[Recent]") -> str:
    return " · ".join(dict.fromkeys(hit.as_written for hit in miss.hits))


def _counted(found: "Sequence[NearMiss[Recent]]") -> str:
    """How many each change would take; a distance or a count is one change whatever its number."""
    by_change = groupby(sorted(found, key=_group), key=_group)
    counts = sorted(((len(list(each)), what) for (_, what), each in by_change), key=lambda each: -each[0])
    return ", ".join(f"{count} {what}" for count, what in counts[:5])


def _group(miss: "NearMiss[Recent]") -> tuple[int, str]:
    what = miss.change.what
    return miss.change.kind, f"by another {what.rsplit(' instead of ', 1)[1]}" if miss.change.kind.name in ("NEAR", "COUNT") else what
