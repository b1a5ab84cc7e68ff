"""What an operator writes about when somebody hears, as values; ValueError says what to write instead."""

import re
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from croniter import CroniterError, croniter

from pipelines.policy.clock import Quiet
from pipelines.policy.plan import Storm
from pipelines.yamlfile import suggestion

NONE = "none"
"""What takes the quiet hours or the cap of a channel away from a topic."""
MOST = 10_000  # messages of a cap; more is none
UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}

CRON_PATTERN = r"^\S+ +\S+ +\S+ +\S+ +\S+$"
QUIET_PATTERN = r"^(none|[0-2]?[0-9]:[0-5][0-9] ?- ?[0-2]?[0-9]:[0-5][0-9])$"
STORM_PATTERN = r"^(none|[0-9]+ per ([0-9]+ )?(minute|hour|day)s?)$"
_FIELD = re.compile(r"(?i)(?:[\d*,/#?-]|l|mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)+")
_STORM = re.compile(r"(\d+) per (?:(\d+) )?([a-z]+)")


def cron(text: str) -> str:
    """Five cron fields that name some moment."""
    fields = text.split()
    if len(fields) != 5 or not all(map(_FIELD.fullmatch, fields)) or not _comes(text):
        raise ValueError(f'`{text}` names no moments: write five cron fields such as "0 8,18 * * *" (at 8 and at 18 o\'clock)')
    return " ".join(fields)


def zone(text: str) -> str:
    """A zone by its name."""
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"`{text}` is no time zone{suggestion(text, _zones()) or '; write one such as Asia/Taipei'}") from None
    return text


@lru_cache(maxsize=64)
def quiet(text: str) -> Quiet | None:
    """`23:00-07:00`; `none` is None."""
    if text == NONE:
        return None
    try:
        start, end = (_time(part.strip()) for part in text.split("-"))
    except ValueError:
        raise ValueError(f'`{text}` is no span of hours: write one such as "23:00-07:00", or none') from None
    if start == end:
        raise ValueError(f"`{text}` would be quiet all day; leave the topic without channels instead")
    return Quiet(start=start, end=end)


@lru_cache(maxsize=64)
def storm(text: str) -> Storm | None:
    """`20 per hour`, `5 per 10 minutes`; `none` is None."""
    if text == NONE:
        return None
    found = _STORM.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text}` is no cap: write one such as `20 per hour` or `5 per 10 minutes`, or none")
    unit, most, count = found[3].removesuffix("s"), int(found[1]), int(found[2] or 1)
    if unit not in UNITS:
        raise ValueError(f"`{found[3]}` is no unit of time{suggestion(unit, list(UNITS)) or '; there are minute, hour and day'}")
    if not (1 <= most <= MOST and count >= 1 and UNITS[unit] * min(count, MOST) <= timedelta(days=7)):
        raise ValueError(f"`{text}`: at least one message and at most {MOST}, in at most 7 days")
    return Storm(most=most, per=UNITS[unit] * count)


def _time(text: str) -> time:
    hour, _, minute = text.partition(":")
    if not re.fullmatch(r"\d{1,2}:\d\d", text):
        raise ValueError(text)
    return time(int(hour) % 24 if text == "24:00" else int(hour), int(minute))


def _comes(text: str) -> bool:
    try:
        croniter(text, datetime(2026, 1, 1, tzinfo=UTC)).get_next(datetime)
    except (CroniterError, ValueError, KeyError):
        return False
    return True


@lru_cache(maxsize=1)
def _zones() -> list[str]:
    return sorted(available_timezones())
