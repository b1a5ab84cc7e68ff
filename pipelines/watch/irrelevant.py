"""An article that should not have matched: exclusions that keep it out, by what else each would lose, and a sample that holds it out.

Only whole words are excluded: what texts show to be one, or what begins or ends a part of the title.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from pipelines.errors import QueryError
from pipelines.models import Hit
from pipelines.text import fold, is_han
from pipelines.watch.aliases import AliasLists
from pipelines.watch.edits import Wanted, excepting, negating, wanted
from pipelines.watch.file import Sample
from pipelines.watch.mining import FILLING
from pipelines.watch.neighbours import standing
from pipelines.watch.nodes import Except
from pipelines.watch.query import parse
from pipelines.watch.readable import Readable
from pipelines.watch.traps import traps
from pipelines.watch.trials import Asked, Trials
from pipelines.watch.written import term, written

TOLD, TOLD_ALIKE = 5, 2
REPEATED = 3  # times that a word of the title stands in the article, title and all, before it says what that is about
EXCERPT = 300  # characters of the text that a sample holds
WORD = range(2, 5)  # Han characters of a word that may be excluded
MOST_WORDS = 3  # of one EXCEPT
MOST_TRIED = 200
_SENTENCE = re.compile(r"[^\n。！？!?；;]+[。！？!?；;]?")
_PARTICLES = frozenset("的之了们也")  # neither begin nor end a word that says anything
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z'-]{2,}")
# How good a guess an exclusion is where it loses no more than others: what the desk named, a trap, a word of the article, one around it.
_NAMED, _TRAP, _SECTION, _REPEATED, _PLACE, _ONCE = range(6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A query without the article. `words` were excluded; it would also lose `lost` of the other matches."""

    query: str
    words: tuple[str, ...]
    lost: int
    rank: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An article that a query should not take; `others` are those that it took rightly, `must_match` the topic's samples."""

    asked: Asked
    article: Readable
    others: Sequence[Readable]
    must_match: Sequence[Sample] = ()


def exclusions(aliases: AliasLists, case: Case, because: str | None = None) -> list[Exclusion]:
    """At most five exclusions that keep the article out and all `must_match` in, those that lose least first.

    `because` names the word that is to blame; QueryError where no query can hold it.
    """
    guesses = list(_guesses(aliases, case, because))[:MOST_TRIED]
    trials = Trials(aliases, [replace(case.asked, query=query) for query, _, _ in guesses])
    kept = set(range(len(guesses))) - set(trials.hits(case.article))
    for sample in case.must_match:
        kept.intersection_update(chain.from_iterable(trials.hits_in(_readables(sample))))
    still = Counter(chain.from_iterable(trials.hits_in(case.others)))
    found = [
        Exclusion(query=query, words=words, lost=len(case.others) - still[index], rank=rank)
        for index, (query, words, rank) in enumerate(guesses)
        if index in kept
    ]
    return _varied(sorted(found, key=lambda each: (each.lost, each.rank)))


def _varied(found: Sequence[Exclusion]) -> list[Exclusion]:
    """The best two of each kind: ten words of one headline are no choice. A trap is told whatever it loses, which may be trapped too."""
    kept = [each for index, each in enumerate(found) if sum(other.rank[0] == each.rank[0] for other in found[:index]) < TOLD_ALIKE]
    trap = [each for each in kept[TOLD:] if each.rank[0] == _TRAP]
    return [*kept[: TOLD - len(trap)], *trap]


def sample_of(aliases: AliasLists, case: Case, exclusion: Exclusion | None) -> str | dict[str, str] | None:
    """What of the article the query took and the exclusion does not: its title, or with it the sentences that matter; else None."""
    queries = [case.asked, replace(case.asked, query=exclusion.query)] if exclusion else [case.asked]
    trials = Trials(aliases, queries)
    hits = trials.hits(case.article).get(0, ())
    excerpt = _excerpt(case.article.text, hits, exclusion.words if exclusion else ())
    title = _line(case.article.title)
    for sample in (title, {"title": title, "text": excerpt}):
        answers = [trials.hits(replace(readable, portal=case.article.portal)) for readable in _readables(sample)]
        was_taken = any(0 in answer for answer in answers) or not hits
        if title and was_taken and not any(len(queries) - 1 in answer for answer in answers):
            return sample
    return None


