"""What a portal's own pages teach: a line that stands in the text of many stories is none of their text, whatever it says.

Only where no sheet names the zone. Nothing is learned from one page, nor from one story however often it is told; what is
learned takes away lines of a text, never most of it, so that pages made to teach the wrong thing cannot eat articles.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from pipelines.extract.sift import squeeze

STORIES = 5
"""Different stories that must hold a line before it is the portal's."""
SHARE = 0.3
"""The share of the remembered pages that must hold it."""
MOST = 0.3
"""The share of a text that learned lines may take away; beyond it the page is believed, not the memory."""
PAGES, LINES = 60, 80
"""Pages of a portal that are remembered, and lines of each: the portal's own stand at both ends of a text."""
_SHORTEST, _LONGEST = 4, 120
"""Characters of a line that may be a portal's own; a paragraph is longer, and a refrain shorter."""

Hashes = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """The lines of one page by their hashes, and the story that it tells."""

    identity: str
    story: int
    lines: Hashes


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """A portal's last pages, oldest first."""

    pages: tuple[Remembered, ...] = ()

    def with_page(self, page: Remembered) -> "Memory":
        """The memory with this page as its newest, in place of what it held of the same identity."""
        others = tuple(each for each in self.pages if each.identity != page.identity)
        return Memory(pages=(*others, page)[-PAGES:])

    @property
    def learned(self) -> frozenset[int]:
        """The hashes of the lines that are the portal's own."""
        told: Counter[int] = Counter()
        stories: dict[int, set[int]] = {}
        for page in self.pages:
            told.update(set(page.lines))
            for line in page.lines:
                stories.setdefault(line, set()).add(page.story)
        least = max(STORIES, SHARE * len(self.pages))
        return frozenset(line for line, times in told.items() if times >= least and len(stories[line]) >= STORIES)


def line_hash(text: str) -> int | None:
    """48 bits of a line, without its white space and its digits (a counter or a date must not make it another); None for one that is
    too short or too long to be a portal's own."""
    flat = "".join(character for character in squeeze(text) if not character.isdigit())
    return int.from_bytes(blake2b(flat.encode(), digest_size=6).digest(), "big") if _SHORTEST <= len(flat) <= _LONGEST else None


def hashes_of(paragraphs: Sequence[str]) -> Hashes:
    """What a memory keeps of a text: its lines' hashes, of a long text those at both ends."""
    ends = paragraphs if len(paragraphs) <= LINES else (*paragraphs[: LINES // 2], *paragraphs[-LINES // 2 :])
    return tuple(dict.fromkeys(found for each in ends if (found := line_hash(each)) is not None))


def without_learned(paragraphs: Sequence[str], learned: Collection[int]) -> tuple[str, ...]:
    """The paragraphs without the portal's own lines; all of them where these would be more than MOST of the text."""
    if not learned:
        return tuple(paragraphs)
    kept = tuple(each for each in paragraphs if line_hash(each) not in learned)
    return kept if _size(kept) >= (1.0 - MOST) * _size(paragraphs) else tuple(paragraphs)


def _size(paragraphs: Iterable[str]) -> int:
    return sum(map(len, paragraphs))
