"""Forgetting in the archive: a mark that every reader and writer honours, then files without the records."""

import json
import logging
from collections.abc import Collection, Iterable
from dataclasses import replace

from pipelines.archive.index import FORGOTTEN, Entry, entries_of, forgotten, key_of, lines
from pipelines.archive.place import INDEX, WARC, Place
from pipelines.points import Point, passing

log = logging.getLogger(__name__)
EVERYWHERE = ""
"""The archive's own folder, above those of the portals."""


def forget(place: Place, portal: str, names: Iterable[str]) -> int:
    """Remove every record of these identities and addresses; gives how many. What a running crawl holds goes when its file comes here.

    The marks come first: whatever is put here after them is looked through by whoever puts it.
    """
    there = forgotten(place.sizes(portal))
    for key in {key_of(name) for name in names} - there:
        place.write(portal, key + FORGOTTEN, b"")
    passing(Point.FORGET_MARKED)
    return purge(place, portal)


def entomb(place: Place, portal: str, identity: str, url: str) -> None:
    """Leave the mark from which an older database learns what was forgotten after it was saved."""
    place.write(portal, key_of(identity) + FORGOTTEN, json.dumps({"identity": identity, "url": url}).encode())


def entombed(place: Place, portal: str, known: Collection[str]) -> list[tuple[str, str]]:
    """(identity, address) of what was forgotten here, without those identities that are `known` to be."""
    keys = {key_of(identity) for identity in known}
    names = [name + FORGOTTEN for name in marks(place, portal) - keys]
    return [told for data in place.read_many(portal, names).values() if (told := _told(data)) is not None]


def marks(place: Place, portal: str) -> frozenset[str]:
    """The digests of the identities that were forgotten here; marks of mere addresses are empty."""
    return forgotten(name for name, size in place.sizes(portal).items() if size)


def _told(data: bytes) -> tuple[str, str] | None:
    try:
        found = json.loads(data)
        return str(found["identity"]), str(found["url"])
    except (ValueError, LookupError, TypeError):
        log.warning("a mark of what was forgotten does not read")
        return None


def mute(place: Place, alias: str) -> None:
    """Leave the mark of a commenter, by pseudonym."""
    place.write(EVERYWHERE, alias + FORGOTTEN, b"")


def muted(place: Place) -> frozenset[str]:
    """The pseudonyms of commenters who were forgotten."""
    return forgotten(place.sizes(EVERYWHERE))


def purge(place: Place, portal: str, stems: Iterable[str] | None = None) -> int:
    """Rewrite those files (all of a portal, or `stems`) that hold what was forgotten; gives how many records are gone."""
    sizes = place.sizes(portal)
    gone = forgotten(sizes)
    if not gone:
        return 0
    wanted = [name.removesuffix(WARC) for name in sizes if name.endswith(WARC)] if stems is None else stems
    return sum(_without(place, portal, stem, gone) for stem in wanted)


def _without(place: Place, portal: str, stem: str, gone: frozenset[str]) -> int:
    try:
        entries = entries_of(place, portal, stem)
        kept = sorted((entry for entry in entries if not entry.keys & gone), key=lambda entry: entry.offset)
        if len(kept) == len(entries):
            return 0
        renamed = [_rewritten(place, portal, kept, min(entry.offset for entry in entries))] if kept else []
    except FileNotFoundError:
        return 0  # another one forgot it
    passing(Point.FORGET_REWRITTEN)
    for ending in (WARC, INDEX):
        place.remove(portal, stem + ending)
    return len(entries) - len(kept) + purge(place, portal, renamed)


def _rewritten(place: Place, portal: str, kept: list[Entry], head: int) -> str:
    """The stem of a new file that holds these records, byte by byte; the bytes before `head` say what the file is.

    Its name follows from what it holds, so that two who rewrite alike, or one that was killed and comes again, make one file.
    """
    stem = kept[0].stem
    old = place.read(portal, stem + WARC)
    mark = key_of(f"{stem} {[entry.offset for entry in kept]}")[:8]
    renamed = f"{'-'.join(stem.split('-')[:2])}-{mark}-000"
    parts, moved, offset = [old[:head]], [], head
    for entry in kept:
        parts.append(old[entry.offset : entry.offset + entry.length])
        moved.append(replace(entry, stem=renamed, offset=offset))
        offset += entry.length
    place.write(portal, renamed + INDEX, lines(moved))
    place.write(portal, renamed + WARC, b"".join(parts))
    return renamed
