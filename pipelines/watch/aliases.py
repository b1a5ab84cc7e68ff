"""Alias lists: the terms that mean the same, from aliases.yaml and from the built-in `territories`."""

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

import daachorse
from pydantic import RootModel

from pipelines.errors import ConfigError
from pipelines.watch.terms import key, spellings
from pipelines.watch.territories import held, no_territories, territories
from pipelines.yamlfile import Document, suggestion, validated

TERRITORIES, LOOK_ALIKES = "territories", "look_alikes"
_NAME = re.compile(r"[\w-]+")

Groups = Mapping[str, tuple[str, ...]]


class _File(RootModel[dict[str, dict[str, list[str]]]]):
    """aliases.yaml: list, group, terms."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an alias group looks for: folded forms, and for a form the longer words that it must not lie in."""

    forms: tuple[str, ...]
    shields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class AliasLists:
    """All alias lists by name; `territories` is always among them. A name inside one of `look_alikes` does not count."""

    def __init__(self, lists: Mapping[str, Groups] | None = None, look_alikes: Iterable[str] = ()) -> None:
        self.lists: Mapping[str, Groups] = {TERRITORIES: territories(), **(lists or {})}
        self._look_alikes = tuple(dict.fromkeys(map(key, look_alikes)))
        self._groups = _named_groups(self.lists)
        self._by_list: dict[str, Mapping[str, tuple[str, ...]]] = {}
        self._meanings: dict[tuple[tuple[str, str], ...], Meaning] = {}

    def names(self) -> list[str]:
        """Names of lists and groups, for suggestions."""
        return sorted({*self.lists, *self._groups})

    def named(self, name: str) -> Meaning | None:
        """`@name`: a group, or all groups of a list; None for an unknown name."""
        if name in self.lists:
            return self._meaning(tuple((name, group) for group in self.lists[name]))
        found = self._groups.get(name.lower())
        return self._meaning(found) if found else None

    def meaning(self, term: str, taken: Iterable[str]) -> Meaning | None:
        """What a term stands for in the taken lists, None where it is in none of them."""
        folded = key(term)
        members = tuple((name, group) for name in taken for group in self._index(name).get(folded, ()))
        return self._meaning(members) if members else None

    def of(self, name: str, group: str) -> Meaning:
        """What one group of one list looks for; KeyError where there is none."""
        return self._meaning(((name, group),))

    def groups_of(self, term: str) -> list[tuple[str, str]]:
        """(list, group) of every group that has the term."""
        return [(name, group) for name in self.lists for group in self._index(name).get(key(term), ())]

    def _index(self, name: str) -> Mapping[str, tuple[str, ...]]:
        if name not in self._by_list:
            index: dict[str, dict[str, None]] = defaultdict(dict)
            for group, terms in self.lists[name].items():
                for term in terms:
                    index[key(term)][group] = None
            self._by_list[name] = {folded: tuple(groups) for folded, groups in index.items()}
        return self._by_list[name]

    def _meaning(self, members: tuple[tuple[str, str], ...]) -> Meaning:
        if members not in self._meanings:
            self._meanings[members] = self._look_up(members)
        return self._meanings[members]

    def _look_up(self, members: tuple[tuple[str, str], ...]) -> Meaning:
        forms: dict[str, None] = {}
        for name, group in members:
            spell = _keys if name == TERRITORIES else spellings
            for term in self.lists[name][group]:
                forms.update(dict.fromkeys(spell(term)))
        own = frozenset(group for name, group in members if name == TERRITORIES)
        shields = {form: self._longer(form, forms, own) for form in forms}
        return Meaning(tuple(forms), {form: longer for form, longer in shields.items() if longer})

    def _longer(self, form: str, forms: Container[str], own: frozenset[str]) -> tuple[str, ...]:
        """The longer words around a form: those of the file, and for a territory the names of the others."""
        around = [word for word in self._look_alikes if form in word and word not in forms]
        names = _containing().get(form, {}) if own else {}
        return (*around, *(name for name, codes in names.items() if not codes & own and name not in around))


def read_aliases(document: Document) -> AliasLists:
    """The lists of a parsed aliases.yaml; ConfigError names every problem with its place."""
    if not document.data:
        return AliasLists()
    lists = validated(_File, document).root
    problems = [problem for name, groups in lists.items() for problem in _problems(document, name, groups)]
    if problems:
        raise ConfigError(problems)
    look_alikes = [word for words in lists.pop(LOOK_ALIKES, {}).values() for word in words]
    return AliasLists({name: {group: tuple(terms) for group, terms in groups.items()} for name, groups in lists.items()}, look_alikes)


def _named_groups(lists: Mapping[str, Groups]) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Groups by lower-case name; an operator's group comes before a territory of that name."""
    named: dict[str, tuple[tuple[str, str], ...]] = {}
    for name, groups in lists.items():
        for group in groups if name != TERRITORIES else ():
            named[group.lower()] = (*named.get(group.lower(), ()), (name, group))
    return {group: ((TERRITORIES, group),) for group in lists[TERRITORIES]} | named


def _problems(document: Document, name: str, groups: dict[str, list[str]]) -> Iterable[str]:
    if name == TERRITORIES:
        yield f"{document.where((name,), key=True)}: `{TERRITORIES}` is built in; give this list another name"
    elif not _NAME.fullmatch(name):
        yield f"{document.where((name,), key=True)}: `{name}` is no name; write letters, digits, `_` and `-`"
    for group, terms in groups.items():
        if not _NAME.fullmatch(group):
            yield f"{document.where((name, group), key=True)}: `{group}` is no name; write letters, digits, `_` and `-`"
        if not terms:
            yield f"{document.where((name, group), key=True)}: `{group}` has no terms"
        for index, term in enumerate(terms):
            if complaint := _complaint(term):
                yield f"{document.where((name, group, index))}: `{term}` {complaint}"


def _complaint(term: str) -> str:
    if not key(term):
        return "is an empty term"
    if term[0] in '=@/"“' or term[-1] in '*"”':
        return "is read as plain text here: operators and quotation marks belong into a query"
    return ""


def unknown_name(name: str, known: list[str], what: str) -> str:
    """The sentence for a name that no list or group has."""
    return f"no {what} is called `{name}`{suggestion(name, known)}"


def _keys(term: str) -> tuple[str, ...]:
    """A territory's names come in both scripts already."""
    return (key(term),)


@cache
def _containing() -> Mapping[str, Mapping[str, frozenset[str]]]:
    """For each territory's folded name the longer names around it, with the territories these stand for."""
    names: dict[str, set[str]] = defaultdict(set)
    for code, terms in territories().items():
        for term in terms:
            names[key(term)].add(code)
    for word in no_territories():
        names[key(word)] = set()
    for code, words in held().items():
        for word in words:
            names[key(word)].add(code)
    patterns = list(names)
    automaton = daachorse.CharwiseDoubleArrayAhoCorasick(patterns)
    containing: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    for longer in patterns:
        for start, end, index in automaton.find_overlapping(longer):
            if end - start < len(longer):
                containing[patterns[index]][longer] = frozenset(names[longer])
    return containing
