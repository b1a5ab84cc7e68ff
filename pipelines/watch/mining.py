"""Alias pairs that an archive tells of itself: two regions' copies of one story differ where their names differ.

A pair is suggested where it stands in the same context in several stories, is seldom left as it is, and is not replaced
the other way round as well.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TypeAlias

import daachorse

from pipelines.watch.aliases import AliasLists
from pipelines.watch.alignment import Alphabet, Tokens, gaps
from pipelines.watch.growth import LONGEST, Pair, Place, grown, is_all_han, stories, text_of
from pipelines.watch.terms import key, regional_groups

CONTEXT = 6  # tokens remembered on both sides
SURE = 0.6  # of the stories that hold a name in which it must be replaced, and not left
BACK = 0.2  # of its replacements that may be the other way round
EXAMPLES = 2
FILLING = frozenset("的了在是也等将就都着过个们和与对向由被把及或从到于为令使称说会已要又并而其这那之所以")
_NO_NAME = frozenset("的了在是也们这那就都着")
_AROUND = " ·-."


@dataclass(frozen=True, slots=True)
class Telling:
    """One article of a story. `side`: its script or region, by which tellings are paired."""

    side: str
    text: str


@dataclass(frozen=True, slots=True)
class Example:
    """A pair in its two texts, as written."""

    words: Pair
    contexts: Pair


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two terms that seem to mean the same, as written. `stories`: in how many one was replaced by the other; `kept`: in how
    many it was left. `known`: the folded form of a term that an alias group holds already."""

    terms: Pair
    sides: Pair
    stories: int
    kept: int
    known: str | None
    examples: tuple[Example, ...]


@dataclass(slots=True)
class _Tally:
    replaced: int = 0
    kept: int = 0
    sides: Pair = ("", "")
    examples: list[Example] = field(default_factory=list)


Read: TypeAlias = Callable[[], Iterable[Sequence[Telling]]]


def suggestions(read: Read, lists: AliasLists, least: int = 3) -> list[Suggestion]:
    """Pairs that no group joins, the best supported first.

    `read` gives each story's tellings and is called twice; `least`: in how many stories a pair must be replaced."""
    alphabet = Alphabet(_known(lists))
    places: dict[Pair, list[Place]] = defaultdict(list)
    for story, (one, other) in _told(read()):
        for pair, place in _replaced(alphabet.tokens(one.text), alphabet.tokens(other.text), story, alphabet):
            places[pair].append(place)
    support = _supported(places, least, alphabet)
    tallies = _tallies(read, alphabet, list(support))
    return sorted(
        (_suggestion(pair, tally, alphabet) for pair, tally in tallies.items() if _is_sure(tally, least)),
        key=lambda each: (-each.stories, each.kept, each.terms),
    )


def paired(tellings: Iterable[Telling]) -> list[tuple[Telling, Telling]]:
    """Each two sides of a story by their first telling, in the order of the sides' names."""
    first: dict[str, Telling] = {}
    for telling in tellings:
        first.setdefault(telling.side, telling)
    return list(combinations([first[side] for side in sorted(first)], 2))


def _told(tales: Iterable[Sequence[Telling]]) -> Iterator[tuple[int, tuple[Telling, Telling]]]:
    return ((story, pair) for story, tellings in enumerate(tales) for pair in paired(tellings))


def _known(lists: AliasLists) -> Iterator[tuple[str, ...]]:
    for groups in lists.lists.values():
        for terms in groups.values():
            yield tuple(map(key, terms))
    yield from regional_groups()


def _replaced(one: Tokens, other: Tokens, story: int, alphabet: Alphabet) -> Iterator[tuple[Pair, Place]]:
    for start, end, other_start, other_end in gaps(one.codes, other.codes):
        pair = one.codes[start:end].strip(_AROUND), other.codes[other_start:other_end].strip(_AROUND)
        if pair[0] != pair[1] and all(_may_be_name(part, alphabet) for part in pair) and not all(map(FILLING.issuperset, pair)):
            left = one.codes[max(start - CONTEXT, 0) : start]
            yield pair, Place(story, start, left, one.codes[end : end + CONTEXT])


def _may_be_name(part: str, alphabet: Alphabet) -> bool:
    words = [alphabet.word(code) for code in part]
    return all(map(_is_name_token, words)) and sum(map(is_all_han, words)) <= LONGEST


def _is_name_token(word: str) -> bool:
    return word[0] == "@" or word in _AROUND or is_all_han(word) or word[0].isalpha()


def _supported(places: dict[Pair, list[Place]], least: int, alphabet: Alphabet) -> dict[Pair, int]:
    """Pairs with the number of their stories; one that is as often replaced the other way round is an edit and no alias."""
    support: dict[Pair, int] = {}
    for pair, found in places.items():
        for longer, there in grown(pair, found, least, alphabet) if stories(found) >= least else ():
            if all(_is_name(part, alphabet) for part in longer):
                support[longer] = max(stories(there), support.get(longer, 0))
    return {pair: count for pair, count in support.items() if count >= least and support.get(pair[::-1], 0) <= BACK * count}


def _is_name(part: str, alphabet: Alphabet) -> bool:
    text = text_of(part, alphabet)
    return len(text) > 1 and _NO_NAME.isdisjoint(text)


def _tallies(read: Read, alphabet: Alphabet, pairs: list[Pair]) -> dict[Pair, _Tally]:
    """In how many stories each pair is replaced, and in how many one of the two stands in both texts."""
    if not pairs:
        return {}
    parts = sorted({part for pair in pairs for part in pair})
    automaton = daachorse.CharwiseDoubleArrayAhoCorasick(parts)
    of: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        for part in pair:
            of[part].append(pair)
    tallies = {pair: _Tally() for pair in pairs}
    for _, (one, other) in _told(read()):
        tokens = alphabet.tokens(one.text), alphabet.tokens(other.text)
        here, there = ({parts[index]: start for start, _, index in reversed(automaton.find_overlapping(each.codes))} for each in tokens)
        for pair in dict.fromkeys(pair for part in (*here, *there) for pair in of[part]):
            _count(tallies[pair], pair, (here, there), tokens, (one.side, other.side))
    return tallies


def _count(tally: _Tally, pair: Pair, found: tuple[dict[str, int], dict[str, int]], tokens: tuple[Tokens, Tokens], sides: Pair) -> None:
    here, there = found
    if any(part in here and part in there for part in pair):
        tally.kept += 1
    elif pair[0] in here and pair[1] in there:
        tally.replaced += 1
        tally.sides = sides
        if len(tally.examples) < EXAMPLES:
            spots = [(each, at[part], at[part] + len(part)) for each, at, part in zip(tokens, found, pair, strict=True)]
            words = tuple(each.written(start, end) for each, start, end in spots)
            around = tuple(each.written(max(start - CONTEXT, 0), min(end + CONTEXT, len(each.codes))) for each, start, end in spots)
            tally.examples.append(Example((words[0], words[1]), (around[0], around[1])))


def _is_sure(tally: _Tally, least: int) -> bool:
    return tally.replaced >= least and tally.replaced >= SURE * (tally.replaced + tally.kept)


def _suggestion(pair: Pair, tally: _Tally, alphabet: Alphabet) -> Suggestion:
    texts = [text_of(part, alphabet) for part in pair]
    known = next((text[1:] for text in texts if text[0] == "@"), None)
    return Suggestion(tally.examples[0].words, tally.sides, tally.replaced, tally.kept, known, tuple(tally.examples))
