"""Topic matching against a naive loop: `python -m bench.match [--topics 20000]` prints figures and ratios of one run.

Articles and topics are made from an invented vocabulary with a natural (Zipf) distribution, in Traditional and Simplified.
Times are of the processor, so that what else runs disturbs little. Exit 1 where a bar is missed.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import opencc

from pipelines.text import fold
from pipelines.watch.program import automaton_of
from pipelines.watch.readable import Readable
from pipelines.watch.watchlist import compile_watchlist, load_watchlist

T = TypeVar("T")
SEED = 20240618
ARTICLES, LENGTH = 200, 1000
SIZES = (2, 2, 3, 3, 4)  # characters a word
USED, COMMONEST = 60_000, 2_000


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure, and what it must reach; `least`: whether it must not be lower, instead of not higher. Without a bar it is only told."""

    what: str
    figure: float
    unit: str
    bar: float | None = None
    least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the figure is on the right side."""
        return self.bar is None or (self.figure >= self.bar if self.least else self.figure <= self.bar)

    def __str__(self) -> str:
        bar = "" if self.bar is None else f"{'>=' if self.least else '<='} {self.bar:g} {'ok' if self.holds else 'MISSED'}"
        return f"{self.what:44} {self.figure:10.2f} {self.unit:14} {bar}".rstrip()


def main() -> int:
    """Build, measure, print; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--topics", type=int, default=20_000)
    count: int = parser.parse_args().topics
    words = Words(random.Random(SEED))
    articles = [words.article(index % 2 == 0) for index in range(ARTICLES)]
    queries = [words.query() for _ in range(count)]
    missed = 0
    for figure in (*folding(articles), *automata(words, articles), *matching(queries, articles), *loading(words)):
        print(figure, flush=True)
        missed += not figure.holds
    return 1 if missed else 0


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


def folding(articles: list[str]) -> Iterator[Bar]:
    """Folding against OpenCC."""
    convert = opencc.OpenCC("t2s").convert
    blank = [article.replace("\n", "\n\n") for article in articles]
    ours, theirs = in_turns(lambda: per_article(fold, articles), lambda: per_article(convert, articles))
    yield Bar("fold, 1,000 characters", ours, "us")
    yield Bar("  against OpenCC t2s", theirs / ours, "x", 5, least=True)
    yield Bar("  with blank lines between paragraphs", per_article(fold, blank), "us")


def matching(queries: list[tuple[str, str, str]], articles: list[str]) -> Iterator[Bar]:
    """The whole engine, folding included, against a loop of `in` over folded terms."""
    with tempfile.TemporaryDirectory() as home:
        path = watchlist_of(queries, Path(home))
        started = time.process_time()
        matcher = compile_watchlist(load_watchlist(path))
        yield Bar(f"read, check and compile {len(queries):,} topics", time.process_time() - started, "s", 15)
    folded = [tuple(fold(word).text for word in query) for query in queries]
    readables = [Readable(title=article[:20], text=article) for article in articles]
    first = time.process_time()
    found = [[match.topic for match in matcher.match(readable)] for readable in readables]
    first = (time.process_time() - first) / len(readables) * 1e6
    assert found[:10] == [naive(folded, readable) for readable in readables[:10]], "the engine and the loop disagree"
    alone, batch, theirs = in_turns(
        lambda: per_article(matcher.match, readables),
        lambda: together(lambda: deque(matcher.match_many(readables), maxlen=0)) / len(readables),
        lambda: per_article(lambda article: naive(folded, article), readables[:10]),
    )
    blank = [Readable(title=article[:20], text=article.replace("\n", "\n\n")) for article in articles]
    yield Bar(f"match an article, {sum(map(len, found))} matches in all", alone, "us", 100)
    yield Bar("  with blank lines between paragraphs", per_article(matcher.match, blank), "us", 100)
    yield Bar("  in a process that has matched nothing yet", first, "us")
    yield Bar("  against the naive loop", theirs / alone, "x")
    yield Bar("match a batch of articles, each", batch, "us", 100)
    yield Bar("  the batch against the naive loop", theirs / batch, "x", 1000, least=True)


