"""Writing an archive while a crawl runs: one growing file a run, taken to its place when it is full and when the run ends.

A killed run leaves its file behind, locked by nobody: the next one cuts a torn record off its end and takes it there.
"""

import fcntl
import logging
import os
import secrets
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO

from pipelines.archive.forget import purge
from pipelines.archive.index import Catalogue, Entry, catalogue, lines, scanned
from pipelines.archive.place import GROWING, INDEX, WARC, Place, plain
from pipelines.archive.records import Note, members, response, revisit, warcinfo
from pipelines.errors import ArchiveError
from pipelines.models import Page
from pipelines.points import Point, passing

log = logging.getLogger(__name__)
ROTATE_AT = 100 * 1024 * 1024
"""Bytes after which a file is full."""
REVISITS = timedelta(days=7)
"""How long after a body was archived the same body is kept as a reference to it; the ladder of looks ends after five days."""
STOPPED, NOT_TAKEN = "archiving stopped", "archived pages were not taken to their place"
"""How a run's reason tells it, which `portalwatch doctor` looks for."""


class _File:
    """A growing file that nobody else touches: locked as long as it is open, and never left with half a record."""

    def __init__(self, path: Path) -> None:
        self.path, self.size = path, 0
        self.stem = path.name.removesuffix(WARC + GROWING)
        self.entries: list[Entry] = []
        self._out = _born(path)

    def append(self, record: bytes) -> int:
        """Write one record whole or not at all; gives its offset. OSError where the disk refuses it."""
        start, rest = self.size, memoryview(record)
        try:
            while rest:
                rest = rest[self._out.write(rest) :]
        except OSError:
            self._out.truncate(start)
            raise
        self.size += len(record)
        return start

    def close(self) -> None:
        """Let go of it."""
        self._out.close()


