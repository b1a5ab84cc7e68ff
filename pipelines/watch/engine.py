"""Which topics an article satisfies: one automaton over all terms of all topics, and a look only at topics that can match.

Every topic waits for the strings of its rarest necessary clause (a percolator); the automaton is the daachorse wheel's
Aho-Corasick, whose cost hardly grows with the number of strings.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import daachorse

from pipelines.models import Hit, TopicMatch
from pipelines.text import fold
from pipelines.watch.compiler import ANYWHERE
from pipelines.watch.nodes import Kind
from pipelines.watch.plan import All, Expression, NearEach, Part, Place, Repeated, Some, Without
from pipelines.watch.readable import Readable
from pipelines.watch.spans import Span
from pipelines.watch.view import ASCII_WORD, View, guards

_LEFT, _RIGHT = 1, 2
# The fields behind each scope, in the order in which hits are told.
_FIELDS = {ANYWHERE: ("title", "text"), "title": ("title",), "body": ("text",), "lead": ("text",)}
_ORDER = ("title", "text", "author", "publisher", "portal", "section", "comments")


@dataclass(frozen=True, slots=True)
class Plan:
    """A topic ready for matching. `portals` empty: all."""

    slug: str
    part: Part
    portals: frozenset[str] = frozenset()


class Matcher:
    """Compiled topics; `match` is pure and keeps no state between articles."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self._plans = tuple(plans)
        self._strings, self._edges = _strings(self._plans)
        self._automaton = daachorse.CharwiseDoubleArrayAhoCorasick(self._strings)
        self._waiting, self._always = _triggers(self._plans)
        self._fields = _fields(self._plans)

    def match(self, readable: Readable) -> tuple[TopicMatch, ...]:
        """The satisfied topics in the watchlist's order, each with every occurrence that satisfies it."""
        article = _Article([view for field in self._fields for view in self._views(field, readable)])
        candidates = set(self._always)
        for text in article.strings():
            candidates.update(self._waiting.get(text, ()))
        found = ((plan, plan.part.find(article.views)) for plan in self._passing(sorted(candidates), readable.portal))
        return tuple(TopicMatch(topic=plan.slug, hits=article.told(hits)) for plan, hits in found if hits is not None)

    def _passing(self, candidates: Iterable[int], portal: str | None) -> Iterator[Plan]:
        for index in candidates:
            plan = self._plans[index]
            if portal is None or not plan.portals or portal in plan.portals:
                yield plan

    def _views(self, field: str, readable: Readable) -> Iterator[View]:
        for name, text in _texts(field, readable):
            folded = fold(text)
            yield View(name, text, folded, self._places(folded.text))

    def _places(self, text: str) -> dict[str, list[Span]]:
        """Where each string stands in a folded text; a guarded edge that an ASCII letter touches is no place."""
        places: dict[str, list[Span]] = {}
        strings, edges, size = self._strings, self._edges, len(text)
        for start, end, index in self._automaton.find_overlapping(text):
            edge = edges[index]
            if edge and (
                (edge & _LEFT and start and text[start - 1] in ASCII_WORD) or (edge & _RIGHT and end < size and text[end] in ASCII_WORD)
            ):
                continue
            places.setdefault(strings[index], []).append((start, end))
        return places


class _Article:
    """One article's views, by scope."""

    def __init__(self, views: list[View]) -> None:
        self._all = views
        self._scopes: dict[str, list[View]] = {}

    def strings(self) -> Iterator[str]:
        """Every known string that stands in the article."""
        for view in self._all:
            yield from view.strings()

    def views(self, scope: str) -> list[View]:
        """The views of a scope that have text."""
        if scope not in self._scopes:
            fields = _FIELDS.get(scope, (scope,))
            views = [view for view in self._all if view.name.partition("[")[0] in fields]
            self._scopes[scope] = [view.lead() for view in views] if scope == "lead" else views
        return self._scopes[scope]

    def told(self, hits: Iterable[Hit]) -> tuple[Hit, ...]:
        """The hits in reading order, each once."""
        rank = {view.name: index for index, view in enumerate(self._all)}
        return tuple(sorted(dict.fromkeys(hits), key=lambda hit: (rank[hit.field], hit.start, -hit.end)))


def _texts(field: str, readable: Readable) -> Iterator[tuple[str, str]]:
    """(name, text) of each text of a field; an empty one holds nothing."""
    value: str | tuple[str, ...] | None = getattr(readable, field)
    if field == "comments":
        yield from ((f"comments[{index}]", text) for index, text in enumerate(value or ()) if text)
    elif isinstance(value, tuple):
        yield from ((field, text) for text in value if text)
    elif value:
        yield field, value


def _strings(plans: Sequence[Plan]) -> tuple[list[str], list[int]]:
    """Every string to look for, and which of its edges can be checked at once: those that only plain forms use."""
    kinds: dict[str, set[Kind]] = defaultdict(set)
    for lookup in {leaf.lookup for plan in plans for leaf in plan.part.leaves()}:
        for form in lookup.all_forms():
            kinds[form.text].add(form.kind)
    edges = [_edge(text) if found == {Kind.PLAIN} else 0 for text, found in kinds.items()]
    return list(kinds), edges


def _edge(text: str) -> int:
    left, right = guards(text)
    return _LEFT * left + _RIGHT * right


def _triggers(plans: Sequence[Plan]) -> tuple[Mapping[str, tuple[int, ...]], tuple[int, ...]]:
    """(string to the topics that wait for it, topics that wait for nothing)."""
    waiting: dict[str, list[int]] = defaultdict(list)
    always: list[int] = []
    for index, plan in enumerate(plans):
        keys = plan.part.keys()
        if keys is None:
            always.append(index)
        for text in keys or ():
            waiting[text].append(index)
    return {text: tuple(indexes) for text, indexes in waiting.items()}, tuple(always)


def _fields(plans: Sequence[Plan]) -> tuple[str, ...]:
    scopes = {scope for plan in plans for scope in _scopes(plan.part)}
    used = {field for scope in scopes for field in _FIELDS.get(scope, (scope,))}
    return tuple(field for field in _ORDER if field in used)


def _scopes(part: Part) -> Iterator[str]:
    match part:
        case Place(scope=scope) | Expression(scope=scope) | NearEach(left=Place(scope=scope)) | Repeated(place=Place(scope=scope)):
            yield scope
        case All(parts=parts) | Some(parts=parts):
            for inner in parts:
                yield from _scopes(inner)
        case Without(part=inner):
            yield from _scopes(inner)