def _readables(sample: Sample | dict[str, str]) -> tuple[Readable, ...]:
    if isinstance(sample, str):
        return (Readable(title=sample, text=""), Readable(title="", text=sample))
    return (Readable(**(sample if isinstance(sample, dict) else sample.model_dump())),)


def _guesses(aliases: AliasLists, case: Case, because: str | None) -> Iterator[tuple[str, tuple[str, ...], tuple[int, int]]]:
    """(query, words, rank), each query once, and only those that read."""
    seen: set[str] = set()
    found = _named(aliases, case, because) if because is not None else _found(aliases, case)
    for query, words, rank in found:
        if query not in seen and _compiles(aliases, replace(case.asked, query=query)):
            seen.add(query)
            yield query, words, rank


def _compiles(aliases: AliasLists, asked: Asked) -> bool:
    try:
        Trials(aliases, [asked])
    except QueryError:
        return False
    return True


def _named(aliases: AliasLists, case: Case, because: str) -> Iterator[tuple[str, tuple[str, ...], tuple[int, int]]]:
    word = because.strip()
    folded = fold(word).text
    for each, hits in _met(aliases, case):
        if any(fold(hit.as_written).text in folded for hit in hits):
            yield excepting(case.asked.query, each.node, [word]), (word,), (_NAMED, 0)
    yield negating(case.asked.query, term(word)), (word,), (_NAMED, 1)


def _found(aliases: AliasLists, case: Case) -> Iterator[tuple[str, tuple[str, ...], tuple[int, int]]]:
    query = case.asked.query
    if case.article.section:
        yield negating(query, f"section:{term(case.article.section)}"), (case.article.section,), (_SECTION, 0)
    met = list(_met(aliases, case))
    known = traps(aliases, {"": case.asked}, [case.article, *case.others])[""]
    for each, hits in met:
        words = [word for trap in known if trap.term == written(each.node) for word in _trap_words(trap.known, trap.seen)]
        if around := _holding(case.article, hits, words):
            yield excepting(query, each.node, around), tuple(around), (_TRAP, 0)
    texts = [text for readable in (case.article, *case.others) for text in (readable.title, readable.text)]
    for order, (word, count) in enumerate(_words(case.article, [hit for _, hits in met for hit in hits], list(_masked(aliases, case)))):
        yield negating(query, term(word)), (word,), (_REPEATED, -count) if count >= REPEATED else (_ONCE, order)
    for each, hits in met:
        for size in (1, 2):
            for around in _places(case.article, hits, size, texts):
                yield excepting(query, each.node, around), tuple(around), (_PLACE, size)


def _trap_words(known: Sequence[str], seen: object) -> list[str]:
    words = getattr(seen, "words", ())
    return [*(word.text for word in words if word.is_across), *known]


def _met(aliases: AliasLists, case: Case) -> Iterator[tuple[Wanted, tuple[Hit, ...]]]:
    """The query's terms with where they stand in the article's title and text."""
    terms = list(wanted(parse(case.asked.query)))
    alone = [Except(item=each.node, exclusions=each.exclusions) if each.exclusions else each.node for each in terms]
    trials = Trials(aliases, [replace(case.asked, query=written(node), portals=frozenset()) for node in alone])
    for index, hits in sorted(trials.hits(case.article).items()):
        yield terms[index], tuple(hit for hit in hits if hit.field in ("title", "text"))


def _text(article: Readable, hit: Hit) -> str:
    return article.title if hit.field == "title" else article.text


def _holding(article: Readable, hits: Sequence[Hit], words: Sequence[str]) -> list[str]:
    """Those of the words that hold an occurrence."""
    found = []
    for hit in hits:
        text = fold(_text(article, hit)[max(0, hit.start - 8) : hit.end + 8]).text
        found += [word for word in words if fold(hit.as_written).text in fold(word).text and fold(word).text in text]
    return list(dict.fromkeys(found))[:MOST_WORDS]


