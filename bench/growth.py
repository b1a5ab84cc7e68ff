"""What keeping an article costs as the archive grows: synthetic rows in SQLite, then articles kept through the real transaction.

`python -m bench.stories --scale` prints it, with Redis and without.
"""

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, text

from bench.dedup import POSTED, server
from pipelines import flow
from pipelines.dedup.fast import Fast
from pipelines.dedup.postings import Posting
from pipelines.desk import Desk
from pipelines.models import Article
from pipelines.store.database import engine, upgrade
from pipelines.store.pages import Found
from pipelines.watch.watchlist import Watchlist, compile_watchlist

SIZES = (10_000, 100_000, 1_000_000)
MEASURED = 200  # articles a size, every other one a copy of the one before it
SEED = 20240618
WATCHLIST = "topics: {a: {title: A, query: 渡輪 OR 山, channels: [desk]}}\nchannels: {desk: {type: mail, to: [desk@example.org]}}\n"
ARTICLE = (
    "INSERT INTO articles (id, page_id, portal, url, title, text, publisher, captions, reactions, comments, rung, codec, digest, revision, "
    "learned, first_seen_at, posted) VALUES (?, ?, 'bench', ?, '', '', '[]', '[]', '{}', '[]', 'zone', 'utf-8', ?, 0, 0, ?, ?)"
)
PAGE = (
    "INSERT INTO pages (id, portal, identity, url, marks, outcome, looks, failures, learned, first_seen_at, looked_at) "
    "VALUES (?, 'bench', ?, ?, '{}', 'new', 1, 0, 0, ?, ?)"
)


def growth(count: int) -> Iterator[str]:
    """A line for each size up to `count`."""
    watchlist = Watchlist.from_text(WATCHLIST)
    with tempfile.TemporaryDirectory() as folder, server() as (url, client):
        on, done = engine(f"sqlite:///{folder}/bench.db"), 0
        upgrade(on)
        for size in [size for size in SIZES if size <= count]:
            fill(on, done, size)
            done = size + 2 * MEASURED
            client.flushall()
            fast, costs = Fast(url, "bench"), dict[str, float]()
            fast.post(Posting(article_id=size, number=size, before=0, at=datetime.now(UTC), sample=np.arange(4)))  # whole, for the measure
            for name, index in (("with Redis", fast), ("without", None)):
                desk = Desk(engine=on, fast=index, watchlist=watchlist, matcher=compile_watchlist(watchlist), learning=False, looks=())
                costs[name] = kept(desk, f"{size} {name}")
            bytes_kept = sum(path.stat().st_size for path in Path(folder).glob("bench.db*"))
            told = ", ".join(f"{cost * 1e3:.2f} ms {name}" for name, cost in costs.items())
            yield f"kept, {size:>9,} articles before: {told}; {bytes_kept / size:,.0f} bytes an article without its text"
            fast.close()
        on.dispose()


def fill(on: Engine, done: int, size: int) -> None:
    """Rows of articles `done` to `size`, spread over the fourteen days of the horizon, each a story of its own."""
    dice, present = np.random.default_rng(SEED + size), datetime.now(UTC)
    ids = range(done + 1, size + 1)
    seen = {number: (present - timedelta(days=13) * (size - number) / size).strftime("%Y-%m-%d %H:%M:%S.%f") for number in ids}
    values = np.stack([dice.integers(0, 2**62, len(ids) * POSTED), np.repeat(np.array(ids), POSTED)], axis=1)
    values = values[np.argsort(values[:, 0])]
    with on.execution_options(writes=True).begin() as connection:
        raw = connection.connection.cursor()
        raw.execute("DROP INDEX ix_shingles_article_id")
        raw.executemany(PAGE, ((number, f"old {number}", f"https://bench.example/{number}", seen[number], seen[number]) for number in ids))
        raw.executemany(ARTICLE, ((number, number, "https://bench.example", f"{number:032x}", seen[number], number) for number in ids))
        raw.executemany("INSERT INTO stories (id, article_id, title, first_seen_at) VALUES (?, ?, '', ?)", ((n, n, seen[n]) for n in ids))
        raw.executemany(
            "INSERT INTO tellings (story_id, article_id, role, containment, why) VALUES (?, ?, 'first', 1, '')", ((n, n) for n in ids)
        )
        for start in range(0, len(values), 100_000):
            raw.executemany("INSERT INTO shingles (value, article_id) VALUES (?, ?)", values[start : start + 100_000].tolist())
        raw.execute("CREATE INDEX ix_shingles_article_id ON shingles (article_id)")
        connection.execute(text("INSERT OR REPLACE INTO meta (key, value) VALUES ('posted', :posted)"), {"posted": str(size)})


def kept(desk: Desk, name: str) -> float:
    """Seconds an article: the median, since a commit waits for the disk."""
    dice, took = np.random.default_rng(SEED), list[float]()
    for number in range(MEASURED):
        if not number % 2:
            body = "".join(map(chr, dice.integers(0x4E00, 0x9FFF, 800)))
        found = Found(portal="new", identity=f"{name} {number}", url=f"https://new.example/{number}")
        article = Article(url=found.url, title=f"{name} {number}", text=f"{name}{body}")
        began = time.perf_counter()
        flow.keep(desk, found, article, datetime.now(UTC))
        took.append(time.perf_counter() - began)
    return float(np.median(took))
