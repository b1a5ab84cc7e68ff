"""Topic matching against a naive loop: `python -m bench.match [--topics 20000]` prints figures and ratios of one run.

Articles and topics are made from an invented vocabulary with a natural (Zipf) distribution, in Traditional and Simplified.
"""

import argparse
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import daachorse
import opencc

from pipelines.text import fold
from pipelines.watch.readable import Readable
from pipelines.watch.watchlist import Watchlist, compile_watchlist

T = TypeVar("T")
SEED = 20240618
ARTICLES, LENGTH = 200, 1000
SIZES = (2, 2, 3, 3, 4)  # characters a word
USED, COMMONEST = 60_000, 2_000


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--topics", type=int, default=20_000)
    count: int = parser.parse_args().topics
    words = Words(random.Random(SEED))
    articles = [words.article(index % 2 == 0) for index in range(ARTICLES)]
    queries = [words.query() for _ in range(count)]
    for line in (*folding(articles), *matching(queries, articles), *automaton(words, articles)):
        print(line, flush=True)


class Words:
    """An invented lexicon of names and words; articles use its first part, topics all of it."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        characters = [bytes([high, low]).decode("gb2312") for high in range(0xB0, 0xD7) for low in range(0xA1, 0xFA)]
        chance.shuffle(characters)
        weights = [1 / (rank + 200) for rank in range(len(characters))]
        letters = iter(chance.choices(characters, weights, k=2_000_000))
        self._lexicon = list(dict.fromkeys("".join(next(letters) for _ in range(chance.choice(SIZES))) for _ in range(500_000)))
        self._used = self._lexicon[:USED]
        self._weights = [1 / (rank + 5) for rank in range(USED)]
        self._traditional = opencc.OpenCC("s2t")

    def some(self, count: int) -> list[str]:
        """Different words of the lexicon, each as likely as any."""
        return self._chance.sample(self._lexicon, count)

    def article(self, is_traditional: bool) -> str:
        """LENGTH characters in paragraphs."""
        picked = "".join(self._chance.choices(self._used, self._weights, k=LENGTH))[:LENGTH]
        text = "。\n".join(picked[start : start + 120] for start in range(0, LENGTH, 120))[:LENGTH]
        return self._traditional.convert(text) if is_traditional else text

    def query(self) -> tuple[str, str, str]:
        """Three words of a topic; the first is one that articles use, but none of the commonest, which nobody watches."""
        first = self._chance.choice(self._used[COMMONEST:])
        second, third = self.some(2)
        return first, second, third


def folding(articles: list[str]) -> Iterator[str]:
    """Folding against OpenCC."""
    convert = opencc.OpenCC("t2s").convert
    ours, theirs = per_article(fold, articles), per_article(convert, articles)
    yield f"fold                     {ours:8.1f} us an article   {theirs / ours:8.1f} x OpenCC t2s"


def matching(queries: list[tuple[str, str, str]], articles: list[str]) -> Iterator[str]:
    """The whole engine, folding included, against a loop of `in` over folded terms."""
    text = "topics:\n" + "".join(
        f"  t{index}: {{query: {first} AND ({second} OR {third}), aliases: [], channels: [desk]}}\n"
        for index, (first, second, third) in enumerate(queries)
    )
    text += "channels:\n  desk: {type: mail, to: [desk@example.org]}\n"
    started = time.perf_counter()
    watchlist = Watchlist.from_text(text)
    read = time.perf_counter() - started
    matcher = compile_watchlist(watchlist)
    yield f"compile {len(queries)} topics      {time.perf_counter() - started:8.2f} s (of it reading and checking {read:.2f} s)"
    folded = [tuple(fold(word).text for word in query) for query in queries]
    readables = [Readable(title=article[:20], text=article) for article in articles]
    found = [[match.topic for match in matcher.match(readable)] for readable in readables]
    ours, theirs = per_article(matcher.match, readables), per_article(lambda article: naive(folded, article), readables[:10])
    assert found[:10] == [naive(folded, readable) for readable in readables[:10]], "the engine and the loop disagree"
    yield f"match                    {ours:8.1f} us an article   {theirs / ours:8.1f} x the naive loop; {sum(map(len, found))} matches"


def naive(queries: list[tuple[str, ...]], readable: Readable) -> list[str]:
    """Every topic: look for all of its words, one `in` after the other, then decide."""
    title, text = fold(readable.title).text, fold(readable.text).text
    there = ([word in text or word in title for word in query] for query in queries)
    return [f"t{index}" for index, (first, second, third) in enumerate(there) if first and (second or third)]


def automaton(words: Words, articles: list[str]) -> Iterator[str]:
    """The search alone at 1,000 and at 100,000 terms."""
    texts = [fold(article).text for article in articles]
    few, many = (daachorse.CharwiseDoubleArrayAhoCorasick(words.some(count)) for count in (1_000, 100_000))
    small, large = per_article(few.find_overlapping, texts), per_article(many.find_overlapping, texts)
    hits = sum(len(many.find_overlapping(text)) for text in texts) / len(texts)
    yield f"automaton, 100,000 terms {large:8.1f} us an article   {large / small:8.2f} x its cost at 1,000; {hits:.0f} hits an article"


def per_article(work: Callable[[T], object], items: Sequence[T]) -> float:
    """The best of seven rounds, in microseconds an item: what disturbs a round only ever makes it longer."""
    rounds = []
    for _ in range(7):
        started = time.process_time()
        for item in items:
            work(item)
        rounds.append((time.process_time() - started) / len(items) * 1e6)
    return min(rounds)


if __name__ == "__main__":
    main()
