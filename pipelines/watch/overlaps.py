"""Where alias groups get into each other's way: a term that two groups share, a name that stands inside another group's."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import daachorse

from pipelines.watch.aliases import TERRITORIES, AliasLists
from pipelines.watch.query import latin
from pipelines.watch.spans import Span
from pipelines.watch.terms import key

Group = tuple[str, str]  # list and group


@dataclass(frozen=True, slots=True, order=True)
class Shared:
    """One folded form of two groups."""

    form: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, order=True)
class Inside:
    """A group's folded form that stands inside another group's, and that nothing shields there."""

    form: str
    group: Group
    longer: str
    other: Group


def shared(lists: AliasLists) -> list[Shared]:
    """Every form that stands for more than one group."""
    return sorted(Shared(form, tuple(sorted(groups))) for form, groups in _holders(lists).items() if len(groups) > 1)


def inside(lists: AliasLists) -> list[Inside]:
    """Every form that would be found inside another group's longer form."""
    holders = _holders(lists)
    forms = list(holders)
    automaton = daachorse.CharwiseDoubleArrayAhoCorasick(forms)
    found = [
        Inside(forms[index], group, longer, other)
        for longer in forms
        for start, end, index in automaton.find_overlapping(longer)
        if end - start < len(longer) and _is_free(longer, start, end)
        for group in holders[forms[index]] - holders[longer]
        for other in holders[longer]
        if not _is_shielded(lists.of(*group).shields.get(forms[index], ()), longer, (start, end))
    ]
    return sorted(dict.fromkeys(found))


def repeated(lists: AliasLists) -> list[tuple[Group, str]]:
    """Terms of the operator's lists that folding makes equal to one before them in their group: they add nothing."""
    own = [(name, groups) for name, groups in lists.lists.items() if name != TERRITORIES]
    return [((name, group), term) for name, groups in own for group, terms in groups.items() for term in _again(terms)]


def _again(terms: tuple[str, ...]) -> list[str]:
    keys = [key(term) for term in terms]
    return [term for index, term in enumerate(terms) if keys[index] in keys[:index]]


def _holders(lists: AliasLists) -> Mapping[str, set[Group]]:
    holders: dict[str, set[Group]] = defaultdict(set)
    for name, groups in lists.lists.items():
        for group, terms in groups.items():
            for term in terms:
                holders[key(term)].add((name, group))
    return holders


def _is_shielded(words: tuple[str, ...], text: str, span: Span) -> bool:
    covers = (found.span() for word in words for found in re.finditer(re.escape(word), text))
    return any(start <= span[0] and span[1] <= end for start, end in covers)


def _is_free(text: str, start: int, end: int) -> bool:
    """Whether a query would find [start, end) there: a Latin edge must not touch another Latin letter."""
    before = start > 0 and latin(text[start]) and latin(text[start - 1])
    behind = end < len(text) and latin(text[end - 1]) and latin(text[end])
    return not before and not behind
