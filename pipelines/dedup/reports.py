"""What tells two reports of one form, or two days of one column, from an article and its copy: neither is one, whatever they share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from pipelines.dedup.columns import BETWEEN, between
from pipelines.dedup.figures import AGREE, agreement, figures_differ
from pipelines.dedup.forms import FILLED, SPREAD, filled_in, headlined_otherwise, is_filled_otherwise, other_words
from pipelines.dedup.shingles import Sketch

AGAIN = timedelta(hours=6)
"""Between two reports of one desk: what it prints anew within that time under another address is a corrected copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinction:
    """Why neither is a copy of the other, by the name of a rule, the share or number that it needs, and the one that was reached."""

    why: str
    rule: str
    needed: float
    reached: float


def distinction(one: Sketch, other: Sketch) -> Distinction | None:
    """The first rule by which the two are different reports; None where nothing speaks against a copy."""
    return next((found for rule in _RULES if (found := rule(one, other)) is not None), None)


def _by_figures(one: Sketch, other: Sketch) -> Distinction | None:
    if not figures_differ(one, other):
        return None
    places, same = agreement(one, other)
    why = f"the same form with other figures: {places - same} of {places} differ"
    return Distinction(why=why, rule="figures that stand in the same places", needed=AGREE, reached=round(same / places, 4))


def _by_headline(one: Sketch, other: Sketch) -> Distinction | None:
    words = headlined_otherwise(one, other)
    if words is None:
        return None
    why = f"the same form about something else: {words[0]} and {words[1]}, in the headlines too"
    return Distinction(why=why, rule="words in the place of others, in text and headline alike", needed=1, reached=1)


def _by_frame(one: Sketch, other: Sketch) -> Distinction | None:
    share = between(one, other)
    if share < BETWEEN:
        return None
    why = "the same opening and closing, as a column has them, and something else between"
    rule = "share of the shorter text that one opening and closing leave to something else"
    return Distinction(why=why, rule=rule, needed=BETWEEN, reached=round(share, 4))


def _by_names(one: Sketch, other: Sketch) -> Distinction | None:
    if not is_filled_otherwise(one, other):
        return None
    count, share = other_words(one, other)
    why = f"the same form with other names: {count} words stand in the place of others, {share:.0%} of the letters"
    if share >= FILLED:
        return Distinction(
            why=why,
            rule="share of the letters in words that stand in the place of others",
            needed=round(FILLED, 4),
            reached=round(share, 4),
        )
    reached = count / max(1, min(len(one.letters), len(other.letters)))
    rule = "words that stand in the place of others, by letters"
    return Distinction(why=why, rule=rule, needed=round(1 / SPREAD, 4), reached=round(reached, 4))


def _by_desk(one: Sketch, other: Sketch) -> Distinction | None:
    """One desk printed both, and hours lie between: it does not copy itself, it fills in its form again."""
    if one.issue is None or other.issue is None or one.issue.by != other.issue.by:
        return None
    later = abs(one.issue.at - other.issue.at)
    words = filled_in(one, other) if later >= AGAIN else None
    if words is None:
        return None
    hours, needed = (each / timedelta(hours=1) for each in (later, AGAIN))
    why = f"the same desk filled in the same form {hours:.0f} hours later: {words[0]} and {words[1]}"
    return Distinction(why=why, rule="hours between two reports of one desk", needed=needed, reached=round(hours, 1))


_RULES: tuple[Callable[[Sketch, Sketch], Distinction | None], ...] = (_by_figures, _by_headline, _by_frame, _by_names, _by_desk)