def _places(article: Readable, hits: Sequence[Hit], size: int, texts: Sequence[str]) -> Iterator[list[str]]:
    """The occurrences with what stands before, behind, or on both sides of them, where the texts have that as the same few words."""
    for before, behind in ((size, 0), (0, size), (size, size)):
        words = {_text(article, hit)[max(0, hit.start - before) : hit.end + behind] for hit in hits}
        longest = max((len(hit.as_written) for hit in hits), default=0)
        is_grown = all(len(word) > longest and all(map(is_han, word)) for word in words)
        added = fold("".join(word[:before] + word[len(word) - behind :] for word in words)).text
        if 0 < len(words) <= MOST_WORDS and is_grown and FILLING.isdisjoint(added) and all(standing(words, texts).values()):
            yield sorted(words)


def _masked(aliases: AliasLists, case: Case) -> Iterator[str]:
    """All texts, with a stop in place of the query's words."""
    readables = (case.article, *case.others)
    for readable, found in zip(readables, Trials(aliases, [replace(case.asked, portals=frozenset())]).hits_in(readables), strict=True):
        for field, text in (("title", readable.title), ("text", readable.text)):
            yield _without(text, [hit for hit in found.get(0, ()) if hit.field == field])


def _words(article: Readable, hits: Sequence[Hit], masked: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Words of the title that are no words of the query, with how often the article has them; the most frequent first.

    Of those that it hardly repeats: first what begins or ends the title or a part of it, then the shortest."""
    whole = fold(f"{article.title}\n\n{article.text}").text
    runs = list(_runs(article.title, [hit for hit in hits if hit.field == "title"]))
    stands = standing(dict.fromkeys(piece for run in runs for piece in _pieces(run)), masked)
    counts = {word: whole.count(fold(word).text) for word, is_free in stands.items() if _may_be_word(word, is_free, runs)}
    for word, count in sorted(
        counts.items(), key=lambda each: (-each[1] if each[1] >= REPEATED else 0, not _is_edge(each[0], runs), _length(each))
    ):
        folded = fold(word).text
        is_piece = any(folded in fold(other).text and more >= count >= REPEATED for other, more in counts.items() if len(other) > len(word))
        if not is_piece and not any(folded in fold(hit.as_written).text for hit in hits):
            yield word, count


def _may_be_word(word: str, is_free: bool | None, runs: Sequence[str]) -> bool:
    """Whether it is Latin, or the texts have it as a word, or nothing speaks against it and it begins or ends a part of the title."""
    ends = fold(word[0] + word[-1]).text
    if is_free is None:
        return word.isascii() or (_is_edge(word, runs) and FILLING.isdisjoint(ends))
    return word.isascii() or (is_free and _PARTICLES.isdisjoint(ends))


def _is_edge(word: str, runs: Sequence[str]) -> bool:
    return any(run.startswith(word) or run.endswith(word) for run in runs)


def _length(counted: tuple[str, int]) -> int:
    """Of frequent words the longest says most; another is a guess, and most Chinese words have two characters."""
    word, count = counted
    return -len(word) if count >= REPEATED else len(word)


def _runs(title: str, hits: Sequence[Hit]) -> Iterator[str]:
    """The parts of the title that punctuation and the query's own words leave."""
    yield from (run for run in re.split(r"[^\w'-]+", _without(title, hits)) if run)


def _without(text: str, hits: Sequence[Hit]) -> str:
    masked = list(text)
    for hit in hits:
        masked[hit.start : hit.end] = "。" * (hit.end - hit.start)
    return "".join(masked)


def _pieces(run: str) -> Iterator[str]:
    yield from _LATIN_WORD.findall(run)
    for size in WORD:
        for start in range(len(run) - size + 1):
            if all(map(is_han, word := run[start : start + size])):
                yield word


def _excerpt(text: str, hits: Sequence[Hit], words: Sequence[str]) -> str:
    """The first sentence of each term, and of each excluded word, in their order."""
    spans = [found.span() for found in _SENTENCE.finditer(text)]
    first = {hit.term: hit.start for hit in reversed(hits) if hit.field == "text"}
    places = [*first.values(), *(found.start() for word in words if (found := re.search(re.escape(word), text)))]
    chosen = [text[start:end] for start, end in spans if any(start <= place < end for place in places)]
    return _line(" ".join(chosen))[:EXCERPT]


def _line(text: str) -> str:
    """One printable line, as a sample is written."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
