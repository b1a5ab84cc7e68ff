"""Stories that were told more than once, with their texts: what alias pairs are mined from."""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from pipelines.store.tables import ArticleRow, Telling

BATCH = 200  # rows in memory at once


class Told(NamedTuple):
    """One telling of a story."""

    story: int
    portal: str
    script: str | None
    title: str
    text: str


def retold(session: Session) -> Iterator[list[Told]]:
    """The tellings of every story that has two or more, the oldest story first; parts of merged pieces are left out."""
    query = (
        select(Telling.story_id, ArticleRow.portal, ArticleRow.script, ArticleRow.title, ArticleRow.text)
        .join(ArticleRow, ArticleRow.id == Telling.article_id)
        .where(Telling.story_id.in_(_several()), Telling.role != "part")
        .order_by(Telling.story_id, Telling.article_id)
        .execution_options(yield_per=BATCH)
    )
    rows = (Told(*row) for row in session.execute(query))
    return (list(tellings) for _, tellings in groupby(rows, key=lambda told: told.story))


def count_retold(session: Session) -> int:
    """How many stories `retold` gives."""
    return session.scalar(select(func.count()).select_from(_several().subquery())) or 0


def scripts(session: Session) -> dict[str, int]:
    """How many articles each script has; `none` for those without Chinese."""
    rows = session.execute(select(ArticleRow.script, func.count()).group_by(ArticleRow.script)).all()
    return {script or "none": count for script, count in rows}


def _several() -> Select[int]:
    return select(Telling.story_id).where(Telling.role != "part").group_by(Telling.story_id).having(func.count() > 1)
