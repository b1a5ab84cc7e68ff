"""What one text says that another does not: a copy against its original, a revision against the state before it.

Both are compared in folded form, token by token (a number, a Latin word, a single character of any other writing), so that
script, case, punctuation and layout are no difference, and 12 against 15 is one change. Sentences that stand once in both
texts are aligned first (patience diff, B. Cohen), then the tokens between them, so the time grows with the length of the texts.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from pipelines.text import fold

PAIRS = 400_000
"""Equal tokens that are weighed against each other in one comparison; beyond, a stretch counts as changed from end to end."""
SHORT = 2
"""Tokens; what is the same for no longer than this between greater changes belongs to them."""

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*[%‰]?|[a-z\u00c0-\u052f]+|[^\W_]")
_SENTENCE_END = re.compile(r"[。．！？!?；;…\n]+[」』”’）)》]*")

Span = tuple[int, int]
_Block = tuple[int, int, int, int]  # [i, j) of the one side's tokens or sentences, [k, l) of the other's


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One place where the texts differ: `cut` as the old text writes it, `added` as the new one does, one of them possibly empty.

    `was` and `at` are where they stand, in code points of the old and of the new text.
    """

    cut: str
    added: str
    was: Span
    at: Span

    @property
    def kind(self) -> str:
        """added, cut or changed."""
        return "changed" if self.cut and self.added else "added" if self.added else "cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """All changes, in the new text's order; `cut`, `added` and `kept` count letters and digits."""

    changes: tuple[Change, ...]
    cut: int
    added: int
    kept: int


def difference(before: str, after: str) -> Difference:
    """What `after` says otherwise than `before`; without changes where they differ in script, punctuation and layout alone."""
    old, new = _tokens(before), _tokens(after)
    blocks = list(_changed(old, new))
    cut = sum(len(key) for i, j, _, _ in blocks for key in old.keys[i:j])
    added = sum(len(key) for _, _, k, m in blocks for key in new.keys[k:m])
    changes = tuple(_change(old, new, block) for block in blocks)
    return Difference(changes=changes, cut=cut, added=added, kept=sum(map(len, new.keys)) - added)


@dataclass(frozen=True, slots=True)
class _Tokens:
    """A text's tokens: their folded form, where they stand in the text, and where each sentence's first one is."""

    text: str
    keys: list[str]
    spans: list[Span]
    sentences: list[int]


def _tokens(text: str) -> _Tokens:
    folded = fold(text)
    found = list(_TOKEN.finditer(folded.text))
    spans = [folded.original(*each.span()) for each in found]
    starts = [start for start, _ in spans]
    ends = (bisect_left(starts, end.end()) for end in _SENTENCE_END.finditer(text))
    sentences = sorted({0, *ends, len(found)})
    return _Tokens(text, [each[0].replace(",", "") for each in found], spans, sentences)


def _changed(old: _Tokens, new: _Tokens) -> Iterator[_Block]:
    """Blocks of tokens that differ, in order."""
    pairs = PAIRS
    for gap in _gaps(_sentences(old), _sentences(new)):
        i, j, k, m = (side.sentences[n] for side, n in zip((old, old, new, new), gap, strict=True))
        i, j, k, m = _trimmed(old.keys, new.keys, (i, j, k, m))
        if i == j and k == m:
            continue
        a, b = old.keys[i:j], new.keys[k:m]
        inside, counted = Counter(b), Counter(a)
        pairs -= sum(count * inside[key] for key, count in counted.items())
        blocks = _opcodes(a, b) if pairs > 0 else [(0, j - i, 0, m - k)]
        yield from ((i + p, i + q, k + r, k + s) for p, q, r, s in blocks)


def _sentences(side: _Tokens) -> list[str]:
    return [" ".join(side.keys[low:high]) for low, high in pairwise(side.sentences)]


def _gaps(a: Sequence[str], b: Sequence[str]) -> Iterator[_Block]:
    """What lies between the sentences that stand once in both texts and in the same order."""
    i = k = 0
    for p, r in (*_anchors(a, b), (len(a), len(b))):
        gap = _trimmed(a, b, (i, p, k, r))
        if gap[0] < gap[1] or gap[2] < gap[3]:
            yield gap
        i, k = p + 1, r + 1


def _anchors(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """The longest run of pairs that rises on both sides, by patience sorting."""
    in_a, in_b = Counter(a), Counter(b)
    places = {key: n for n, key in enumerate(b) if in_b[key] == 1}
    pairs = [(n, places[key]) for n, key in enumerate(a) if in_a[key] == 1 and key in places]
    tops: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for n, (_, place) in enumerate(pairs):
        pile = bisect_left(tops, place)
        tops[pile : pile + 1], last[pile : pile + 1] = [place], [n]
        before.append(last[pile - 1] if pile else -1)
    run, n = [], last[-1] if last else -1
    while n >= 0:
        run.append(pairs[n])
        n = before[n]
    return run[::-1]


def _trimmed(a: Sequence[str], b: Sequence[str], block: _Block) -> _Block:
    """The block without what is the same at its beginning and end."""
    i, j, k, m = block
    while i < j and k < m and a[i] == b[k]:
        i, k = i + 1, k + 1
    while i < j and k < m and a[j - 1] == b[m - 1]:
        j, m = j - 1, m - 1
    return i, j, k, m


def _opcodes(a: Sequence[str], b: Sequence[str]) -> list[_Block]:
    """The tokens that differ, with short runs of equal ones between greater changes taken in."""
    joined: list[_Block] = []
    for tag, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        if joined and _belongs(joined[-1], (i, j, k, m)):
            joined[-1] = (joined[-1][0], j, joined[-1][2], m)
        else:
            joined.append((i, j, k, m))
    return joined


def _belongs(one: _Block, other: _Block) -> bool:
    same = other[0] - one[1]
    return same <= SHORT and all(j - i + m - k > same + 1 for i, j, k, m in (one, other))


def _change(old: _Tokens, new: _Tokens, block: _Block) -> Change:
    was, at = _span(old, block[:2]), _span(new, block[2:])
    return Change(cut=old.text[slice(*was)], added=new.text[slice(*at)], was=was, at=at)


def _span(side: _Tokens, tokens: Span) -> Span:
    """Where the tokens stand in the text; whole sentences with the mark that ends them."""
    low, high = tokens
    if low == high:
        at = side.spans[low][0] if low < len(side.spans) else len(side.text)
        return at, at
    start, end = side.spans[low][0], side.spans[high - 1][1]
    if _is_edge(side, low) and _is_edge(side, high):
        mark = _SENTENCE_END.match(side.text, end)
        end = end + len(mark[0].rstrip()) if mark else end
    return start, end


def _is_edge(side: _Tokens, token: int) -> bool:
    at = bisect_left(side.sentences, token)
    return at < len(side.sentences) and side.sentences[at] == token
