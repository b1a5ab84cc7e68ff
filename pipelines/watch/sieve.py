"""Which of many texts can hold none of some strings, told in a fraction of the time that looking for them takes.

Of each string two neighbouring characters are looked for, in all texts at once by a table over hashed pairs. A text that falls
through holds no string in any folding; one that stays may hold one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.text import SPACE, UNSURE, Codes, Offsets, folded_one_by_one
from pipelines.watch.plan import Clause
from pipelines.watch.program import Plan

MOST_STRINGS = 500  # more pairs are met in every text
_BITS = 20
_SPREAD = np.uint32(0x9E3779B1)  # the golden ratio of 32 bits, which spreads neighbours (Knuth 6.4)


@dataclass(frozen=True, slots=True)
class Sieve:
    """`pairs[h]`: whether a pair that hashes to h is looked for."""

    pairs: npt.NDArray[np.bool_]

    def kept(self, texts: Sequence[str]) -> list[int]:
        """The indexes of the texts that may hold one of the strings, ascending."""
        if not texts:
            return []
        folded = folded_one_by_one("\n".join(texts) + "\n")
        found = np.concatenate((np.flatnonzero(self._stands(folded[:-1], folded[1:])), *self._odd(folded)))
        ends = np.cumsum([len(text) + 1 for text in texts])
        kept: list[int] = np.unique(np.searchsorted(ends, found, side="right")).tolist()
        return kept

    def _odd(self, folded: Codes) -> tuple[Offsets, Offsets]:
        """Where a pair stands on both sides of white space, and where characters stand that may melt or vanish."""
        white = np.flatnonzero(folded == SPACE)
        last = np.flatnonzero(np.diff(white, append=folded.size + 1) != 1)
        ends, starts = white[last], white[np.concatenate(([0], last[:-1] + 1))] if white.size else white
        inside = (starts > 0) & (ends < folded.size - 1)
        before, after = starts[inside] - 1, ends[inside] + 1
        return before[self._stands(folded[before], folded[after])], np.flatnonzero(folded <= UNSURE)

    def _stands(self, left: Codes, right: Codes) -> npt.NDArray[np.bool_]:
        found: npt.NDArray[np.bool_] = self.pairs.take(_hashed(left, right), mode="clip")  # as pairs[...], in half the time
        return found


def sieve_of(plans: Sequence[Plan]) -> Sieve | None:
    """The sieve that keeps every text on which a plan can match by title and body; None where none would be of use."""
    pairs = np.zeros(1 << _BITS, dtype=np.bool_)
    for plan in plans:
        clause = min(plan.part.clauses(_cost), key=_cost, default=None)
        if clause is None or len(clause) > MOST_STRINGS or any(len(text) < 2 for text in _closed(clause)):
            return None
        for text in _closed(clause):
            pairs[_pair(text)] = True
    return Sieve(pairs) if pairs.sum() <= MOST_STRINGS else None


def _cost(clause: Clause) -> float:
    return sum(2.0 ** -len(text) for text in clause)


def _closed(clause: Iterable[str]) -> list[str]:
    return ["".join(text.split()) for text in clause]


def _pair(text: str) -> int:
    codes = np.array([ord(char) for char in text[:2]], dtype=np.uint32)
    return int(_hashed(codes[:1], codes[1:])[0])


def _hashed(left: Codes, right: Codes) -> Codes:
    hashed: Codes = ((left * _SPREAD) ^ right) * _SPREAD >> np.uint32(32 - _BITS)
    return hashed
