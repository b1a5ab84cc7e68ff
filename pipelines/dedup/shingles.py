"""Shingles: what is left of a text once script, case, punctuation and layout are out of the way."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.text import Codes, fold, letter_codes, letters

Hashes = NDArray[np.int64]

SHINGLE = 6  # letters; the shortest that two unrelated Chinese articles rarely share
LEAD = 200  # letters from the text's beginning that carry its news
SPARSEST = 1024  # a sample keeps hashes divisible by 1, 2, 4 … or 1024,
ENOUGH = 10  # the greatest that leaves so many to be expected,
HEAD = 100  # and of the text's first letters, where a full report repeats its flash, the least of so many that follow each other
OF_A_FLASH, ASKED_FOR, POSTED = 6, 10, 14  # (winnowing: Schleimer, Wilkerson and Aiken 2003): what both have is found in any stretch
FLASH_AT_MOST = 300  # shingles of a flash (快訊), repeated ones too: a longer text that another one begins with is background, or a copy
CLOSEST = 16  # the greatest divisor of a closer look

_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)  # splitmix64, S. Vigna, public domain
_SHIFTS, _ONE = (np.uint64(30), np.uint64(27), np.uint64(31)), np.uint64(1)
_WEIGHTS = [np.uint64(pow(0x9E3779B97F4A7C15, power, 2**64)) for power in (1, 2, 3)]  # of pairs, of fours, of sixes


class Issue(NamedTuple):
    """Who printed a text, the portal and the publishers that it credits, and when."""

    by: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, kw_only=True)  # not slotted: comparing is asked of few sketches, so that sorting waits for it
class Sketch:
    """A text for comparing: `text` as written, `letters` what is compared of it, `title` the letters of the headline, `digest` over
    both, `runs` the hashes of its shingles in the text's order, `issue` where it was printed, if that is known."""

    text: str = field(repr=False)
    digest: str
    letters: str
    runs: Hashes
    title: str = ""
    issue: Issue | None = None

    @cached_property
    def shingles(self) -> Hashes:
        """Every shingle, sorted, distinct."""
        return np.unique(self.runs)

    @cached_property
    def lead(self) -> Hashes:
        """Those of the lead, sorted, distinct."""
        return np.unique(self.runs[: _width(LEAD)])

    @property
    def sample(self) -> Hashes:
        """The shingles that are posted to the index: some twenty-five of an article, and more of a flash, which is not sampled away."""
        return self._sampled(1, POSTED)

    @property
    def asked(self) -> Hashes:
        """The shingles that are looked up: twice as many, since what is sought may be half as long and posted twice as densely."""
        return self._sampled(2, ASKED_FOR)

    @property
    def closely(self) -> Hashes | None:
        """Those to look up in a long text of which something is known: they miss a part of 200 letters once in 100,000 times.

        None where as many are `asked`.
        """
        return self._sampled(2, ASKED_FOR, CLOSEST) if self._step(2) > CLOSEST else None

    def _step(self, times: int) -> int:
        return min(1 << max(0, (len(self.runs) // (times * ENOUGH)).bit_length() - 1), SPARSEST)

    def _sampled(self, times: int, width: int, sparsest: int = SPARSEST) -> Hashes:
        sampled = self.runs[self.runs & (min(self._step(times), sparsest) - 1) == 0]
        head = self.runs[: _width(HEAD)]
        return _distinct(np.concatenate([sampled, _least(head, OF_A_FLASH if len(self.runs) <= FLASH_AT_MOST else width)]))


def sketch(title: str, text: str, issue: Issue | None = None) -> Sketch:
    """The sketch of an article. Shingles are of the text alone, since headlines change; the digest covers both."""
    codes = letter_codes(fold(text))
    body = codes.tobytes().decode("utf-32-le")
    headline = letters(fold(title))
    digest = blake2b(f"{headline}\n{body}".encode(), digest_size=16).hexdigest()
    return Sketch(text=text, digest=digest, letters=body, runs=_runs(codes), title=headline, issue=issue)


def shingles(body: str) -> Hashes:
    """Distinct hashes of `runs`, sorted."""
    return np.unique(runs(body))


def runs(body: str) -> Hashes:
    """63-bit hashes of every run of SHINGLE letters, in order; of the whole where it is shorter; none of an empty one."""
    return _runs(np.frombuffer(body.encode("utf-32-le", "surrogatepass"), dtype=np.uint32))


def _runs(letters_in_order: Codes) -> Hashes:
    if not len(letters_in_order):
        return np.empty(0, dtype=np.int64)
    codes = letters_in_order.astype(np.uint64)
    if len(codes) < SHINGLE:
        codes = np.concatenate([codes, np.zeros(SHINGLE - len(codes), dtype=np.uint64)])
    codes += _ONE
    two = codes[:-1] * _WEIGHTS[0]
    two += codes[1:]
    four = two[:-2] * _WEIGHTS[1]
    four += two[2:]
    mixed = four[:-2]
    mixed *= _WEIGHTS[2]
    mixed += two[4:]
    for shift, factor in ((_SHIFTS[0], _MIX_1), (_SHIFTS[1], _MIX_2)):
        mixed ^= mixed >> shift
        mixed *= factor
    mixed ^= mixed >> _SHIFTS[2]
    mixed >>= _ONE
    return mixed.view(np.int64)


def _distinct(hashes: Hashes) -> Hashes:
    """As np.unique, which takes longer over so few than all the rest of a sample."""
    hashes.sort()
    if len(hashes) < 2:
        return hashes
    found: Hashes = hashes[np.concatenate([[True], hashes[1:] != hashes[:-1]])]
    return found


def _least(hashes: Hashes, width: int) -> Hashes:
    """The least of each `width` that follow each other, of all where there are fewer; those of a greater width are among them."""
    width, step = min(width, len(hashes)), 1
    while 2 * step <= width:
        hashes, step = np.minimum(hashes[:-step], hashes[step:]), 2 * step
    return np.minimum(hashes[: len(hashes) - (width - step)], hashes[width - step :])


def _width(count: int) -> int:
    return max(0, count - SHINGLE + 1)


def shared(some: Hashes, others: Hashes) -> int:
    """How many shingles two sorted sets have in common."""
    return len(np.intersect1d(some, others, assume_unique=True))
