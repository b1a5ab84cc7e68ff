"""What a query says, as values: the tree that the parser makes and everything else reads."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Kind(StrEnum):
    """How a term is compared: folded and with its aliases, as a Latin word's beginning, or exactly as written."""

    PLAIN = "plain"
    PREFIX = "prefix"
    EXACT = "exact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word or phrase. `text` is what is looked for, `shown` the term as the query writes it (quotes left out)."""

    text: str
    shown: str
    kind: Kind = Kind.PLAIN
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """`@name`: an alias group, or every group of an alias list."""

    name: str
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Regex:
    """`/…/`, read by RE2 on the original text."""

    pattern: str
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    """All of the items."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLeast:
    """At least `least` different ones of the items; OR is `least` = 1."""

    least: int
    items: tuple["Node", ...]
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The item does not hold. `offset`: where the query says so."""

    item: "Node"
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Both in one field, their nearest edges at most `distance` characters apart, in any order."""

    left: "Node"
    right: "Node"
    distance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """At least `times` occurrences that do not overlap."""

    item: "Node"
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Except:
    """Occurrences of the item that lie inside none of the exclusions."""

    item: "Node"
    exclusions: tuple["Node", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class In:
    """The item, looked for in one field only."""

    field: str
    item: "Node"


Node: TypeAlias = Term | Group | Regex | And | AtLeast | Not | Near | Count | Except | In


def is_place(node: Node) -> bool:
    """Whether the node stands for places in a text, so that NEAR, EXCEPT and a count can work on it."""
    match node:
        case Term() | Group():
            return True
        case Except(item=item):
            return is_place(item)
        case AtLeast(least=1, items=items):
            return all(is_place(item) for item in items)
        case _:
            return False


def below(node: Node) -> Iterator[Node]:
    """The node and every one inside of it."""
    yield node
    match node:
        case And(items=inner) | AtLeast(items=inner):
            pass
        case Near(left=left, right=right):
            inner = (left, right)
        case Except(item=item, exclusions=exclusions):
            inner = (item, *exclusions)
        case Not(item=item) | Count(item=item) | In(item=item):
            inner = (item,)
        case _:
            inner = ()
    for each in inner:
        yield from below(each)


def offset_of(place: Node) -> int:
    """Where the query has a place."""
    match place:
        case Term(offset=offset) | Group(offset=offset):
            return offset
        case Except(item=item) | AtLeast(items=(item, *_)):
            return offset_of(item)
    return 0


def inverse(node: Node, offset: int = 0) -> Node:
    """The node's negation, which the query has at `offset`, with NOT moved down to its leaves."""
    match node:
        case Not(item=item):
            return pushed(item)
        case And(items=items):
            return AtLeast(least=1, items=tuple(inverse(item, offset) for item in items))
        case AtLeast(least=1, items=items):
            return And(items=tuple(inverse(item, offset) for item in items))
        case AtLeast():
            # Which items mean the same, and so count once, is known only when aliases are: this NOT stays where it is.
            return Not(item=pushed(node), offset=offset)
        case In(field=field, item=item):
            return In(field=field, item=inverse(item, offset))
        case _:
            return Not(item=node, offset=offset)


def pushed(node: Node) -> Node:
    """The same query with every NOT moved down to a leaf (a term, a place, NEAR, a count, `k OF`)."""
    match node:
        case Not(item=item, offset=offset):
            return inverse(item, offset)
        case And(items=items):
            return And(items=tuple(pushed(item) for item in items))
        case AtLeast(least=least, items=items, offset=offset) if not is_place(node):
            return AtLeast(least=least, items=tuple(pushed(item) for item in items), offset=offset)
        case In(field=field, item=item):
            return In(field=field, item=pushed(item))
        case _:
            return node


def needs_a_positive(node: Node) -> bool:
    """Whether nothing can satisfy the (pushed) node without at least one positive occurrence."""
    match node:
        case Not():
            return False
        case And(items=items):
            return any(needs_a_positive(item) for item in items)
        case AtLeast(least=least, items=items):
            return sum(not needs_a_positive(item) for item in items) < least
        case In(item=item):
            return needs_a_positive(item)
        case _:
            return True


def unbacked(node: Node) -> int:
    """Where the query has the first NOT with which the (pushed) node is satisfied by no positive occurrence; 0 where it needs one."""
    match node:
        case Not(offset=offset):
            return offset
        case And(items=items) | AtLeast(items=items):
            return next((unbacked(item) for item in items if not needs_a_positive(item)), 0)
        case In(item=item):
            return unbacked(item)
        case _:
            return 0
