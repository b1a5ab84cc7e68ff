"""The crawl's side of the extraction workers: a page goes out, a Reading comes back, whatever the page does to its worker."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.extract.tree import MAX_BYTES
from pipelines.extract.wire import LENGTH, frame, reading_from_json, thread_from_json, unframed
from pipelines.models import Page, PageKind, Reading, Thread

LIMIT = 10.0
"""Seconds that a page may take; the slowest honest page on record took 0.6."""
MOST_WORKERS = 4
"""Workers of one crawl at most: several portals are crawled at a time, and each is asked politely."""
START = 60.0
"""Seconds in which a worker must have imported and warmed up, on a machine that is busy."""
_ROOT = Path(__file__).parents[2]

SheetSource = str | os.PathLike[str] | Mapping[str, Any] | None


def workers_for(in_flight: int, wanted: int = 0) -> int:
    """How many workers a crawl should have: `wanted`, else one a core, and never more than pages can be in flight."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return wanted or max(1, min(cores, MOST_WORKERS, in_flight))


@dataclass(slots=True)
class _Seat:
    """A place in the pool, and the process that holds it now."""

    process: Process | None = None


class Extractor:
    """A pool of extraction workers: started together by `start`, else each when first needed; replaced when one dies, takes too long
    or has grown fat. The worker that was used last is used first, so that the others stay warm in reserve.

    Plain asyncio subprocesses: multiprocessing re-imports the parent's main module, which hangs inside an Airflow task;
    asyncio's watcher of children is a thread, so it works under Scrapy's asyncio reactor, whatever handles SIGCHLD there.
    """

    def __init__(self, workers: int = 1, limit: float = LIMIT) -> None:
        self._limit = limit
        self._seats = [_Seat() for _ in range(workers)]
        self._free: asyncio.LifoQueue[_Seat] = asyncio.LifoQueue()
        self._starting: asyncio.Task[None] | None = None
        for seat in self._seats:
            self._free.put_nowait(seat)

    def start(self) -> None:
        """Start and warm every worker, in the background; a page that comes meanwhile waits for the first that is ready."""
        self._starting = self._starting or asyncio.ensure_future(self._start())

    async def started(self) -> None:
        """Returns when all workers are warm, for those who count seconds."""
        self.start()
        if self._starting is not None:
            await self._starting

    async def read(self, page: Page, sheet: SheetSource = None, learned: Collection[int] = ()) -> Reading:
        """What `extract` makes of the page. `sheet` is a sheet's path or its content, `learned` the lines that its portal's pages share.
        Never raises on a page's account: a worker that dies or is too slow gives a Reading of kind error, and the next page a new one."""
        data = await self._turn(_request(page, sheet, learned))
        return Reading(kind=PageKind.ERROR, why=data) if isinstance(data, str) else reading_from_json(data)

    async def thread(self, page: Page, sheet: SheetSource = None) -> Thread:
        """The comments of a page of comments, by the sheet; a Thread that tells its trouble where `read` would give an error."""
        data = await self._turn(_request(page, sheet, thread=True))
        return Thread(trouble=data) if isinstance(data, str) else thread_from_json(data)

    async def _turn(self, request: bytes) -> dict[str, Any] | str:
        """The answer of a worker, or in words why there is none."""
        seat = await self._free.get()
        try:
            return await self._asked(seat, request)
        except TimeoutError:
            return f"took longer than {self._limit:g} s"
        except (asyncio.IncompleteReadError, ConnectionError):
            return "the extraction worker ended over this page"
        finally:
            self._free.put_nowait(seat)

    async def close(self) -> None:
        """Ends every worker: closes its pipe, and kills what is still there a second later."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
            self._starting = None
        processes = [seat.process for seat in self._seats if seat.process]
        for seat in self._seats:
            seat.process = None
        await asyncio.gather(*(_ended(process) for process in processes))

    async def __aenter__(self) -> "Extractor":
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def _start(self) -> None:
        seats = [self._free.get_nowait() for _ in range(self._free.qsize())]
        await asyncio.gather(*(self._seated(seat) for seat in seats), return_exceptions=True)

    async def _seated(self, seat: _Seat) -> None:
        try:
            seat.process = seat.process or await _started()
        finally:
            self._free.put_nowait(seat)

    async def _asked(self, seat: _Seat, request: bytes) -> dict[str, Any]:
        """The worker's answer. Whatever interrupts the exchange, a cancelled task included, leaves no half-used worker behind,
        nor one that a page has made fat: the next page would be the one to run out of memory."""
        answered = False
        try:
            seat.process = seat.process or await _started()
            data = await asyncio.wait_for(_exchange(seat.process, request), self._limit)
            answered = not data["tired"]
        finally:
            if not answered and seat.process:
                process, seat.process = seat.process, None
                await _killed(process)
        return data


def _request(page: Page, sheet: SheetSource, learned: Collection[int] = (), *, thread: bool = False) -> bytes:
    body = page.body[: MAX_BYTES + 1]
    source, version = _source(sheet)
    head = {
        "url": page.url,
        "status": page.status,
        "content_type": page.content_type,
        "part_of": page.part_of,
        "number": page.number,
        "thread": thread,
        "size": len(body),
        "sheet": source,
        "version": version,
        "learned": sorted(learned),
    }
    return frame(head, body)


def _source(sheet: SheetSource) -> tuple[str | None, str]:
    if sheet is None:
        return None, ""
    if isinstance(sheet, Mapping):
        return json.dumps(dict(sheet), ensure_ascii=False), "json"
    return os.fspath(sheet), str(Path(sheet).stat().st_mtime_ns)


async def _started() -> Process:
    """A worker that has warmed up."""
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pipelines.extract.worker", stdin=PIPE, stdout=PIPE, env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    )
    try:
        await asyncio.wait_for(_received(process), START)
    except BaseException:
        await _killed(process)
        raise
    return process


async def _exchange(process: Process, request: bytes) -> dict[str, Any]:
    assert process.stdin is not None
    process.stdin.write(request)
    await process.stdin.drain()
    return await _received(process)


async def _received(process: Process) -> dict[str, Any]:
    assert process.stdout is not None
    (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    return unframed(await process.stdout.readexactly(length))


async def _ended(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), 1.0)
    except TimeoutError:
        await _killed(process)


async def _killed(process: Process) -> None:
    if process.returncode is None:
        try:
            process.kill()
        except ProcessLookupError:
            return
    await process.wait()
