"""Near misses: articles that one change of a query would have taken, and which change that is.

Every change is a query of its own. All are compiled beside the topic's, so that an article is asked once, by the engine itself,
and a change that is named does take the article.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import tee
from typing import Generic, TypeVar

from pipelines.errors import QueryError
from pipelines.models import Hit
from pipelines.text import fold
from pipelines.watch.aliases import AliasLists
from pipelines.watch.nodes import And, AtLeast, Count, Except, In, Kind, Near, Node, Not, Term, is_place
from pipelines.watch.query import FARTHEST, latin, parse
from pipelines.watch.readable import Readable
from pipelines.watch.trials import Asked, Trials
from pipelines.watch.written import written

MOST = 60  # variants of one kind; beyond, a query is a list of words, and each further variant tells little
_WIDER = ("title", "lead", "body")

Label = TypeVar("Label")


class Eased(IntEnum):
    """What a change does to a query, the smallest first."""

    ALIAS, PORTAL, PREFIX, EXACT, FIELD, NEAR, COUNT, EXCEPT, COMMENTS, APART, FEWER, NOT, CLAUSE = range(13)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change: `what` says it, `asked` is the whole query with it."""

    kind: Eased
    what: str
    asked: Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss(Generic[Label]):
    """An article that fails as the query is. `article` is what the caller calls it; `hits` are those of the changed query."""

    article: Label
    change: Change
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Variant:
    """A variant that may go `steps` far (a distance, a count); `at` gives it and its sentence for a number of steps, the most first."""

    kind: Eased
    at: Callable[[int], tuple[str, Asked]]
    steps: int = 1

    def change(self, step: int) -> Change:
        what, asked = self.at(step)
        return Change(kind=self.kind, what=what, asked=asked)


class NearMisses:
    """Finds what the query nearly takes."""

    def __init__(self, aliases: AliasLists, asked: Asked) -> None:
        self._aliases = aliases
        kinds: dict[Eased, list[_Variant]] = defaultdict(list)
        for variant in _variants(aliases, asked):
            kinds[variant.kind].append(variant)
        self._variants = [variant for kind in sorted(kinds) for variant in kinds[kind][:MOST] if _reads(aliases, variant)]
        self._trials = Trials(aliases, [asked, *(variant.change(variant.steps).asked for variant in self._variants)])

    def of(self, readable: Readable) -> tuple[Change, tuple[Hit, ...]] | None:
        """The smallest change that takes the article, with its hits; None where it is taken as it is, or is far from it."""
        return self._nearest(readable, self._trials.hits(readable))

    def ranked(self, articles: Iterable[tuple[Label, Readable]]) -> list[NearMiss[Label]]:
        """All near misses, the nearest first: by the change, then by how many words stand; else in the order given."""
        articles, texts = tee(articles)
        hits = self._trials.hits_in(text for _, text in texts)
        nearest = ((label, self._nearest(text, found)) for (label, text), found in zip(articles, hits, strict=True))
        found = [NearMiss(article=label, change=near[0], hits=near[1]) for label, near in nearest if near]
        return sorted(found, key=lambda miss: (miss.change.kind, -len({hit.term for hit in miss.hits})))

    def _nearest(self, readable: Readable, found: Mapping[int, tuple[Hit, ...]]) -> tuple[Change, tuple[Hit, ...]] | None:
        if not found or 0 in found:
            return None
        # Eased in its order; of two clauses that could go, the one whose loss leaves more words standing
        best = min(found, key=lambda index: (self._variants[index - 1].kind, -len({hit.term for hit in found[index]}), index))
        variant = self._variants[best - 1]
        if variant.steps == 1:
            return variant.change(1), found[best]
        change = variant.change(_fewest(variant.steps, lambda step: self._takes(variant.change(step), readable)))
        return change, Trials(self._aliases, [change.asked]).hits(readable)[0]

    def _takes(self, change: Change, readable: Readable) -> bool:
        return bool(Trials(self._aliases, [change.asked]).hits(readable))


def _fewest(steps: int, takes: Callable[[int], bool]) -> int:
    """The smallest number of steps that takes the article; `steps` does."""
    low, high = 1, steps
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if takes(middle) else (middle + 1, high)
    return high


def _reads(aliases: AliasLists, variant: _Variant) -> bool:
    """A variant may be none: nothing positive is left, or two of `k OF` mean the same now."""
    try:
        Trials(aliases, [variant.change(variant.steps).asked])
    except QueryError:
        return False
    return True


def _variants(aliases: AliasLists, asked: Asked) -> Iterator[_Variant]:
    for name in sorted(aliases.lists):
        if name not in asked.taken:
            with_list = replace(asked, taken=(*asked.taken, name))
            yield _fixed(Eased.ALIAS, f"with the alias list `{name}`", with_list)
    if asked.portals:
        yield _fixed(Eased.PORTAL, f"from portals besides {', '.join(sorted(asked.portals))}", replace(asked, portals=frozenset()))
    for eased in _clause(parse(asked.query)):
        yield _Variant(kind=eased.kind, at=_asking(asked, eased), steps=eased.steps)


def _fixed(kind: Eased, what: str, asked: Asked) -> _Variant:
    return _Variant(kind=kind, at=lambda _: (what, asked))


