"""One field of an article as a query sees it: its folded text, and where each known string stands in it."""

import unicodedata
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from pipelines.models import Hit
from pipelines.text import Folded
from pipelines.watch.nodes import Kind
from pipelines.watch.query import latin
from pipelines.watch.spans import Span

LEAD = 200
LOOKED_THROUGH = 8
Found: TypeAlias = tuple[int, int, int]  # what the automaton answers: start, end, and the number of the string
ASCII_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


@dataclass(frozen=True, slots=True)
class Form:
    """One string that is looked for. `text` is folded; `written` is the exact form, of an exact term only.

    `number`: the string's in the automaton, -1 before there is one."""

    text: str
    kind: Kind = Kind.PLAIN
    written: str = ""
    number: int = -1


class View:
    """A field's text with the places of all known strings. `whole`: a term must be the whole field (a slug)."""

    __slots__ = ("_memory", "_places", "_present", "folded", "found", "limit", "name", "original", "whole")

    def __init__(self, name: str, original: str, folded: Folded, found: Sequence[Found]) -> None:
        self.name, self.original, self.folded = name, original, folded
        self.found = found
        self._present = {number for _, _, number in found}
        self._places: dict[int, list[Span]] = {}
        self._memory: dict[Hashable, list[Span]] = {}
        self.limit: int | None = None
        self.whole = name == "portal"

    def lead(self) -> "View":
        """The same field, its first 200 characters only."""
        view = View(self.name, self.original, self.folded, self.found)
        view.limit = LEAD
        return view

    def remembered(self, key: Hashable, locate: Callable[["View"], list[Span]]) -> list[Span]:
        """What `locate` finds here, found once."""
        if key not in self._memory:
            self._memory[key] = locate(self)
        return self._memory[key]

    def places(self, form: Form) -> list[Span]:
        """Where the form stands, in folded characters, its guarded edges checked."""
        if form.number not in self._present:
            return []
        return [fitted for span in self._found(form.number) if (fitted := self._fit(form, *span)) is not None]

    def _found(self, number: int) -> list[Span]:
        """The string's places: looked through for the first few strings, sorted out once for many."""
        if number not in self._places:
            if len(self._places) < LOOKED_THROUGH:
                self._places[number] = [(start, end) for start, end, found in self.found if found == number]
            else:
                self._places = _by_number(self.found)
        return self._places[number]

    def _fit(self, form: Form, start: int, end: int) -> tuple[int, int] | None:
        if form.kind is Kind.PREFIX:
            end = self._word_end(end)
        if self.limit is not None and self.folded.original(start, end)[1] > self.limit:
            return None
        if self.whole and (start > 0 or (end < len(self.folded.text) and form.kind is not Kind.PREFIX)):
            return None
        fits = self._is_exact(form, start, end) if form.kind is Kind.EXACT else self._is_edged(form, start, end)
        return (start, end) if fits else None

    def _word_end(self, end: int) -> int:
        text = self.folded.text
        while end < len(text) and latin(text[end]):
            end += 1
        return end

    def _is_edged(self, form: Form, start: int, end: int) -> bool:
        text, (left, right) = self.folded.text, guards(form.text)
        if left and start and text[start - 1] in ASCII_WORD:
            return False
        return not (right and form.kind is not Kind.PREFIX and end < len(text) and text[end] in ASCII_WORD)

    def _is_exact(self, form: Form, start: int, end: int) -> bool:
        first, last = self.folded.original(start, end)
        if unicodedata.normalize("NFC", self.original[first:last]) != form.written:
            return False
        left, right = guards(form.text)
        if left and first and self.original[first - 1] in ASCII_WORD:
            return False
        return not (right and last < len(self.original) and self.original[last] in ASCII_WORD)

    def holds(self, start: int, end: int) -> bool:
        """Whether the original characters [start, end) lie in what this view shows."""
        if self.whole:
            return (start, end) == (0, len(self.original))
        return self.limit is None or end <= self.limit

    def hit(self, shown: str, span: tuple[int, int]) -> Hit:
        """The hit at a folded span."""
        return self.plain_hit(shown, *self.folded.original(*span))

    def plain_hit(self, shown: str, start: int, end: int) -> Hit:
        """The hit at original characters."""
        return Hit(term=shown, as_written=self.original[start:end], start=start, end=end, field=self.name)


def _by_number(found: Sequence[Found]) -> dict[int, list[Span]]:
    places: dict[int, list[Span]] = {}
    for start, end, number in found:
        places.setdefault(number, []).append((start, end))
    return places


@lru_cache(maxsize=200_000)
def guards(text: str) -> tuple[bool, bool]:
    """Whether a folded string's left and right edge are Latin letters or digits, so that no ASCII one may touch them."""
    return latin(text[0]), latin(text[-1])
