"""Two texts held against each other, for a person who asks why they are one story, or why they are not."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.dedup.decision import misses_of
from pipelines.dedup.passages import Written, clipped, lead_share, passages
from pipelines.dedup.reports import Distinction, distinction
from pipelines.dedup.shingles import Issue, Sketch, shared, sketch
from pipelines.dedup.stories import COPY, COPY_UNDER_A_NEW_LEAD, DEVELOPED, FLASH, LEAD_KNOWN, Known, developed, same, stories_of

SHOWN, LONGEST = 5, 120
"""Passages that are shown side by side, and characters of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two: its `shingles`, the share of them that the other has, and the share of its lead."""

    shingles: int
    held: float
    lead: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The rule that decided: its name, the share that it needs, and the one that was reached."""

    name: str
    needed: float
    reached: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The answer about two texts. `passages` are the longest shared ones, each as the one and as the other writes it."""

    same: bool
    containment: float
    why: str
    threshold: Threshold
    a: Side
    b: Side
    shared: int
    passages: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One of the two. `number` is the article's where it is one of ours, which tells which of them came later."""

    title: str
    text: str
    number: int | None = None
    issue: Issue | None = None


def pair(one: Text, other: Text) -> Pair:
    """Hold one against the other: the later article against the earlier as a crawl does, two texts in both directions."""
    a, b = (sketch(each.title, each.text, each.issue) for each in (one, other))
    sides = _side(a, b), _side(b, a)
    if one.number is None or other.number is None or one.number == other.number:
        verdict, _, why = same(a, b)
        judged: tuple[Side, ...] = sides
    elif one.number > other.number:
        verdict, why = _as_it_came(a, Known(article_id=other.number, story_ids=(0,), sketch=b))
        judged = sides[:1]
    else:
        verdict, why = _as_it_came(b, Known(article_id=one.number, story_ids=(0,), sketch=a))
        judged = sides[1:]
    return Pair(
        same=verdict,
        containment=max(side.held for side in sides) if a.digest != b.digest else 1.0,
        why=why,
        threshold=_threshold(
            None if verdict else distinction(a, b), judged, _report(a, b) if verdict else None, is_equal=a.digest == b.digest
        ),
        a=sides[0],
        b=sides[1],
        shared=shared(a.shingles, b.shingles),
        passages=_side_by_side(one.text, other.text, (a, b)),
    )


def _as_it_came(later: Sketch, earlier: Known) -> tuple[bool, str]:
    found = [link.why for link in stories_of(later, [earlier])]
    return bool(found), [*found, *(miss.why for miss in misses_of(later, [earlier])), "nothing is shared"][0]


def _side(one: Sketch, other: Sketch) -> Side:
    count = shared(one.shingles, other.shingles)
    return Side(shingles=len(one.shingles), held=round(count / max(1, len(one.shingles)), 4), lead=round(lead_share(one, other), 4))


def _report(a: Sketch, b: Sketch) -> float | None:
    """What the one repeats of the other, its flash, be they in this order or that."""
    return next((share for share in (developed(a, b), developed(b, a)) if share is not None), None)


def _threshold(found: Distinction | None, sides: Sequence[Side], report: float | None, *, is_equal: bool) -> Threshold:
    """The rule that decided on the judged sides; `found` is what tells the two apart, be they as alike as a copy."""
    held, shortest = max(side.held for side in sides), min(side.shingles for side in sides)
    if is_equal:
        return Threshold(name="equal letters", needed=1.0, reached=1.0)
    if shortest < FLASH:
        return Threshold(name=f"equal texts, since one has less than {FLASH} shingles", needed=1.0, reached=held)
    if found and held >= COPY:
        return Threshold(name=found.rule, needed=found.needed, reached=found.reached)
    if held >= COPY_UNDER_A_NEW_LEAD:
        return Threshold(name="share of the text, whatever its lead", needed=COPY_UNDER_A_NEW_LEAD, reached=held)
    leads = [side.lead for side in sides if side.held >= COPY]
    if report is not None and not leads:
        return Threshold(name="share of a flash that its full report begins with", needed=DEVELOPED, reached=round(report, 4))
    name, needed = (
        (f"share of the lead, where {COPY:.0%} of the text is known", LEAD_KNOWN)
        if leads
        else ("share of the text under a known lead", COPY)
    )
    return Threshold(name=name, needed=needed, reached=max(leads, default=held))


def _side_by_side(one: str, other: str, sketches: tuple[Sketch, Sketch]) -> tuple[tuple[str, str], ...]:
    a, b = Written(one), Written(other)
    return tuple(
        (clipped(a.passage(each.start, each.letters), LONGEST), clipped(b.passage(each.other, each.letters), LONGEST))
        for each in passages(*sketches)[:SHOWN]
    )
