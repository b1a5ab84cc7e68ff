"""Kinds of values that a sheet holds, each checked where it is read."""

import codecs
import re
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from croniter import croniter
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer

SHORTEST, LONGEST = 10, timedelta(days=366)  # seconds between the runs of a portal; of any duration
LONGEST_OWNER = 64  # characters of a name that Airflow shows
_UNITS = {"s": 1, "min": 60, "h": 3600}
_DURATION = re.compile(r"^(\d+) ?(s|min|h)$")
_EVERY = re.compile(r"^every (\d+) (s|min|h)$")


class Strict(BaseModel):
    """A part of a sheet: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def seconds_between(schedule: str) -> float | None:
    """Seconds between runs where the schedule is `every …`, None where it is cron."""
    found = _EVERY.match(schedule)
    return float(found[1]) * _UNITS[found[2]] if found else None


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"`{value}` is no time zone; write one such as Asia/Taipei") from None
    return value


def _duration(value: object) -> object:
    found = _DURATION.match(value) if isinstance(value, str) else None
    if found is None and not isinstance(value, timedelta):
        raise ValueError(f"`{value}` is no duration; write one such as `90 s`, `20 min` or `6 h`")
    if found is not None and int(found[1]) * _UNITS[found[2]] > LONGEST.total_seconds():
        raise ValueError(f"`{value}` is too long: {LONGEST.days} days is the longest")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else value


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"`{value}` is no address: write http(s)://host/…")
    return value


def _host(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", value):
        raise ValueError(f"`{value}` is no host: write it in lower case, without scheme and port")
    return value


def _codec(value: str | None) -> str | None:
    try:
        return value if value is None else codecs.lookup(value).name and value
    except LookupError:
        raise ValueError(f"`{value}` is no charset; write one such as utf-8, gb2312 or big5") from None


def _owner(value: str) -> str:
    if not 0 < len(value) <= LONGEST_OWNER or "," in value or not value.isprintable() or value != value.strip():
        raise ValueError(f"`{value[:LONGEST_OWNER]}` is no owner: write one name, without a comma, of at most {LONGEST_OWNER} characters")
    return value


def _schedule(value: str) -> str:
    seconds = seconds_between(value)
    if seconds is None and not (len(value.split()) == 5 and croniter.is_valid(value)):
        raise ValueError(f"`{value}` is no schedule: write five cron fields such as `*/20 * * * *`, or `every 90 s`")
    if seconds is not None and seconds < SHORTEST:
        raise ValueError(f"`{value}` is too often: {SHORTEST} seconds is the shortest")
    if seconds is not None:
        _duration(value.removeprefix("every "))
    return value


Address = Annotated[str, AfterValidator(_address)]
Charset = Annotated[str | None, AfterValidator(_codec)]
Host = Annotated[str, AfterValidator(_host)]
Owner = Annotated[str, AfterValidator(_owner)]
Schedule = Annotated[str, AfterValidator(_schedule)]
Zone = Annotated[str, AfterValidator(_zone)]
Duration = Annotated[
    timedelta, BeforeValidator(_duration), PlainSerializer(lambda value: f"{int(value.total_seconds())} s", when_used="json")
]
