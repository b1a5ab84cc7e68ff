"""Topics that are quiet, judged by their own past as portals are: by what matched on the portals that are seen now."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipelines.health.look import Look
from pipelines.health.past import REACH
from pipelines.health.rhythm import DAY, before_rest, rest_of, rhythm_of
from pipelines.health.words import lasted
from pipelines.models import Outcome
from pipelines.store.incidents import Ailment, as_told, open_incidents
from pipelines.store.tables import ArticleRow, Match

QUIET = 3.0
"""Matches that were to be expected, from which on a topic without any is shown as quiet."""
CERTAIN = 1.5
"""How many times longer than a portal's a topic's silence must be: no editor owes it news, and what the world talks about wanes."""
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """A topic for which nothing matched since `last`, and how many matches a day are usual.

    `is_unusual`: by its own past that is no accident, and blind portals do not explain it.
    """

    topic: str
    last: datetime
    a_day: float
    is_unusual: bool

    def told(self, now: datetime, coverage: str) -> str:
        """`quiet for 3 days, usually 2 a day; all 6 portals healthy`."""
        usual = f"{self.a_day:.0f} a day" if self.a_day >= 1 else f"one in {1 / self.a_day:.0f} days"
        return f"quiet for {lasted(now - self.last)}, usually {usual}; {coverage}"


def quiet_topics(session: Session, topics: Collection[str], blind: Collection[str], now: datetime) -> list[Quiet]:
    """The topics in whose silence QUIET matches or more were to be expected, the longest silence first. `blind`: portals that are."""
    query = (
        select(Match.topic, func.count(), func.min(Match.matched_at), func.max(Match.matched_at))
        .where(Match.matched_at >= now - REACH, Match.learned.is_(False))
        .group_by(Match.topic)
    )
    wanted, found = set(topics), []
    for topic, count, first, last in session.execute(query):
        a_day = count / max((last - first) / DAY, 1.0)
        if topic in wanted and count > QUIET and (now - last) / DAY * a_day >= QUIET and now - last >= DAY:
            is_unusual = is_silent(_times(session, topic, blind, now), now)
            found.append(Quiet(topic=topic, last=last, a_day=a_day, is_unusual=is_unusual))
    return sorted(found, key=lambda each: each.last)


def is_silent(times: Sequence[datetime], now: datetime) -> bool:
    """Whether a silence since the last of these matches (oldest first) is CERTAIN times longer than their rhythm allows."""
    looks = _looks(times, now)
    rhythm = rhythm_of(before_rest(looks))
    rest = rest_of(rhythm, looks) if rhythm else None
    return rest is not None and rest.is_unusual and rest.missed > CERTAIN * rest.most


def quiet_ailments(session: Session, quiet: Sequence[Quiet], coverage: str, now: datetime) -> dict[str, list[Ailment]]:
    """{topic: what ails it now}, of those that are unusually quiet or were: a silence that was told lasts until something matches."""
    known = {row.name: row for row in open_incidents(session, "topic")}
    found = {slug: [as_told(row)] if not _matched_since(session, slug, row.since) else [] for slug, row in known.items()}
    return found | {each.topic: [_ailment(each, now, coverage)] for each in quiet if each.is_unusual}


def _ailment(quiet: Quiet, now: datetime, coverage: str) -> Ailment:
    told = quiet.told(now, coverage)
    evidence = {"lines": [told[:1].upper() + told[1:]], "runs": 1}
    return Ailment(slot="quiet", kind="quiet", since=quiet.last, evidence=evidence, is_told=True)


def _matched_since(session: Session, topic: str, since: datetime) -> bool:
    query = select(Match.id).where(Match.topic == topic, Match.matched_at > since, Match.learned.is_(False))
    return session.scalar(query.limit(1)) is not None


def _times(session: Session, topic: str, blind: Collection[str], now: datetime) -> list[datetime]:
    """When the topic met each article of the other portals first."""
    first = func.min(Match.matched_at)
    query = select(first).join(ArticleRow, ArticleRow.id == Match.article_id).group_by(Match.article_id).order_by(first)
    query = query.where(Match.topic == topic, Match.matched_at >= now - REACH, Match.learned.is_(False))
    return list(session.scalars(query.where(ArticleRow.portal.not_in(blind))))


def _looks(times: Sequence[datetime], now: datetime) -> list[Look]:
    """A look an hour, from the first match on."""
    if not times:
        return []
    hours = Counter(int((at - times[0]) / _HOUR) for at in times)
    whole = range(int((now - times[0]) / _HOUR) + 1)
    return [Look(at=times[0] + _HOUR * hour, succeeded=True, outcomes={Outcome.NEW.value: hours[hour]}) for hour in whole]
