"""Short reports of one form, told apart by their names and words: two weather warnings share all but the places and the hour."""

from collections.abc import Iterator
from difflib import Match, SequenceMatcher
from functools import lru_cache
from itertools import chain, pairwise

from pipelines.dedup.names import is_foreign, is_one_thing, is_passing
from pipelines.dedup.shingles import Sketch
from pipelines.extract.script import script_of

SHORT = 500
"""Letters of a report by a form at most; a longer text is written."""
ALIKE = 1.6
"""Times as long as the other at most: a form has one length, but a portal adds a line."""
OTHERS = 3
"""Words that must stand in the place of others, whatever the length."""
SPREAD = 40
"""Letters of the shorter text to each such word, at most: a longer text with three words replaced is an edited copy."""
FILLED = 1 / 12
"""Share of both texts' letters that such words make up, from which few are enough: on an unseen set copies reached .02, in the other
script too, and notices and price reports of one form .10 to .26."""
WORD, LISTED = 16, 40
"""Letters of a word that was filled in at most, and of a list; what is longer was rewritten."""
LONGEST = 8
"""Letters of a foreign name at most."""
FRAME = 2
"""Letters on either side of it that both have."""
DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")


def other_words(one: Sketch, other: Sketch) -> tuple[int, float]:
    """How many words, each once, stand where the other has different ones, regional words for one thing aside, and the share of the
    letters of both that these words make up."""
    if not _are_alike(one, other):
        return 0, 0.0
    words = set(_replaced(_letters(one), _letters(other)))
    return len(words), sum(map(len, chain.from_iterable(words))) / max(1, len(one.letters) + len(other.letters))


def is_filled_otherwise(one: Sketch, other: Sketch) -> bool:
    """Whether both fill one form with different names, so densely that neither is an edited copy.

    Between two scripts only how much was filled in counts: each region writes names in its own way."""
    count, share = other_words(one, other)
    is_dense = count * SPREAD >= min(len(one.letters), len(other.letters)) and script_of(one.text) == script_of(other.text)
    return count >= OTHERS and (is_dense or share >= FILLED)


def filled_in(one: Sketch, other: Sketch) -> tuple[str, str] | None:
    """The first words that fill one form of two short texts differently, days and hours aside."""
    if not _are_alike(one, other):
        return None
    replaced = _replaced(_letters(one), _letters(other))
    return next((words for words in replaced if not is_passing(*words)), None)


def headlined_otherwise(one: Sketch, other: Sketch) -> tuple[str, str] | None:
    """The words by which both differ in text and headline alike, each in none of the other's: 台中 here and 高雄 there, 升 and 降.

    A desk that edits a copy changes its headline or a word of it, not the one thing in both."""
    if one.title == other.title or not (one.title and other.title) or not _are_alike(one, other):
        return None
    (mine, my_text), (theirs, their_text) = ((each.title.translate(DIGITS), _letters(each)) for each in (one, other))
    for here, there in [*_begun((mine, my_text), (theirs, their_text)), *_replaced(my_text, their_text)]:
        named = here in mine and there in theirs and here not in theirs + their_text and there not in mine + my_text
        if named and not is_passing(here, there) and not any(char.isdigit() for char in here + there):
            return here, there
    return None


def _begun(one: tuple[str, str], other: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """What of their headlines, title and text each, stands before the first that both texts have: an editor's note may stand before it."""
    first = next(iter(_blocks(one[1], other[1])), None)
    if first is None:
        return
    mine, theirs = (_headlined(title, text, end) for (title, text), end in ((one, first.a), (other, first.b)))
    if min(first.a - mine, first.b - theirs) >= FRAME and not is_one_thing(one[1], (mine, first.a), other[1], (theirs, first.b)):
        yield one[1][mine : first.a], other[1][theirs : first.b]


def _headlined(title: str, text: str, end: int) -> int:
    """Where the longest stretch before `end` begins that the title has."""
    return next((at for at in range(max(0, end - WORD), end) if text[at:end] in title), end)


def _are_alike(one: Sketch, other: Sketch) -> bool:
    """Whether both are short, and of about one length."""
    few, many = sorted((len(one.letters), len(other.letters)))
    return few <= SHORT and many <= SHORT * ALIKE and many <= few * ALIKE


def _replaced(one: str, other: str) -> Iterator[tuple[str, str]]:
    blocks = _blocks(one, other)
    for before, after in pairwise(blocks):
        mine, theirs = (before.a + before.size, after.a), (before.b + before.size, after.b)
        here, there = one[slice(*mine)], other[slice(*theirs)]
        if not (here and there and _is_filled_in(here, there)):
            continue
        if not _are_units(one[: mine[0]], here, there) and not is_one_thing(one, mine, other, theirs):
            yield here, there


def _is_filled_in(here: str, there: str) -> bool:
    """Whether one may stand in the other's place: a word, or a list's items of about one length that have nothing in common.

    A row of foreign names is neither: each region spells them in its own way."""
    few, many = sorted((len(here), len(there)))
    if many > LONGEST and is_foreign(here) and is_foreign(there):
        return False
    return many <= WORD or (many <= LISTED and many <= ALIKE * few and {*pairwise(here)}.isdisjoint(pairwise(there)))


@lru_cache(maxsize=64)  # several rules look at the same two
def _blocks(one: str, other: str) -> tuple[Match, ...]:
    """What both have, in order. Difflib gives others where the texts change places, and no decision may."""
    if one > other:
        return tuple(Match(block.b, block.a, block.size) for block in _blocks(other, one))
    return tuple(block for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks() if block.size >= FRAME)


def _are_units(before: str, here: str, there: str) -> bool:
    """Whether a figure stands before: 200 米 and 200 公尺 are one thing."""
    is_figure = before[-1:].isdigit() or before[-1:] in tuple("十百千万亿")
    return is_figure and not here[0].isdigit() and not there[0].isdigit()


def _letters(drawn: Sketch) -> str:
    """The folded letters, in which a figure is the same in words and in digits."""
    return drawn.letters.translate(DIGITS)
