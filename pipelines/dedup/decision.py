"""One decision, explained: which stories an article joins and by what evidence, or what came nearest where it opens its own."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipelines.dedup.passages import Evidence, evidence, lead_share
from pipelines.dedup.reports import distinction
from pipelines.dedup.shingles import Sketch, shared
from pipelines.dedup.stories import (
    BEGUN,
    COPY,
    COPY_UNDER_A_NEW_LEAD,
    COVERED,
    FLASH,
    LEAD_KNOWN,
    PART,
    RELATED,
    Known,
    Link,
    carries,
    inside,
    is_inside,
    resemblance,
    stories_of,
)

MISSES = 5
"""Stories that are told as related at most."""

Pair = frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A known article that shares something with the new one and does not make it a copy.

    `held` of the new text stands in it, `holds` of it stands in the new text. `is_related`: a follow-up's background, or
    a flash that it quotes.
    """

    article_id: int
    story_ids: tuple[int, ...]
    held: float
    holds: float
    why: str
    is_related: bool

    @property
    def containment(self) -> float:
        """The larger of both directions."""
        return max(self.held, self.holds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The stories that an article joins; `misses`, nearest first, where there are none. `evidence` is by partner.

    `bearers`: merged pieces that hold the text beside what they were told as; they tell a part of the story that it opens.
    """

    links: tuple[Link, ...] = ()
    misses: tuple[Miss, ...] = ()
    bearers: tuple[int, ...] = ()
    evidence: Mapping[int, Evidence] = field(default_factory=dict)


def decide(text: str, new: Sketch, known: Sequence[Known], apart: Collection[Pair] = ()) -> Decision:
    """Where the text belongs. `apart`: pairs of stories that a person split, which no copy makes one again."""
    links = kept_apart(stories_of(new, list(known)), new, known, apart)
    misses = () if links else misses_of(new, known)
    bearers = () if links else tuple(each.article_id for each in known if _bears(new, each.sketch))
    partners = {link.partner_id for link in links} or {miss.article_id for miss in misses[:1]}
    found = {each.article_id: evidence(text, new, each.sketch) for each in known if each.article_id in partners}
    return Decision(links=tuple(links), misses=misses, bearers=bearers, evidence=found)


def kept_apart(links: Sequence[Link], new: Sketch, known: Sequence[Known], apart: Collection[Pair]) -> list[Link]:
    """The links without those to the far side of a split: a copy goes to the side that it resembles most."""
    sketches = {each.article_id: each.sketch for each in known}
    taken: list[int] = []
    for link in sorted(links, key=lambda link: -resemblance(new, sketches[link.partner_id])):
        if not any(frozenset((link.story_id, story)) in apart for story in taken):
            taken.append(link.story_id)
    kept = [link for link in links if link.story_id in taken]
    return [replace(kept[0], role="copy")] if len(kept) == 1 < len(links) else kept


def misses_of(new: Sketch, known: Sequence[Known]) -> tuple[Miss, ...]:
    """What shares something with the text, nearest first, the nearest article of each story."""
    nearest: dict[tuple[int, ...], Miss] = {}
    for miss in sorted((_miss(new, each) for each in known), key=lambda miss: -miss.containment):
        if miss.containment:
            nearest.setdefault(miss.story_ids, miss)
    return tuple(nearest.values())[:MISSES]


def _bears(new: Sketch, other: Sketch) -> bool:
    """Whether the text stands in a known one, and is no report of its form: where it is no copy, the other is a merged piece."""
    if min(len(new.shingles), len(other.shingles)) < FLASH or is_inside(new, other) or not carries(other, new):
        return False
    return shared(new.shingles, other.shingles) >= COPY_UNDER_A_NEW_LEAD * len(new.shingles) and distinction(new, other) is None


def _miss(new: Sketch, other: Known) -> Miss:
    count = shared(new.shingles, other.sketch.shingles)
    held, holds = count / max(1, len(new.shingles)), count / max(1, len(other.sketch.shingles))
    return Miss(
        article_id=other.article_id,
        story_ids=other.story_ids,
        held=round(held, 3),
        holds=round(holds, 3),
        why=_why_not(new, other, held, holds),
        is_related=count >= FLASH and (held >= RELATED or holds >= PART),
    )


def _why_not(new: Sketch, other: Known, held: float, holds: float) -> str:
    if min(len(new.shingles), len(other.sketch.shingles)) < FLASH:
        return "too short to be a copy without being equal"
    if _bears(new, other.sketch):
        return f"{held:.0%} of the text stands in a merged piece, beside the story that it was told as"
    if (told := inside(new, other.sketch)) is not None:
        return told
    lead = lead_share(new, other.sketch)
    if held >= COPY and (found := distinction(new, other.sketch)):
        return found.why
    needed = f"a copy needs {COPY:.0%} and {LEAD_KNOWN:.0%} of its lead from its first {BEGUN} letters on, or {COPY_UNDER_A_NEW_LEAD:.0%}"
    quoted = f", and it quotes {holds:.0%} of that, but too little of it is known in all ({COVERED:.0%} makes a merged piece)"
    return f"{held:.0%} of the text and {lead:.0%} of its lead are known: {needed}{quoted if holds >= PART else ''}"
