"""A query changed where it stands: what the operator wrote stays as it was written, exclusions are added."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.errors import QueryError
from pipelines.watch.nodes import And, AtLeast, Count, Except, Group, In, Near, Node, Term
from pipelines.watch.query import parse
from pipelines.watch.written import term

_QUOTED = r"""(?:["“”＂][^"“”＂]*["“”＂]|「[^「」"“”＂]*」|『[^『』"“”＂]*』)"""
_ENDS = re.compile(
    rf"""[=＝]?{_QUOTED}(?:[*＊](?!\d))?|[=＝][^\s()（），,、"“”＂「」『』]+|[@＠]?[^\s()（），,、"“”＂「」『』*＊]+(?:[*＊](?!\d))?"""
)
_LISTED = re.compile(r"\s*except\s*[(（]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A term that can make an article match: where it is looked for (empty: title and body), and inside what it does not count."""

    node: Term | Group
    field: str = ""
    exclusions: tuple[Node, ...] = ()


def wanted(node: Node, field: str = "", exclusions: tuple[Node, ...] = ()) -> Iterator[Wanted]:
    """Every such term of the tree, in its order; those of NOT and of exclusions are none."""
    match node:
        case Term() | Group():
            yield Wanted(node=node, field=field, exclusions=exclusions)
        case In(field=inner, item=item):
            yield from wanted(item, inner, exclusions)
        case And(items=items) | AtLeast(items=items):
            for item in items:
                yield from wanted(item, field, exclusions)
        case Near(left=left, right=right):
            yield from wanted(left, field, exclusions)
            yield from wanted(right, field, exclusions)
        case Except(item=item, exclusions=inner):
            yield from wanted(item, field, exclusions + inner)
        case Count(item=item):
            yield from wanted(item, field, exclusions)


def excepting(query: str, node: Term | Group, words: Sequence[str]) -> str:
    """The query in which the term (of the query's own tree) does not count inside the words."""
    found = _ENDS.match(query, node.offset)
    assert found is not None
    listed = ", ".join(map(term, words))
    before, written, after = query[: node.offset], found.group(), query[found.end() :]
    if already := _LISTED.match(after):
        return f"{before}{written}{after[: already.end()]}{listed}, {after[already.end() :]}"
    excluded = f"{written} EXCEPT ({listed})"
    return f"{before}({excluded}){after}" if after[:1] in ("*", "＊") else f"{before}{excluded}{after}"


def replacing(query: str, node: Term, new: str) -> str:
    """The query with another term in the term's place."""
    found = _ENDS.match(query, node.offset)
    assert found is not None
    return f"{query[: node.offset]}{new}{query[found.end() :]}"


def negating(query: str, clause: str) -> str:
    """The query without the articles that the clause holds for."""
    tree = parse(query)
    whole = f"({query.strip()})" if isinstance(tree, AtLeast) and tree.least == 1 else query.strip()
    return f"{whole} NOT {clause}"


def reads(query: str) -> bool:
    """Whether the query reads."""
    try:
        parse(query)
    except QueryError:
        return False
    return True
