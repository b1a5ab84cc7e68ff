"""Says in plain words why a query does not read, from what the parser met and what it could have taken."""

import re

from lark import Token, UnexpectedCharacters, UnexpectedToken
from lark.exceptions import UnexpectedInput

_NAMES = {
    "WORD": "a term", "QUOTED": "a phrase", "EXACT": "an exact term", "GROUP": "an alias group", "REGEX": "a regular expression",
    "LPAR": "`(`", "RPAR": "`)`", "COMMA": "`,`", "OR": "OR", "AND": "AND", "NOT": "NOT", "NEAR": "NEAR", "EXCEPT": "EXCEPT",
    "OF": "`k OF (…)`", "FIELD": "a field", "COUNT": "a count such as `*3`", "STAR": "`*`", "$END": "the end",
}  # fmt: skip
_TERM_STARTS = {"WORD", "QUOTED", "EXACT", "GROUP", "REGEX", "LPAR", "OF"}


def position(query: str, error: UnexpectedInput) -> int:
    """The character at which reading stopped; the query's length for an early end."""
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        return len(query)
    return min(error.pos_in_stream or 0, len(query))


def complaint(query: str, error: UnexpectedInput) -> str:
    """What stands where something else was expected, and what to do."""
    if isinstance(error, UnexpectedCharacters):
        return _odd_character(query, error.pos_in_stream or 0)
    assert isinstance(error, UnexpectedToken)
    found, expected = error.token, set(error.accepts or error.expected)
    if found.type == "$END":
        return _early_end(query, expected)
    return _odd_token(query, found, expected)


def _odd_character(query: str, offset: int) -> str:
    char = query[offset]
    if char in '"“”＂「」『』':
        return f"the quotation mark {char} is not closed"
    if char in "*＊":
        return "`*` stands right behind a Latin word (missil*), or right behind a term with its count (A*3)"
    if char == "/":
        return "a regular expression is written between two slashes, /…/; quote a term that begins with one"
    if char in "=＝@＠":
        return f"`{char}` without a name behind it"
    return f"`{char}` cannot stand here"


def _early_end(query: str, expected: set[str]) -> str:
    if not query.strip():
        return "an empty query"
    if "RPAR" in expected:
        return "a bracket is not closed; add `)`"
    return f"the query ends where {_wanted(expected)} is expected"


def _odd_token(query: str, found: Token, expected: set[str]) -> str:
    match found.type:
        case "RPAR" if _before(query, found) in "(（" and "WORD" in expected:
            return "empty brackets"
        case "RPAR" if "WORD" not in expected or not re.search("[(（]", query[: found.start_pos or 0]):
            return "`)` closes no bracket"
        case "COMMA":
            return "a comma stands only in `k OF (…)` and `EXCEPT (…)`; write AND or OR, or quote the term"
        case "NEAR" if "WORD" in expected and "AND" in expected:
            return "NEAR does not chain; write `A NEAR/9 B AND B NEAR/9 C`"
        case "OR" | "AND" | "NEAR" | "EXCEPT" if "WORD" in expected:
            return f"{found} where {_wanted(expected)} is expected; quote it if the word is meant"
    hint = "; write EXCEPT (…) with brackets" if expected == {"LPAR"} else ""
    return f"`{found}` where {_wanted(expected)} is expected{hint}"


def _before(query: str, token: Token) -> str:
    return query[: (token.start_pos or 0)].rstrip()[-1:]


def _wanted(expected: set[str]) -> str:
    if expected >= _TERM_STARTS:
        expected = (expected - _TERM_STARTS - {"NOT", "FIELD"}) | {"WORD"}
    names = [_NAMES.get(name, name) for name in sorted(expected)]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
