"""Ageing: pages go when they are too old, and the oldest first when there are too many; a body stays while a record refers to it."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.archive.index import catalogue
from pipelines.archive.place import INDEX, WARC, Place, started
from pipelines.points import Point, passing

log = logging.getLogger(__name__)
GB = 1000**3
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is kept: days, and bytes of all portals together."""

    days: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Old:
    """A file that may go, with its index."""

    begun: datetime
    portal: str
    stem: str
    size: int


def age_out(place: Place, limits: Limits, now: datetime) -> int:
    """Remove what is beyond the limits; gives the number of files. By size even a body that is referred to goes, which a replay tells."""
    gone, _ = plan(place, limits, now)
    for file in gone:
        _remove(place, file)
    for portal in place.portals():
        for name in _orphans(place, portal, now):
            place.remove(portal, name)
        place.clear(portal, now - DAY)
    return len(gone)


def plan(place: Place, limits: Limits, now: datetime) -> tuple[list[Old], list[Old]]:
    """(files that go, files that stay), each the oldest first."""
    files = sorted((file for portal in place.portals() for file in _files(place, portal)), key=lambda file: file.begun)
    end = now - timedelta(days=limits.days)
    aged = [file for file in files if file.begun < end]
    needed = {stem for portal in {file.portal for file in aged} for stem in _needed(place, portal, end)}
    gone = {file for file in aged if (file.portal, file.stem) not in needed}
    excess = sum(file.size for file in files if file not in gone) - limits.size
    for file in files:
        if excess > 0 and file not in gone:
            gone.add(file)
            excess -= file.size
    return [file for file in files if file in gone], [file for file in files if file not in gone]


def _orphans(place: Place, portal: str, now: datetime) -> list[str]:
    """Indexes without their file, a day old: what a process left that was killed between the two."""
    names = place.sizes(portal)
    alone = [name for name in names if name.endswith(INDEX) and name.removesuffix(INDEX) + WARC not in names]
    return [name for name in alone if (begun := started(name)) and begun < now - DAY]


def _files(place: Place, portal: str) -> list[Old]:
    sizes = place.sizes(portal)
    stems = {name.removesuffix(WARC): begun for name in sizes if name.endswith(WARC) and (begun := started(name))}
    return [
        Old(begun=begun, portal=portal, stem=stem, size=sizes[stem + WARC] + sizes.get(stem + INDEX, 0)) for stem, begun in stems.items()
    ]


def _needed(place: Place, portal: str, end: datetime) -> set[tuple[str, str]]:
    """Files that hold a body to which a younger file refers."""
    known = catalogue(place, portal)
    refers = [entry for entry in known.entries if entry.original and (begun := started(entry.stem)) and begun >= end]
    originals = (known.by_place.get((entry.url, entry.original)) for entry in refers if entry.original)
    return {(portal, original.stem) for original in originals if original}


def _remove(place: Place, file: Old) -> None:
    for ending in (WARC, INDEX):
        place.remove(file.portal, file.stem + ending)
        passing(Point.ARCHIVE_AGING)
    log.info("%s%s: aged out", file.stem, WARC)
