"""A live line about a crawl on a terminal; nothing in pipes, and nothing beside JSON."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from spiders.progress import Progress, Tell


@contextmanager
def live(*, as_json: bool) -> "Iterator[Tell | None]":
    """Who is told how far a crawl is; None where nobody looks on."""
    if as_json or not sys.stderr.isatty():
        yield None
        return
    with Console(stderr=True).status("starting") as status, _logs_above():
        yield lambda progress: status.update(escape(line(progress)))


def line(progress: "Progress") -> str:
    """What is done, how much was fetched, what became of it, and how much is left."""
    became = ", ".join(f"{count} {outcome}" for outcome, count in progress.outcomes.items())
    parts = (f"{progress.portal}: {progress.stage}", f"{progress.requests} fetched", became, f"{progress.left} left")
    return " · ".join(filter(None, parts))


@contextmanager
def _logs_above() -> Iterator[None]:
    """Log lines go through the terminal's owner, which keeps them above the live line."""
    handlers = [each for each in logging.getLogger().handlers if isinstance(each, logging.StreamHandler)]
    before = [(each, each.setStream(sys.stderr)) for each in handlers]
    try:
        yield
    finally:
        for handler, stream in before:
            if stream is not None:
                handler.setStream(stream)
