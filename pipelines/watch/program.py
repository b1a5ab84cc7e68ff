"""A watchlist compiled: one automaton over the strings of all topics, and which topics a string wakes (a percolator)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import daachorse

from pipelines.watch.compiler import ANYWHERE
from pipelines.watch.flat import Lists, Rows
from pipelines.watch.nodes import Kind
from pipelines.watch.plan import All, Clause, Expression, NearEach, Part, Place, Repeated, Some, Without
from pipelines.watch.view import guards
from pipelines.watch.wire import Writer

SIGNIFICANT = 2.0  # Han characters; a shorter word is met far more often
LEFT, RIGHT = 1, 2
# The fields behind each scope, in the order in which hits are told.
FIELDS = {ANYWHERE: ("title", "text"), "title": ("title",), "body": ("text",), "lead": ("text",)}
_ORDER = ("title", "text", "author", "publisher", "portal", "section", "language", "comments")


@dataclass(frozen=True, slots=True)
class Plan:
    """A topic ready for compiling. `portals` empty: all."""

    slug: str
    part: Part
    portals: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What a Matcher runs: flat buffers, so that it is read from a file without making an object a topic.

    Strings go by number. `edges`: a byte a string, which of its edges are guarded, where only plain forms use it.
    `waiting`: the topics that each string wakes, which are the first `len(waiting)` ones. `second`: for each topic the strings
    of which one must stand there too, the waking string itself where it needs no other. `partners`: for each waking string
    those of all its topics. `always`: the topics that no string wakes.
    """

    automaton: bytes
    strings: Rows
    edges: bytes
    waiting: Lists
    second: Lists
    partners: Lists
    always: tuple[int, ...]
    fields: tuple[str, ...]
    lookups: Rows
    topics: Rows


def program_of(plans: Sequence[Plan]) -> Program:
    """The plans compiled, in their order."""
    kinds, clauses = _kinds(plans), _clauses(plans)
    waking = dict.fromkeys(text for needed in clauses if needed for text in needed[0])
    numbers = {text: number for number, text in enumerate([*waking, *(text for text in kinds if text not in waking)])}
    writer = Writer(numbers)
    waiting = _waiting(clauses, waking)
    second = [[numbers[text] for text in needed[-1]] if needed else [] for needed in clauses]
    topics = Rows.of([plan.slug, sorted(plan.portals), writer.part(plan.part)] for plan in plans)
    return Program(
        automaton=automaton_of(list(numbers)).serialize(),
        strings=Rows.of(numbers),
        edges=bytes(_edge(text) if kinds[text] == {Kind.PLAIN} else 0 for text in numbers),
        waiting=Lists.of(waiting),
        second=Lists.of(second),
        partners=Lists.of(list({partner for topic in topics for partner in second[topic]}) for topics in waiting),
        always=tuple(index for index, needed in enumerate(clauses) if not needed),
        fields=_fields(plans),
        lookups=Rows.of(writer.lookups),
        topics=topics,
    )


def automaton_of(strings: list[str]) -> daachorse.CharwiseDoubleArrayAhoCorasick:
    """The automaton of these strings, its states laid out for a text that is full of them: a tenth faster, a sixth smaller."""
    return daachorse.CharwiseDoubleArrayAhoCorasick(strings, corpus=["".join(strings)])


def _kinds(plans: Sequence[Plan]) -> dict[str, set[Kind]]:
    """Every string to look for, and how it is compared."""
    kinds: dict[str, set[Kind]] = defaultdict(set)
    for lookup in dict.fromkeys(leaf.lookup for plan in plans for leaf in plan.part.leaves()):
        for form in lookup.all_forms():
            kinds[form.text].add(form.kind)
    return kinds


def _edge(text: str) -> int:
    left, right = guards(text)
    return LEFT * left + RIGHT * right


def _waiting(clauses: Sequence[Sequence[Clause]], waking: Iterable[str]) -> list[list[int]]:
    """For each waking string the topics whose rarest clause it belongs to."""
    waiting: dict[str, list[int]] = {text: [] for text in waking}
    for index, needed in enumerate(clauses):
        for text in needed[0] if needed else ():
            waiting[text].append(index)
    return list(waiting.values())


def _clauses(plans: Sequence[Plan]) -> list[list[Clause]]:
    """For each topic the rarest two clauses that it cannot match without, the rarest first.

    A word that many topics ask for is a common one; beyond two Han characters (five letters) each more halves the rest."""
    used = Counter(form.text for plan in plans for leaf in plan.part.leaves() for form in leaf.lookup.forms)
    rarity: dict[str, float] = {text: count * 2.0 ** -_weight(text) for text, count in used.items()}

    def cost(clause: Clause) -> float:
        return sum(map(rarity.__getitem__, clause))

    return [sorted(plan.part.clauses(cost), key=cost)[:2] for plan in plans]


def _weight(text: str) -> float:
    size = sum(1.0 if char >= "⺀" else 0.4 for char in text)
    return size if size >= SIGNIFICANT else SIGNIFICANT - 6 * (SIGNIFICANT - size)


def _fields(plans: Sequence[Plan]) -> tuple[str, ...]:
    scopes = {scope for plan in plans for scope in _scopes(plan.part)}
    used = {field for scope in scopes for field in FIELDS.get(scope, (scope,))}
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
