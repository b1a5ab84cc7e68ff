"""Times and spans in the words of a message."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.config import settings


def stamp(at: datetime) -> str:
    """`Tue 2026-11-24 14:10`, in the zone of messages."""
    return f"{at.astimezone(ZoneInfo(settings().timezone)):%a %Y-%m-%d %H:%M}"


def shown(at: datetime) -> str:
    """`2026-11-24 14:10:00+08:00`: as tables of commands have it, in the same zone."""
    return at.astimezone(ZoneInfo(settings().timezone)).isoformat(" ", "seconds")


def lasted(span: timedelta) -> str:
    """A span in its two largest units, at most: `3 days`, `9 h 30 min`."""
    minutes = round(span / timedelta(minutes=1))
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days >= 3:
        return f"{days} days"
    parts = ((days, "day" if days == 1 else "days"), (hours, "h"), (0 if days else rest, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "less than a minute"
