"""stories: what was kept."""

from typing import Annotated

import typer
from sqlalchemy import func, select

from pipelines.config import settings
from pipelines.store.columns import LARGEST
from pipelines.store.database import open_store, reading
from pipelines.store.tables import Story, Telling
from portalwatch import show
from portalwatch.commands import revisions

stories = typer.Typer(no_args_is_help=True, help="Stories: what one or several articles tell.")


def add_to(app: typer.Typer) -> None:
    """Hang in the group."""
    revisions.add_to(stories)
    app.add_typer(stories, name="stories")


@stories.command("list")
def list_stories(
    limit: Annotated[int, typer.Option(min=1, max=LARGEST, help="How many, newest first.")] = 20,
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
