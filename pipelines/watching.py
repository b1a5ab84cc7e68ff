"""An article's state held against the topics: what matches, and what of it is owed to whom."""

from datetime import datetime
from enum import Enum

from sqlalchemy.orm import Session

from pipelines.desk import Desk
from pipelines.models import TopicMatch
from pipelines.owing import Asked, State, owed_state
from pipelines.points import Point, passing
from pipelines.store import alerts, articles, matches, revisions, tellings
from pipelines.store.tables import ArticleRow
from pipelines.timing import owe_all, press
from pipelines.watch.topic import Topic


class Occasion(Enum):
    """Why an article is matched: a new state, materially or in small things, one that was there before and is the present one
    again, or more of one that was matched before, its pages or its comments."""

    STATE, SMALL, RETURN, PAGES, COMMENTS = "state", "small", "return", "pages", "comments"


def watch(session: Session, desk: Desk, row: ArticleRow, stories: list[int], now: datetime, occasion: Occasion = Occasion.STATE) -> int:
    """Match the article's present state; owe what is new to somebody. Gives the number of alerts.

    Where the state was matched before, only topics that did not match then are news, and nobody is told of a revision.
    """
    topics, again = desk.watchlist.topics, occasion not in (Occasion.STATE, Occasion.SMALL)
    known = matches.matched(session, row) if again else frozenset()
    found = [match for match in matches_of(desk, row, now) if match.topic not in known]
    reports = tellings.reports(session, stories) if found else {}
    among = reports if row.id in reports else None
    told = {match.topic for match in found if matches.told_before(session, row, match.topic, stories, among)}
    matches.record(session, row, found, desk.watchlist.version, now)
    passing(Point.ARTICLE_MATCHED)
    if _learns(desk, row, occasion):
        return 0
    owed, pressing = [], []
    for topic in (topics[match.topic] for match in found):
        asked = Asked(news=topic.slug not in told, revises=bool(row.revision) and not again, follows=_follows(topic, occasion))
        for to in desk.watchlist.recipients(topic):
            state = owed_state(session, row, asked, alerts.told(session, stories, to[1]), reports)
            if state is not None and not (state == State() and tellings.has_read(session, row, to[1])):
                story = state.story or stories[0]
                owed.append(alerts.Due(topic=topic.slug, story_id=story, to=to, development=state.development, revision=state.revision))
            elif asked.news:
                pressing.append(alerts.Due(topic=topic.slug, story_id=stories[0], to=to))
    press(session, desk, row, pressing, now)
    return owe_all(session, desk, row, owed, now)


def _follows(topic: Topic, occasion: Occasion) -> bool:
    """Whether the topic tells of revisions, and of such ones."""
    return topic.revisions == "always" or (topic.revisions == "material" and occasion is not Occasion.SMALL)


def tell_gone(session: Session, desk: Desk, row: ArticleRow, now: datetime) -> int:
    """Owe once to whoever had the article that it is gone, in its thread; gives the number of alerts."""
    number, stories = revisions.gone(session, row, now), list(articles.stories_of(session, row.id))
    told = matches.matched(session, row)
    active = [topic for topic in desk.watchlist.topics.values() if topic.slug in told and topic.is_active(now.date())]
    topics = [topic for topic in active if _follows(topic, Occasion.STATE)]
    owed = []
    for topic in topics if number is not None else []:
        for to in desk.watchlist.recipients(topic):
            if (before := alerts.told(session, stories, to[1]).get(row.id)) is not None:
                state = {"story_id": before.story, "development": before.development, "revision": number or 0}
                owed.append(alerts.Due(topic=topic.slug, to=to, **state))
    return owe_all(session, desk, row, owed, now)


def matches_of(desk: Desk, row: ArticleRow, now: datetime) -> list[TopicMatch]:
    """The active topics that the article's present state satisfies."""
    return [match for match in desk.matcher.match(articles.readable(row)) if desk.watchlist.topics[match.topic].is_active(now.date())]


def _learns(desk: Desk, row: ArticleRow, occasion: Occasion) -> bool:
    """Whether what matches was there before we watched: a learned article's first state, its comments up to their first whole reading."""
    if desk.learning or not row.learned:
        return desk.learning
    return desk.threads and row.comments_read is None if occasion is Occasion.COMMENTS else not row.revision
