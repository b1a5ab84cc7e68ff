"""A portal's own rhythm: what it publishes at an hour of the week, and how long it usually rests, learned from its past runs."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise

from pipelines.health.look import Look

WEEK = 168  # hours
SHORTEST, FEWEST = timedelta(days=3), 10
"""The history, in time and in articles, below which a portal has no rhythm yet."""
LONGEST = timedelta(hours=24)
"""What a run looks back at most: of what appeared in a longer absence a part is gone again."""
LEVELS = (timedelta(hours=6), timedelta(hours=24), timedelta(hours=72))
"""The times before a rest by which it is told whether the portal is slower than usual, as on holidays."""
WIDER, BEYOND, OF_A_REST = 1.25, 1.5, 1 / 3
"""A rest is unusual where it is so much longer than the longest before it, and by so many usual finds of a run, OF_A_REST each at most."""
_PRIOR = 4.0  # hours of the coarser shape that weigh as much as an hour's own past
_POOL = 12  # runs from which on a pool of them has quantiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What a run usually finds at an hour of the week: a low, a usual and a high number of articles."""

    low: int
    usual: int
    high: int

    def __str__(self) -> str:
        return f"{self.low} to {self.high}, usually {self.usual}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A time without anything new, up to now. `missed`: articles that were to be expected in it; `most`: the most that it ever rested,
    in the same measure, with its margin; `runs`: that found nothing."""

    since: datetime
    runs: int
    missed: float
    most: float

    @property
    def is_unusual(self) -> bool:
        """Whether the portal never rested so long; one run that finds nothing says nothing."""
        return self.runs > 1 and self.missed > self.most


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """`rates`: articles an hour, by hour of the week (UTC); `most`: see Rest; `days` of history that it rests on."""

    rates: tuple[float, ...]
    most: float
    days: float


def hour_of_week(at: datetime) -> int:
    """0 is Monday's first hour, UTC."""
    utc = at.astimezone(UTC)
    return utc.weekday() * 24 + utc.hour


def rhythm_of(looks: Sequence[Look]) -> Rhythm | None:
    """The rhythm of runs (oldest first); None while they are too few to tell."""
    seen = _seen(looks)
    if len(seen) < FEWEST or seen[-1].at - seen[0].at < SHORTEST or sum(look.new for look in seen) < FEWEST:
        return None
    days = (seen[-1].at - seen[0].at) / timedelta(days=1)
    rates = _rates(seen)
    longest = max(_rests(_Course(rates, seen)), default=0.0)
    finds = [look.new for look in seen if look.new]
    find = max(min(sum(finds) / len(finds), longest * OF_A_REST), 1.0)
    return Rhythm(rates=rates, most=longest * (WIDER + 3 / days) + find * BEYOND * (1 + 7 / days), days=days)


def before_rest(looks: Sequence[Look]) -> Sequence[Look]:
    """The looks (oldest first) up to the last that found something: by these a rest is judged, so that it does not teach its own judge,
    and is not over before something is found."""
    return looks[: next((index + 1 for index in range(len(looks) - 1, -1, -1) if looks[index].new and looks[index].saw), 0)]


def rest_of(rhythm: Rhythm, looks: Sequence[Look]) -> Rest | None:
    """The rest that the newest runs show (oldest first); None where the last one found something, or none ever did."""
    seen = _seen(_lately(looks))
    last = next((index for index in range(len(seen) - 1, -1, -1) if seen[index].new), None)
    if last is None or last == len(seen) - 1:
        return None
    missed = _Course(rhythm.rates, seen).missed(last, len(seen) - 1)
    return Rest(since=seen[last].at, runs=len(seen) - 1 - last, missed=missed, most=rhythm.most)


def _lately(looks: Sequence[Look]) -> Sequence[Look]:
    """The looks by which the present rest is measured: from the find before the last one on, and all that LEVELS ask for."""
    last = len(before_rest(looks)) - 1
    before = max(len(before_rest(looks[: max(last, 0)])) - 1, 0)
    return looks[min(before, bisect_left(looks, looks[last].at - max(LEVELS), key=lambda look: look.at)) :] if last >= 0 else ()


def _seen(looks: Sequence[Look]) -> list[Look]:
    return [look for look in looks if look.saw and not look.learning]


