"""What topics would have done in the past that we hold: the articles that they match, and the alerts that come of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from pipelines.errors import WrongUseError
from pipelines.scan import Matched, Tell, matched, unheeded
from pipelines.store import scan
from pipelines.store.database import reading
from pipelines.store.scan import Span
from pipelines.watch.program import Plan

IsActive = Callable[[str, datetime], bool]
DAY = timedelta(days=1)
EMPTY = "the archive is empty: no article{portal} was kept yet, so there is no past to ask. Crawl first: `portalwatch crawl PORTAL`"
NONE_THEN = "no article{portal} came in the {days:.0f} days asked for; the newest is of {newest:%Y-%m-%d}: ask for more with --days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """An alert that a topic would have given: the story, and the article that would have told it."""

    topic: str
    story: int
    article_id: int
    portal: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What would have been in a span of `articles`. `watched_since`: where its watched part begins, None where it has none.

    `before`: earlier tellings of what `matched` in the span, which match as well, so that their stories were told by then.
    """

    span: Span
    articles: int
    watched_since: datetime | None
    matched: Sequence[Matched]
    before: Sequence[Matched]

    @property
    def alerts(self) -> list[Foreseen]:
        """The alerts of every plan, oldest article first."""
        return self.alerts_where(lambda _topic, _at: True)

    def alerts_where(self, is_active: IsActive) -> list[Foreseen]:
        """The alerts of topics while they are active."""
        return [each for each in foreseen([*self.before, *self.matched], is_active) if each.seen_at >= self.span.since]

    @property
    def days(self) -> float | None:
        """How many days of the span were watched; None where nothing was."""
        return (self.span.until - self.watched_since) / DAY if self.watched_since else None

    @property
    def alerts_a_day(self) -> float | None:
        """As many as the past would have given; None where less than a day was watched, which tells no rate."""
        return len(self.alerts) / self.days if self.days and self.days >= 1 else None


def forecast(engine: Engine, plans: Sequence[Plan], span: Span, tell: Tell = unheeded) -> Forecast:
    """What the plans would have matched and alerted in the span. WrongUseError where no article came in it."""
    ids = ids_in(engine, span)
    with reading(engine) as session:
        watched_since = scan.watched_since(session, span)
    found = matched(engine, plans, ids, tell)
    before = _told_before(engine, plans, span, found)
    return Forecast(span=span, articles=len(ids), watched_since=watched_since, matched=found, before=before)


def foreseen(found: Iterable[Matched], is_active: IsActive) -> list[Foreseen]:
    """The alerts of what matched: a topic's once a story and development, by its first telling; none where a learning run told it first."""
    told: set[tuple[str, int]] = set()
    alerts: list[Foreseen] = []
    for each in sorted(found, key=lambda each: each.article_id):
        for topic in each.topics:
            if not is_active(topic, each.seen_at):
                continue
            same = {(topic, story) for story in each.stories}
            if same and not each.learned and (each.develops or told.isdisjoint(same)):
                alerts.append(
                    Foreseen(topic=topic, story=each.stories[0], article_id=each.article_id, portal=each.portal, seen_at=each.seen_at)
                )
            told |= same
    return alerts


def ids_in(engine: Engine, span: Span) -> list[int]:
    """The articles of the span, oldest first; WrongUseError where there are none, which is no answer about topics."""
    with reading(engine) as session:
        ids = scan.ids_in(session, span)
        if not ids:
            raise WrongUseError(_nothing(scan.newest(session, span.portal), span))
    return ids


def _told_before(engine: Engine, plans: Sequence[Plan], span: Span, found: Sequence[Matched]) -> list[Matched]:
    """The earlier tellings of what was found, where they match too: their stories were told before the span begins."""
    with engine.connect() as connection:
        ids = scan.told_earlier(connection, {story for each in found for story in each.stories}, span)
    return matched(engine, plans, ids)


def _nothing(newest: datetime | None, span: Span) -> str:
    portal = f" of {span.portal}" if span.portal else ""
    if newest is None:
        return EMPTY.format(portal=portal)
    return NONE_THEN.format(portal=portal, days=(span.until - span.since) / DAY, newest=newest)
