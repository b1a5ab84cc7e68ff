"""Reads a query into its tree, and says in plain words where and why one does not read."""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import cast

import re2  # type: ignore[import-untyped]  # ships no types
from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput, VisitError

from pipelines.errors import QueryError
from pipelines.text import fold
from pipelines.watch.complaints import complaint, position
from pipelines.watch.foreign import meant_field, refuse_foreign
from pipelines.watch.nodes import (
    And,
    AtLeast,
    Count,
    Except,
    Group,
    In,
    Kind,
    Near,
    Node,
    Not,
    Regex,
    Term,
    is_place,
    needs_a_positive,
    pushed,
    unbacked,
)

FIELDS = ("title", "lead", "body", "comments", "author", "publisher", "portal", "section", "language")
LONGEST = 20_000
DEEPEST = 60
FARTHEST = 10_000
DIGITS = 12


def parse(query: str) -> Node:
    """The query's tree with every NOT at a leaf; QueryError, with the offset, for a query that the card does not allow."""
    _refuse_sizes(query)
    try:
        # with a transformer the parser gives what `start` returns; lark's types cannot say so
        tree = pushed(cast(Node, _parser().parse(query)))
    except UnexpectedInput as error:
        raise QueryError(complaint(query, error), position(query, error)) from None
    except VisitError as error:
        raise error.orig_exc from None
    if not needs_a_positive(tree):
        raise QueryError("this could match without a single word of it; add a positive term, as in `A NOT B`", unbacked(tree))
    return tree


def latin(char: str) -> bool:
    """Whether a folded character is a digit or a letter of the Latin script: such an edge is guarded."""
    if char.isascii():
        return char.isalnum()
    return unicodedata.name(char, "").startswith("LATIN")


@cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer="basic", transformer=_Tree())


def _refuse_sizes(query: str) -> None:
    if len(query) > LONGEST:
        raise QueryError(f"longer than {LONGEST} characters; put the words into an alias list", LONGEST)
    depth = 0
    for offset, char in enumerate(query):
        depth += (char in "(（") - (char in ")）")
        if depth > DEEPEST:
            raise QueryError(f"brackets nested deeper than {DEEPEST}", offset)


