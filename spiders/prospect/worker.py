"""`python -m spiders.prospect.worker`: looks at pages from a pipe, answers in JSON, ends when the pipe closes."""

import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, BinaryIO

from pydantic import TypeAdapter

from pipelines.extract.ladder import extract
from pipelines.extract.wire import frame, reading_to_json, received
from pipelines.extract.worker import LONGEST, MEMORY
from pipelines.models import Page
from pipelines.sheet import Sheet
from pipelines.sources import OneSource, Source
from spiders.discovery import read_listing
from spiders.prospect.anatomy import anatomy
from spiders.prospect.survey import survey
from spiders.prospect.zones import zones_of

_SOURCE: TypeAdapter[Source] = TypeAdapter(OneSource)
Task = Callable[[Sequence[Page], Any], Mapping[str, Any]]


def main() -> None:
    """Serves stdin until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not break the frames
    try:
        serve(sys.stdin.buffer, answers)
    except BrokenPipeError:
        os._exit(0)  # who asked is gone; an orderly end would try to tell it once more


def serve(asked: BinaryIO, answers: BinaryIO) -> None:
    """Answers one frame after the other; returns at the end of `asked`."""
    _send(answers, {"ready": True})
    while (head := received(asked)) is not None:
        pages = [Page(body=asked.read(size), **given) for given, size in zip(head["pages"], head["sizes"], strict=True)]
        signal.alarm(LONGEST * len(pages))
        _send(answers, _done(head["task"], pages, head["argument"]))
        signal.alarm(0)


def _done(task: str, pages: Sequence[Page], argument: Any) -> dict[str, Any]:
    try:
        return {"answer": _TASKS[task](pages, argument)}
    except MemoryError:
        return {"failed": f"needed more than {MEMORY // 1024 // 1024} MB"}


def _listed(page: Page, source: Source) -> dict[str, Any]:
    """The listing's links, without their days, which only a backfill reads."""
    listed = read_listing(source, page.url, page.body, page.content_type)
    return asdict(replace(listed, links=tuple(replace(link, day=None) for link in listed.links)))


def _send(answers: BinaryIO, data: Mapping[str, Any]) -> None:
    answers.write(frame(data))
    answers.flush()


_TASKS: dict[str, Task] = {
    "survey": lambda pages, _: asdict(survey(pages[0])),
    "listing": lambda pages, source: _listed(pages[0], _SOURCE.validate_python(source)),
    "read": lambda pages, sheet: reading_to_json(extract(pages[0], Sheet.model_validate(sheet) if sheet else None)),
    "anatomy": lambda pages, _: asdict(anatomy(pages)),
    "zones": lambda pages, _: asdict(zones_of(pages)),
}


if __name__ == "__main__":
    main()
