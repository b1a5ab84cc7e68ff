"""What a changed watchlist would change: the alerts of past days that it would have added and taken away."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Engine, select

from pipelines.forecast import Forecast, Foreseen, forecast
from pipelines.scan import Tell, unheeded
from pipelines.store.database import reading
from pipelines.store.scan import BATCH, Span
from pipelines.store.tables import ArticleRow
from pipelines.watch.chosen import plans_of
from pipelines.watch.topic import Topic
from pipelines.watch.watchlist import Watchlist

BEFORE, AFTER = "-", "+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """An alert that is gained or lost: the topic's about a story, by the article that tells it, to those recipients."""

    is_gain: bool
    topic: str
    story: int
    title: str
    url: str
    portal: str
    seen_at: datetime
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """`topics` are those that differ; `moved` is by topic, then by time."""

    topics: tuple[str, ...]
    moved: tuple[Moved, ...]

    def count(self, topic: str | None = None) -> tuple[int, int]:
        """(gained, lost) of a topic, or of all."""
        asked = [each.is_gain for each in self.moved if topic in (None, each.topic)]
        return sum(asked), len(asked) - sum(asked)


def drift(engine: Engine, before: Watchlist, after: Watchlist, span: Span, tell: Tell = unheeded) -> Drift:
    """The alerts of the span that `after` has and `before` has not, and the other way round. WrongUseError where the span is empty."""
    topics = changed(before, after)
    if not topics:
        return Drift(topics=(), moved=())
    sides = {BEFORE: before, AFTER: after}
    plans = [
        replace(plan, slug=side + plan.slug)
        for side, watchlist in sides.items()
        for plan in plans_of(watchlist, [slug for slug in topics if slug in watchlist.topics])
    ]
    found = forecast(engine, plans, span, tell)
    alerts = {side: _alerts(watchlist, side, found) for side, watchlist in sides.items()}
    moved = [*_more(engine, alerts[AFTER], alerts[BEFORE], True), *_more(engine, alerts[BEFORE], alerts[AFTER], False)]
    return Drift(topics=topics, moved=tuple(sorted(moved, key=lambda each: (each.topic, each.seen_at, each.story))))


def changed(before: Watchlist, after: Watchlist) -> tuple[str, ...]:
    """The topics that may match otherwise, or tell others; all of them where the alias lists differ."""
    slugs = dict.fromkeys([*before.topics, *after.topics])
    if before.source[1] != after.source[1]:
        return tuple(slugs)
    return tuple(slug for slug in slugs if _of(before, slug) != _of(after, slug))


def _of(watchlist: Watchlist, slug: str) -> tuple[Topic, tuple[tuple[str, str], ...]] | None:
    topic = watchlist.topics.get(slug)
    return (topic, watchlist.recipients(topic)) if topic else None


def _alerts(watchlist: Watchlist, side: str, found: Forecast) -> dict[tuple[str, int], tuple[Foreseen, frozenset[str]]]:
    """{(topic, story): the alert, its recipients} of one side; without a recipient there is no alert."""
    topics = {side + slug: topic for slug, topic in watchlist.topics.items()}
    alerts = found.alerts_where(lambda topic, at: topic in topics and topics[topic].is_active(at.date()))
    told = ((each, frozenset(who for _, who in watchlist.recipients(topics[each.topic]))) for each in alerts)
    return {(each.topic[1:], each.story): (each, to) for each, to in told if to}


_Alerts = Mapping[tuple[str, int], tuple[Foreseen, frozenset[str]]]


def _more(engine: Engine, mine: _Alerts, others: _Alerts, is_gain: bool) -> Iterator[Moved]:
    more = {key: (each, to - others[key][1] if key in others else to) for key, (each, to) in mine.items()}
    more = {key: (each, to) for key, (each, to) in more.items() if to}
    told = _titles(engine, [each.article_id for each, _ in more.values()])
    for (topic, story), (each, to) in more.items():
        title, url = told[each.article_id]
        yield Moved(
            is_gain=is_gain,
            topic=topic,
            story=story,
            title=title,
            url=url,
            portal=each.portal,
            seen_at=each.seen_at,
            to=tuple(sorted(to)),
        )


def _titles(engine: Engine, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    found: dict[int, tuple[str, str]] = {}
    with reading(engine) as session:
        for start in range(0, len(ids), BATCH):
            query = select(ArticleRow.id, ArticleRow.title, ArticleRow.url).where(ArticleRow.id.in_(ids[start : start + BATCH]))
            found.update({row.id: (row.title, row.url) for row in session.execute(query)})
    return found
