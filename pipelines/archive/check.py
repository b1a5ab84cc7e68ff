"""Checking an archive: every record's digest, and each index against its file."""

from collections.abc import Iterator

from pipelines.archive.index import Entry, entries_of, entry_of
from pipelines.archive.place import WARC, Place
from pipelines.archive.records import members, record_of
from pipelines.errors import ArchiveError


def troubles(place: Place, portal: str, stem: str) -> Iterator[str]:
    """What is wrong with one file, a sentence each; FileNotFoundError where it is gone."""
    indexed, found, end = entries_of(place, portal, stem), list[Entry](), 0
    size = place.sizes(portal).get(stem + WARC, 0)
    with place.open(portal, stem + WARC) as stream:
        for offset, length, content in members(stream):
            if offset > end:
                yield f"at byte {end}: {offset - end} bytes are damaged"
            end = offset + length
            try:
                entry = entry_of(record_of(content), stem, offset, length)
            except ArchiveError as error:
                yield f"at byte {offset}: {error}"
                continue
            found += [entry] if entry else []
    if end != size:
        yield f"is torn: its last {size - end} bytes are no whole record"
    if sorted(indexed, key=_place) != sorted(found, key=_place):
        yield "its index is another file's; remove it, and it is made anew"


def _place(entry: Entry) -> int:
    return entry.offset
