"""extract, explain: JSON lines in, JSON lines out; stable, for scripts."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.config import settings
from pipelines.errors import WrongUseError
from pipelines.yamlfile import suggestion
from portalwatch import show
from portalwatch.past import chosen


def add_to(app: typer.Typer) -> None:
    """Hang in the two commands; `same` has a module of its own."""
    app.command()(extract)
    app.command()(explain)


def extract(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE…|-]", help="HTML files (.gz too), or - for JSON lines on stdin.")
    ] = None,
) -> None:
    """Read pages: one answer an input, in order; a bad input is answered in its place.

    Example: `portalwatch extract page.html` or `portalwatch extract - < manifest.jsonl`
    """
    from pipelines.extract.answers import answers
    from spiders import loader

    sheets = list(loader.shelf(settings()).sheets.values())
    inputs: Iterator[Any] = iter(files or ["-"])
    given = (item for name in inputs for item in (objects() if name == "-" else [{"file": name}]))
    show.jsonl(answers(given, lambda url: next((sheet for sheet in sheets if sheet.serves(url)), None), sheets))


def explain(
    source: Annotated[str, typer.Argument(metavar="-", help="- for JSON lines on stdin.")] = "-",
    watchlist: Annotated[Path | None, typer.Option(help="The watchlist; that of the configuration where it is left out.")] = None,
    topic: Annotated[str | None, typer.Option(help="Tell this topic's clauses too, whether or not it matches.")] = None,
) -> None:
    """Which topics an article satisfies, with every word that did it; of one topic each clause, that which failed with them.

    Example: `portalwatch explain --watchlist config/watchlist.yaml - < articles.jsonl`
    """
    from pipelines.watch.explain import clauses_of, readable_from
    from pipelines.watch.explain import explain as explained
    from pipelines.watch.watchlist import compile_watchlist, load_watchlist

    _only_stdin(source)
    path = chosen(watchlist)
    aliases = path.with_name("aliases.yaml")
    shelf = settings().compiled if settings().home.is_dir() else None
    loaded = load_watchlist(path, aliases if aliases.exists() else None, shelf=shelf)
    if topic and topic not in loaded.topics:
        raise WrongUseError(f"no topic is called `{topic}`{suggestion(topic, sorted(loaded.topics))} in {path}")
    matcher = compile_watchlist(loaded)
    for given in objects():
        try:
            refuse_bad(given)
            readable = readable_from(given)
            asked = clauses_of(loaded, topic, readable) if topic else {}
            show.jsonl([explained(matcher, readable, given["id"]) | asked])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            show.jsonl([{"id": given.get("id") if isinstance(given, dict) else None, "topics": [], "why": f"bad input: {error}"}])


def objects() -> Iterator[Any]:
    """The JSON values on stdin, a line each; what is none as {"bad": why}, for its answer in its place."""
    for line in sys.stdin.buffer:
        text = line.decode("utf-8", "replace").strip()
        if text:
            try:
                yield json.loads(text)
            except ValueError as error:
                yield {"bad": f"not JSON: {error}"}


def refuse_bad(given: Any) -> None:
    """ValueError for a line that is no JSON."""
    if isinstance(given, dict) and "bad" in given:
        raise ValueError(given["bad"])


def _only_stdin(source: str) -> None:
    if source != "-":
        meant = f"; of an article that we hold `portalwatch why {source}` tells it" if source.isdigit() or "://" in source else ""
        raise typer.BadParameter(f"this command reads JSON lines on stdin: write -{meant}")
