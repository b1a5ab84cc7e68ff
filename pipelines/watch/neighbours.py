"""What stands beside a short term in texts, and which longer words it is met in.

A word across the term's edge (其中 in 其中共有, for 中共) is one that is met elsewhere too, and there is free towards the term's
side: followed by many characters, or by none. A longer word (人民幣, for 人民) is a frequent one, free on both sides. Free is
measured by branching entropy; a guess that an exclusion may be offered for, no segmentation that anything rests on.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import daachorse

from pipelines.models import Hit
from pipelines.text import fold, is_han
from pipelines.watch.readable import Readable
from pipelines.watch.trials import Trials

REACH = 3  # characters looked at on either side; words reach one less, so that what stands beside them is known
MOST = 20_000  # occurrences of one term that are looked at
TOLD = 5  # neighbours and words that are told
LEAST_ACROSS, LEAST_LONGER = 2, 3  # occurrences of a word
LEAST_ELSEWHERE = 3
LONGER_SHARE = 0.1  # of the term's occurrences, below which a longer word is not told
FREE_ENDS, FREE_BITS, FREE_BITS_ACROSS = 0.1, 1.0, 1.5
LEAST_FREE, LEAST_BOUND = 2, 3  # occurrences of a string that say that it is a word, or that it is none
FRAGMENT = 0.8  # of a word's occurrences inside a longer one: the word is a piece of that


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A longer word that the term is met in; `is_across`: another word reaches over the term's edge."""

    text: str
    count: int
    is_across: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """What texts show of one term: occurrences, how they are written, what stands left and right of them, the longer words
    around them, and the share of occurrences inside those."""

    hits: int
    articles: int
    forms: tuple[tuple[str, int], ...]
    left: tuple[tuple[str, int], ...]
    right: tuple[tuple[str, int], ...]
    words: tuple[Word, ...]
    inside: float


@dataclass(frozen=True, slots=True)
class _Context:
    """An occurrence, folded: the run of Han characters before it, itself, the run behind it."""

    left: str
    form: str
    right: str

    def holds(self, word: str) -> bool:
        """Whether the occurrence lies in the word."""
        at = word.find(self.form)
        return at >= 0 and self.left.endswith(word[:at]) and self.right.startswith(word[at + len(self.form) :])


@dataclass(slots=True)
class _Met:
    """What is gathered of one term."""

    articles: int = 0
    forms: Counter[str] = field(default_factory=Counter)
    contexts: Counter[_Context] = field(default_factory=Counter)
    shown: dict[str, str] = field(default_factory=dict)  # a folded character or form as it was first met

    def add(self, text: str, hit: Hit) -> None:
        if self.forms.total() >= MOST:
            return
        before = _run(reversed(text[max(0, hit.start - 4 * REACH) : hit.start]))[::-1]
        behind = _run(text[hit.end : hit.end + 4 * REACH])
        context = _Context(fold(before).text, fold(hit.as_written).text, fold(behind).text)
        self.forms[hit.as_written] += 1
        self.contexts[context] += 1
        for char in (*before, *hit.as_written, *behind):
            self.shown.setdefault(fold(char).text, char)

    def show(self, word: str) -> str:
        return "".join(self.shown.get(char, char) for char in word)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Crossing:
    """A possible word across a term's edge: `part` of it and of the term, in `word`; `rest` is the term's other part."""

    part: str
    rest: str
    word: str
    is_left: bool


def neighbours_of(trials: Trials, texts: Sequence[Readable], size: int) -> list[Neighbours]:
    """For each of the `size` queries of the trials what stands around its hits in titles and texts."""
    met = [_Met() for _ in range(size)]
    for readable, found in zip(texts, trials.hits_in(texts), strict=True):
        for index, hits in found.items():
            met[index].articles += 1
            for hit in hits:
                if hit.field in ("title", "text"):
                    met[index].add(readable.title if hit.field == "title" else readable.text, hit)
    crossings = [set(_crossings(each)) for each in met]
    elsewhere = _elsewhere(set().union(*crossings), texts)
    return [_told(each, mine, elsewhere) for each, mine in zip(met, crossings, strict=True)]


