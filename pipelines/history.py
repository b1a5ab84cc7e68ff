"""The past of a portal: discovery addresses with a day's date in them, and which of them can tell a day at all."""

import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from pipelines.template import DATE, dated

if TYPE_CHECKING:
    from pipelines.sources import Source

UNTOLD = (
    "put {year}, {month} and {day} into the address, say with `day` where an item names its own, or let every pattern of `articles`"
    " name the groups year, month and day"
)


def history_trouble(
    discovery: "Sequence[Source]", history: "Sequence[Source]", patterns: Sequence[str]
) -> tuple[tuple[str | int, ...], str] | None:
    """(path, what is wrong) of a sheet's first bad discovery or history address, None where each stands where it belongs and can tell
    its days."""
    for number, source in enumerate(discovery):
        if dates_in(source):
            return ("discovery", number, "url"), f"`{source.url}` holds a date: it belongs into `history`"
    told = all(set(re.compile(pattern).groupindex) >= DATE for pattern in patterns)
    for number, source in enumerate(history):
        if not (told or "day" in dates_in(source) or getattr(source, "day", None)):
            return ("history", number, "url"), f"nothing tells on which day it was what `{source.url}` lists: {UNTOLD}"
    return None


def dates_in(source: "Source") -> set[str]:
    """Which parts of a date an entry's addresses hold."""
    templates = [source.url, *(str(getattr(source, name, None) or "") for name in ("next", "body"))]
    return {name for name in DATE for template in templates if f"{{{name}}}" in template}


def on_day(source: "Source", day: date) -> "Source":
    """The entry with a day's date in its addresses."""
    filled: dict[str, object] = {"url": dated(source.url, day)}
    if following := getattr(source, "next", None):
        filled["next"] = dated(following, day)
    if body := getattr(source, "body", None):
        filled["body"] = {key: dated(value, day) if isinstance(value, str) else value for key, value in body.items()}
    return source.model_copy(update=filled)
