"""Invented histories of portals: what each published and when, and what runs on a schedule saw of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from pipelines.health.look import Look

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
LEARNED, JUDGED = 56, 90  # days before anything is judged, and in which it is
HOLIDAY = range(86, 93)  # Lunar New Year week, among the judged days
_BY_DAY = np.array([1, 1, 1, 1, 2, 6, 10, 14, 18, 20, 19, 17, 14, 14, 17, 18, 18, 16, 12, 10, 9, 7, 4, 2], dtype=float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of portal: articles a day, hours between runs, the weekend's and the holidays' share of a usual day.

    `burst`: chance a day of six hours with four times as much; `outages` of two hours a month; `steady`: one article at its hour;
    `batch`: articles that appear together.
    """

    name: str
    a_day: float
    every: float = 0.5
    weekend: float = 0.6
    holiday: float = 0.3
    burst: float = 0.05
    outages: float = 2.0
    steady: bool = False
    batch: int = 1


KINDS = (
    Kind(name="200 a day", a_day=200),
    Kind(name="200 a day, every 2 h", a_day=200, every=2),
    Kind(name="60 a day", a_day=60),
    Kind(name="60 a day in batches of 10", a_day=60, batch=10),
    Kind(name="60 a day, none at night", a_day=60, weekend=1.0),
    Kind(name="20 a day", a_day=20, every=1),
    Kind(name="20 a day, weekdays only", a_day=20, weekend=0.02, holiday=0.05),
    Kind(name="20 a day, once a day", a_day=20, every=24),
    Kind(name="5 a day", a_day=5, every=1),
    Kind(name="1 a day", a_day=1, every=1),
    Kind(name="1 a day at its hour", a_day=1, every=1, steady=True, weekend=1.0, holiday=0.0, burst=0.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A portal's runs, oldest first, and which of the judged ones fell into an outage."""

    kind: Kind
    looks: Sequence[Look]
    outages: frozenset[datetime]

    def from_day(self, day: int) -> int:
        """The index of the first run of that day."""
        start = BEGIN + timedelta(days=day)
        return next(index for index, look in enumerate(self.looks) if look.at >= start)


def history(kind: Kind, seed: int, days: int = LEARNED + JUDGED) -> History:
    """A portal's life, as runs on its schedule see it; what appears in an outage is seen after it."""
    dice = np.random.default_rng([seed, *kind.name.encode()])
    counts = _published(kind, dice, days)
    down, looks, late = _outages(kind, dice, days), [], 0
    for index, found in enumerate(_by_run(kind, counts)):
        at = BEGIN + timedelta(hours=kind.every * (index + 1), minutes=float(dice.uniform(0, 2)))
        if any(start <= at < start + timedelta(hours=2) for start in down):
            late += found
            looks.append(failed(at))
        else:
            looks.append(_found(at, found + late))
            late = 0
    return History(kind=kind, looks=looks, outages=frozenset(look.at for look in looks if not look.succeeded))


def failed(at: datetime) -> Look:
    """A run that could not reach its portal."""
    return Look(at=at, succeeded=False, reason="unreachable: no answer in time")


def silent(look: Look) -> Look:
    """The same run, had the portal stood still."""
    return replace(look, outcomes={"known": 20}) if look.succeeded else look


def _found(at: datetime, new: int) -> Look:
    figures = {"listed": 1, "read": new, "pages": new, "titled": new, "dated": new, "sound": new}
    return Look(at=at, succeeded=True, outcomes={"new": new, "known": 20}, figures=figures)


def _published(kind: Kind, dice: np.random.Generator, days: int) -> np.ndarray:
    """Articles of each minute."""
    minutes = np.zeros(days * 1440, dtype=int)
    for day in range(days):
        share = (kind.weekend if day % 7 >= 5 else 1.0) * (kind.holiday if day in HOLIDAY else 1.0) * dice.gamma(20, 1 / 20)
        if kind.steady:
            if share and dice.random() < 0.97:
                minutes[day * 1440 + int(np.clip(dice.normal(600, 20), 0, 1439))] += 1
            continue
        rates = np.repeat(_shape(kind) * kind.a_day / 1440 * share / kind.batch, 60)
        if dice.random() < kind.burst:
            start = int(dice.integers(0, 1080))
            rates[start : start + 360] *= 4
        minutes[day * 1440 : (day + 1) * 1440] = dice.poisson(rates) * kind.batch
    return minutes


def _shape(kind: Kind) -> np.ndarray:
    shape = np.where(_BY_DAY <= 2, 0.0, _BY_DAY) if "night" in kind.name else _BY_DAY
    return shape / shape.mean()


def _by_run(kind: Kind, minutes: np.ndarray) -> Iterator[int]:
    step = int(kind.every * 60)
    for start in range(0, len(minutes) - step + 1, step):
        yield int(minutes[start : start + step].sum())


def _outages(kind: Kind, dice: np.random.Generator, days: int) -> list[datetime]:
    count = dice.poisson(kind.outages * days / 30)
    return [BEGIN + timedelta(minutes=float(minute)) for minute in sorted(dice.uniform(0, days * 1440, count))]
