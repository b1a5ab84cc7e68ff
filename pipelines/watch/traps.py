"""Traps for short terms: words in which they are met by accident, known ones and those that the archive's texts show."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from pipelines.models import Hit
from pipelines.text import fold, is_han
from pipelines.watch.aliases import AliasLists
from pipelines.watch.edits import excepting, reads, replacing, wanted
from pipelines.watch.neighbours import Neighbours, neighbours_of
from pipelines.watch.nodes import Except, Kind, Term
from pipelines.watch.query import latin, parse
from pipelines.watch.readable import Readable
from pipelines.watch.trials import Asked, Trials
from pipelines.watch.written import written

SHORT_HAN, SHORT_LATIN, SHORT_NUMBER = 3, 3, 4  # characters
MOST_WORDS = 8  # exclusions that one proposal holds
# English words that a term in capitals is the same as once case is folded.
_ENGLISH = frozenset(
    re.findall(
        r"\w+",
        "us it who un is am as at be by do go he if in me my no on so to up we an age aid air all any are art ban bar big can "
        "cat did few for gas get has her him his how its led let low man may new now oil old one our out own pan par set she "
        "six son sun tax ten the too two use via war was way why yes you ",
    )
)
_UNITS = ("%", "％", "人", "名", "歲", "元", "萬", "億", "個")
_TEXTS = ("", "title", "lead", "body", "comments")  # fields in which running text stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """What a short term of a query meets. `known` are words of the built-in list, `seen` what the texts show, None where there are none.

    `proposal` is the whole query with the exclusions that seem right, None where nothing is wrong with the term; `perhaps` the
    one that also excludes longer words, which may be meant.
    """

    term: str
    known: tuple[str, ...]
    seen: Neighbours | None
    proposal: str | None
    perhaps: str | None

    @property
    def is_warning(self) -> bool:
        """Whether there is something to mend."""
        return self.proposal is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Short:
    """A short term of a topic, and the query that looks for it alone, within its exclusions."""

    topic: str
    node: Term
    alone: Asked


def traps(aliases: AliasLists, asked: Mapping[str, Asked], texts: Sequence[Readable] = ()) -> dict[str, list[Trap]]:
    """For each topic its query's short terms, in their order, with their traps; without texts only the known ones are looked for."""
    shorts = [short for topic, each in asked.items() for short in _shorts(topic, each)]
    alone = list(dict.fromkeys(short.alone for short in shorts))
    trials = Trials(aliases, alone)
    known = _known(trials, [short.node.text for short in shorts], len(alone))
    seen: Sequence[Neighbours | None] = neighbours_of(trials, texts, len(alone)) if texts else [None] * len(alone)
    place = {each: index for index, each in enumerate(alone)}
    found: dict[str, list[Trap]] = {topic: [] for topic in asked}
    for short in shorts:
        index = place[short.alone]
        found[short.topic].append(_trap(asked[short.topic].query, short.node, known[index], seen[index]))
    return found


def may_have_traps(query: str) -> bool:
    """Whether the query holds a word of the built-in list at all; False is sure, and quick."""
    return bool(_suspicious().search(fold(query).text))


def is_short(text: str) -> bool:
    """Whether a folded term is so short that longer words hold it."""
    if all(map(is_han, text)):
        return len(text) <= SHORT_HAN
    if text.isdigit():
        return len(text) <= SHORT_NUMBER
    return all(map(latin, text)) and len(text) <= SHORT_LATIN


def _trap(query: str, node: Term, known: tuple[str, ...], seen: Neighbours | None) -> Trap:
    across = [word.text for word in seen.words if word.is_across] if seen else []
    longer = [word.text for word in seen.words if not word.is_across] if seen else []
    wrong = _shortest([*across, *known])
    small = _small(node, seen)
    return Trap(
        term=written(node),
        known=(*small, *known),
        seen=seen,
        proposal=_exact(query, node) if small else _proposal(query, node, wrong),
        perhaps=_proposal(query, node, _shortest([*wrong, *longer])) if longer else None,
    )


