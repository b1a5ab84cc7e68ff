"""Short reports of one form, told apart by their names and words: two weather warnings share all but the places and the hour."""

from collections import defaultdict
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache
from itertools import pairwise
from pathlib import Path

from pipelines.dedup.shingles import Sketch
from pipelines.extract.script import script_of

SHORT = 400
"""Letters of a report by a form at most; a longer text is written."""
ALIKE = 1.6
"""Times as long as the other at most: a form has one length, but a portal adds a line."""
OTHERS = 3
"""Words that must stand in the place of others, whatever the length."""
SPREAD = 40
"""Letters of the shorter text to each such word, at most: a longer text with three words replaced is an edited copy."""
WORD = 16
"""Letters of what was filled in at most; what is longer was rewritten."""
FRAME = 2
"""Letters on either side of it that both have."""
DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_BESIDE = 2

_REGIONAL = Path(__file__).parent.parent / "watch" / "regional.txt"


def other_words(one: Sketch, other: Sketch) -> int:
    """How many words of the one stand where the other has different ones, regional words for one thing aside.

    None is counted between two scripts: each region writes names in its own way, and a form is seldom filled in by two."""
    if script_of(one.text) != script_of(other.text):
        return 0
    few, many = sorted((len(one.letters), len(other.letters)))
    if many > SHORT * ALIKE or few > SHORT or many > few * ALIKE:
        return 0
    return len(list(_replaced(_letters(one), _letters(other))))


def of_one_form(one: Sketch, other: Sketch) -> bool:
    """Whether both fill one form with different names, so densely that neither is an edited copy."""
    count = other_words(one, other)
    return count >= OTHERS and count * SPREAD >= min(len(one.letters), len(other.letters))


def _replaced(one: str, other: str) -> Iterator[tuple[str, str]]:
    blocks = [block for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks() if block.size >= FRAME]
    for before, after in pairwise(blocks):
        mine, theirs = (before.a + before.size, after.a), (before.b + before.size, after.b)
        lengths = mine[1] - mine[0], theirs[1] - theirs[0]
        if min(lengths) > 0 and max(lengths) <= WORD and not _is_regional(_around(one, mine), _around(other, theirs)):
            yield one[slice(*mine)], other[slice(*theirs)]


def _around(text: str, span: tuple[int, int]) -> str:
    return text[max(0, span[0] - _BESIDE) : span[1] + _BESIDE]


def _is_regional(one: str, other: str) -> bool:
    parts = (one[at : at + size] for size in range(2, 7) for at in range(len(one) - size + 1))
    return any(word in other for part in parts for word in _regional().get(part, ()))


@cache
def _regional() -> dict[str, set[str]]:
    found = defaultdict[str, set[str]](set)
    for line in _REGIONAL.read_text(encoding="utf-8").splitlines():
        one, other, *_ = line.split("\t")
        found[one].add(other)
        found[other].add(one)
    return dict(found)


def _letters(drawn: Sketch) -> str:
    """The folded letters, in which a figure is the same in words and in digits."""
    return drawn.letters.translate(DIGITS)
