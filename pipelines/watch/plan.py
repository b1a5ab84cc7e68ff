"""A query made ready for evaluation: aliases looked up, every term a set of folded strings, every part bound to its fields.

A part's `find` gives the occurrences that satisfy it, or None where it is not satisfied; NOT gives an empty tuple.
"""

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from pipelines.models import Hit
from pipelines.watch.spans import Span, apart, maximal, near, outside
from pipelines.watch.view import Form, View

Views: TypeAlias = Callable[[str], Sequence[View]]
Hits: TypeAlias = tuple[Hit, ...]
Clause: TypeAlias = frozenset[str]
Cost: TypeAlias = Callable[[Clause], float]

_SURROGATE = re.compile("[\ud800-\udfff]")


class Part(Protocol):
    """One evaluable part of a query."""

    def find(self, views: Views) -> Hits | None:
        """The occurrences that satisfy the part, None where it is not satisfied."""

    def clauses(self, cost: Cost) -> list[Clause]:
        """Sets of folded strings; every article that satisfies the part holds at least one string of each set."""

    def leaves(self) -> "Iterator[Leaf]":
        """Every term below."""


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """What a term looks for: its forms, the longer names that shield a form, and the lookups inside which it does not count.

    One object for one meaning, shared by all topics, so that an article answers it once; `meaning` tells which terms mean the same."""

    forms: tuple[Form, ...]
    shields: Mapping[str, tuple[Form, ...]] = field(default_factory=dict)
    barred: tuple["Lookup", ...] = ()
    meaning: Hashable = None

    def spans(self, view: View) -> list[Span]:
        """Maximal spans in the view's folded text."""
        return view.remembered(self, self._locate)

    def _locate(self, view: View) -> list[Span]:
        found = [span for form in self.forms for span in self._counted(view, form)]
        found = maximal(found) if len(found) > 1 else found
        if found and self.barred:
            return outside(found, maximal(span for lookup in self.barred for span in lookup.spans(view)))
        return found

    def _counted(self, view: View, form: Form) -> list[Span]:
        spans = view.places(form)
        if spans and form.text in self.shields:
            return outside(spans, maximal(span for longer in self.shields[form.text] for span in view.places(longer)))
        return spans

    def all_forms(self) -> Iterator[Form]:
        """Every form that the automaton must know."""
        yield from self.forms
        for longer in self.shields.values():
            yield from longer
        for lookup in self.barred:
            yield from lookup.all_forms()


@dataclass(frozen=True, slots=True)
class Leaf:
    """A term as the query writes it, and what it looks for."""

    shown: str
    lookup: Lookup

    def spans(self, view: View) -> list[Span]:
        """Maximal spans in the view's folded text."""
        return self.lookup.spans(view)


@dataclass(frozen=True, slots=True)
class Place:
    """One term or several that mean the same to NEAR or a count."""

    leaves_: tuple[Leaf, ...]
    scope: str

    def find(self, views: Views) -> Hits | None:
        """Every occurrence of every leaf."""
        return tuple(hit for view in views(self.scope) for hit in self.hits(view)) or None

    def hits(self, view: View) -> Iterator[Hit]:
        """Every leaf's occurrences in one view."""
        for leaf in self.leaves_:
            for span in leaf.spans(view):
                yield view.hit(leaf.shown, span)

    def spans(self, view: View) -> list[Span]:
        """Maximal spans of all leaves together."""
        if len(self.leaves_) == 1:
            return self.leaves_[0].spans(view)
        return maximal(span for leaf in self.leaves_ for span in leaf.spans(view))

    def among(self, view: View, wanted: Sequence[Span]) -> Iterator[Hit]:
        """The hits at the wanted spans."""
        chosen = frozenset(wanted)
        for leaf in self.leaves_:
            for span in leaf.spans(view):
                if span in chosen:
                    yield view.hit(leaf.shown, span)

    def clauses(self, cost: Cost) -> list[Clause]:
        """One of the forms."""
        return [frozenset(form.text for leaf in self.leaves_ for form in leaf.lookup.forms)]

    def leaves(self) -> Iterator[Leaf]:
        """All leaves."""
        yield from self.leaves_