def _shortest(words: Sequence[str]) -> list[str]:
    """Each once, none that holds another."""
    keys = {fold(word).text: word for word in reversed(words)}
    return [word for key, word in reversed(keys.items()) if not any(other != key and other in key for other in keys)][:MOST_WORDS]


def _proposal(query: str, node: Term, words: Sequence[str]) -> str | None:
    if not words:
        return None
    changed = excepting(query, node, words)
    return changed if reads(changed) else None


def _exact(query: str, node: Term) -> str | None:
    """The query with the term's case kept."""
    changed = replacing(query, node, f"={node.text}")
    return changed if reads(changed) else None


def _small(node: Term, seen: Neighbours | None) -> tuple[str, ...]:
    """The small letters in which a term in capitals is another word, as English has it or as the texts show."""
    if node.kind is not Kind.PLAIN or not (node.text.isascii() and node.text.isupper()):
        return ()
    met = [form for form, _ in seen.forms if form.islower()] if seen else []
    return tuple(dict.fromkeys([*met, node.text.lower()] if node.text.lower() in _ENGLISH else met))


def _known(trials: Trials, terms: Sequence[str], size: int) -> list[tuple[str, ...]]:
    """For each query of the trials the known words in whose middle its term is met."""
    found: list[dict[str, None]] = [{} for _ in range(size)]
    phrases = [*_phrases(), *(_counting(term) for term in dict.fromkeys(terms) if _is_number(term))]
    answers = trials.hits_in(Readable(title="".join(pieces), text="") for pieces in phrases)
    for pieces, answer in zip(phrases, answers, strict=True):
        for index, hits in answer.items():
            for hit in hits:
                if (word := _around(hit, pieces)) is not None:
                    found[index][word] = None
    return [tuple(words) for words in found]


def _around(hit: Hit, pieces: Sequence[str]) -> str | None:
    """The pieces that the hit lies in, joined; None where it is made of whole pieces."""
    at, touched, cuts = 0, "", set[int]()
    for piece in pieces:
        cuts |= {at, at + len(piece)}
        if at < hit.end and hit.start < at + len(piece):
            touched += piece
        at += len(piece)
    return None if {hit.start, hit.end} <= cuts else touched


def _is_number(term: str) -> bool:
    """Whether the term is a number that may count something; a year is none."""
    return term.isascii() and term.isdigit() and not (len(term) == len("2024") and term[:2] in ("19", "20"))


def _counting(digits: str) -> tuple[str, ...]:
    """The number with what it may count, as the pieces of a phrase."""
    return tuple(piece for unit in _UNITS for piece in (f"{digits}{unit}", " "))


@cache
def _phrases() -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(phrase.split("|")) for _, phrases in listed() for phrase in phrases)


@cache
def listed() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The built-in list: (term, phrases cut by |)."""
    lines = Path(__file__).with_name("traps.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.split(": ") for line in lines if line and not line.startswith("#"))
    return tuple((term, tuple(phrase.replace("_", " ") for phrase in phrases.split())) for term, phrases in rows)


@cache
def _suspicious() -> re.Pattern[str]:
    words = sorted({fold(term).text for term, _ in listed()})
    english = "|".join(sorted(_ENGLISH))
    return re.compile("|".join(words) + rf"|(?<![a-z])(?:{english})(?![a-z])|(?<![\d/*])\d{{1,{SHORT_NUMBER}}}(?!\d)")


def _shorts(topic: str, asked: Asked) -> Iterator[_Short]:
    for each in wanted(parse(asked.query)):
        if each.field in _TEXTS and isinstance(each.node, Term) and is_short(fold(each.node.text).text.strip()):
            alone = Except(item=each.node, exclusions=each.exclusions) if each.exclusions else each.node
            yield _Short(topic=topic, node=each.node, alone=replace(asked, query=written(alone), portals=frozenset()))
