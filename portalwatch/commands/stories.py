"""stories and forget: what was kept, and what must go."""

from typing import Annotated

import typer
from sqlalchemy import func, select

from pipelines.config import settings
from pipelines.errors import PortalwatchError
from pipelines.points import Point, passing
from pipelines.store import comments, forget
from pipelines.store.database import in_one_transaction, open_store, reading
from pipelines.store.tables import ArticleRow, Story, Telling
from portalwatch import show

stories = typer.Typer(no_args_is_help=True, help="Stories: what one or several articles tell.")


def add_to(app: typer.Typer) -> None:
    """Hang in the group, and forget."""
    app.add_typer(stories, name="stories")
    app.command("forget")(forget_command)


@stories.command("list")
def list_stories(
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """The newest stories, with how often each was told.

    Example: `portalwatch stories list --limit 5`
    """
    query = select(Story, func.count(Telling.article_id)).join(Telling).group_by(Story.id).order_by(Story.id.desc()).limit(limit)
    with reading(open_store(settings())) as session:
        lines = [
            {"story": story.id, "title": story.title, "first_seen_at": story.first_seen_at, "tellings": count}
            for story, count in session.execute(query)
        ]
    if as_json:
        show.jsonl(lines)
    else:
        show.rows(
            ("story", "first seen", "tellings", "title"),
            [(s["story"], s["first_seen_at"], s["tellings"], s["title"]) for s in lines],
            empty="no story yet: nothing was crawled",
        )


@stories.command("show")
def show_story(story: Annotated[int, typer.Argument(help="The story's number.")]) -> None:
    """Every telling of a story, with what decided that it is one.

    Example: `portalwatch stories show 12`
    """
    query = (
        select(Telling, ArticleRow)
        .join(ArticleRow, ArticleRow.id == Telling.article_id)
        .where(Telling.story_id == story)
        .order_by(ArticleRow.id)
    )
    with reading(open_store(settings())) as session:
        found = session.execute(query).all()
        if not found:
            raise PortalwatchError(f"no story has the number {story}; `portalwatch stories list` shows them")
        for telling, article in found:
            publisher = "、".join(article.publisher)
            revised = f"; revision {article.revision}" if article.revision else ""
            typer.echo(f"{telling.role:<6} {show.plain(article.first_seen_at)}  {article.portal}  {publisher}")
            for line in (article.title, article.url, telling.why + revised):
                typer.echo(f"       {show.plain(line)}")


def forget_command(
    what: Annotated[str, typer.Argument(metavar="URL|COMMENTER", help="An article's address (any form of it), or a commenter's name.")],
) -> None:
    """Remove an article, or a commenter's comments, from database, outbox and archive, and keep crawls from bringing it back.

    Example: `portalwatch forget https://www.storm.mg/article/4869000`
    """
    from spiders.job import now

    on = open_store(settings())
    if not what.startswith(("http://", "https://")):
        if "/" in what or what.startswith("www."):
            raise typer.BadParameter(f"`{what}` looks like an address: write it with https://")
        removed = in_one_transaction(on, lambda session: comments.forget_commenter(session, what, now()))
        if not removed:
            raise PortalwatchError(f"no comment of `{what}` was found; should one come, it is not kept")
        typer.echo(f"{removed} comments removed; new ones of this commenter are not kept")
        return
    _forget_url(what)


def _forget_url(url: str) -> None:
    from pipelines.archive.forget import forget as forget_archived
    from pipelines.archive.place import open_place
    from pipelines.archive.writer import adopt
    from spiders import loader

    place = open_place(settings())
    sheet = loader.sheet_for(url, settings())
    known = sheet.identify(url) if sheet else None
    if sheet is None or known is None:
        raise PortalwatchError(f"{url}: no sheet knows it as an article")
    identity, fetched = known
    kept = in_one_transaction(open_store(settings()), lambda session: forget.forget_article(session, sheet.slug, identity))
    if kept is None:
        raise PortalwatchError(f"{url}: was never read")
    passing(Point.FORGET_STORED)
    adopt(place, sheet.slug)
    records = forget_archived(place, sheet.slug, {identity, url, fetched, kept})
    typer.echo(f"{sheet.slug} {identity}: removed, with {records} archived pages; crawls leave it alone from now on")
