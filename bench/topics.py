"""Silences of topics whose past is invented: how many are told that are none, and how soon one that no longer matches is told."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from bench.histories import BEGIN, HOLIDAY, JUDGED, LEARNED
from pipelines.health.past import REACH
from pipelines.health.quiet import is_silent

STEP, DAY, LONGEST = timedelta(hours=12), timedelta(days=1), timedelta(days=30)
DEATHS = (61.13, 97.6, 120.31)  # days from which on nothing matches


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicKind:
    """A kind of topic: stories a day, articles of each; `uneven`: how much one day is like another (a gamma's shape, less is wilder).

    `events`: chance a day of one that brings as much as ten days; `halves`: days after which interest is half.
    """

    name: str
    a_day: float
    copies: int = 1
    uneven: float = 3.0
    weekend: float = 0.6
    holiday: float = 0.4
    events: float = 0.03
    halves: float | None = None


TOPICS = (
    TopicKind(name="topic, 20 a day", a_day=20),
    TopicKind(name="topic, 2 a day", a_day=2),
    TopicKind(name="topic, 2 stories of 5 a day", a_day=2, copies=5),
    TopicKind(name="topic, one in 3 days", a_day=1 / 3),
    TopicKind(name="topic, hardly but for events", a_day=0.2, events=0.1),
    TopicKind(name="topic that fades", a_day=20, halves=20),
)


def matches(kind: TopicKind, seed: int) -> list[datetime]:
    """When a topic of that kind matched, oldest first."""
    dice = np.random.default_rng([seed, *kind.name.encode()])
    return sorted(BEGIN + timedelta(days=day) for day in _days(kind, dice))


def _days(kind: TopicKind, dice: np.random.Generator) -> Iterator[float]:
    for day in range(LEARNED + JUDGED):
        share = (kind.weekend if day % 7 >= 5 else 1.0) * (kind.holiday if day in HOLIDAY else 1.0)
        share *= dice.gamma(kind.uneven, 1 / kind.uneven) * (0.5 ** (day / kind.halves) if kind.halves else 1.0)
        for _ in range(int(dice.poisson(kind.a_day * share))):
            appears = day + float(dice.beta(3, 2.5))
            yield from (appears + float(hours) / 24 for hours in dice.exponential(3, kind.copies))
        if dice.random() < kind.events:
            yield from day + dice.exponential(0.7, int(dice.poisson(10 * max(kind.a_day, 1.0))))


def false_silences(times: Sequence[datetime]) -> int:
    """Silences of the judged days that are told though the topic lives; each lasts until something matches, and is told once."""
    judged = BEGIN + LEARNED * DAY
    gaps = [(last, after) for last, after in pairwise(times) if after > judged and after - last >= DAY]
    return sum(is_silent(_past(times, after, last), after) for last, after in gaps)


def until_told(times: Sequence[datetime], day: float) -> tuple[int, float]:
    """(matches that were missed, hours) until the silence of that day on is told, LONGEST at most."""
    start = BEGIN + day * DAY
    now = start
    while now - start < LONGEST and not is_silent(_past(times, now, start), now):
        now += STEP
    return sum(start < at <= now for at in times), (now - start) / timedelta(hours=1)


def _past(times: Sequence[datetime], now: datetime, last: datetime) -> list[datetime]:
    return [at for at in times if now - REACH <= at <= last]
