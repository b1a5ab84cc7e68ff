"""Shingles: what is left of a text once script, case, punctuation and layout are out of the way."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.text import fold, letters

Hashes = NDArray[np.int64]

SHINGLE = 6  # letters; the shortest that two unrelated Chinese articles rarely share
LEAD = 200  # letters from the text's beginning that carry its news
DENSEST, SPARSEST = 1, 16  # a sample keeps hashes divisible by 1, 2, 4, 8 or 16 …
ENOUGH = 48  # … the sparsest that still leaves this many

_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)  # splitmix64, S. Vigna, public domain
_WEIGHTS = [np.uint64(pow(0x9E3779B97F4A7C15, power + 1, 2**64)) for power in range(SHINGLE)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """A text for comparing: `digest` over all its letters, every shingle, and those of its lead; sorted, distinct."""

    digest: str
    shingles: Hashes
    lead: Hashes

    @property
    def sample(self) -> Hashes:
        """The shingles that are posted to the index; a short text posts all of them, so that a flash is not sampled away."""
        step = SPARSEST
        while step > DENSEST and np.count_nonzero(self.shingles % step == 0) < ENOUGH:
            step //= 2
        sampled: Hashes = self.shingles[self.shingles % step == 0]
        return sampled


def sketch(title: str, text: str) -> Sketch:
    """The sketch of an article. Shingles are of the text alone, since headlines change; the digest covers both."""
    from hashlib import blake2b

    body = letters(fold(text))
    whole = f"{letters(fold(title))}\n{body}"
    return Sketch(digest=blake2b(whole.encode(), digest_size=16).hexdigest(), shingles=shingles(body), lead=shingles(body[:LEAD]))


def shingles(body: str) -> Hashes:
    """Distinct 63-bit hashes of every run of SHINGLE letters, sorted; of the whole where it is shorter; none of an empty one."""
    codes = np.frombuffer(body.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    if not len(codes):
        return np.empty(0, dtype=np.int64)
    if len(codes) < SHINGLE:
        codes = np.concatenate([codes, np.zeros(SHINGLE - len(codes), dtype=np.uint64)])
    width = len(codes) - SHINGLE + 1
    mixed = np.zeros(width, dtype=np.uint64)
    for place, weight in enumerate(_WEIGHTS):
        mixed += (codes[place : place + width] + np.uint64(1)) * weight
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    found: Hashes = np.unique(((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(1)).astype(np.int64))
    return found


def shared(some: Hashes, others: Hashes) -> int:
    """How many shingles two sorted sets have in common."""
    return len(np.intersect1d(some, others, assume_unique=True))
