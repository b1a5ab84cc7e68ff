"""Digests and quiet hours by the reader's clock, on the two days of a year on which it is moved, too."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from pipelines.policy.clock import Quiet, moments, next_of, quiet_until

BERLIN, NEW_YORK, TAIPEI, KATHMANDU = map(ZoneInfo, ("Europe/Berlin", "America/New_York", "Asia/Taipei", "Asia/Kathmandu"))
NIGHT = Quiet(start=time(23), end=time(7))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "wall", "shown"),
    [
        (BERLIN, "2026-03-29T01:30", ("2026-03-29T00:30",)),
        (BERLIN, "2026-03-29T02:30", ("2026-03-29T01:00",)),  # never shown: the clock passes it at 02:00
        (BERLIN, "2026-10-25T02:30", ("2026-10-25T00:30", "2026-10-25T01:30")),
        (NEW_YORK, "2026-03-08T02:30", ("2026-03-08T07:00",)),
        (NEW_YORK, "2026-11-01T01:30", ("2026-11-01T05:30", "2026-11-01T06:30")),
        (TAIPEI, "2026-11-01T01:30", ("2026-10-31T17:30",)),
    ],
)
def test_a_wall_clock_shows_a_time_once_twice_or_passes_it(zone: ZoneInfo, wall: str, shown: tuple[str, ...]) -> None:
    assert moments(datetime.fromisoformat(wall), zone) == tuple(map(utc, shown))


@pytest.mark.parametrize(
    ("cron", "zone", "at", "due"),
    [
        ("0 8,18 * * *", TAIPEI, "2026-11-22T09:59", "2026-11-22T10:00"),
        ("0 8,18 * * *", TAIPEI, "2026-11-22T10:00", "2026-11-23T00:00"),  # the moment itself is over
        ("0 8 * * *", KATHMANDU, "2026-11-22T02:00", "2026-11-22T02:15"),
        ("0 18 * * *", NEW_YORK, "2026-11-22T22:59", "2026-11-22T23:00"),
        ("0 8 * * *", BERLIN, "2026-03-28T08:00", "2026-03-29T06:00"),  # the clock went forward in the night
        ("30 2 * * *", BERLIN, "2026-03-28T12:00", "2026-03-29T01:00"),  # 02:30 is not shown that day
        ("30 2 * * *", BERLIN, "2026-03-29T01:00", "2026-03-30T00:30"),
        ("30 2 * * *", BERLIN, "2026-10-24T12:00", "2026-10-25T00:30"),  # shown twice, counts once
        ("30 2 * * *", BERLIN, "2026-10-25T00:30", "2026-10-26T01:30"),
        ("30 2 * * *", BERLIN, "2026-10-25T00:59", "2026-10-26T01:30"),
        ("*/30 * * * *", BERLIN, "2026-10-25T00:30", "2026-10-25T01:00"),  # of every hour: the second 02:00 too
        ("*/30 * * * *", BERLIN, "2026-10-25T01:00", "2026-10-25T01:30"),
        ("*/30 * * * *", BERLIN, "2026-03-29T00:30", "2026-03-29T01:00"),
        ("30 2 * * *", NEW_YORK, "2026-03-07T12:00", "2026-03-08T07:00"),
        ("30 1 * * *", NEW_YORK, "2026-10-31T12:00", "2026-11-01T05:30"),
        ("30 1 * * *", NEW_YORK, "2026-11-01T05:30", "2026-11-02T06:30"),
        ("0 9 * * mon-fri", TAIPEI, "2026-11-20T05:00", "2026-11-23T01:00"),
        ("0 9 29 2 *", TAIPEI, "2026-11-22T00:00", "2028-02-29T01:00"),
    ],
)
def test_a_digest_comes_by_the_readers_clock(cron: str, zone: ZoneInfo, at: str, due: str) -> None:
    assert next_of(cron, zone, utc(at)) == utc(due)


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
def test_over_a_year_a_daily_digest_comes_once_a_day(zone: ZoneInfo) -> None:
    at, days = utc("2026-01-01T12:00"), []
    while len(days) < 365:
        at = next_of("30 2 * * *", zone, at)
        days.append(at.astimezone(zone).date())
    assert len(set(days)) == 365
    assert (days[-1] - days[0]).days == 364


@pytest.mark.parametrize(
    ("quiet", "zone", "at", "until"),
    [
        (NIGHT, TAIPEI, "2026-11-22T14:59", None),
        (NIGHT, TAIPEI, "2026-11-22T15:00", "2026-11-22T23:00"),
        (NIGHT, TAIPEI, "2026-11-22T16:30", "2026-11-22T23:00"),  # past midnight there
        (NIGHT, TAIPEI, "2026-11-22T22:59", "2026-11-22T23:00"),
        (NIGHT, TAIPEI, "2026-11-22T23:00", None),
        (Quiet(start=time(12), end=time(14)), NEW_YORK, "2026-11-22T17:00", "2026-11-22T19:00"),
        (Quiet(start=time(12), end=time(14)), NEW_YORK, "2026-11-22T19:00", None),
        (NIGHT, BERLIN, "2026-03-28T23:00", "2026-03-29T05:00"),  # a night of seven hours
        (NIGHT, BERLIN, "2026-10-24T22:00", "2026-10-25T06:00"),  # and one of nine
        (Quiet(start=time(23), end=time(2, 30)), BERLIN, "2026-03-29T00:30", "2026-03-29T01:00"),  # its end is not shown
        (Quiet(start=time(23), end=time(2, 30)), BERLIN, "2026-03-29T01:00", None),
        (Quiet(start=time(23), end=time(2, 30)), BERLIN, "2026-10-25T00:15", "2026-10-25T00:30"),
        (Quiet(start=time(23), end=time(2, 30)), BERLIN, "2026-10-25T00:45", None),
        (Quiet(start=time(23), end=time(2, 30)), BERLIN, "2026-10-25T01:15", "2026-10-25T01:30"),  # 02:15 for the second time
        (Quiet(start=time(2), end=time(3)), NEW_YORK, "2026-03-08T07:00", None),  # an hour that is left out
        (Quiet(start=time(22), end=time(0)), TAIPEI, "2026-11-22T15:59", "2026-11-22T16:00"),
    ],
)
def test_quiet_hours_end_by_the_readers_clock(quiet: Quiet, zone: ZoneInfo, at: str, until: str | None) -> None:
    assert quiet_until(quiet, zone, utc(at)) == (utc(until) if until else None)
