"""Pages are looked at in a process of its own: one that eats the memory or never ends costs the look at it, nothing else."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from pydantic import TypeAdapter

from pipelines.extract.wire import LENGTH, frame, reading_from_json, unframed
from pipelines.models import Page, PageKind, Reading
from pipelines.sheet import Sheet
from pipelines.sources import Source
from pipelines.storable import storable_json
from spiders.discovery import Listed
from spiders.prospect.anatomy import Anatomy
from spiders.prospect.survey import Survey
from spiders.prospect.zones import Zones

LIMIT = 10.0
"""Seconds that the look at one page may take."""
START = 60.0
"""Seconds in which the process must have imported, on a machine that is busy."""
_ROOT = Path(__file__).parents[2]
_SURVEY, _LISTED, _ANATOMY, _ZONES = TypeAdapter(Survey), TypeAdapter(Listed), TypeAdapter(Anatomy), TypeAdapter(Zones)


class _LostError(Exception):
    """The process did not answer; the sentence says why."""


@dataclass(slots=True)
class Reader:
    """Looks at pages; never raises on a page's account. A process that dies or is too slow is replaced."""

    limit: float = LIMIT
    _process: "subprocess.Popen[bytes] | None" = None

    def survey(self, page: Page) -> Survey:
        """What the page shows."""
        try:
            return _SURVEY.validate_python(self._asked("survey", [page]))
        except _LostError as lost:
            return Survey(url=page.url, form="html", kind=PageKind.ERROR, why=str(lost))

    def listing(self, source: Source, page: Page) -> Listed:
        """The links of a fetched listing, as a crawl reads them."""
        try:
            return _LISTED.validate_python(self._asked("listing", [page], source.model_dump(mode="json")))
        except _LostError as lost:
            return Listed(why=str(lost))

    def read(self, page: Page, sheet: Sheet | None = None) -> Reading:
        """The article on the page, as a crawl reads it."""
        try:
            return reading_from_json(self._asked("read", [page], sheet.model_dump(mode="json") if sheet else None))
        except _LostError as lost:
            return Reading(kind=PageKind.ERROR, why=str(lost))

    def anatomy(self, pages: Sequence[Page]) -> Anatomy:
        """What the article pages share."""
        try:
            return _ANATOMY.validate_python(self._asked("anatomy", pages))
        except _LostError as lost:
            return Anatomy(why=str(lost))

    def zones(self, pages: Sequence[Page]) -> Zones:
        """Where the text of the article pages hangs."""
        try:
            return _ZONES.validate_python(self._asked("zones", pages))
        except _LostError as lost:
            return Zones(why=f"the look for them {lost}")

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _asked(self, task: str, pages: Sequence[Page], argument: Any = None) -> Any:
        given = [{"url": page.url, "status": page.status, "content_type": page.content_type} for page in pages]
        head = {"task": task, "pages": given, "sizes": [len(page.body) for page in pages], "argument": argument}
        answered = False
        try:
            process = self._started()
            assert process.stdin is not None
            process.stdin.write(frame(head, b"".join(page.body for page in pages)))
            process.stdin.flush()
            answer = _received(process, time.monotonic() + self.limit * len(pages))
            answered = True
        except OSError:
            raise _LostError("the process that looked at this page ended over it") from None
        finally:
            if not answered:
                self.close()
        if "failed" in answer:
            raise _LostError(answer["failed"])
        return storable_json(answer["answer"])

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
            self._process = subprocess.Popen(
                [sys.executable, "-m", "spiders.prospect.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                process_group=0,  # Ctrl-C is for us; we end it
            )
            _received(self._process, time.monotonic() + START)
        return self._process


def _received(process: "subprocess.Popen[bytes]", until: float) -> dict[str, Any]:
    (length,) = LENGTH.unpack(_bytes(process, LENGTH.size, until))
    return unframed(_bytes(process, length, until))


def _bytes(process: "subprocess.Popen[bytes]", count: int, until: float) -> bytes:
    assert process.stdout is not None
    data = bytearray()
    while len(data) < count:
        if not select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))[0]:
            raise _LostError("took longer than it may")
        piece = os.read(process.stdout.fileno(), count - len(data))
        if not piece:
            raise _LostError("the process that looked at this page ended over it")
        data += piece
    return bytes(data)
