"""Matches: which topics an article's states satisfy, with the words that did it."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from pipelines.models import TopicMatch
from pipelines.store.tables import ArticleRow, Match, Telling


def record(session: Session, row: ArticleRow, matches: Sequence[TopicMatch], watchlist: str, now: datetime) -> None:
    """Keep the matches of the article's present state."""
    session.add_all(
        Match(
            article_id=row.id,
            revision=row.revision,
            topic=match.topic,
            watchlist=watchlist,
            hits=[asdict(hit) for hit in match.hits],
            learned=row.learned,
            matched_at=now,
        )
        for match in matches
    )
    session.flush()


def matched(session: Session, row: ArticleRow) -> frozenset[str]:
    """The topics that the article's present state is known to satisfy."""
    return frozenset(session.scalars(select(Match.topic).where(Match.article_id == row.id, Match.revision == row.revision)))


def rematch(session: Session, row: ArticleRow, matches: Sequence[TopicMatch], watchlist: str, now: datetime) -> frozenset[str]:
    """Put these matches in the place of those of the article's present state; gives the topics that matched before."""
    kept = {old.topic: old for old in session.scalars(select(Match).where(Match.article_id == row.id, Match.revision == row.revision))}
    present = {match.topic: match for match in matches}
    for topic, old in kept.items():
        if topic in present:
            old.hits, old.watchlist = [asdict(hit) for hit in present[topic].hits], watchlist
        else:
            session.delete(old)
    record(session, row, [match for topic, match in present.items() if topic not in kept], watchlist, now)
    return frozenset(kept)


def told_before(session: Session, row: ArticleRow, topic: str, stories: Sequence[int], among: Collection[int] | None = None) -> bool:
    """Whether the topic matched an earlier telling of any of these stories (`among` these articles), or another state of this one.

    A merged piece says nothing of what tells a story as itself: it may have been silent for its other part. One that was there
    before we watched does.
    """
    part = select(Telling.story_id).where(Telling.article_id == row.id, Telling.role == "part")
    query = (
        select(func.count())
        .select_from(Match)
        .join(Telling, Telling.article_id == Match.article_id)
        .where(Telling.story_id.in_(stories), Match.topic == topic, or_(Match.article_id != row.id, Match.revision != row.revision))
        .where(or_(Telling.role != "part", Match.learned, Telling.article_id == row.id, Telling.story_id.in_(part)))
    )
    return bool(session.scalar(query if among is None else query.where(Match.article_id.in_(among))))
