"""Sets of places in a text, [start, end), and the three questions that a query asks of them.

Every function takes and gives `maximal` spans: sorted, none inside another, so that starts and ends both rise and each
question is a binary search: hostile texts full of one word stay cheap.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]

_start, _end = itemgetter(0), itemgetter(1)


def maximal(spans: Iterable[Span]) -> list[Span]:
    """The spans that lie inside no other, in order, each once."""
    kept: list[Span] = []
    reach = -1
    for span in sorted(spans, key=lambda span: (span[0], -span[1])):
        if span[1] > reach:
            kept.append(span)
            reach = span[1]
    return kept


def outside(spans: Sequence[Span], covers: Sequence[Span]) -> list[Span]:
    """The spans that lie inside none of the covers; equal is inside."""
    return [span for span in spans if not _covered(span, covers)]


def _covered(span: Span, covers: Sequence[Span]) -> bool:
    last = bisect_right(covers, span[0], key=_start) - 1
    return last >= 0 and covers[last][1] >= span[1]


def near(spans: Sequence[Span], others: Sequence[Span], distance: int) -> list[Span]:
    """The spans that have one of the others at most `distance` characters from edge to edge, neither inside the other."""
    return [span for span in spans if _has_neighbour(span, others, distance)]


def _has_neighbour(span: Span, others: Sequence[Span], distance: int) -> bool:
    first = bisect_left(others, span[0] - distance, key=_end)
    last = bisect_right(others, span[1] + distance, key=_start) - 1
    # Among maximal spans, if both outermost candidates hold the span or lie in it, so do all between them.
    return first <= last and not (_nested(span, others[first]) and _nested(span, others[last]))


def _nested(one: Span, other: Span) -> bool:
    return (one[0] <= other[0] and other[1] <= one[1]) or (other[0] <= one[0] and one[1] <= other[1])


def apart(spans: Sequence[Span]) -> int:
    """How many of the spans fit side by side without overlapping."""
    count, reach = 0, 0
    for start, end in spans:
        if start >= reach:
            count, reach = count + 1, end
    return count
