"""How much of what is watched is seen, so that few stories are not taken for little news."""

from dataclasses import dataclass
from datetime import datetime

SILENT_ENDS = ("killed", "shutdown", "store_away")
"""Ends of a run that say nothing of its portal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Of how many portals how many are blind, their names from the first on that went blind, and since when that one is.

    `failed`: the names of those whose last run failed and that are not blind, or too young to be told so. `is_judged`: whether
    health ever looked; where it did not, nobody knows who is blind.
    """

    portals: int
    blind: tuple[str, ...] = ()
    since: datetime | None = None
    failed: tuple[str, ...] = ()
    is_judged: bool = True
