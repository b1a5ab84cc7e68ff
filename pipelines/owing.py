"""What a recipient is owed about an article: its story, a revision of it, a development of the story, or nothing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from pipelines.dedup.stories import DEVELOPMENT, outgrows
from pipelines.store.articles import sketch_of
from pipelines.store.tables import ArticleRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A topic's match of an article's present state.

    `news`: the topic matched no telling before, or where the article is a full report no other report. `revises`: the state is a
    new one of a known article. `follows`: the topic wants to hear of revisions.
    """

    news: bool
    revises: bool
    follows: bool


def owed_state(
    session: Session, row: ArticleRow, asked: Asked, told: Mapping[int, int], reports: Mapping[int, str]
) -> tuple[int, int] | None:
    """(development, revision) of the message that is owed to whoever was `told` {article: development}; None where none is.

    A story is told once, to whoever heard nothing of it; a revision to whoever was told of this article. A full report, see
    `tellings.reports`, is one more message to whoever was told of no text that is more than half as long: be it the flash, or a
    shorter report. Copies of a report stay silent where the topic met a report before.
    """
    if asked.revises and row.id in told:
        return (told[row.id], row.revision) if asked.news or asked.follows else None
    if not told:
        return (0, 0) if asked.news else None
    if row.id not in reports or not (asked.news or reports[row.id] == DEVELOPMENT):
        return None
    return (max(told.values()) + 1, 0) if _outgrows_all(session, row, told) else None


def _outgrows_all(session: Session, row: ArticleRow, told: Collection[int]) -> bool:
    drawn = sketch_of(row)
    return all(outgrows(drawn, sketch_of(session.get_one(ArticleRow, article))) for article in told)
