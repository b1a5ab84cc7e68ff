"""What two texts share, in the words of each: the evidence behind a containment."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipelines.dedup.shingles import SHINGLE, Hashes, Sketch, shared
from pipelines.text import fold, letter_spans

TRIED = 8
"""Places of the other text at which a passage may begin; of a text that repeats itself the first ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A shared stretch: letter `start` of the one text and `other` of the other, `letters` of them."""

    start: int
    other: int
    letters: int


def passages(one: Sketch, other: Sketch) -> list[Passage]:
    """Every stretch of at least SHINGLE letters that both have, longest first, then in the order of the one."""
    return sorted(_stretches(one.runs, other.runs), key=lambda passage: (-passage.letters, passage.start))


def _stretches(one: Hashes, other: Hashes) -> Iterator[Passage]:
    ours, theirs, places = one.tolist(), other.tolist(), _places(one, other)
    start = 0
    while start < len(ours):
        runs = ((_run(ours, start, theirs, at), at) for at in places.get(ours[start], ()))
        length, at = max(runs, key=lambda run: (run[0], -run[1]), default=(0, 0))
        if length:
            yield Passage(start=start, other=at, letters=length + SHINGLE - 1)
        start += max(length, 1)


def _places(one: Hashes, other: Hashes) -> dict[int, list[int]]:
    """{a shingle of both: where the other has it}, TRIED places of each."""
    found: dict[int, list[int]] = {}
    for at in np.flatnonzero(np.isin(other, one)).tolist():
        places = found.setdefault(int(other[at]), [])
        if len(places) < TRIED:
            places.append(at)
    return found


def _run(ours: list[int], start: int, theirs: list[int], at: int) -> int:
    length, most = 0, min(len(ours) - start, len(theirs) - at)
    while length < most and ours[start + length] == theirs[at + length]:
        length += 1
    return length


class Written:
    """A text whose passages are read back as they stand in it, with its own script, punctuation and layout."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts, self._ends = letter_spans(fold(text))

    def passage(self, start: int, letters: int) -> str:
        """`letters` letters of the text from the one numbered `start`, with what stands between them."""
        last = min(start + letters, len(self._starts)) - 1
        return self._text[int(self._starts[start]) : int(self._ends[last])] if start <= last else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The shingles that decided: `shared` of the text's `of` stand in the partner, `lead` is the share of its lead;
    `passages` are the longest of what they spell, in the text's own words."""

    shared: int
    of: int
    lead: float
    passages: tuple[str, ...]


SHOWN, LONGEST = 3, 60
"""Passages that are kept with a decision, and characters of each."""


def evidence(text: str, new: Sketch, partner: Sketch) -> Evidence:
    """What of the new text, whose sketch is `new`, stands in its partner."""
    written = Written(text)
    longest = passages(new, partner)[:SHOWN]
    return Evidence(
        shared=shared(new.shingles, partner.shingles),
        of=len(new.shingles),
        lead=round(lead_share(new, partner), 3),
        passages=tuple(clipped(written.passage(each.start, each.letters)) for each in longest),
    )


def lead_share(new: Sketch, partner: Sketch) -> float:
    """The share of the new text's lead, its first letters, that the partner has anywhere."""
    return shared(new.lead, partner.shingles) / max(1, len(new.lead))


def clipped(passage: str, longest: int = LONGEST) -> str:
    """The passage on one line, at most `longest` characters and an ellipsis."""
    line = " ".join(passage.split())
    return line if len(line) <= longest else line[:longest] + "…"
