"""The index of an archive: a CDXJ file beside each WARC file, so that a page is found by address and time without a scan."""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import IO, Any
from urllib.parse import urlsplit

from pipelines.archive.place import INDEX, RESTLESS, WARC, Place, started
from pipelines.archive.records import PART, Note, members, note_of, read_at, record_of, written_at
from pipelines.errors import ArchiveError

log = logging.getLogger(__name__)
FORGOTTEN = ".forgotten"
"""Ending of the empty files whose names are the digests of what a person asked us to forget."""
LONGEST_FILE = timedelta(hours=1)
"""From a file's name, its beginning, to its last record; a run ends after 25 minutes."""
TRIES = 8
"""Of finding a file under its present name, while others rewrite it."""
_REVISIT = "warc/revisit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record: where it stands, and of what page. `original`: when the record was made that holds a revisit's body."""

    url: str
    at: datetime
    stem: str
    offset: int
    length: int
    status: int
    mime: str
    digest: str
    note: Note
    original: datetime | None = None

    @property
    def keys(self) -> frozenset[str]:
        """The names under which this page may have been forgotten."""
        return frozenset(key_of(name) for name in (self.url, self.note.identity, self.note.asked) if name)


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """What a portal's archive holds, oldest first, without what was forgotten."""

    portal: str
    entries: tuple[Entry, ...]

    @cached_property
    def by_place(self) -> Mapping[tuple[str, datetime], Entry]:
        """{(address, time): record}."""
        return {(entry.url, entry.at): entry for entry in self.entries}

    @cached_property
    def parts(self) -> Mapping[str, list[Entry]]:
        """{address: records, oldest first} of the further pages of articles, by what was asked for and by what answered."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            for url in {entry.url, entry.note.asked} if entry.note.part == PART else ():
                found.setdefault(url, []).append(entry)
        return found


def catalogue(place: Place, portal: str, since: datetime | None = None) -> Catalogue:
    """The portal's archive, or its files since about `since`; a missing index is made anew. ArchiveError where it cannot be read."""
    for _ in range(TRIES):
        try:
            return _listed(place, portal, since)
        except FileNotFoundError:
            continue  # a file got a new name after it was listed
    raise ArchiveError(f"{portal}: {RESTLESS}")


def _listed(place: Place, portal: str, since: datetime | None) -> Catalogue:
    sizes = place.sizes(portal)
    stems = [name.removesuffix(WARC) for name in sizes if name.endswith(WARC) and _is_since(name, since)]
    read = place.read_many(portal, [stem + INDEX for stem in stems if stem + INDEX in sizes])
    gone = forgotten(sizes)
    found = [entry for stem in stems for entry in _entries(place, portal, stem, read.get(stem + INDEX)) if not entry.keys & gone]
    # A file that is being rewritten is there twice for a moment.
    once = {(entry.url, entry.at): entry for entry in found}
    return Catalogue(portal=portal, entries=tuple(sorted(once.values(), key=lambda entry: entry.at)))


def entries_of(place: Place, portal: str, stem: str) -> list[Entry]:
    """The records of one file, by its index, or by itself where there is none; FileNotFoundError where it is gone."""
    return _entries(place, portal, stem, place.read_many(portal, [stem + INDEX]).get(stem + INDEX))


def scanned(stem: str, stream: IO[bytes]) -> list[Entry]:
    """The records of a WARC file, found by reading it up to where it is torn or damaged."""
    found = []
    for offset, length, content in members(stream):
        try:
            entry = entry_of(record_of(content), stem, offset, length)
        except ArchiveError as error:
            log.warning("%s%s at %d: %s", stem, WARC, offset, error)
            continue
        found += [entry] if entry else []
    return found


def entry_of(record: Any, stem: str, offset: int, length: int) -> Entry | None:
    """The index entry of a record, None for one that holds no page; ArchiveError where what it says of itself does not read."""
    if record.rec_type not in ("response", "revisit") or record.http_headers is None:
        return None
    try:
        return _described(record, stem, offset, length)
    except (ValueError, TypeError, OverflowError) as error:
        raise ArchiveError(f"a record that cannot be listed: {error}") from None


