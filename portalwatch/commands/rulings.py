"""stories split and join: what a person knows better than a threshold, remembered."""

from dataclasses import asdict
from typing import Annotated

import typer

from pipelines.config import settings
from pipelines.store.columns import LARGEST
from pipelines.store.database import in_one_transaction, open_store
from portalwatch import show
from portalwatch.commands.stories import stories

AsJson = Annotated[bool, typer.Option("--json", help="Print what was done as one JSON object.")]


def add_to(_app: typer.Typer) -> None:
    """Nothing to hang in: `split` and `join` belong to the stories."""


@stories.command("split")
def split(
    story: Annotated[int, typer.Argument(max=LARGEST, help="The story's number.")],
    articles: Annotated[list[int], typer.Argument(max=LARGEST, help="Its articles that are another story, by number.")],
    as_json: AsJson = False,
) -> None:
    """Take articles out of a story into one of their own. Copies go to the nearer side from now on; nobody is told of it.

    `stories join` undoes it, and this undoes a join.

    Example: `portalwatch stories split 12 31 40`
    """
    from pipelines.store import byhand
    from spiders.job import now

    done = in_one_transaction(open_store(settings()), lambda session: byhand.split(session, story, articles, now()))
    if as_json:
        show.jsonl([asdict(done)])
        return
    if not done.articles:
        typer.echo(f"story {done.other} tells that already, split by hand from story {done.story}: nothing changed")
        return
    typer.echo(
        f"story {done.other}: {_articles(done.articles)}, split by hand from story {story}; copies go to the nearer one, nobody is told"
    )
    typer.echo(f"undo it with `portalwatch stories join {story} {done.other}`")


@stories.command("join")
def join(
    story: Annotated[int, typer.Argument(max=LARGEST, help="The story that stays.")],
    other: Annotated[int, typer.Argument(max=LARGEST, help="The story that becomes a part of it.")],
    as_json: AsJson = False,
) -> None:
    """Let one story tell what two told. Who heard of either has heard of both.

    `stories split` undoes it, but for alerts that were cancelled.

    Example: `portalwatch stories join 12 15`
    """
    from pipelines.store import byhand
    from spiders.job import now

    done = in_one_transaction(open_store(settings()), lambda session: byhand.join(session, story, other, now()))
    if as_json:
        show.jsonl([asdict(done)])
        return
    if not done.articles:
        typer.echo(f"story {done.story} tells already what story {done.other} told, joined by hand: nothing changed")
        return
    cancelled = f"; {show.counted(done.cancelled, 'alert')} cancelled that would have told it twice" if done.cancelled else ""
    typer.echo(f"story {story}: joined by hand with story {other}, which brings {_articles(done.articles)}{cancelled}")
    typer.echo(f"undo it with `portalwatch stories split {story} {' '.join(map(str, done.articles))}`")


def _articles(numbers: tuple[int, ...]) -> str:
    return f"article{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
