"""Reports of one form, told apart by their figures: yesterday's exchange rates and today's share every word."""

import re
from collections import defaultdict

from pipelines.dedup.forms import DIGITS
from pipelines.dedup.shingles import Sketch

BESIDE = 3
"""Letters before, or behind, a figure by which its place is known again: either side may hold a name that changes too."""
PLACES = 4
"""Places, two of each figure, that both texts have at least before figures decide: a report may bear no more than two."""
SPREAD = 40
"""Letters of the shorter text to each place that differs, at most: reports of one form are dense with figures, and a long text
in which only the toll was corrected is a copy."""
AGREE = 0.6
"""Share of these places that bear one figure in both: below it they are two reports, above it one that was corrected. Of a table
of exchange rates half are the form's own (1 美元, 100 日元)."""

_TENS = {"十": 10, "百": 100, "千": 1000}
_NUMERALS = "〇零一二三四五六七八九十百千两"
_FIGURE = re.compile(rf"\d+|(?<![{_NUMERALS}])[{_NUMERALS}]++(?=[点级成年月日时分秒架艘公里人车台条亿万元例死伤号名岁度层所])")
"""A numeral is looked for from its first letter only: a page full of them would take quadratic time."""


def agreement(one: Sketch, other: Sketch) -> tuple[int, int]:
    """(places with a figure that both texts have, how many of them bear the same one). Chinese numerals before a unit are figures."""
    mine, theirs = _places(one), _places(other)
    common = mine.keys() & theirs.keys()
    return len(common), sum(not mine[place].isdisjoint(theirs[place]) for place in common)


def figures_differ(one: Sketch, other: Sketch) -> bool:
    """Whether most figures that stand in the same places are others, densely enough to be no correction."""
    places, same = agreement(one, other)
    dense = (places - same) * SPREAD >= min(len(one.letters), len(other.letters))
    return places >= PLACES and same < AGREE * places and dense


def _places(drawn: Sketch) -> dict[str, set[str]]:
    """The figures by the letters around them, in which a figure counts as one letter whatever it is."""
    text = drawn.letters
    figures, masked, found = [_number(each) for each in _FIGURE.findall(text)], _FIGURE.sub("#", text), defaultdict[str, set[str]](set)
    at = -1
    for figure in figures:
        at = masked.index("#", at + 1)
        found[masked[max(0, at - BESIDE) : at + 1]].add(figure)
        found[masked[at : at + BESIDE + 1]].add(figure)
    return found


def _number(figure: str) -> str:
    """The figure in digits: 二十三 and 二三 are 23."""
    figure = figure.replace("两", "二").translate(DIGITS)
    if not any(char in _TENS for char in figure):
        return figure
    total, digit = 0, 0
    for char in figure:
        if char in _TENS:
            total, digit = total + (digit or 1) * _TENS[char], 0
        else:
            digit = int(char)
    return str(total + digit)