def _asking(asked: Asked, eased: "_Tree") -> Callable[[int], tuple[str, Asked]]:
    def at(step: int) -> tuple[str, Asked]:
        what, tree = eased.at(step)
        return what, replace(asked, query=written(tree))

    return at


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tree:
    """A variant of a tree, as `_Variant` is one of a query."""

    kind: Eased
    at: Callable[[int], tuple[str, Node]]
    steps: int = 1

    def inside(self, around: Callable[[Node], Node]) -> "_Tree":
        """The variant of what lies around it."""

        def at(step: int) -> tuple[str, Node]:
            what, tree = self.at(step)
            return what, around(tree)

        return _Tree(kind=self.kind, at=at, steps=self.steps)


def _instead(kind: Eased, old: Node, new: Node) -> _Tree:
    return _Tree(kind=kind, at=lambda _: (f"`{written(new)}` instead of `{written(old)}`", new))


def _without(kind: Eased, old: Node, rest: Node) -> _Tree:
    return _Tree(kind=kind, at=lambda _: (f"without `{written(old)}`", rest))


def _clause(node: Node) -> Iterator[_Tree]:
    """The variants of a clause: its own, and that it may stand in comments."""
    yield from _eased(node)
    if not _has(In, node) and not _has(Not, node):
        both = AtLeast(least=1, items=(node, In(field="comments", item=node)))
        yield _Tree(kind=Eased.COMMENTS, at=lambda _: (f"`{written(node)}` in comments too", both))


def _eased(node: Node) -> Iterator[_Tree]:
    match node:
        case And(items=items):
            for index, item in enumerate(items):
                yield from (each.inside(_at_place(And, items, index)) for each in _clause(item))
                rest = (*items[:index], *items[index + 1 :])
                kind = Eased.NOT if _is_negative(item) else Eased.CLAUSE
                yield _without(kind, item, rest[0] if len(rest) == 1 else And(items=rest))
        case AtLeast(items=items, least=least) if not is_place(node):
            for index, item in enumerate(items):
                yield from (each.inside(_among(node, index)) for each in _eased(item))
            if least > 1:
                yield _instead(Eased.FEWER, node, replace(node, least=least - 1))
        case In(field=field, item=item):
            yield from (each.inside(_in(field)) for each in _eased(item))
            if field in _WIDER:
                yield _instead(Eased.FIELD, node, item)
        case Near() | Count():
            yield from _measured(node)
        case _ if is_place(node):
            yield from _place(node)


def _measured(node: Near | Count) -> Iterator[_Tree]:
    def farther(step: int) -> tuple[str, Node]:
        assert isinstance(node, Near)
        new = replace(node, distance=node.distance + step)
        return f"`{written(new)}` instead of `NEAR/{node.distance}`", new

    def rarer(step: int) -> tuple[str, Node]:
        assert isinstance(node, Count)
        new = replace(node, times=node.times - step)
        return f"`{written(new)}` instead of `*{node.times}`", new

    match node:
        case Near(left=left, right=right, distance=distance):
            if distance < FARTHEST:
                yield _Tree(kind=Eased.NEAR, at=farther, steps=FARTHEST - distance)
            yield from (each.inside(lambda side: replace(node, left=side)) for each in _place(left))
            yield from (each.inside(lambda side: replace(node, right=side)) for each in _place(right))
            yield _instead(Eased.APART, node, And(items=(left, right)))
        case Count(item=item, times=times):
            if times > 1:
                yield _Tree(kind=Eased.COUNT, at=rarer, steps=times - 1)
            yield from (each.inside(lambda inner: replace(node, item=inner)) for each in _place(item))


def _place(node: Node) -> Iterator[_Tree]:
    match node:
        case Term(kind=Kind.EXACT, text=text):
            yield _instead(Eased.EXACT, node, Term(text=text, shown=text))
        case Term(kind=Kind.PLAIN, text=text) if latin(fold(text).text.strip()[-1]) and text[-1].isalpha():
            yield _instead(Eased.PREFIX, node, Term(text=text, shown=f"{text}*", kind=Kind.PREFIX))
        case AtLeast(items=items):
            for index, item in enumerate(items):
                yield from (each.inside(_among(node, index)) for each in _place(item))
        case Except(item=item, exclusions=exclusions):
            yield from (each.inside(lambda inner: Except(item=inner, exclusions=exclusions)) for each in _place(item))
            for index, exclusion in enumerate(exclusions):
                rest = (*exclusions[:index], *exclusions[index + 1 :])
                kept = Except(item=item, exclusions=rest) if rest else item
                yield _Tree(kind=Eased.EXCEPT, at=_excepting(item, exclusion, kept))


def _excepting(item: Node, exclusion: Node, kept: Node) -> Callable[[int], tuple[str, Node]]:
    return lambda _: (f"`{written(item)}` inside `{written(exclusion)}` counts too", kept)


def _at_place(make: type[And], items: Sequence[Node], index: int) -> Callable[[Node], Node]:
    return lambda new: make(items=(*items[:index], new, *items[index + 1 :]))


def _among(node: AtLeast, index: int) -> Callable[[Node], Node]:
    return lambda new: replace(node, items=(*node.items[:index], new, *node.items[index + 1 :]))


def _in(field: str) -> Callable[[Node], Node]:
    return lambda new: In(field=field, item=new)


def _is_negative(node: Node) -> bool:
    """Whether the clause only takes articles away."""
    match node:
        case Not():
            return True
        case In(item=item):
            return _is_negative(item)
        case And(items=items) | AtLeast(items=items):
            return all(map(_is_negative, items))
        case _:
            return False


def _has(kind: type[Node], node: Node) -> bool:
    match node:
        case In(item=item) | Not(item=item):
            return isinstance(node, kind) or _has(kind, item)
        case And(items=items) | AtLeast(items=items):
            return any(_has(kind, item) for item in items)
        case _:
            return False