def _described(record: Any, stem: str, offset: int, length: int) -> Entry:
    header, http = record.rec_headers.get_header, record.http_headers
    original = header("WARC-Refers-To-Date") if record.rec_type == "revisit" else None
    found = Entry(
        url=header("WARC-Target-URI"),
        at=read_at(header("WARC-Date")),
        stem=stem,
        offset=offset,
        length=length,
        status=int(http.get_statuscode() or 0),
        mime=(http.get_header("Content-Type") or "").partition(";")[0].strip(),
        digest=header("WARC-Payload-Digest") or "",
        note=note_of(record),
        original=read_at(original) if original else None,
    )
    surt(found.url)  # an address that does not read could not be written into the index
    return found


def lines(entries: Iterable[Entry]) -> bytes:
    """A CDXJ file: `SURT timestamp {JSON}` a line, sorted, as pywb and others read it."""
    return "".join(f"{line}\n" for line in sorted(map(_line, entries))).encode()


def key_of(name: str) -> str:
    """The digest under which an identity or address is forgotten, so that its name itself is not kept."""
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def forgotten(names: Iterable[str]) -> frozenset[str]:
    """What the archive must not show, by the file names of a portal's folder."""
    return frozenset(name.removesuffix(FORGOTTEN) for name in names if name.endswith(FORGOTTEN))


def surt(url: str) -> str:
    """The address in the order in which archives sort: `com,example)/path?query`."""
    parts = urlsplit(url)
    host = ",".join(reversed((parts.hostname or "").removeprefix("www.").split(".")))
    port = f":{parts.port}" if parts.port else ""
    return f"{host}{port}){parts.path or '/'}{'?' + parts.query if parts.query else ''}".lower().replace(" ", "%20")


def _entries(place: Place, portal: str, stem: str, index: bytes | None) -> list[Entry]:
    try:
        return [_entry(stem, line) for line in (index or b"").splitlines()] if index else _indexed_anew(place, portal, stem)
    except (ValueError, LookupError, TypeError):
        log.warning("%s%s does not read; it is made anew", stem, INDEX)
        return _indexed_anew(place, portal, stem)


def _indexed_anew(place: Place, portal: str, stem: str) -> list[Entry]:
    with place.open(portal, stem + WARC) as stream:
        found = scanned(stem, stream)
    try:
        place.write(portal, stem + INDEX, lines(found))
    except ArchiveError as error:
        log.warning("%s%s could not be written: %s", stem, INDEX, error)
    return found


def _line(entry: Entry) -> str:
    told = {
        "url": entry.url,
        "mime": _REVISIT if entry.original else entry.mime,
        "status": str(entry.status),
        "digest": entry.digest,
        "length": str(entry.length),
        "offset": str(entry.offset),
        "filename": entry.stem + WARC,
        "date": written_at(entry.at),
        **({"original": written_at(entry.original), "type": entry.mime} if entry.original else {}),
        **asdict(entry.note),
    }
    return f"{surt(entry.url)} {entry.at.astimezone(UTC):%Y%m%d%H%M%S} {json.dumps(told)}"


def _entry(stem: str, line: bytes) -> Entry:
    told = json.loads(line.split(b" ", 2)[2])
    return Entry(
        url=told["url"],
        at=read_at(told["date"]),
        stem=stem,
        offset=int(told["offset"]),
        length=int(told["length"]),
        status=int(told["status"]),
        mime=told.get("type", told["mime"]),
        digest=told["digest"],
        note=Note(identity=told["identity"], asked=told["asked"], part=told["part"]),
        original=read_at(told["original"]) if "original" in told else None,
    )


def _is_since(name: str, since: datetime | None) -> bool:
    begun = started(name)
    return since is None or begun is None or begun >= since - LONGEST_FILE