@dataclass(frozen=True, slots=True)
class NearEach:
    """Two places in one field, close together; its hits are the occurrences that have a partner."""

    left: Place
    right: Place
    distance: int

    def find(self, views: Views) -> Hits | None:
        """The occurrences of both sides that have a neighbour."""
        return tuple(hit for view in views(self.left.scope) for hit in self._pairs(view)) or None

    def _pairs(self, view: View) -> Iterator[Hit]:
        left, right = self.left.spans(view), self.right.spans(view)
        if left and right:
            yield from self.left.among(view, near(left, right, self.distance))
            yield from self.right.among(view, near(right, left, self.distance))

    def clauses(self, cost: Cost) -> list[Clause]:
        """Both sides'."""
        return self.left.clauses(cost) + self.right.clauses(cost)

    def leaves(self) -> Iterator[Leaf]:
        """Both sides'."""
        yield from self.left.leaves()
        yield from self.right.leaves()


@dataclass(frozen=True, slots=True)
class Repeated:
    """A place at least `times` times, in all fields of its scope together."""

    place: Place
    times: int

    def find(self, views: Views) -> Hits | None:
        """Every occurrence, where there are enough."""
        seen = list(views(self.place.scope))
        if sum(apart(self.place.spans(view)) for view in seen) < self.times:
            return None
        return tuple(hit for view in seen for hit in self.place.hits(view))

    def clauses(self, cost: Cost) -> list[Clause]:
        """The place's."""
        return self.place.clauses(cost)

    def leaves(self) -> Iterator[Leaf]:
        """The place's."""
        yield from self.place.leaves()


@dataclass(frozen=True, slots=True)
class Expression:
    """A regular expression on the original text."""

    pattern: str
    scope: str
    compiled: "Search" = field(compare=False, repr=False)

    def find(self, views: Views) -> Hits | None:
        """Every match that is not empty."""
        return tuple(hit for view in views(self.scope) for hit in self._matches(view)) or None

    def _matches(self, view: View) -> Iterator[Hit]:
        # RE2 reads UTF-8, which has no lone surrogates; U+FFFD keeps the offsets.
        for found in self.compiled.finditer(_SURROGATE.sub("\ufffd", view.original)):
            start, end = found.span()
            if start < end and view.holds(start, end):
                yield view.plain_hit(f"/{self.pattern}/", start, end)

    def clauses(self, cost: Cost) -> list[Clause]:
        """Nothing is sure."""
        return []

    def leaves(self) -> Iterator[Leaf]:
        """None."""
        yield from ()


class Found(Protocol):
    """A match of RE2."""

    def span(self) -> tuple[int, int]:
        """Code points."""


class Search(Protocol):
    """A compiled RE2 pattern."""

    def finditer(self, text: str) -> Iterator[Found]:
        """All matches."""


@dataclass(frozen=True, slots=True)
class All:
    """Every part."""

    parts: tuple[Part, ...]

    def find(self, views: Views) -> Hits | None:
        """The hits of all parts."""
        found: list[Hit] = []
        for part in self.parts:
            hits = part.find(views)
            if hits is None:
                return None
            found += hits
        return tuple(found)

    def clauses(self, cost: Cost) -> list[Clause]:
        """Those of all parts."""
        return [clause for part in self.parts for clause in part.clauses(cost)]

    def leaves(self) -> Iterator[Leaf]:
        """All parts'."""
        for part in self.parts:
            yield from part.leaves()


@dataclass(frozen=True, slots=True)
class Some:
    """At least `least` of the parts."""

    parts: tuple[Part, ...]
    least: int = 1

    def find(self, views: Views) -> Hits | None:
        """The hits of every part that is satisfied."""
        found = [hits for part in self.parts if (hits := part.find(views)) is not None]
        return tuple(hit for hits in found for hit in hits) if len(found) >= self.least else None

    def clauses(self, cost: Cost) -> list[Clause]:
        """Of n parts at most n - least can be missing, so any n - least + 1 of them hold one that is there."""
        rarest = sorted((min(clauses, key=cost) for part in self.parts if (clauses := part.clauses(cost))), key=cost)
        needed = len(self.parts) - self.least + 1
        return [frozenset().union(*rarest[:needed])] if len(rarest) >= needed else []

    def leaves(self) -> Iterator[Leaf]:
        """All parts'."""
        for part in self.parts:
            yield from part.leaves()


@dataclass(frozen=True, slots=True)
class Without:
    """The part is not satisfied; its words are no hits."""

    part: Part

    def find(self, views: Views) -> Hits | None:
        """No hits, or not satisfied."""
        return () if self.part.find(views) is None else None

    def clauses(self, cost: Cost) -> list[Clause]:
        """Nothing is sure."""
        return []

    def leaves(self) -> Iterator[Leaf]:
        """The part's: they must be known to be missed."""
        yield from self.part.leaves()
