"""A query's tree written out as a query again; what reads back is the same tree."""

import re
from typing import TypeAlias

from pipelines.watch.nodes import And, AtLeast, Count, Except, Group, In, Kind, Near, Node, Not, Regex, Term

Written: TypeAlias = tuple[str, int]  # the text, and how tightly it binds

_OR, _AND, _NOT, _NEAR, _FIELD, _MARKED, _ATOM = range(7)
_BARE = re.compile(r"\w+(?:-\w+)*")
_KEYWORDS = frozenset(("or", "and", "not", "near", "except", "of"))


def written(node: Node) -> str:
    """The query; brackets only where they are needed."""
    return _write(node)[0]


def term(text: str) -> str:
    """A plain term as a query writes it, in quotation marks where it would not be one word."""
    is_bare = _BARE.fullmatch(text) and text.lower() not in _KEYWORDS
    return text if is_bare else f'"{text}"'


def _write(node: Node) -> Written:  # noqa: PLR0911  one return a kind of node
    match node:
        case Term(kind=kind):
            return {Kind.PLAIN: term(node.text), Kind.PREFIX: f"{term(node.text)}*", Kind.EXACT: node.shown}[kind], _ATOM
        case Group(name=name):
            return f"@{name}", _ATOM
        case Regex(pattern=pattern):
            return "/" + pattern.replace("/", "\\/") + "/", _ATOM
        case And(items=items):
            return " ".join(_within(item, _NOT) for item in items), _AND
        case AtLeast(least=1, items=items) if len(items) > 1:
            return " OR ".join(_within(item, _AND) for item in items), _OR
        case AtLeast(least=least, items=items):
            return f"{least} OF ({_listed(items)})", _ATOM
        case Not(item=item):
            return f"NOT {_within(item, _NOT)}", _NOT
        case Near(left=left, right=right, distance=distance):
            return f"{_within(left, _FIELD)} NEAR/{distance} {_within(right, _FIELD)}", _NEAR
        case In(field=field, item=item):
            return f"{field}:{_within(item, _MARKED)}", _FIELD
        case Count(item=item, times=times):
            # behind an exact term, a group or a prefix the star would be read as part of it
            counted = term(item.text) if isinstance(item, Term) and item.kind is Kind.PLAIN else f"({written(item)})"
            return f"{counted}*{times}", _MARKED
        case Except(item=item, exclusions=exclusions):
            return f"{_within(item, _MARKED)} EXCEPT ({_listed(exclusions)})", _MARKED
    raise AssertionError(node)


def _within(node: Node, tightness: int) -> str:
    text, binds = _write(node)
    return text if binds >= tightness else f"({text})"


def _listed(items: tuple[Node, ...]) -> str:
    return ", ".join(written(item) for item in items)