def standing(strings: Iterable[str], texts: Iterable[str]) -> dict[str, bool | None]:
    """Whether each stands free on both sides in the texts, as a word does; None where it is met too seldom to tell."""
    folded = {string: fold(string).text for string in strings}
    sides = {key: (Counter[str](), Counter[str]()) for key in folded.values()}
    if not sides:
        return {}
    keys = list(sides)
    automaton = daachorse.CharwiseDoubleArrayAhoCorasick(keys)
    for text in (fold(each).text for each in texts):
        for start, end, number in automaton.find_overlapping(text):
            before, behind = sides[keys[number]]
            before[_beside(text, start - 1)] += 1
            behind[_beside(text, end)] += 1
    return {string: _stands(*sides[key]) for string, key in folded.items()}


def _stands(before: Counter[str], behind: Counter[str]) -> bool | None:
    count = before.total()
    if count >= LEAST_FREE and _is_free(before, FREE_BITS) and _is_free(behind, FREE_BITS):
        return True
    return False if count >= LEAST_BOUND else None


def _told(met: _Met, crossings: set[_Crossing], elsewhere: Mapping[_Crossing, Counter[str]]) -> Neighbours:
    left: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for context, count in met.contexts.items():
        left[context.left[-1:]] += count
        right[context.right[:1]] += count
    across = _across(met, crossings, elsewhere)
    words = across + _longer(met, [word.text for word in across])
    hits = met.contexts.total()
    inside = sum(count for context, count in met.contexts.items() if any(context.holds(word.text) for word in words))
    return Neighbours(
        hits=hits,
        articles=met.articles,
        forms=tuple(met.forms.most_common(TOLD)),
        left=_common(met, left),
        right=_common(met, right),
        words=tuple(Word(text=met.show(word.text), count=word.count, is_across=word.is_across) for word in words),
        inside=inside / hits if hits else 0.0,
    )


