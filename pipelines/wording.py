"""What a validator found wrong with a value, in plain words: what was written, what is wanted, and what may be meant."""

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

_WORDS = {
    "int_parsing": "is no whole number",
    "int_type": "is no whole number",
    "int_from_float": "is no whole number",
    "int_parsing_size": "is too large a number",
    "float_parsing": "is no number",
    "float_type": "is no number",
    "bool_parsing": "is neither true nor false",
    "bool_type": "is neither true nor false",
    "string_type": "is no text: quote it",
    "tuple_type": "is no list: write [{value}]",
    "list_type": "is no list: write [{value}]",
    "date_type": "is no date: write one such as 2027-01-31",
    "date_from_datetime_parsing": "is no date: write one such as 2027-01-31",
    "date_from_datetime_inexact": "is no date: write one such as 2027-01-31",
    "greater_than_equal": "is too small: {ge} at least",
    "greater_than": "is too small: more than {gt}",
    "less_than_equal": "is too large: {le} at most",
    "less_than": "is too large: less than {lt}",
}
_MAPPING = "a mapping such as {key: value}"
_WANTED = {"string_type": "a text", "tuple_type": "a list", "list_type": "a list", "dict_type": _MAPPING, "model_type": _MAPPING}
_FOUND = {type(None): "nothing", list: "a list", dict: "a mapping"}
_QUOTED = re.compile("'([^']*)'")


def in_words(item: Mapping[str, Any]) -> str:
    """One of a pydantic ValidationError's `errors()`; the validator's own sentence where there is no better one."""
    kind, value, context = item["type"], item.get("input"), item.get("ctx", {})
    if unfit := _unfit(kind, value):
        return unfit
    if isinstance(value, str | int | float) and kind in _WORDS:
        return f"`{value}` {_WORDS[kind].format(value=value, **context)}"
    if not isinstance(value, str | int | float):
        return own_words(item)
    listed = context.get("expected") or item["msg"].partition(" is not one of ")[2]
    return unknown(str(value), _QUOTED.findall(str(listed))) if listed else own_words(item)


def _unfit(kind: str, value: object) -> str:
    """What stands where a value of another shape is wanted; a text is not repeated where keys belong, it may hold a secret."""
    found, wanted = _FOUND.get(type(value)), _WANTED.get(kind)
    if wanted == _MAPPING:
        found = found or "a single value"
    return f"{found} where {wanted} is expected" if found and wanted else ""


def own_words(item: Mapping[str, Any]) -> str:
    """The sentence of the validator, or of whoever raised ValueError in it."""
    return str(item["msg"]).removeprefix("Value error, ")


def unknown(word: str, known: Sequence[str]) -> str:
    """That a word is none of those that are known, which they are, and the nearest."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"`{word}` is none of {', '.join(filter(None, known))}" + (f"; did you mean `{near[0]}`?" if near else "")
