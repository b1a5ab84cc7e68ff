"""What a copy added to its original and cut from it, by paragraph; portals break paragraphs anew, so letters are compared, not lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipelines.dedup.difference import Change, Span, difference
from pipelines.text import fold, letters

MOSTLY = 0.6
"""Share of a paragraph's letters that differ from which all of it counts as added or cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Altered:
    """A copy against its original: whole paragraphs `added` and `cut`, as written, and the `changes` within others."""

    added: tuple[str, ...]
    cut: tuple[str, ...]
    changes: tuple[Change, ...]

    @property
    def sentence(self) -> str:
        """In a few words: adds 2 paragraphs, cuts 1, changes 3 passages."""
        counts = ((len(self.added), "adds", "paragraph"), (len(self.cut), "cuts", "paragraph"), (len(self.changes), "changes", "passage"))
        parts, last = [], ""
        for count, verb, noun in (each for each in counts if each[0]):
            parts.append(f"{verb} {count}" if noun == last else f"{verb} {count} {noun}{'s' if count > 1 else ''}")
            last = noun
        return ", ".join(parts) or "the same text"


def altered(before: str, after: str) -> Altered:
    """What the copy `after` made of `before`."""
    changes = difference(before, after).changes
    added = _whole(after, [change.at for change in changes])
    cut = _whole(before, [change.was for change in changes])
    return Altered(
        added=tuple(after[slice(*span)] for span in added),
        cut=tuple(before[slice(*span)] for span in cut),
        changes=tuple(change for change in changes if not _is_in(change, added, cut)),
    )


def _whole(text: str, differing: Sequence[Span]) -> list[Span]:
    """The paragraphs that differ in most of their letters."""
    return [
        span for span in _paragraphs(text) if _letters(text, span) and _differing(text, span, differing) >= MOSTLY * _letters(text, span)
    ]


def _paragraphs(text: str) -> list[Span]:
    breaks = [-1, *(at for at, char in enumerate(text) if char == "\n"), len(text)]
    return [(start + 1, end) for start, end in pairwise(breaks)]


def _differing(text: str, paragraph: Span, differing: Sequence[Span]) -> int:
    overlaps = ((max(paragraph[0], start), min(paragraph[1], end)) for start, end in differing)
    return sum(_letters(text, span) for span in overlaps if span[0] < span[1])


def _letters(text: str, span: Span) -> int:
    return len(letters(fold(text[slice(*span)])))


def _is_in(change: Change, added: Sequence[Span], cut: Sequence[Span]) -> bool:
    """Whether the change is told by a paragraph that was added or cut."""
    return _touches(change.at, added) or _touches(change.was, cut)


def _touches(span: Span, whole: Sequence[Span]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in whole)