def _born(path: Path) -> IO[bytes]:
    """A new file, locked. Between the two another run may take it for that of a killed one, and remove it: then it is made again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        out = path.open("xb", buffering=0)
        fcntl.flock(out, fcntl.LOCK_EX)
        if _stands_at(path, out):
            return out
        out.close()


def _stands_at(path: Path, file: IO[bytes]) -> bool:
    try:
        return path.stat().st_ino == os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return False


class Archive:
    """One run's archive of one portal. `trouble` says what went wrong, which must not stop the watching: nothing here raises."""

    def __init__(self, place: Place, portal: str, label: str, clock: Callable[[], datetime], rotate_at: int = ROTATE_AT) -> None:
        self._place, self._portal, self._label, self._clock, self._rotate_at = place, portal, label, clock, rotate_at
        self._lock, self._stopped, self._serial = threading.Lock(), False, 0
        self._file: _File | None = None
        self._known: dict[tuple[str, str], datetime] | None = None
        self.trouble: str | None = None

    def keep(self, page: Page, note: Note) -> None:
        """Append one page, from any thread; a disk that refuses it is warned of, and ends archiving for this run."""
        with self._lock:
            try:
                if not self._stopped:
                    self._write(page, note)
            except OSError as error:
                self._stopped = True
                self._tell(f"{STOPPED}: {plain(error)}")
            except ValueError:
                log.exception("%s: could not be archived", page.url)

    def close(self) -> None:
        """Take what was written to its place."""
        with self._lock:
            self._finish()

    def _tell(self, trouble: str) -> None:
        self.trouble = self.trouble or trouble
        log.warning("%s: %s; watching goes on", self._portal, trouble)

    def _write(self, page: Page, note: Note) -> None:
        file, at = self._opened(), page.fetched_at or self._clock()
        known = self._bodies()
        original = known.get((page.url, page.payload))
        if original is not None and at <= original:
            return
        record = response(page, note, at) if original is None else revisit(page, note, at, original)
        offset = file.append(record)
        file.entries.append(_entry(page, note, at, file.stem, (offset, len(record)), original))
        known.setdefault((page.url, page.payload), at)
        if file.size >= self._rotate_at:
            self._finish()

    def _opened(self) -> _File:
        if self._file is None:
            if not self._serial:
                adopt(self._place, self._portal)
            self._serial += 1
            stem = f"{self._clock():%Y%m%dT%H%M%S}-{self._label}-{secrets.token_hex(4)}-{self._serial:03}"
            self._file = _File(self._place.growing(self._portal) / f"{stem}{WARC}{GROWING}")
            self._file.append(warcinfo(stem + WARC, _about(self._portal)))
        return self._file

    def _bodies(self) -> dict[tuple[str, str], datetime]:
        """{(address, digest): when that body was archived}, of the last days."""
        if self._known is None:
            self._known = _bodies(self._place, self._portal, self._clock() - REVISITS)
        return self._known

    def _finish(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        try:
            _ship(self._place, self._portal, file.path, file.entries)
        except (OSError, ArchiveError) as error:
            why = error if isinstance(error, ArchiveError) else plain(error)
            self._tell(f"{NOT_TAKEN}: {why}; {file.path.name} waits for the next run")
        finally:
            file.close()


def adopt(place: Place, portal: str) -> int:
    """Take the files of killed runs to their place, without a torn record at their end; gives how many there were."""
    return sum(_adopted(place, portal, path) for path in sorted(place.growing(portal).glob(f"*{WARC}{GROWING}")))


def _adopted(place: Place, portal: str, path: Path) -> bool:
    try:
        with path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not _stands_at(path, file):
                return False
            _mend(file)
            _ship(place, portal, path, scanned(path.name.removesuffix(WARC + GROWING), file))
    except (BlockingIOError, FileNotFoundError):
        return False  # its run is alive, or another one took it
    except (OSError, ArchiveError) as error:
        log.warning("%s: left for later: %s", path, plain(error) if isinstance(error, OSError) else error)
        return False
    return True


def _mend(file: IO[bytes]) -> None:
    """Leave whole records only: a torn one is cut off the end, and what follows a damaged one moves up to it."""
    end = 0
    for offset, length, _ in members(file):
        if offset > end:
            file.seek(offset)
            record = file.read(length)
            file.seek(end)
            file.write(record)
        end += length
    file.truncate(end)
    file.seek(0)


def _ship(place: Place, portal: str, path: Path, entries: list[Entry]) -> None:
    """The index first: a file that is still on its way must not be indexed by a reader."""
    stem = path.name.removesuffix(WARC + GROWING)
    if not entries:
        path.unlink()
        return
    try:
        place.write(portal, stem + INDEX, lines(entries))
    except ArchiveError as error:
        log.warning("%s%s: %s; it is made anew when it is needed", stem, INDEX, error)
    passing(Point.ARCHIVE_INDEXED)
    place.take(portal, path, stem + WARC)
    passing(Point.ARCHIVE_TAKEN)
    purge(place, portal, [stem])


def _bodies(place: Place, portal: str, since: datetime) -> dict[tuple[str, str], datetime]:
    try:
        known = catalogue(place, portal, since)
    except ArchiveError as error:
        log.warning("%s: what is archived already cannot be told, so every page is kept whole: %s", portal, error)
        known = Catalogue(portal=portal, entries=())
    return {(entry.url, entry.digest): entry.at for entry in known.entries if entry.original is None and entry.at >= since}


def _entry(page: Page, note: Note, at: datetime, stem: str, place: tuple[int, int], original: datetime | None) -> Entry:
    mime = page.content_type.partition(";")[0].strip()
    return Entry(
        url=page.url, at=at, stem=stem, offset=place[0], length=place[1], status=page.status, mime=mime,
        digest=page.payload, note=note, original=original,
    )  # fmt: skip


def _about(portal: str) -> dict[str, str]:
    try:
        release = version("portalwatch")
    except PackageNotFoundError:
        release = "0"
    return {"software": f"portalwatch/{release}", "format": "WARC File Format 1.1", "isPartOf": portal, "robots": "obey"}
