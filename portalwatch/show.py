"""Printing for people: tables on a terminal, JSON lines on request."""

import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.config import settings

SECOND = 1.0  # between two counts on a terminal
_HIDDEN = (*range(9), 11, 12, *range(14, 32), *range(127, 160), 0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_CONTROL = dict.fromkeys(_HIDDEN) | dict.fromkeys((9, 10, 13, 0x2028, 0x2029), " ") | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def rows(columns: Sequence[str], lines: Iterable[Sequence[Any]], *, empty: str) -> None:
    """A table; `empty` says what it means that there is none."""
    kept = [[plain(cell) for cell in line] for line in lines]
    if not kept:
        typer.echo(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for line in kept:
        table.add_row(*(Text(cell) for cell in line))
    console = Console()
    console.print(table) if console.is_terminal else _tabbed(columns, kept)


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """Gives `tell(done, total)`; a terminal shows the newest count from the first second on, in one line that goes away."""
    with stages(what) as tell:
        yield lambda done, total: tell("", done, total)


@contextmanager
def stages(what: str) -> Iterator[Callable[[str, int, int], None]]:
    """The same of work in stages: gives `tell(stage, done, total)`; a total of 0 shows no count."""
    count, named, over = [0, 0], [""], threading.Event()

    def tell(stage: str, done: int, total: int) -> None:
        named[0], count[:] = stage, (done, total)

    def speak() -> None:
        while not over.wait(SECOND):
            told = f"{what}: {named[0]}" if named[0] else what
            sys.stderr.write(f"\r\x1b[K{told}" + (f": {count[0]:,} of {count[1]:,}" if count[1] else ""))
            sys.stderr.flush()

    voice = threading.Thread(target=speak, daemon=True)
    if sys.stderr.isatty():
        voice.start()
    try:
        yield tell
    finally:
        over.set()
        if voice.ident:
            voice.join()
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def jsonl(values: Iterable[Mapping[str, Any]]) -> None:
    """One JSON object a line."""
    for value in values:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
        sys.stdout.flush()


def counted(number: int, what: str) -> str:
    """`1 topic`, `2 topics`; `what` is one of them, and takes an s."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def size(number: int) -> str:
    """Bytes as a person reads them."""
    return f"{number / 10**6:,.1f} MB" if number >= 10**5 else f"{number / 10**3:,.1f} kB"


def plain(value: Any) -> str:
    """A cell: nothing for None, local minutes for a time, and nothing that could take over a terminal or that it cannot print."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(settings().timezone)).isoformat(" ", "seconds")
    return str(value).translate(_CONTROL)


def _tabbed(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    typer.echo("\t".join(columns))
    for line in lines:
        typer.echo("\t".join(line))
