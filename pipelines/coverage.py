"""How much of what is watched is seen: the line at a digest's foot, so that few stories are not taken for little news."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A portal as it is seen: by its name, and since when it is not; None where it is."""

    name: str
    blind_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Of how many portals how many are blind, their names, and since when the first of them is."""

    portals: int
    blind: tuple[str, ...] = ()
    since: datetime | None = None


def coverage_of(portals: Iterable[Seen]) -> Coverage | None:
    """What a digest says of the portals; nothing where none was ever read."""
    known = list(portals)
    blind = sorted((each for each in known if each.blind_since), key=lambda each: (each.blind_since, each.name))
    if not known:
        return None
    return Coverage(portals=len(known), blind=tuple(each.name for each in blind), since=blind[0].blind_since if blind else None)
