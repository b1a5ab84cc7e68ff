"""Times on the command line: a day or a time, in the zone of the settings where it names none."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import typer

from pipelines.config import settings


def beginning(text: str | None, option: str) -> datetime | None:
    """The moment that is written; of a day its beginning. Wrong use where it is none."""
    return _parsed(text, option) if text else None


def end(text: str | None, option: str) -> datetime | None:
    """The moment that is written; of a day its end."""
    moment = _parsed(text, option) if text else None
    return moment + timedelta(days=1) if moment and text and _is_day(text) else moment


def _parsed(text: str, option: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{option}: `{text}` is no day or time; write 2026-11-22 or 2026-11-22T08:00") from None
    moment = datetime.combine(moment, time()) if _is_day(text) else moment
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(settings().timezone))


def _is_day(text: str) -> bool:
    return "T" not in text and ":" not in text
