"""What Prometheus is told: counted in SQL when it is asked, since every crawl and every round is a process that is over by then.

Labels are portals, channels, outcomes and states only, so that their number is bounded by what the operator wrote.
"""

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import redis
from prometheus_client.core import (
    CollectorRegistry,
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import generate_latest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipelines.archive.place import open_place
from pipelines.config import Settings
from pipelines.dedup.address import client
from pipelines.dedup.gauge import gauge
from pipelines.errors import ConfigError, PortalwatchError
from pipelines.store import alerts, beats, standings, tallies
from pipelines.store.database import open_store, reading
from pipelines.store.tables import AlertRow, ArticleRow, Base, Match, Portal, Retraction, Story, Tally, WatchlistRow

SIZED_FOR = 300.0
"""Seconds for which the archive's size is remembered: asking it means to look at all of its files."""
REDIS_SECONDS = 1.0
STATES = ("held", "owed", "sending", "retrying", "dead")
COUNTERS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    tallies.RUNS: ("portalwatch_runs", "Runs of a portal's present that ended", ("portal", "outcome")),
    tallies.PAGES: ("portalwatch_pages", "Identities that runs settled, by outcome", ("portal", "outcome")),
    tallies.REQUESTS: ("portalwatch_requests", "Requests sent to a portal", ("portal",)),
    tallies.BYTES: ("portalwatch_received_bytes", "Bytes received from a portal", ("portal",)),
    tallies.MESSAGES: ("portalwatch_messages", "Answers of a channel to messages, by what became of them", ("channel", "state")),
}


def exposition(settings: Settings, known: Sequence[str]) -> bytes:
    """The text of /metrics. `known`: the portals that have a sheet; those that have none any more are left out.

    PortalwatchError and SQLAlchemyError where the store does not answer."""
    families = list(_families(settings, frozenset(known)))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Told(families))
    return generate_latest(registry)


class _Told:
    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """What the registry asks for."""
        yield from self._families


def _families(settings: Settings, known: frozenset[str]) -> Iterator[Metric]:
    engine, now = open_store(settings), datetime.now(UTC)
    with reading(engine) as session:
        rows = [row for row in tallies.read(session) if row.metric not in _OF_PORTALS or row.subject in known]
        yield from _counters(rows)
        yield _delays(rows)
        yield _since("portalwatch_last_success_timestamp_seconds", "When the portal was last seen whole", rows, "succeeded")
        yield _since("portalwatch_last_failure_timestamp_seconds", "When a run of the portal last failed", rows, "failed")
        yield from _holdings(session)
        yield from _outbox(session, now)
        yield from _circuits(session, now)
        yield from _standings(session, now, known)
        yield from _beats(session)
    yield from _redis(settings)
    yield from _archive(settings)


_OF_PORTALS = (tallies.RUNS, tallies.PAGES, tallies.REQUESTS, tallies.BYTES)


def _counters(rows: Sequence[Tally]) -> Iterator[Metric]:
    for metric, (name, doc, labels) in COUNTERS.items():
        family = CounterMetricFamily(name, doc, labels=labels)
        for row in rows:
            if row.metric == metric:
                family.add_metric([row.subject, row.label][: len(labels)], row.count)
        yield family
    kept = CounterMetricFamily("portalwatch_articles", "Articles that were new to us", labels=("portal",))
    for row in rows:
        if (row.metric, row.label) == (tallies.PAGES, "new"):
            kept.add_metric([row.subject], row.count)
    yield kept


def _delays(rows: Sequence[Tally]) -> Metric:
    counts = {row.label: row.count for row in rows if row.metric == tallies.DELAY}
    total, buckets = 0, []
    for bound in (*map(str, tallies.BUCKETS), tallies.INFINITE):
        total += counts.get(bound, 0)
        buckets.append((bound, total))
    summed = sum(row.count for row in rows if row.metric == tallies.DELAY_SUM) / 1000
    family = HistogramMetricFamily("portalwatch_alert_delay_seconds", "Seconds from owing an alert to its being sent")
    family.add_metric([], buckets, summed)
    return family


def _since(name: str, doc: str, rows: Sequence[Tally], label: str) -> Metric:
    family = GaugeMetricFamily(name, doc, labels=("portal",))
    for row in rows:
        if (row.metric, row.label) == (tallies.RUNS, label):
            family.add_metric([row.subject], row.at.timestamp())
    return family