def _common(met: _Met, counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple((met.show(char), count) for char, count in counts.most_common() if char)[:TOLD]


def _run(chars: Iterable[str]) -> str:
    """The Han characters that follow at once; white space between them counts for nothing, a blank line ends them."""
    found, breaks = "", 0
    for char in chars:
        breaks = breaks + (char == "\n") if char.isspace() else 0
        if is_han(char):
            found += char
        elif breaks > 1 or fold(char).text.strip():
            break
        if len(found) == REACH:
            break
    return found


def _crossings(met: _Met) -> Iterator[_Crossing]:
    for context in met.contexts:
        form = context.form
        for size in range(1, min(REACH - 1, len(context.left)) + 1):
            before = context.left[-size:]
            for cut in range(1, len(form)):
                yield _Crossing(part=before + form[:cut], rest=form[cut:], word=before + form, is_left=True)
        for size in range(1, min(REACH - 1, len(context.right)) + 1):
            behind = context.right[:size]
            for cut in range(1, len(form)):
                yield _Crossing(part=form[cut:] + behind, rest=form[:cut], word=form + behind, is_left=False)


def _elsewhere(crossings: set[_Crossing], texts: Sequence[Readable]) -> Mapping[_Crossing, Counter[str]]:
    """For each crossing what stands on the term's side of its part where the term does not."""
    found: dict[_Crossing, Counter[str]] = defaultdict(Counter)
    if not crossings:
        return found
    by_part: dict[str, list[_Crossing]] = defaultdict(list)
    for crossing in crossings:
        by_part[crossing.part].append(crossing)
    parts = list(by_part)
    automaton = daachorse.CharwiseDoubleArrayAhoCorasick(parts)
    for text in (fold(each).text for readable in texts for each in (readable.title, readable.text) if each):
        for start, end, number in automaton.find_overlapping(text):
            for crossing in by_part[parts[number]]:
                _count(found[crossing], crossing, text, start, end)
    return found


def _count(sides: Counter[str], crossing: _Crossing, text: str, start: int, end: int) -> None:
    if crossing.is_left:
        if not text.startswith(crossing.rest, end):
            sides[_beside(text, end)] += 1
    elif not text.endswith(crossing.rest, 0, start):
        sides[_beside(text, start - 1)] += 1


def _beside(text: str, index: int) -> str:
    return text[index] if 0 <= index < len(text) and is_han(text[index]) else ""


def _is_free(sides: Counter[str], bits: float) -> bool:
    """Whether what stands there varies, or often is no Han character at all."""
    total = sides.total()
    if sides[""] >= FREE_ENDS * total:
        return True
    return -sum(count / total * math.log2(count / total) for count in sides.values() if count) >= bits


def _across(met: _Met, crossings: set[_Crossing], elsewhere: Mapping[_Crossing, Counter[str]]) -> list[Word]:
    """Left of the term first: what that explains (其中|共有) is no evidence for the right."""
    found: list[Word] = []
    words = {(crossing.word, crossing.is_left) for crossing in crossings if _is_word(met, crossing, elsewhere)}
    for word, _ in sorted(words, key=lambda each: (not each[1], len(each[0]), each[0])):
        known = [other.text for other in found]
        count = sum(
            times for context, times in met.contexts.items() if context.holds(word) and not any(context.holds(other) for other in known)
        )
        if count >= LEAST_ACROSS:
            found.append(Word(text=word, count=count, is_across=True))
    return sorted(found, key=lambda word: -word.count)[:TOLD]


def _is_word(met: _Met, crossing: _Crossing, elsewhere: Mapping[_Crossing, Counter[str]]) -> bool:
    sides = elsewhere.get(crossing, Counter())
    here = sum(count for context, count in met.contexts.items() if context.holds(crossing.word))
    return sides.total() >= max(LEAST_ELSEWHERE, here / 2) and _is_free(sides, FREE_BITS_ACROSS)


def _longer(met: _Met, across: Sequence[str]) -> list[Word]:
    counts: Counter[str] = Counter()
    befores: dict[str, Counter[str]] = defaultdict(Counter)
    behinds: dict[str, Counter[str]] = defaultdict(Counter)
    for context, count in met.contexts.items():
        if any(context.holds(word) for word in across):
            continue
        for word, before, behind in _around(context):
            counts[word] += count
            befores[word][before] += count
            behinds[word][behind] += count
    least = max(LEAST_LONGER, LONGER_SHARE * met.contexts.total())
    frequent = {word: count for word, count in counts.items() if count >= least}
    kept = [word for word, count in frequent.items() if not _is_fragment(word, count, frequent)]
    kept = [word for word in kept if _is_free(befores[word], FREE_BITS) and _is_free(behinds[word], FREE_BITS)]
    kept = [word for word in kept if not any(other != word and other in word for other in kept)]
    return [Word(text=word, count=frequent[word], is_across=False) for word in sorted(kept, key=lambda word: -frequent[word])][:TOLD]


def _is_fragment(word: str, count: int, words: Mapping[str, int]) -> bool:
    return any(len(other) > len(word) and word in other and more >= FRAGMENT * count for other, more in words.items())


def _around(context: _Context) -> Iterator[tuple[str, str, str]]:
    """(longer word, what stands before it, what stands behind it)."""
    left, right = context.left, context.right
    for before in range(min(REACH - 1, len(left)) + 1):
        for behind in range(min(REACH - 1, len(right)) + 1):
            if before or behind:
                cut = len(left) - before
                yield left[cut:] + context.form + right[:behind], left[cut - 1 : cut] if cut else "", right[behind : behind + 1]
