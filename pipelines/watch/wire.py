"""Plans as JSON values and back, so that a compiled topic lies in a buffer until an article may match it."""

from collections.abc import Mapping
from typing import Any

from pipelines.watch.flat import Rows
from pipelines.watch.nodes import Kind
from pipelines.watch.plan import All, Expression, Leaf, Lookup, NearEach, Part, Place, Repeated, Some, Without
from pipelines.watch.query import compiled_regex
from pipelines.watch.view import Form


class Writer:
    """Writes parts; `lookups` fills with what they look for, each once. Strings are written as their numbers."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._numbers = numbers
        self._known: dict[Lookup, int] = {}
        self.lookups: list[Any] = []

    def part(self, part: Part) -> list[Any]:  # noqa: PLR0911  one return a kind of part
        """[kind, …] of a part and all below it."""
        match part:
            case Place(leaves_=leaves, scope=scope):
                return ["place", scope, [[leaf.shown, self._lookup(leaf.lookup)] for leaf in leaves]]
            case NearEach(left=left, right=right, distance=distance):
                return ["near", self.part(left), self.part(right), distance]
            case Repeated(place=place, times=times):
                return ["times", self.part(place), times]
            case Expression(pattern=pattern, scope=scope):
                return ["regex", pattern, scope]
            case All(parts=parts):
                return ["all", [self.part(inner) for inner in parts]]
            case Some(parts=parts, least=least):
                return ["some", [self.part(inner) for inner in parts], least]
            case Without(part=inner):
                return ["without", self.part(inner)]
        raise AssertionError(part)

    def _lookup(self, lookup: Lookup) -> int:
        if lookup not in self._known:
            barred = [self._lookup(bar) for bar in lookup.barred]
            shields = [[self._numbers[text], [self._form(form) for form in longer]] for text, longer in lookup.shields.items()]
            self._known[lookup] = len(self.lookups)
            self.lookups.append([[self._form(form) for form in lookup.forms], shields, barred])
        return self._known[lookup]

    def _form(self, form: Form) -> Any:
        number = self._numbers[form.text]
        return number if form.kind is Kind.PLAIN else [number, form.kind, form.written]


class Reader:
    """Reads what a Writer wrote. One Lookup stays one object, as the plans of an article share its answers."""

    def __init__(self, strings: Rows, lookups: Rows) -> None:
        self._strings, self._rows = strings, lookups
        self._lookups: dict[int, Lookup] = {}

    def part(self, value: Any) -> Part:  # noqa: PLR0911  one return a kind of part
        """The part that was written."""
        match value:
            case ["place", *_]:
                return self._place(value)
            case ["near", left, right, distance]:
                return NearEach(self._place(left), self._place(right), distance)
            case ["times", place, times]:
                return Repeated(self._place(place), times)
            case ["regex", pattern, scope]:
                return Expression(pattern, scope, compiled_regex(pattern))
            case ["all", parts]:
                return All(tuple(map(self.part, parts)))
            case ["some", parts, least]:
                return Some(tuple(map(self.part, parts)), least)
            case ["without", inner]:
                return Without(self.part(inner))
        raise AssertionError(value)

    def _place(self, value: Any) -> Place:
        _, scope, leaves = value
        return Place(tuple(Leaf(shown, self._lookup(index)) for shown, index in leaves), scope)

    def _lookup(self, index: int) -> Lookup:
        if index not in self._lookups:
            forms, shields, barred = self._rows[index]
            covers = {self._strings[number]: tuple(map(self._form, longer)) for number, longer in shields}
            self._lookups[index] = Lookup(tuple(map(self._form, forms)), covers, tuple(map(self._lookup, barred)))
        return self._lookups[index]

    def _form(self, value: Any) -> Form:
        number, kind, written = (value, Kind.PLAIN, "") if isinstance(value, int) else value
        return Form(self._strings[number], Kind(kind), written, number)
