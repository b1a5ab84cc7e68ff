"""Reports of one form, told apart by their figures: yesterday's exchange rates and today's share every word."""

import re
from collections import defaultdict

from pipelines.dedup.shingles import Sketch

BESIDE = 3
"""Letters before, or behind, a figure by which its place is known again: either side may hold a name that changes too."""
PLACES = 6
"""Places, two of each figure, that both texts have at least before figures decide; fewer are the corrections of one text."""
AGREE = 0.6
"""Share of these places that bear one figure in both: below it they are two reports, above it one that was corrected. Of a table
of exchange rates half are the form's own (1 美元, 100 日元)."""

_FIGURE = re.compile(r"\d+")


def agreement(one: Sketch, other: Sketch) -> tuple[int, int]:
    """(places with a figure that both texts have, how many of them bear the same one). Chinese numerals are words."""
    mine, theirs = _places(one), _places(other)
    common = mine.keys() & theirs.keys()
    return len(common), sum(not mine[place].isdisjoint(theirs[place]) for place in common)


def differ(one: Sketch, other: Sketch) -> bool:
    """Whether the two are reports of one form about different things."""
    places, same = agreement(one, other)
    return places >= PLACES and same < AGREE * places


def why_they_differ(one: Sketch, other: Sketch) -> str:
    """A sentence on it."""
    places, same = agreement(one, other)
    return f"the same form with other figures: {places - same} of {places} differ"


def _places(drawn: Sketch) -> dict[str, set[str]]:
    """The figures by the letters around them, in which a figure counts as one letter whatever it is."""
    text = drawn.codes.tobytes().decode("utf-32-le")
    figures, masked, found = _FIGURE.findall(text), _FIGURE.sub("#", text), defaultdict[str, set[str]](set)
    at = -1
    for figure in figures:
        at = masked.index("#", at + 1)
        found[masked[max(0, at - BESIDE) : at + 1]].add(figure)
        found[masked[at : at + BESIDE + 1]].add(figure)
    return found