def watchlist_of(queries: list[tuple[str, str, str]], folder: Path) -> Path:
    """The queries as a watchlist file, with no alias lists."""
    topics = "".join(
        f"  t{index}: {{query: {first} AND ({second} OR {third}), aliases: [], channels: [desk]}}\n"
        for index, (first, second, third) in enumerate(queries)
    )
    (folder / "aliases.yaml").write_text("")
    path = folder / "watchlist.yaml"
    path.write_text(f"topics:\n{topics}channels:\n  desk: {{type: mail, to: [desk@example.org]}}\n", encoding="utf-8")
    return path


def naive(queries: list[tuple[str, ...]], readable: Readable) -> list[str]:
    """Every topic: look for all of its words, one `in` after the other, then decide."""
    title, text = fold(readable.title).text, fold(readable.text).text
    there = ([word in text or word in title for word in query] for query in queries)
    return [f"t{index}" for index, (first, second, third) in enumerate(there) if first and (second or third)]


def automata(words: Words, articles: list[str]) -> Iterator[Bar]:
    """The search alone at 1,000 and at 100,000 terms, taken in many short turns: it is the part that what else runs disturbs most."""
    texts = [fold(article).text for article in articles]
    few, many = (automaton_of(words.some(count)).find_overlapping for count in (1_000, 100_000))
    small, large = in_turns(lambda: per_article(few, texts), lambda: per_article(many, texts), turns=30)
    hits = sum(len(many(text)) for text in texts) / len(texts)
    yield Bar(f"automaton, 100,000 terms, {hits:.0f} hits an article", large, "us")
    yield Bar("  against 1,000 terms", large / small, "x", 2)


_LOADING = """
import resource, sys, time
from pathlib import Path
from pipelines.watch.watchlist import compile_watchlist, load_watchlist
path, shelf = Path(sys.argv[1]), Path(sys.argv[2])
resident = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
before, started = resident(), time.process_time()
matcher = compile_watchlist(load_watchlist(path, shelf=shelf))
print(time.process_time() - started, (resident() - before) / 1e6, matcher.strings)
"""


def loading(words: Words) -> Iterator[Bar]:
    """A fresh process loads 100,000 terms that another one compiled."""
    with tempfile.TemporaryDirectory() as home:
        path, shelf = watchlist_of([words.query() for _ in range(41_000)], Path(home)), Path(home) / "compiled"
        command = [sys.executable, "-c", _LOADING, str(path), str(shelf)]
        runs = [subprocess.run(command, check=True, capture_output=True, text=True).stdout.split() for _ in range(4)]
        size = sum(each.stat().st_size for each in shelf.iterdir()) / 1e6
    seconds, megabytes, strings = min((float(taken), float(grown), int(count)) for taken, grown, count in runs[1:])
    yield Bar(f"load {strings:,} terms, compiled ({size:.0f} MB)", seconds, "s", 0.3)
    yield Bar("  resident memory that it takes", megabytes, "MB", 200)


def per_article(work: Callable[[T], object], items: Sequence[T]) -> float:
    """`together` of one item after the other, in microseconds an item."""

    def one_by_one() -> None:
        for item in items:
            work(item)

    return together(one_by_one) / len(items)


def together(work: Callable[[], object]) -> float:
    """The best of seven rounds, in microseconds: what disturbs a round only ever makes it longer."""
    rounds = []
    for _ in range(7):
        started = time.process_time()
        work()
        rounds.append((time.process_time() - started) * 1e6)
    return min(rounds)


def in_turns(*measures: Callable[[], float], turns: int = 3) -> list[float]:
    """The least of each, in turns: a slow moment of the machine falls on all."""
    return [min(each) for each in zip(*([measure() for measure in measures] for _ in range(turns)), strict=True)]


if __name__ == "__main__":
    raise SystemExit(main())
