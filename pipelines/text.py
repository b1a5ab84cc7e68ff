"""One folded form of a text for comparing (never for showing), with the way back to the original's code points.

Folding is NFC, then one 1:1 character table: Traditional to Simplified, variants, full width, case (made by
pipelines/watch/tables.py). Invisible characters are dropped. White space with a blank line in it (two line breaks or
more) becomes one line feed; any other becomes one space, or nothing between two Han characters.
"""

import re
import unicodedata
from codecs import utf_32_le_decode, utf_32_le_encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint32]
Offsets = npt.NDArray[np.int64]
Places = tuple[Offsets, Offsets]  # for every folded character, where it begins and where it ends in the original

_HOME = Path(__file__).parent
_ALL = 0x110000
_SPACE, _LINE_FEED, _RETURN, _REPLACEMENT = 0x20, 0x0A, 0x0D, 0xFFFD
SPACE = _SPACE
_DROP, _JOIN = 0, 1  # what the table gives for an invisible character, and for one that may melt into the one before
UNSURE = _JOIN
"""What `folded_one_by_one` gives at most for a character that needs a look at its neighbours."""
_WHITE = [*range(0x09, 0x0E), *range(0x1C, 0x21), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
_BREAKS = [0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029]
_INVISIBLE = (
    (0x00, 0x08), (0x0E, 0x1B), (0x7F, 0x84), (0x86, 0x9F), (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB),
    (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
_HAN = (
    (0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3021, 0x3029), (0x3038, 0x303B), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)  # fmt: skip
# UAX 15's Stream-Safe limit: no writing needs more marks on one letter, and sorting them takes quadratic time.
_MARKS = 30


def _flags(ranges: tuple[tuple[int, int], ...] | list[tuple[int, int]]) -> npt.NDArray[np.bool_]:
    table = np.zeros(_ALL, dtype=np.bool_)
    for first, last in ranges:
        table[first : last + 1] = True
    return table


def _combining() -> list[tuple[int, int]]:
    rows = (line.split() for line in (_HOME / "combining.txt").read_text(encoding="ascii").splitlines())
    return [(int(first, 16), int(last, 16)) for first, last in rows]


def _fold_table() -> Codes:
    table = np.arange(_ALL, dtype=np.uint32)
    pairs = _codes((_HOME / "characters.txt").read_text(encoding="utf-8"))
    table[pairs[::3]] = pairs[1::3]
    table[0xD800:0xE000] = _REPLACEMENT
    table[_WHITE] = _SPACE
    table[_JOINS] = _JOIN
    table[_DROPPED] = _DROP
    return table


def _codes(text: str) -> Codes:
    return np.frombuffer(utf_32_le_encode(text, "surrogatepass")[0], dtype=np.uint32)


def _string(codes: Codes) -> str:
    return utf_32_le_decode(codes.data)[0]


_DROPPED = _flags(_INVISIBLE)
_JOINS = _flags(_combining())
_IS_HAN = _flags(_HAN)
_IS_BREAK = _flags([(code, code) for code in _BREAKS])
_FOLD = _fold_table()
_HAN_CLASS = "[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _HAN) + "]"
_BREAK_CLASS = "[" + "".join(map(chr, _BREAKS)) + "]"
# White space that does not stay one space: more of it, or a Han character on both sides.
_WHITE_RUN = re.compile(f" (?: +|(?<={_HAN_CLASS} )(?={_HAN_CLASS}))")
_UNSEEN_RUN = re.compile("[ \0]+")
_BLANK_LINE = re.compile(f"(?>\r\n|{_BREAK_CLASS})[^{_BREAK_CLASS[1:]}*+{_BREAK_CLASS}")


@dataclass(frozen=True)
class Folded:
    """A folded text. `find_places` gives where its characters stand in the original; None where every offset is that of the original."""

    text: str
    find_places: Callable[[], Places] | None = None

    @cached_property
    def places(self) -> Places | None:
        """Worked out when it is first asked for: most texts hold nothing that anybody looks for."""
        return self.find_places and self.find_places()

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Code points of the original that the folded characters [start, end) came from; start < end."""
        if self.places is None:
            return start, end
        starts, ends = self.places
        return int(starts[start]), int(ends[end - 1])


def fold(text: str) -> Folded:
    """The text for comparing. A lone surrogate counts as U+FFFD."""
    return _settled(text, _string(folded_one_by_one(text)))


def fold_all(texts: Sequence[str]) -> list[Folded]:
    """`fold` of each. They go through the table together, in half the time that they take one by one."""
    folded = _string(folded_one_by_one("".join(texts)))
    ends = accumulate(map(len, texts))
    return [_settled(text, folded[end - len(text) : end]) for text, end in zip(texts, ends, strict=True)]


def folded_one_by_one(text: str) -> Codes:
    """The text by code points, each folded without a look at its neighbours; white space is SPACE."""
    return _FOLD.take(_codes(text), mode="clip")  # a code point never lies beyond the table, and checking that takes a fifth


def letters(folded: Folded) -> str:
    """Only the letters and digits of a folded text."""
    return _string(letter_codes(folded))


def letter_codes(folded: Folded) -> Codes:
    """The code points of `letters`, for shingles."""
    codes = _codes(folded.text)
    found: Codes = codes.compress(_is_letter().take(codes))  # as codes[table[codes]], in half the time
    return found


def letter_spans(folded: Folded) -> tuple[Offsets, Offsets]:
    """Where each of `letters` begins and ends in the original."""
    places = np.flatnonzero(_is_letter()[_codes(folded.text)])
    if folded.places is None:
        return places, places + 1
    starts, ends = folded.places
    return starts[places], ends[places]


def is_han(char: str) -> bool:
    """Whether the character is a Han character (kana and punctuation are not)."""
    return bool(_IS_HAN[ord(char)])


@cache
def _is_letter() -> npt.NDArray[np.bool_]:
    everything = np.arange(_ALL, dtype=np.uint32).tobytes().decode("utf-32-le", "surrogatepass")
    return _flags([(found.start(), found.end() - 1) for found in re.finditer(r"[^\W_]+", everything)])


def _settled(text: str, folded: str) -> Folded:
    """The text whose characters are folded one by one, with a look at neighbours where one needs it."""
    if "\1" in folded:
        return _fold_odd(_codes(text))
    if "\0" in folded:
        return _evened(text, folded, _UNSEEN_RUN)
    if _WHITE_RUN.search(folded):
        return _evened(text, folded, _WHITE_RUN)
    return Folded(folded)


class _Gap(NamedTuple):
    """A run [first, last) of white space and invisible characters. Of it [begin, end) became `white`: one character or none."""

    first: int
    last: int
    begin: int
    end: int
    white: str


def _evened(text: str, folded: str, runs: re.Pattern[str]) -> Folded:
    """The folded text without its invisible characters (NUL) and with its white space (spaces, as yet) joined."""
    evened = runs.sub(lambda found: _white(text, folded, *found.span()), folded)
    return Folded(evened, partial(_places, text, folded, runs))


def _white(text: str, folded: str, first: int, last: int) -> str:
    """What the run [first, last) becomes."""
    run = text[first:last]
    if run.count("\n") > 1:  # nearly every blank line is told by this
        return "\n"
    if "\0" in folded[first:last]:
        run = "".join(char for char, white in zip(run, folded[first:last], strict=True) if white == " ")
    if _BLANK_LINE.search(run):
        return "\n"
    around = folded[first - 1 : first] + folded[last : last + 1]
    return "" if not run or (len(around) == 2 and all(map(is_han, around))) else " "


def _places(text: str, folded: str, runs: re.Pattern[str]) -> Places:
    kept = np.ones(len(text), dtype=np.bool_)
    gaps = [_gap(text, folded, *found.span()) for found in runs.finditer(folded)]
    for gap in gaps:
        kept[gap.first : gap.begin] = False
        kept[gap.begin + len(gap.white) : gap.last] = False
    starts = np.flatnonzero(kept)
    ends = starts + 1
    ends[starts.searchsorted([gap.begin for gap in gaps if gap.white])] = [gap.end for gap in gaps if gap.white]
    return starts, ends


def _gap(text: str, folded: str, first: int, last: int) -> _Gap:
    run = folded[first:last].rstrip("\0")
    return _Gap(first, last, first + len(run) - len(run.lstrip("\0")), first + len(run), _white(text, folded, first, last))


def _fold_odd(codes: Codes) -> Folded:
    starts = np.flatnonzero(~_DROPPED[codes])
    codes, ends = codes[starts], starts + 1
    if _JOINS[codes].any():
        codes, starts, ends = _joined(codes, starts, ends)
    folded = _FOLD[codes]
    folded = np.where(folded == _JOIN, codes, folded)
    return _spaced(codes, folded, starts, ends)


def _joined(codes: Codes, starts: Offsets, ends: Offsets) -> tuple[Codes, Offsets, Offsets]:
    """NFC, cluster by cluster: a character and all that may melt into it."""
    parts: list[tuple[Codes, Offsets, Offsets]] = []
    done = 0
    for first, last in _clusters(codes):
        parts.append((codes[done:first], starts[done:first], ends[done:first]))
        parts.append(_cluster(codes, starts, ends, slice(first, last)))
        done = last
    parts.append((codes[done:], starts[done:], ends[done:]))
    joined, begun, ended = zip(*parts, strict=True)
    return np.concatenate(joined), np.concatenate(begun), np.concatenate(ended)


def _clusters(codes: Codes) -> list[tuple[int, int]]:
    joins = np.concatenate(([False], _JOINS[codes], [False]))
    edges = np.flatnonzero(joins[1:] != joins[:-1])
    found: list[tuple[int, int]] = []
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        begin = max(first - 1, 0)
        found += [(cut, min(cut + _MARKS, last)) for cut in range(begin, last, _MARKS)]
    return found


def _cluster(codes: Codes, starts: Offsets, ends: Offsets, place: slice) -> tuple[Codes, Offsets, Offsets]:
    # The base is folded first: a full-width letter has no composed forms.
    folded = _FOLD[codes[place]]
    before = _string(np.where(folded == _JOIN, codes[place], folded))
    after = unicodedata.normalize("NFC", before)
    if before == after:
        return codes[place], starts[place], ends[place]
    size = len(after)
    return _codes(after), np.full(size, starts[place][0]), np.full(size, ends[place][-1])


def _spaced(codes: Codes, folded: Codes, starts: Offsets, ends: Offsets) -> Folded:
    white = np.concatenate(([False], folded == _SPACE, [False]))
    edges = np.flatnonzero(white[1:] != white[:-1])
    first, last = edges[::2], edges[1::2]
    if first.size:
        breaks = np.concatenate(([0], np.cumsum(_line_breaks(codes))))
        blank = breaks[last] - breaks[first] > 1
        kept = blank | ~_between_han(folded, first, last)
        keep = folded != _SPACE
        keep[first[kept]] = True
        folded = folded.copy()
        folded[first[blank]] = _LINE_FEED
        ends = ends.copy()
        ends[first] = ends[last - 1]
        folded, starts, ends = folded[keep], starts[keep], ends[keep]
    return Folded(_string(folded), lambda: (starts, ends))


def _line_breaks(codes: Codes) -> npt.NDArray[np.int64]:
    """How many line breaks each character makes: CR LF are one together."""
    breaks: npt.NDArray[np.int64] = _IS_BREAK[codes].astype(np.int64)
    breaks[1:] -= (codes[1:] == _LINE_FEED) & (codes[:-1] == _RETURN)
    return breaks


def _between_han(folded: Codes, first: Offsets, last: Offsets) -> npt.NDArray[np.bool_]:
    inside = (first > 0) & (last < folded.size)
    return inside & _IS_HAN[folded[first - 1]] & _IS_HAN[folded[np.minimum(last, folded.size - 1)]]
