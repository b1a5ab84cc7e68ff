"""`python -m pipelines.extract.worker`: reads pages from a pipe, answers with Readings, ends when the pipe closes.

A process of its own because extraction holds the interpreter, and because a page that eats the memory or
never ends must not take the crawl with it.
"""

import os
import re
import resource
import signal
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from pipelines.extract.ladder import extract
from pipelines.extract.thread import thread
from pipelines.extract.wire import frame, reading_to_json, received, thread_to_json
from pipelines.models import Page, PageKind, Reading, Thread
from pipelines.sheet import Sheet, read_sheet

T = TypeVar("T")
MEMORY = 1536 * 1024 * 1024
"""Bytes of address space; a 10 MiB page of nothing but tags needs some 900 MB."""
TIRED = 256 * 1024
"""KiB of resident memory at its peak after which a worker asks to be replaced, its heap being full of holes. The largest honest page
needs half of that."""
LONGEST = 30
"""Seconds after which a page ends the worker by itself. The crawl gives up earlier; this is for a worker whose crawl is gone."""
_WARM = "<html><head><title>{0}</title></head><body><h1>{0}</h1><p>{0}</p><p>{0}</p></body></html>".format(
    "暖身用的一句話，說明這一頁是文章。" * 8
)


def main() -> None:
    """Serves stdin until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not break the frames
    extract(Page(url="", body=_WARM.encode()))
    try:
        with answers:
            _send(answers, {"ready": True})
            serve(sys.stdin.buffer, answers)
    except BrokenPipeError:
        os._exit(0)  # the crawl is gone; an orderly end would try to tell it once more


def serve(asked: BinaryIO, answers: BinaryIO) -> None:
    """Answers one frame after the other; returns at the end of `asked`."""
    while (head := received(asked)) is not None:
        body = asked.read(head["size"])
        signal.alarm(LONGEST)
        answer = _answer(head, body)
        signal.alarm(0)
        _send(answers, answer | {"tired": _peak() > TIRED})


def _answer(head: dict[str, Any], body: bytes) -> dict[str, Any]:
    told = {name: head[name] for name in ("url", "status", "content_type", "part_of", "number")}
    page, sheet, too_much = Page(body=body, **told), _sheet(head["sheet"], head["version"]), f"needed more than {MEMORY // 1024 // 1024} MB"
    if head["thread"]:
        return thread_to_json(_spared(lambda: thread(page, sheet), Thread(trouble=too_much)))
    return reading_to_json(_spared(lambda: extract(page, sheet, frozenset(head["learned"])), Reading(kind=PageKind.ERROR, why=too_much)))


def _spared(read: Callable[[], T], otherwise: T) -> T:
    """What is read, `otherwise` where that needs more memory than there is."""
    try:
        return read()
    except MemoryError:
        return otherwise


def _peak() -> int:
    """KiB of resident memory at this process's peak; getrusage would count its parent's too, from before the exec."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s*(\d+)", status.read_text()) if status.exists() else None
    return int(found[1]) if found else 0


@lru_cache(maxsize=64)
def _sheet(source: str | None, version: str) -> Sheet | None:
    """The sheet at a path (`version` is its modification time), or of a sheet's own JSON."""
    if source is None:
        return None
    if version == "json":
        return Sheet.model_validate_json(source)
    path = Path(source)
    return read_sheet(path, base=path.parent)


def _send(answers: BinaryIO, data: dict[str, Any]) -> None:
    answers.write(frame(data))
    answers.flush()


if __name__ == "__main__":
    main()
