"""When what an article owes goes to each recipient: by the most urgent of the topics that matched, and never twice."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from pipelines.desk import Desk
from pipelines.points import Point, passing
from pipelines.policy.plan import soonest
from pipelines.store import alerts, articles
from pipelines.store.alerts import Due, Held
from pipelines.store.late import held_by
from pipelines.store.mutes import Mutes, Telling
from pipelines.store.tables import ArticleRow
from pipelines.store.waiting import Present, pull


def owe_all(session: Session, desk: Desk, row: ArticleRow, dues: Sequence[Due], now: datetime) -> int:
    """Owe each once, but what is muted; gives their number."""
    owed, by = _unmuted(session, row, dues, now), dict[str, list[Due]]()
    for due in owed:
        by.setdefault(due.to[1], []).append(due)
    for mine in by.values():
        _owe(_present(session, desk, now), desk.late, row, mine)
    session.flush()
    passing(Point.ARTICLE_OWED)
    return len(owed)


def press(session: Session, desk: Desk, row: ArticleRow, dues: Sequence[Due], now: datetime) -> None:
    """A topic wants these told that a recipient is owed already: what still waits for its moment waits no longer than the topic would."""
    if desk.late or not dues:
        return
    mutes, present, stories = Mutes(session, now), _present(session, desk, now), frozenset(articles.stories_of(session, row.id))
    for due in dues:
        if mutes.over(due.topic, stories, due.to[1]) is None:
            pull(present, stories, due.to[1], present.plan(due.topic, due.to))


def _unmuted(session: Session, row: ArticleRow, dues: Sequence[Due], now: datetime) -> list[Due]:
    if not dues:
        return []
    mutes, stories = Mutes(session, now), frozenset(articles.stories_of(session, row.id))

    def silenced(due: Due) -> bool:
        told = Telling(article=row.id, revision=due.revision, topic=due.topic, stories=stories | {due.story_id}, to=due.to)
        return mutes.silence(told)

    return [due for due in dict.fromkeys(dues) if not silenced(due)]


def _owe(present: Present, late: str | None, row: ArticleRow, dues: Sequence[Due]) -> None:
    """One recipient's: all by the channel, and at the time, of the most urgent."""
    plans = [] if late else [present.plan(due.topic, due.to) for due in dues]
    first = soonest(plans) if plans else 0
    plan, to = plans[first] if plans else None, dues[first].to
    held = held_by(late, present.now) if late else Held(bundle=plan.bundle, until=plan.at) if plan and plan.bundle else None
    for due in dict.fromkeys(replace(due, to=to) for due in dues):
        alerts.owe(present.session, row, due, present.now, held)
    present.session.flush()
    if plan:
        pull(present, {due.story_id for due in dues} | set(articles.stories_of(present.session, row.id)), to[1], plan, late=True)


def _present(session: Session, desk: Desk, now: datetime) -> Present:
    return Present(session=session, watchlist=desk.watchlist, zone=desk.zone, now=now)
