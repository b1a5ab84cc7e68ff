"""A query's tree written out again, so that one clause of it can be shown by itself."""

import re

from pipelines.watch.nodes import And, AtLeast, Count, Except, Group, In, Kind, Near, Node, Not, Regex, Term

_PLAIN = re.compile(r"\w[\w.\-]*")
_KEYWORD = re.compile(r"or|and|not|except|near|of", re.IGNORECASE)


def written(node: Node) -> str:  # noqa: PLR0911  one return a kind of node
    """The node as the query card writes it; it reads back as the same tree."""
    match node:
        case Term(shown=shown):
            return _term(node, shown)
        case Group(name=name):
            return f"@{name}"
        case Regex(pattern=pattern):
            return "/" + pattern.replace("/", r"\/") + "/"
        case And(items=items):
            return " AND ".join(_bracketed(item, AtLeast) for item in items)
        case AtLeast(least=1, items=items):
            return " OR ".join(_bracketed(item) for item in items)
        case AtLeast(least=least, items=items):
            return f"{least} OF ({', '.join(written(item) for item in items)})"
        case Not(item=item):
            return f"NOT {_bracketed(item, And, AtLeast)}"
        case Near(left=left, right=right, distance=distance):
            return f"{_bracketed(left, AtLeast)} NEAR/{distance} {_bracketed(right, AtLeast)}"
        case Count(item=item, times=times):
            return f"{_bracketed(item, AtLeast, Except)}*{times}"
        case Except(item=item, exclusions=exclusions):
            return f"{_bracketed(item, AtLeast)} EXCEPT ({', '.join(written(each) for each in exclusions)})"
        case In(field=field, item=item):
            return f"{field}:{_bracketed(item, And, AtLeast, Near, Not)}"


def _bracketed(node: Node, *kinds: type) -> str:
    """The node, in brackets where it is of these kinds and binds less than what stands around it."""
    is_open = isinstance(node, kinds) and not (isinstance(node, AtLeast) and node.least > 1)
    return f"({written(node)})" if is_open else written(node)


def _term(term: Term, shown: str) -> str:
    if term.kind is Kind.EXACT:
        return shown
    bare, star = (term.text, "*") if term.kind is Kind.PREFIX else (shown, "")
    return f"{bare}{star}" if _PLAIN.fullmatch(bare) and not _KEYWORD.fullmatch(bare) else f'"{bare}"{star}'
