"""What a person decided about stories: which are apart, and which are told by another one."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from pipelines.store.tables import AlertRow, Related, Ruling, Story

APART, JOINED = "apart", "joined"


def rule(session: Session, verdict: str, story: int, other: int, now: datetime) -> None:
    """Remember the verdict about two stories, in the place of an earlier one; `joined` means that `story` tells both."""
    session.execute(delete(Ruling).where(or_(_pair(story, other), _pair(other, story))))
    session.add(Ruling(story_id=story, other_id=other, verdict=verdict, ruled_at=now))
    session.flush()


def rulings_of(session: Session, story: int) -> list[Ruling]:
    """What was decided about the story, oldest first."""
    query = select(Ruling).where(or_(Ruling.story_id == story, Ruling.other_id == story))
    return list(session.scalars(query.order_by(Ruling.ruled_at, Ruling.story_id, Ruling.other_id)))


def apart(session: Session, stories: Collection[int]) -> set[frozenset[int]]:
    """Pairs of these stories that a person split."""
    if len(stories) < 2:
        return set()
    query = select(Ruling.story_id, Ruling.other_id).where(
        Ruling.verdict == APART, Ruling.story_id.in_(stories), Ruling.other_id.in_(stories)
    )
    return {frozenset((row.story_id, row.other_id)) for row in session.execute(query)}


def split_from(session: Session, story: int) -> set[int]:
    """The stories that a person split from this one, or this one from them."""
    return {
        ruling.other_id if ruling.story_id == story else ruling.story_id for ruling in rulings_of(session, story) if ruling.verdict == APART
    }


def inherit(session: Session, heir: int, story: int, now: datetime) -> None:
    """The heir is apart from whatever the story is apart from, but for what is joined into the heir itself."""
    own = family(session, heir)
    for other in split_from(session, story) - own:
        rule(session, APART, heir, other, now)


def survivor(session: Session, story: int) -> int:
    """The story that tells this one now, itself where nobody joined it into another."""
    return session.scalar(select(Ruling.story_id).where(Ruling.other_id == story, Ruling.verdict == JOINED)) or story


def joined_into(session: Session, story: int) -> list[int]:
    """The stories that a person joined into this one."""
    query = select(Ruling.other_id).where(Ruling.story_id == story, Ruling.verdict == JOINED)
    return list(session.scalars(query.order_by(Ruling.other_id)))


def family(session: Session, story: int) -> set[int]:
    """The story that tells it, and all that are joined into that."""
    home = survivor(session, story)
    return {home, *joined_into(session, home)}


def about(stories: Collection[int]) -> ColumnElement[bool]:
    """An alert is about one of the stories, or one that was joined into them."""
    joined = select(Ruling.other_id).where(Ruling.story_id.in_(stories), Ruling.verdict == JOINED)
    return or_(AlertRow.story_id.in_(stories), AlertRow.story_id.in_(joined))


def adopt(session: Session, story: int, other: int, opened_by: Collection[int] | None = None) -> None:
    """What was joined into the other story is told by this one; only what one of these articles opened, where they are given."""
    query = select(Ruling).join(Story, Story.id == Ruling.other_id).where(Ruling.story_id == other, Ruling.verdict == JOINED)
    query = query if opened_by is None else query.where(Story.article_id.in_(opened_by))
    for ruling in session.scalars(query.where(Ruling.other_id != story)).all():
        joined, at = ruling.other_id, ruling.ruled_at
        session.delete(ruling)
        rule(session, JOINED, story, joined, at)


def hand_over_joined(session: Session, story: int, article: int, heir: int | None) -> None:
    """The stories joined into this one, which `article` no longer tells, to the heir; their end where there is none."""
    joined = joined_into(session, story)
    if heir is not None:
        session.execute(update(Story).where(Story.id.in_(joined), Story.article_id == article).values(article_id=heir))
        return
    session.execute(delete(AlertRow).where(AlertRow.story_id.in_(joined)))
    session.execute(delete(Story).where(Story.id.in_(joined)))
    for ended in (story, *joined):
        session.execute(delete(Ruling).where(or_(Ruling.story_id == ended, Ruling.other_id == ended)))
        session.execute(delete(Related).where(or_(Related.story_id == ended, Related.other_id == ended)))


def _pair(story: int, other: int) -> ColumnElement[bool]:
    return and_(Ruling.story_id == story, Ruling.other_id == other)
