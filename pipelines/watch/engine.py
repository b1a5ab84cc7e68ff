"""Which topics an article satisfies: one automaton over all terms of all topics, and a look only at topics that can match.

Every topic waits for the strings of its rarest necessary clause (a percolator); the automaton is the daachorse wheel's
Aho-Corasick, whose cost hardly grows with the number of strings.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import TypeAlias

import daachorse

from pipelines.models import Hit, TopicMatch
from pipelines.text import Folded, fold, fold_all
from pipelines.watch.program import FIELDS, LEFT, RIGHT, Plan, Program
from pipelines.watch.readable import Readable
from pipelines.watch.view import ASCII_WORD, Found, View
from pipelines.watch.wire import Reader

Searched: TypeAlias = tuple[str, str, Folded, list[Found]]  # a field's name, its text, the same folded, what stands in it
_number, _found = itemgetter(2), itemgetter(3)

TOGETHER = 16  # articles; more leave the processor's cache


class Matcher:
    """A program at work. `match` gives the same whatever was matched before; what it makes of the program's rows it keeps."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._search = daachorse.CharwiseDoubleArrayAhoCorasick.deserialize(program.automaton).find_overlapping
        self._guarded = frozenset(number for number, edge in enumerate(program.edges) if edge)
        self._waking = len(program.waiting)
        self._partners: list[frozenset[int] | None] = [None] * self._waking
        self._reader = Reader(program.strings, program.lookups)
        self._plans: dict[int, Plan] = {}

    @property
    def strings(self) -> int:
        """How many strings are looked for."""
        return len(self._program.strings)

    def match(self, readable: Readable) -> tuple[TopicMatch, ...]:
        """The satisfied topics in the watchlist's order, each with every occurrence that satisfies it."""
        return self._matched((readable,))[0]

    def match_many(self, readables: Iterable[Readable]) -> Iterator[tuple[TopicMatch, ...]]:
        """`match` of each, in order. A few are read and looked at together, so any number may come."""
        coming = iter(readables)
        while some := tuple(islice(coming, TOGETHER)):
            yield from self._matched(some)

    def _matched(self, readables: Sequence[Readable]) -> list[tuple[TopicMatch, ...]]:
        """Step by step through all of them: what a step works with stays in the processor's cache."""
        searched = self._searched([list(_texts(self._program.fields, readable)) for readable in readables])
        candidates = [self._candidates(self._present(each)) for each in searched]
        return [self._satisfied(*each) if each[0] else () for each in zip(candidates, searched, readables, strict=True)]

    def _searched(self, articles: Sequence[Sequence[tuple[str, str]]]) -> list[list[Searched]]:
        folded = iter(fold_all([text for article in articles for _, text in article]))
        search = self._search
        return [[(*named, form, search(form.text)) for named, form in zip(article, folded, strict=False)] for article in articles]

    def _satisfied(self, candidates: Iterable[int], searched: Iterable[Searched], readable: Readable) -> tuple[TopicMatch, ...]:
        article = _Article([View(*each) for each in searched])
        plans = (plan for plan in map(self._plan, candidates) if _reads(plan, readable.portal))
        found = ((plan, plan.part.find(article.views)) for plan in plans)
        return tuple(TopicMatch(topic=plan.slug, hits=article.told(hits)) for plan, hits in found if hits is not None)

    def _present(self, searched: Sequence[Searched]) -> set[int]:
        """Numbers of the strings that stand somewhere; of those with a guarded edge, only where nothing touches it."""
        present = set(map(_number, chain.from_iterable(map(_found, searched))))
        if present.isdisjoint(self._guarded):
            return present
        return present.difference(self._guarded).union(*(self._free(folded.text, found) for _, _, folded, found in searched))

    def _free(self, text: str, found: Iterable[Found]) -> set[int]:
        return {each[2] for each in found if each[2] in self._guarded and not self._is_touched(text, each)}

    def _is_touched(self, text: str, found: Found) -> bool:
        start, end, number = found
        edge = self._program.edges[number]
        if edge & LEFT and start and text[start - 1] in ASCII_WORD:
            return True
        return bool(edge & RIGHT) and end < len(text) and text[end] in ASCII_WORD

    def _candidates(self, present: set[int]) -> list[int]:
        """The topics whose rarest two clauses are there.

        A string is looked at with the partners of all its topics at once: nearly always none of them is there."""
        waking, partners, partners_of, lacks = self._waking, self._partners, self._partners_of, present.isdisjoint
        awake = [number for number in present if number < waking and not lacks(partners[number] or partners_of(number))]
        woken = {topic for number in awake for topic in self._program.waiting[number]}
        possible = [topic for topic in woken if not lacks(self._program.second[topic])]
        return sorted([*self._program.always, *possible])

    def _partners_of(self, number: int) -> frozenset[int]:
        partners = self._partners[number] = frozenset(self._program.partners[number])
        return partners

    def _plan(self, index: int) -> Plan:
        if index not in self._plans:
            slug, portals, part = self._program.topics[index]
            self._plans[index] = Plan(slug, self._reader.part(part), frozenset(portals))
        return self._plans[index]


class _Article:
    """One article's views, by scope."""

    def __init__(self, views: list[View]) -> None:
        self._all = views
        self._scopes: dict[str, list[View]] = {}

    def views(self, scope: str) -> list[View]:
        """The views of a scope that have text."""
        if scope not in self._scopes:
            fields = FIELDS.get(scope, (scope,))
            views = [view for view in self._all if view.name.partition("[")[0] in fields]
            self._scopes[scope] = [view.lead() for view in views] if scope == "lead" else views
        return self._scopes[scope]

    def told(self, hits: Iterable[Hit]) -> tuple[Hit, ...]:
        """The hits in reading order. A word that several terms stand for is one hit: see `_aptness`; those of one term lie side by side."""
        rank = {view.name: index for index, view in enumerate(self._all)}
        words: dict[tuple[str, int, int, str], Hit] = {}
        for hit in hits:
            word = hit.field, hit.start, hit.end, hit.as_written
            if word not in words or _aptness(hit) > _aptness(words[word]):
                words[word] = hit
        return tuple(_side_by_side(sorted(words.values(), key=lambda hit: (rank[hit.field], hit.start, -hit.end))))


def _side_by_side(hits: Iterable[Hit]) -> Iterator[Hit]:
    """Without those that overlap the one before them of their term: 韓國 in 南韓國會 is no word."""
    reach: dict[tuple[str, str], int] = {}
    for hit in hits:
        place = hit.field, hit.term
        if hit.start >= reach.get(place, 0):
            reach[place] = hit.end
            yield hit


def _aptness(hit: Hit) -> int:
    """How well a term names its word: a group that the query asks for best, then the word itself, then whichever comes first."""
    if hit.term.startswith("@"):
        return 2
    return int(fold(hit.term).text == fold(hit.as_written).text)


def _reads(plan: Plan, portal: str | None) -> bool:
    return portal is None or not plan.portals or portal in plan.portals


def _texts(fields: Iterable[str], readable: Readable) -> Iterator[tuple[str, str]]:
    """(name, text) of each text of the fields; an empty one holds nothing."""
    for field in fields:
        value: str | tuple[str, ...] | None = getattr(readable, field)
        if field == "comments":
            yield from ((f"comments[{index}]", text) for index, text in enumerate(value or ()) if text)
        elif isinstance(value, tuple):
            yield from ((field, text) for text in value if text)
        elif value:
            yield field, value
