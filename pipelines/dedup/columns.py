"""A column begins and ends as it did yesterday: what stands between is the news of it."""

import numpy as np

from pipelines.dedup.shingles import Hashes, Sketch

BETWEEN = 0.4
"""Share of each text that stands, in one stretch and unknown to the other, between the opening and the closing that both have."""
EDGE = 12
"""Shingles of an opening, and of a closing, at least: a phrase that both begin with is none."""


def same_frame(one: Sketch, other: Sketch) -> bool:
    """Whether both stand in one frame, opening and closing, and tell different things in it. A copy that was cut has no other stretch
    in the place, one with comments behind has no closing."""
    return _is_frame(one.runs, other.shingles) and _is_frame(other.runs, one.shingles)


def _is_frame(runs: Hashes, known: Hashes) -> bool:
    places = np.flatnonzero(np.isin(runs, known))
    if len(places) < 2 * EDGE:
        return False
    gaps = np.diff(places)
    widest = int(gaps.argmax())
    return bool(gaps[widest] >= BETWEEN * len(runs) and EDGE <= widest + 1 <= len(places) - EDGE)
