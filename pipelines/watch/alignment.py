"""Two tellings of one story laid beside each other: what stands in one of them where the other has something else.

Texts are compared folded and as tokens: a Han character, a Latin word, a known alias (all names of a group are one token).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import daachorse

from pipelines.text import Folded, fold
from pipelines.watch.view import guards

ANCHOR = 4  # tokens that must be the same on both sides of what is replaced
GAP = 8  # tokens that may be replaced
_LETTERS = "[0-9a-z\u00c0-\u024f]"
_WORD = re.compile(rf"{_LETTERS}{{2,}}(?:['’-]{_LETTERS}+)*|[\U000f0000-\U0010ffff]")
_FIRST, _LAST = 0xF0000, 0x10FFFD  # private characters that stand for tokens of more than one character

Gap: TypeAlias = tuple[int, int, int, int]  # start and end in the one, start and end in the other


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text as one character a token; `starts` has the folded offset of each, and the text's end."""

    codes: str
    starts: Sequence[int]
    folded: Folded
    original: str

    def written(self, start: int, end: int) -> str:
        """The tokens [start, end), not empty, as the text has them."""
        first, last = self.folded.original(self.starts[start], self.starts[end])
        return " ".join(self.original[first:last].split())


class Alphabet:
    """Gives every token its character; what one of `groups` holds is one token."""

    def __init__(self, groups: Iterable[Iterable[str]]) -> None:
        self.joined = representatives(groups)
        forms = list(self.joined)
        self._forms = forms
        self._automaton = daachorse.CharwiseDoubleArrayAhoCorasick(forms, daachorse.MATCH_KIND_LEFTMOST_LONGEST) if forms else None
        self._codes: dict[str, str] = {}
        self._words: dict[str, str] = {}

    def tokens(self, text: str) -> Tokens:
        """The text's tokens."""
        folded = fold(text)
        codes: list[str] = []
        starts: list[int] = []
        reached = 0
        for start, end, token in self._long(folded.text):
            codes += folded.text[reached:start], self._code(token)
            starts += [*range(reached, start), start]
            reached = end
        codes.append(folded.text[reached:])
        starts += range(reached, len(folded.text) + 1)
        return Tokens("".join(codes), starts, folded, text)

    def word(self, code: str) -> str:
        """The token of a character; a known alias has `@` before its representative."""
        return self._words.get(code, code)

    def _long(self, text: str) -> Iterator[tuple[int, int, str]]:
        """The tokens of more than one character, in order."""
        reached = 0
        for start, end, form in [*self._known(text), (len(text), len(text), "")]:
            yield from ((*found.span(), found[0]) for found in _WORD.finditer(text, reached, start))
            if form:
                yield start, end, "@" + self.joined[form]
            reached = end

    def _known(self, text: str) -> Iterator[tuple[int, int, str]]:
        for start, end, index in self._automaton.find(text) if self._automaton else ():
            left, right = guards(self._forms[index])
            touched = (left and start > 0 and _is_latin(text[start - 1])) or (right and end < len(text) and _is_latin(text[end]))
            if not touched:
                yield start, end, self._forms[index]

    def _code(self, token: str) -> str:
        if token not in self._codes:
            # A full alphabet's further words are all one: an archive of that many has had its names.
            code = chr(min(_FIRST + len(self._codes), _LAST))
            self._codes[token] = code
            self._words.setdefault(code, token)
        return self._codes[token]


def representatives(groups: Iterable[Iterable[str]]) -> dict[str, str]:
    """For every form of every group the one form that stands for it; groups that share a form are one."""
    standing: dict[str, str] = {}
    members: dict[str, list[str]] = defaultdict(list)
    for group in groups:
        forms = list(group)
        roots = dict.fromkeys(standing.get(form, form) for form in forms)
        root = next(iter(roots))
        for form in [*forms, *(form for other in roots for form in members.pop(other, ()))]:
            standing[form] = root
            members[root].append(form)
    return standing


def gaps(one: str, other: str) -> Iterator[Gap]:
    """Where `other` has something else between the same tokens; one side may be empty."""
    places = _unique(other)
    end, other_end = -1, -1
    at = 0
    while at <= len(one) - ANCHOR:
        place = places.get(one[at : at + ANCHOR])
        if place is None:
            at += 1
            continue
        start, other_start = at, place
        while start > max(end, 0) and other_start > max(other_end, 0) and one[start - 1] == other[other_start - 1]:
            start, other_start = start - 1, other_start - 1
        if end >= 0 and 0 <= other_start - other_end <= GAP and start - end + other_start - other_end > 0 and start - end <= GAP:
            yield end, start, other_end, other_start
        end, other_end = _together(one, other, at, place)
        at = end


def _together(one: str, other: str, at: int, place: int) -> tuple[int, int]:
    while at < len(one) and place < len(other) and one[at] == other[place]:
        at, place = at + 1, place + 1
    return at, place


def _unique(text: str) -> dict[str, int]:
    places: dict[str, int] = {}
    twice: set[str] = set()
    for at in range(len(text) - ANCHOR + 1):
        part = text[at : at + ANCHOR]
        if part in places:
            twice.add(part)
        places[part] = at
    for part in twice:
        del places[part]
    return places


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()
