"""The archive: every fetched page as a WARC record, one file a run. A full disk stops archiving, not watching."""

import logging
import threading
from io import BytesIO
from pathlib import Path
from typing import IO

from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipelines.models import Page

log = logging.getLogger(__name__)


class Archive:
    """Writes to `folder/{name}.warc.gz`, opened with the first page. `trouble` says why it stopped."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{name}.warc.gz"
        self._file: IO[bytes] | None = None
        self._writer: WARCWriter | None = None
        self._lock = threading.Lock()
        self.trouble: str | None = None

    def keep(self, page: Page) -> None:
        """Append one page, from any thread; the first failure is warned of, and ends archiving for this run."""
        if self.trouble is not None:
            return
        try:
            with self._lock:
                self._write(page)
        except OSError as error:
            self.trouble = f"archiving stopped: {error.strerror or error}"
            log.warning("%s: %s; watching goes on", self._path, self.trouble)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                self.trouble = self.trouble or f"archiving stopped: {error.strerror or error}"

    def _write(self, page: Page) -> None:
        if self._writer is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab")
            self._writer = WARCWriter(self._file, gzip=True)
        headers = StatusAndHeaders(f"{page.status} -", [("Content-Type", page.content_type)], protocol="HTTP/1.1")
        record = self._writer.create_warc_record(page.url, "response", payload=BytesIO(page.body), http_headers=headers)
        self._writer.write_record(record)
        assert self._file is not None
        self._file.flush()


def forget(folder: Path, url: str) -> int:
    """Rewrite the archives of a portal without the records of `url`; gives how many were removed."""
    removed = 0
    for path in sorted(folder.glob("*.warc.gz")):
        removed += _without(path, url)
    return removed


def _without(path: Path, url: str) -> int:
    removed, rewritten = 0, path.with_suffix(".tmp")
    with path.open("rb") as old, rewritten.open("wb") as new:
        writer = WARCWriter(new, gzip=True)
        for record in ArchiveIterator(old):
            if record.rec_headers.get_header("WARC-Target-URI") == url:
                removed += 1
            else:
                writer.write_record(record)
    rewritten.replace(path) if removed else rewritten.unlink()
    return removed
