"""A column begins and ends as it did yesterday: what stands between is the news of it."""

import numpy as np

from pipelines.dedup.shingles import Hashes, Sketch

BETWEEN = 0.4
"""Share of each text that stands, in one stretch and unknown to the other, between the opening and the closing that both have."""
EDGE = 12
"""Shingles of an opening, and of a closing, at least: a phrase that both begin with is none."""


def between(one: Sketch, other: Sketch) -> float:
    """The share of what one frame leaves to something else, of the text that it leaves less of; 0 where there is no frame.

    A copy that was cut has no other stretch in the place of what went, one with comments behind has no closing."""
    return min(_between(one.runs, other.shingles), _between(other.runs, one.shingles))


def _between(runs: Hashes, known: Hashes) -> float:
    places = np.flatnonzero(np.isin(runs, known))
    if len(places) < 2 * EDGE:
        return 0.0
    gaps = np.diff(places)
    widest = int(gaps.argmax())
    return float(gaps[widest] / len(runs)) if EDGE <= widest + 1 <= len(places) - EDGE else 0.0