def _holdings(session: Session) -> Iterator[Metric]:
    for name, table in (("articles", ArticleRow), ("stories", Story), ("matches", Match)):
        yield _one(
            f"portalwatch_held_{name}", f"{name.capitalize()} that are kept now", session.scalar(select(func.count()).select_from(table))
        )
    newest = select(WatchlistRow.topics).order_by(WatchlistRow.activated_at.desc()).limit(1)
    yield _one("portalwatch_topics", "Topics of the watchlist that runs", session.scalar(newest))


def _outbox(session: Session, now: datetime) -> Iterator[Metric]:
    owed = GaugeMetricFamily("portalwatch_outbox", "Alerts by state, but for those that were sent", labels=("state",))
    taken_back = GaugeMetricFamily("portalwatch_retractions", "Retractions by state, but for those that were sent", labels=("state",))
    unsent = dict(session.execute(select(AlertRow.state, func.count()).where(AlertRow.state.in_(STATES)).group_by(AlertRow.state)).all())
    for family, counts in ((owed, unsent), (taken_back, alerts.counts(session, Retraction))):
        for state in STATES:
            family.add_metric([state], counts.get(state, 0))
        yield family
    due = session.scalar(select(func.min(AlertRow.next_try_at)).where(AlertRow.state.in_(("owed", "retrying"))))
    age = max((now - due).total_seconds(), 0) if due else 0
    yield _one("portalwatch_outbox_overdue_seconds", "For how long the alert that is due longest has waited to be tried", age)


def _circuits(session: Session, now: datetime) -> Iterator[Metric]:
    table = Base.metadata.tables.get("circuits")
    if table is not None:
        family = GaugeMetricFamily("portalwatch_circuit_open", "Whether a channel is left alone because it failed", labels=("channel",))
        for channel, until in session.execute(select(table.c.channel, table.c.until)):
            family.add_metric([channel], bool(until and until > now))
        yield family


def _standings(session: Session, now: datetime, known: frozenset[str]) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "portalwatch_portal_paused", "Whether hosts of the portal are not asked, having refused us", labels=("portal",)
    )
    for row in session.scalars(select(Portal).where(Portal.slug.in_(known))):
        family.add_metric([row.slug], bool(standings.resting(row, now)))
    yield family


def _beats(session: Session) -> Iterator[Metric]:
    known = {part: beat for part, beat in beats.all_known(session).items() if not part.startswith("ops.")}
    at = GaugeMetricFamily("portalwatch_round_timestamp_seconds", "When a part of the house last did its round", labels=("part",))
    well = GaugeMetricFamily("portalwatch_round_success_timestamp_seconds", "When its round last went well", labels=("part",))
    for part, beat in known.items():
        at.add_metric([part], beat.at.timestamp())
        if beat.well_at:
            well.add_metric([part], beat.well_at.timestamp())
    yield from (at, well)
    canary = known.get("canary")
    if canary is not None:
        stages = GaugeMetricFamily("portalwatch_canary_seconds", "Seconds of the canary's last flight to each stage", labels=("stage",))
        for stage, seconds in canary.told.get("took", {}).items():
            stages.add_metric([stage], seconds)
        yield from (stages, _one("portalwatch_canary_ok", "Whether the canary came back", canary.failing_since is None))


def _redis(settings: Settings) -> Iterator[Metric]:
    found = None
    with contextlib.suppress(redis.RedisError, OSError, ConfigError), client(settings.redis, REDIS_SECONDS) as server:
        found = gauge(server)
    yield _one("portalwatch_redis_up", "Whether Redis answers", found is not None)
    if found is not None:
        yield _one("portalwatch_redis_bytes", "Bytes that Redis takes", found.used)
        yield _one("portalwatch_redis_budget_bytes", "Bytes that it may take", settings.redis_bytes)
        yield _one("portalwatch_redis_evicted_keys", "Keys that it evicted; any but 0 is wrong", found.evicted)


_sized: dict[str, tuple[float, int]] = {}


def _archive(settings: Settings) -> Iterator[Metric]:
    if not settings.archive:
        return
    at, size = _sized.get(settings.archive_address, (-SIZED_FOR, 0))
    if time.monotonic() - at >= SIZED_FOR:
        try:
            place = open_place(settings)
            size = sum(sum(place.sizes(portal).values()) for portal in place.portals())
        except PortalwatchError:
            return
        _sized[settings.archive_address] = (time.monotonic(), size)
    yield _one("portalwatch_archive_bytes", "Bytes of archived pages, asked every five minutes", size)


def _one(name: str, doc: str, value: float | None) -> Metric:
    return GaugeMetricFamily(name, doc, value=float(value or 0))
