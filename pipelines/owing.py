"""What a recipient is owed about an article: its story, a revision of it, a development of the story, or nothing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from pipelines.dedup.stories import DEVELOPMENT, outgrows
from pipelines.store.alerts import Told
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


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a message tells: the `revision` of a `development`, both 0 for the story itself, under the story that was told before."""

    story: int | None = None
    development: int = 0
    revision: int = 0


def owed_state(session: Session, row: ArticleRow, asked: Asked, told: Mapping[int, Told], reports: Mapping[int, str]) -> State | None:
    """What the message that is owed to whoever was `told` {article: as what} tells; None where none is owed.

    A story is told once, to whoever heard nothing of it; a revision to whoever was told of this article. A full report, see
    `tellings.reports`, is one more message to whoever was told of no text that is more than half as long: be it the flash, or a
    shorter report. Copies of a report stay silent where the topic met a report before.
    """
    if asked.revises and row.id in told:
        before = told[row.id]
        owed = State(story=before.story, development=before.development, revision=row.revision)
        return owed if asked.news or asked.follows else None
    if not told:
        return State() if asked.news else None
    if row.id not in reports or not (asked.news or reports[row.id] == DEVELOPMENT):
        return None
    if not _outgrows_all(session, row, told):
        return None
    story = next(iter(told.values())).story
    return State(story=story, development=max(each.development for each in told.values()) + 1)


def _outgrows_all(session: Session, row: ArticleRow, told: Collection[int]) -> bool:
    drawn = sketch_of(row)
    return all(outgrows(drawn, sketch_of(session.get_one(ArticleRow, article))) for article in told)