class _Course:
    """Runs in their order, with what was expected and what was found up to each."""

    def __init__(self, rates: Sequence[float], seen: Sequence[Look]) -> None:
        spans = [0.0, *(_hours(look.at, before.at) for before, look in pairwise(seen))]
        self.times = [look.at for look in seen]
        self.expected = [*accumulate(rates[hour_of_week(look.at)] * span for look, span in zip(seen, spans, strict=True))]
        self.found = [*accumulate(look.new for look in seen)]

    def missed(self, last: int, present: int) -> float:
        """Articles that were to be expected since the run `last`, at the pace that the portal had then."""
        return self._level(last) * (self.expected[present] - self.expected[last])

    def _level(self, last: int) -> float:
        """How fast the portal is up to the run `last` against its usual self, 1 at most: the lowest of its last rest and of LEVELS."""
        told = [1.0]
        before = bisect_left(self.found, self.found[last - 1]) if last else 0
        for first in (before, *(bisect_left(self.times, self.times[last] - span) for span in LEVELS)):
            expected = self.expected[last] - self.expected[first]
            if expected >= _LEAST:
                told.append((self.found[last] - self.found[first] + 1) / expected)
        return min(told)


_LEAST = 4.0  # expected articles below which a time says nothing of the level


def _rests(course: _Course) -> Iterator[float]:
    """Every rest that is over, in the measure of `Rest.missed`."""
    finds = [index for index, found in enumerate(course.found) if found > (course.found[index - 1] if index else 0)]
    for one, other in pairwise(finds):
        if other - one > 1:
            yield course.missed(one, other - 1)


def band_of(looks: Sequence[Look], at: datetime) -> Band | None:
    """What runs found at that hour of the week, give or take one; of the day, or at any, where those are few. None for a few in all."""
    seen = _seen(looks)
    hour = hour_of_week(at)
    near = [look.new for look in seen if _apart(hour_of_week(look.at), hour, WEEK) <= 1]
    alike = [look.new for look in seen if _apart(look.at.astimezone(UTC).hour, hour % 24, 24) <= 1]
    pool = next((sorted(each) for each in (near, alike, [look.new for look in seen]) if len(each) >= _POOL), None)
    if pool is None:
        return None
    low, usual, high = (pool[round(share * (len(pool) - 1))] for share in (0.05, 0.5, 0.95))
    return Band(low=low, usual=usual, high=high)


def _rates(seen: Sequence[Look]) -> tuple[float, ...]:
    """By hour of the week, drawn to the shapes of day and week where an hour has little past of its own."""
    found, hours = [0.0] * WEEK, [0.0] * WEEK
    spans = [(look, _hours(look.at, before.at)) for before, look in pairwise(seen)]
    mean = sum(look.new for look, _ in spans) / (sum(span for _, span in spans) or 1)
    for look, span in spans:
        found[hour_of_week(look.at)] += min(look.new, 4 * mean * span + 4)  # a burst is no rhythm
        hours[hour_of_week(look.at)] += span
    by_hour = [_drawn(sum(found[hour::24]), sum(hours[hour::24]), mean) for hour in range(24)]
    by_day = [_drawn(sum(found[day * 24 : day * 24 + 24]), sum(hours[day * 24 : day * 24 + 24]), mean) for day in range(7)]
    shape = [by_hour[hour % 24] * by_day[hour // 24] / (mean or 1) for hour in range(WEEK)]
    return tuple(_drawn(found[hour], hours[hour], shape[hour]) for hour in range(WEEK))


def _drawn(found: float, hours: float, prior: float) -> float:
    return (found + _PRIOR * prior) / (hours + _PRIOR)


def _hours(at: datetime, since: datetime) -> float:
    return min(at - since, LONGEST) / timedelta(hours=1)


def _apart(one: int, other: int, around: int) -> int:
    return min((one - other) % around, (other - one) % around)


DAY = timedelta(days=1)


def found_in(looks: Sequence[Look], until: datetime, span: timedelta = DAY) -> int:
    """Articles that runs found in the time up to then."""
    return sum(look.new for look in looks if until - span < look.at <= until)


def usual_day(looks: Sequence[Look], now: datetime) -> Band | None:
    """What the last day of `found_in` brings: on this weekday where four of them are known, else on any; None for less than three days."""
    if not looks:
        return None
    known = int((now - looks[0].at) / DAY)
    weeks = [found_in(looks, now - 7 * week * DAY) for week in range(1, known // 7 + 1)]
    days = sorted(weeks if len(weeks) >= 4 else [found_in(looks, now - day * DAY) for day in range(1, min(known, 14) + 1)])
    return Band(low=days[0], usual=days[len(days) // 2], high=days[-1]) if len(days) >= 3 else None
