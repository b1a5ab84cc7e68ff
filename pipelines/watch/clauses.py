"""A query clause by clause against one article: what holds, by which words, and what does not.

Each clause is put to the same engine that matches topics, as a topic of its own, so that this never tells another story than it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.extract.script import script_of
from pipelines.models import Hit
from pipelines.watch.aliases import AliasLists
from pipelines.watch.compiler import Compiler
from pipelines.watch.engine import Matcher
from pipelines.watch.nodes import And, AtLeast, In, Node, Not
from pipelines.watch.program import Plan, program_of
from pipelines.watch.query import parse
from pipelines.watch.readable import Readable
from pipelines.watch.written import written


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One clause of a query, as an article meets it. `hits`: the words that satisfy it; of a NOT that fails, those that it forbids.

    `parts`: the alternatives of an OR or `k OF`, the members of a bracket; empty for one that is not taken apart.
    """

    written: str
    holds: bool
    negated: bool
    hits: tuple[Hit, ...]
    parts: tuple["Clause", ...] = ()

    def as_json(self) -> dict[str, Any]:
        """{"clause", "holds", "negated", "terms": as `told`, "parts"}."""
        return {
            "clause": self.written,
            "holds": self.holds,
            "negated": self.negated,
            "terms": [told(hit) | {"script": script_written(hit.as_written)} for hit in self.hits],
            "parts": [part.as_json() for part in self.parts],
        }


def clauses(query: str, taken: tuple[str, ...], aliases: AliasLists, readable: Readable) -> tuple[Clause, ...]:
    """The clauses of a query, all of which an article must satisfy, in its order; `taken`: the alias lists of its topic."""
    tops = list(_members(parse(query)))
    asked = list(dict.fromkeys(node for top in tops for node in _asked(top)))
    compiler = Compiler(aliases)
    matcher = Matcher(program_of([Plan(str(number), compiler.part(node, taken)) for number, node in enumerate(asked)]))
    found = {asked[int(match.topic)]: match.hits for match in matcher.match(readable)}
    return tuple(_judged(top, found) for top in tops)


def told(hit: Hit) -> dict[str, Any]:
    """A hit as every command prints it: {"term", "as_written", "start", "end", "field"}, offsets in code points."""
    return {"term": hit.term, "as_written": hit.as_written, "start": hit.start, "end": hit.end, "field": hit.field}


def script_written(word: str) -> str | None:
    """`Hans`, `Hant`, `mixed` or `Latn`; None for characters that both scripts share."""
    return script_of(word) or ("Latn" if any(char.isascii() and char.isalpha() for char in word) else None)


def _members(node: Node) -> Iterator[Node]:
    """The clauses of an AND, brackets inside it taken off, a field put to each."""
    match node:
        case And(items=items):
            for item in items:
                yield from _members(item)
        case In(field=field, item=And(items=items)):
            for item in items:
                yield from _members(_within(field, item))
        case _:
            yield node


def _parts(node: Node) -> tuple[Node, ...]:
    match node:
        case And(items=items) | AtLeast(items=items) if len(items) > 1:
            return items
        case In(field=field, item=item):
            return tuple(_within(field, part) for part in _parts(item))
        case _:
            return ()


def _within(field: str, node: Node) -> Node:
    return Not(item=_within(field, node.item)) if isinstance(node, Not) else In(field=field, item=node)


def _denied(node: Node) -> Node | None:
    """What a NOT forbids, None for any other node."""
    match node:
        case Not(item=item):
            return item
        case In(field=field, item=Not(item=item)):
            return In(field=field, item=item)
        case _:
            return None


def _asked(node: Node) -> Iterator[Node]:
    """Every node that is put to the engine: a NOT by what it forbids."""
    yield _denied(node) or node
    for part in _parts(node):
        yield from _asked(part)


def _judged(node: Node, found: Mapping[Node, tuple[Hit, ...]]) -> Clause:
    denied = _denied(node)
    asked = denied or node
    return Clause(
        written=written(node),
        holds=(asked in found) != (denied is not None),
        negated=denied is not None,
        hits=found.get(asked, ()),
        parts=tuple(_judged(part, found) for part in _parts(node)),
    )
