"""How much of what is watched is seen, so that few stories are not taken for little news."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Of how many portals how many are blind, their names from the first on that went blind, and since when that one is.

    `is_judged`: whether health ever looked; where it did not, nobody knows who is blind.
    """

    portals: int
    blind: tuple[str, ...] = ()
    since: datetime | None = None
    is_judged: bool = True
