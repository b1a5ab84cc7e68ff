"""Addresses that a pattern describes, made up from the pattern itself, so that a sheet can be tried without its portal."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from re import _constants as kinds
from re import _parser as parser
from typing import Any

_POOLS = ("4abcdefgh/-_. =&?1235", "7xyzuvwst/-_. =&?8960")
"""Characters of the first and of the second example: no letter or digit is in both."""
_OFTEN = 6
"""How often an open repeat stands: a number long enough to name something."""
Node = tuple[Any, Any]


def example(pattern: str, variant: int = 0) -> str | None:
    """A string in which the pattern is found, None where none could be made up. Variants 0 and 1 differ wherever they may."""
    made = _Maker(_POOLS[variant], variant).text(parser.parse(pattern).data)
    return made if re.search(pattern, made) else None


def is_explosive(pattern: str) -> bool:
    """Whether an open repeat holds nothing but another one, as in (a+)+: some text takes such a pattern for ever."""
    return any(_explodes(node) for node in parser.parse(pattern).data)


def _explodes(node: Node) -> bool:
    kind, value = node
    if kind in _REPEATS and value[1] == kinds.MAXREPEAT and _is_open(list(value[2])):
        return True
    return any(_explodes(inner) for below in _below(kind, value) for inner in below)


def _is_open(nodes: Sequence[Node]) -> bool:
    """Whether one open repeat alone may match all that these nodes match, everything beside it being optional."""
    told = [node for node in nodes if node[0] != kinds.AT]
    needed = [node for node in told if not (node[0] in _REPEATS and node[1][0] == 0)]
    return any(_may_be_open(*node) for node in (needed or told)) if len(needed) < 2 else False


def _may_be_open(kind: Any, value: Any) -> bool:
    if kind in _REPEATS:
        return bool(value[1] == kinds.MAXREPEAT) or (value[1] == 1 and _is_open(list(value[2])))
    return any(_is_open(below) for below in _below(kind, value)) if kind in (kinds.SUBPATTERN, kinds.BRANCH) else False


_REPEATS = (kinds.MAX_REPEAT, kinds.MIN_REPEAT)


def _below(kind: Any, value: Any) -> Iterator[list[Node]]:
    if kind in (*_REPEATS, kinds.POSSESSIVE_REPEAT):
        yield list(value[2])
    elif kind == kinds.SUBPATTERN:
        yield list(value[3])
    elif kind == kinds.ATOMIC_GROUP:
        yield list(value)
    elif kind in (kinds.ASSERT, kinds.ASSERT_NOT):
        yield list(value[1])
    elif kind == kinds.BRANCH:
        yield from (list(option) for option in value[1])


@dataclass(slots=True)
class _Maker:
    """Makes up one string; `groups` are those that were made, for references to them."""

    pool: str
    variant: int
    groups: dict[int | None, str] = field(default_factory=dict)

    def text(self, nodes: Iterable[Node]) -> str:
        """What the nodes describe, one after the other; what only looks around describes nothing."""
        return "".join(self._one(kind, value) for kind, value in nodes)

    def _one(self, kind: Any, value: Any) -> str:
        if kind in (*_REPEATS, kinds.POSSESSIVE_REPEAT):
            least, most, inner = value
            return "".join(self.text(inner) for _ in range(least if most == 1 else max(least, min(_OFTEN, most))))
        if kind == kinds.SUBPATTERN:
            self.groups[value[0]] = self.text(value[3])
            return self.groups[value[0]]
        if kind == kinds.ATOMIC_GROUP:
            return self.text(value)
        if kind == kinds.BRANCH:
            return self.text(value[1][self.variant % len(value[1])])
        if kind == kinds.ASSERT and value[0] > 0:
            return self._ahead(self.text(value[1]))
        return self.groups.get(value, "") if kind == kinds.GROUPREF else self._character(kind, value)

    def _character(self, kind: Any, value: Any) -> str:
        if kind == kinds.LITERAL:
            return chr(value)
        members = {kinds.IN: value, kinds.ANY: [(kinds.NEGATE, None)], kinds.NOT_LITERAL: [(kinds.NEGATE, None), (kinds.LITERAL, value)]}
        found = next((each for each in self.pool if _is_in(each, members[kind])), "") if kind in members else ""
        literals = [chr(member[1]) for member in value if member[0] == kinds.LITERAL] if kind == kinds.IN and not found else []
        return found or (literals[self.variant % len(literals)] if literals else "")

    @staticmethod
    def _ahead(text: str) -> str:
        """A query's parameter that must come somewhere is put right here."""
        return f"{text.rstrip('&')}&" if "=" in text else ""


def _is_in(character: str, members: Sequence[Node]) -> bool:
    negated = bool(members[0][0] == kinds.NEGATE)
    return negated != any(_is_member(character, kind, value) for kind, value in members[negated:])


def _is_member(character: str, kind: Any, value: Any) -> bool:
    if kind == kinds.LITERAL:
        return chr(value) == character
    if kind == kinds.RANGE:
        return chr(value[0]) <= character <= chr(value[1])
    return bool(kind == kinds.CATEGORY) and bool(re.match(_CATEGORIES[value], character))


_CATEGORIES: dict[Any, str] = {
    kinds.CATEGORY_DIGIT: r"\d", kinds.CATEGORY_NOT_DIGIT: r"\D", kinds.CATEGORY_WORD: r"\w", kinds.CATEGORY_NOT_WORD: r"\W",
    kinds.CATEGORY_SPACE: r"\s", kinds.CATEGORY_NOT_SPACE: r"\S",
}  # fmt: skip