@v_args(inline=True)
class _Tree(Transformer[Token, Node]):
    """Turns each rule into its value as soon as it is read."""

    def start(self, node: Node) -> Node:
        return node

    def either(self, *parts: Node | Token) -> Node:
        items = _nodes(parts)
        return items[0] if len(items) == 1 else AtLeast(least=1, items=items)

    def both(self, *parts: Node | Token) -> Node:
        items = _nodes(parts)
        return items[0] if len(items) == 1 else And(items=items)

    def negation(self, token: Token, item: Node) -> Node:
        return item.item if isinstance(item, Not) else Not(item=item, offset=_at(token))

    def nearby(self, left: Node, token: Token, right: Node) -> Node:
        digits = re.findall(r"(?<=[/／])\s*(\d+)$", token)
        if not digits:
            raise QueryError("NEAR needs a distance in characters, as in `A NEAR/20 B`; quote it if the word is meant", _at(token))
        if _number(digits[0]) > FARTHEST:
            raise QueryError(f"NEAR reaches at most {FARTHEST} characters", _at(token))
        for side in (left, right):
            _require_place(side, "NEAR", _at(token))
        return Near(left=left, right=right, distance=_number(digits[0]))

    def field(self, token: Token, item: Node) -> Node:
        name = token.rstrip(":：").lower()
        if name not in FIELDS:
            raise QueryError(f"unknown field `{name}`; {meant_field(name, FIELDS)}", _at(token))
        if _has_field(item):
            raise QueryError(f"a field inside `{name}:( … )`; a term is looked for in one field only", _at(token))
        return In(field=name, item=item)

    def count(self, item: Node, token: Token) -> Node:
        times = _number(token[1:])
        _require_place(item, "a count", _at(token))
        if times < 1:
            raise QueryError("a count is 1 or more", _at(token))
        return Count(item=item, times=times)

    def exclusion(self, item: Node, token: Token, *parts: Node | Token) -> Node:
        exclusions = _nodes(parts)
        for part in (item, *exclusions):
            _require_place(part, "EXCEPT", _at(token))
        if isinstance(item, Except):
            return Except(item=item.item, exclusions=item.exclusions + exclusions)
        return Except(item=item, exclusions=exclusions)

    def at_least(self, token: Token, *parts: Node | Token) -> Node:
        least, items = _number(token.split()[0]), _nodes(parts)
        if not 1 <= least <= len(items):
            raise QueryError(f"{least} OF a list of {len(items)}; the number goes from 1 to {len(items)}", _at(token))
        return AtLeast(least=least, items=items, offset=_at(token))

    def nested(self, _: Token, item: Node, __: Token) -> Node:
        return item

    def word(self, token: Token) -> Node:
        refuse_foreign(token)
        return _term(str(token), str(token), _at(token))

    def phrase(self, token: Token) -> Node:
        text = token[1:-1]
        if star := re.search(r"\w([*＊])\s*$", text):
            advice = f'write `"{text[: star.start(1)]}"*` for a word\'s beginning, `="{text}"` where the sign is meant'
            raise QueryError(f"`*` inside quotation marks completes nothing; {advice}", _at(token) + 1 + star.start(1))
        return _term(text, text.strip(), _at(token))

    def prefix(self, token: Token, star: Token) -> Node:
        return _prefix(str(token), _at(token), star)

    def phrase_prefix(self, token: Token, star: Token) -> Node:
        return _prefix(token[1:-1], _at(token), star)

    def exact(self, token: Token) -> Node:
        quoted = token[1] in '"“”＂「『'
        text = unicodedata.normalize("NFC", (token[2:-1] if quoted else token[1:]).strip())
        if not fold(text).text.strip():
            raise QueryError("`=` without a term behind it", _at(token))
        return Term(text=text, shown=str(token), kind=Kind.EXACT, offset=_at(token))

    def group(self, token: Token) -> Node:
        return Group(name=token[1:], offset=_at(token))

    def regex(self, token: Token) -> Node:
        pattern = token[1:-1].replace("\\/", "/")
        compiled = compiled_regex(pattern, _at(token))
        if compiled.search("") is not None:
            raise QueryError("this regular expression matches nothing at all, so it would match every article", _at(token))
        return Regex(pattern=pattern, offset=_at(token))


def compiled_regex(pattern: str, offset: int = 0) -> "re2._Regexp[str]":
    """The pattern as RE2 reads it; QueryError where it does not."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except UnicodeEncodeError:
        raise QueryError("a regular expression with half a character (a lone surrogate); no text has one", offset) from None
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise QueryError(f"not a regular expression that RE2 reads: {reason}", offset) from None


def _nodes(parts: tuple[Node | Token, ...]) -> tuple[Node, ...]:
    return tuple(part for part in parts if not isinstance(part, Token))


def _number(digits: str) -> int:
    """The number, or one that is larger than any that means something: Python refuses to read thousands of digits."""
    return int(digits[-DIGITS:]) if not digits[:-DIGITS].strip("0") else 10**DIGITS


def _at(token: Token) -> int:
    return token.start_pos or 0


def _term(text: str, shown: str, offset: int) -> Term:
    if not fold(text).text.strip():
        raise QueryError("an empty term", offset)
    return Term(text=text.strip(), shown=shown, offset=offset)


def _prefix(text: str, offset: int, star: Token) -> Term:
    folded = fold(text).text.strip()
    if not folded:
        raise QueryError("an empty term", offset)
    if not latin(folded[-1]):
        raise QueryError(f"`*` completes a Latin word; `{text}` needs none, what follows it is free", _at(star))
    return Term(text=text.strip(), shown=f"{text.strip()}*", kind=Kind.PREFIX, offset=offset)


def _require_place(node: Node, what: str, offset: int) -> None:
    if isinstance(node, In):
        raise QueryError(f"{what} inside one field is written {node.field}:( … ), around both sides", offset)
    if isinstance(node, Near):
        raise QueryError(f"NEAR does not chain, nor goes with {what}; join two NEARs by AND", offset)
    if not is_place(node):
        raise QueryError(f"{what} works on terms, alias groups and ORs of them only", offset)


def _has_field(node: Node) -> bool:
    match node:
        case In():
            return True
        case Not(item=item):
            return _has_field(item)
        case And(items=items) | AtLeast(items=items):
            return any(_has_field(item) for item in items)
        case _:
            return False
