"""Which topics an article satisfies: one automaton over all terms of all topics, and a look only at topics that can match.

Every topic waits for the strings of its rarest necessary clause (a percolator); the automaton is the daachorse wheel's
Aho-Corasick, whose cost hardly grows with the number of strings.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import daachorse

from pipelines.models import Hit, TopicMatch
from pipelines.text import fold
from pipelines.watch.compiler import ANYWHERE
from pipelines.watch.nodes import Kind
from pipelines.watch.plan import All, Clause, Expression, NearEach, Part, Place, Repeated, Some, Without
from pipelines.watch.readable import Readable
from pipelines.watch.view import ASCII_WORD, View, guards

SIGNIFICANT = 2.0  # Han characters; a shorter word is met far more often
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
        strings, self._guarded = _strings(self._plans)
        self._numbers = {text: number for number, text in enumerate(strings)}
        self._automaton = daachorse.CharwiseDoubleArrayAhoCorasick(strings)
        clauses = _clauses(self._plans, self._numbers)
        self._always = tuple(index for index, needed in enumerate(clauses) if not needed)
        self._waiting = _waiting(clauses, len(strings))
        self._second = [needed[-1] if needed else frozenset() for needed in clauses]
        self._fields = _fields(self._plans)

    def match(self, readable: Readable) -> tuple[TopicMatch, ...]:
        """The satisfied topics in the watchlist's order, each with every occurrence that satisfies it."""
        views = [self._view(*named) for field in self._fields for named in _texts(field, readable)]
        article = _Article(views)
        found = ((plan, plan.part.find(article.views)) for plan in self._candidates(self._present(views), readable.portal))
        return tuple(TopicMatch(topic=plan.slug, hits=article.told(hits)) for plan, hits in found if hits is not None)

    def _view(self, name: str, text: str) -> View:
        folded = fold(text)
        return View(name, text, folded, self._automaton.find_overlapping(folded.text), self._numbers)

    def _present(self, views: Iterable[View]) -> set[int]:
        """Numbers of the strings that stand somewhere; of those with a guarded edge, only where nothing touches it."""
        present: set[int] = set()
        for view in views:
            numbers = view.present
            if guarded := numbers & self._guarded.keys():
                text = view.folded.text
                free = {found[2] for found in view.found if found[2] in guarded and not _is_touched(text, found, self._guarded[found[2]])}
                numbers = numbers - guarded | free
            present |= numbers
        return present

    def _candidates(self, present: set[int], portal: str | None) -> Iterator[Plan]:
        """The topics whose rarest two clauses are there, and that read the article's portal."""
        second = self._second
        woken: set[int] = set().union(*[self._waiting[number] for number in present])
        possible = [index for index in woken if not second[index].isdisjoint(present)]
        for index in sorted([*self._always, *possible]):
            plan = self._plans[index]
            if portal is None or not plan.portals or portal in plan.portals:
                yield plan


class _Article:
    """One article's views, by scope."""

    def __init__(self, views: list[View]) -> None:
        self._all = views
        self._scopes: dict[str, list[View]] = {}

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


def _is_touched(text: str, found: tuple[int, int, int], edge: int) -> bool:
    start, end, _ = found
    if edge & _LEFT and start and text[start - 1] in ASCII_WORD:
        return True
    return bool(edge & _RIGHT) and end < len(text) and text[end] in ASCII_WORD


def _texts(field: str, readable: Readable) -> Iterator[tuple[str, str]]:
    """(name, text) of each text of a field; an empty one holds nothing."""
    value: str | tuple[str, ...] | None = getattr(readable, field)
    if field == "comments":
        yield from ((f"comments[{index}]", text) for index, text in enumerate(value or ()) if text)
    elif isinstance(value, tuple):
        yield from ((field, text) for text in value if text)
    elif value:
        yield field, value


def _strings(plans: Sequence[Plan]) -> tuple[list[str], dict[int, int]]:
    """Every string to look for; and for those that only plain forms use, by number, which edges are guarded, if any is."""
    kinds: dict[str, set[Kind]] = defaultdict(set)
    for lookup in {leaf.lookup for plan in plans for leaf in plan.part.leaves()}:
        for form in lookup.all_forms():
            kinds[form.text].add(form.kind)
    edges = {number: _edge(text) for number, (text, found) in enumerate(kinds.items()) if found == {Kind.PLAIN}}
    return list(kinds), {number: edge for number, edge in edges.items() if edge}


def _edge(text: str) -> int:
    left, right = guards(text)
    return _LEFT * left + _RIGHT * right


def _waiting(clauses: Sequence[Sequence[frozenset[int]]], strings: int) -> list[tuple[int, ...]]:
    """For each string the topics that wait for it: those of whose rarest clause it is one."""
    waiting: list[list[int]] = [[] for _ in range(strings)]
    for index, needed in enumerate(clauses):
        for number in needed[0] if needed else ():
            waiting[number].append(index)
    return [tuple(indexes) for indexes in waiting]


def _clauses(plans: Sequence[Plan], numbers: Mapping[str, int]) -> list[list[frozenset[int]]]:
    """For each topic, as numbers of strings, the rarest two clauses that it cannot match without, the rarest first.

    A word that many topics ask for is a common one; beyond two Han characters (five letters) each more halves the rest."""
    used = Counter(form.text for plan in plans for leaf in plan.part.leaves() for form in leaf.lookup.forms)
    rarity: dict[str, float] = {text: count * 2.0 ** -_weight(text) for text, count in used.items()}

    def cost(clause: Clause) -> float:
        return sum(map(rarity.__getitem__, clause))

    rarest = (sorted(plan.part.clauses(cost), key=cost)[:2] for plan in plans)
    return [[frozenset(numbers[text] for text in clause) for clause in clauses] for clauses in rarest]


def _weight(text: str) -> float:
    size = sum(1.0 if char >= "⺀" else 0.4 for char in text)
    return size if size >= SIGNIFICANT else SIGNIFICANT - 6 * (SIGNIFICANT - size)


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
