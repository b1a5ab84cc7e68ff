"""Wall clocks as readers see them: which moments a local time means, also on the two days of a year on which clocks are moved."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from croniter import croniter

MOVED = timedelta(hours=3)
"""Longer than any zone moved its clocks at once since 1970, but for the few that crossed the date line."""
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """The hours of a day in which nobody is disturbed, by the wall clock; they wrap midnight where `end` is not later than `start`."""

    start: time
    end: time

    def holds(self, wall: time) -> bool:
        """Whether the wall clock shows a quiet time; the end is none."""
        if self.start < self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end


def quiet_until(quiet: Quiet, zone: tzinfo, at: datetime) -> datetime | None:
    """When the quiet hours in which `at` falls are over, UTC; None where it falls in none.

    An hour that is shown twice is quiet twice; an end that is not shown on a day is the moment at which the clock passes it.
    """
    wall = at.astimezone(zone)
    if not quiet.holds(wall.time()):
        return None
    day = wall.date() + timedelta(days=quiet.end <= wall.time())
    return next(moment for moment in moments(datetime.combine(day, quiet.end), zone) if moment > at)


def next_of(cron: str, zone: tzinfo, at: datetime) -> datetime:
    """The first moment after `at` that five cron fields name by the wall clock of the zone, UTC.

    A time that is not shown on a day counts when the clock passes it. One that is shown twice counts once, at first, but for crons of
    every hour (`*/30 * * * *`).
    """
    start, again = at.astimezone(zone).replace(tzinfo=None), cron.split()[1].startswith("*")
    found: list[datetime] = []
    for wall in _walls(cron, start - MOVED):
        shown = moments(wall, zone)
        found += [moment for moment in (shown if again else shown[:1]) if moment > at]
        if found and wall > start + MOVED:
            break
    return min(found)


def moments(wall: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """The moments at which the zone's clock shows `wall`, UTC, one or two; where it never does, the one at which it passes it."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first < second:
        return first, second
    return (first,) if first == second else (_moved_at(second, first, zone),)


def _walls(cron: str, after: datetime) -> Iterator[datetime]:
    ticks = croniter(cron, after)
    while True:
        yield ticks.get_next(datetime)


def _moved_at(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The second at which the zone's clock was moved, somewhere in between."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > SECOND:
        middle = before + ((after - before) // 2 // SECOND) * SECOND
        before, after = (middle, after) if middle.astimezone(zone).utcoffset() == offset else (before, middle)
    return after
