"""`topics try` over a large archive: `python -m bench.forecast [--articles 100000]` prints how long a word takes, by how frequent it is.

The archive is a throwaway SQLite file of invented articles of 1 to 6 KB (330 to 2,000 characters) in both scripts, 30 days old at
most. A question goes through what the command does: the store is read, every article is looked at, stories are joined. What counts are
the seconds of all processes over the processors there are: what the clock says where nothing else runs. Exit 1 where a rare
or a frequent word misses the bar; one that stands in nearly every article is only told.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert

from bench import match
from pipelines.forecast import forecast
from pipelines.store.database import engine, upgrade
from pipelines.store.scan import Span
from pipelines.store.tables import ArticleRow, Base, PageRow, Story, Telling
from pipelines.watch.aliases import read_aliases
from pipelines.watch.chosen import plan_of
from pipelines.yamlfile import Document

BAR = 5.0  # seconds for 100,000 articles
STOCK = 200_000  # characters of each script that articles are cut from
ROWS = 5_000
DAYS = timedelta(days=30)


def main() -> int:
    """Build, ask, print; 1 where the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=100_000)
    count: int = parser.parse_args().articles
    words = match.Words(random.Random(match.SEED))
    with tempfile.TemporaryDirectory() as folder:
        on = engine(f"sqlite:///{Path(folder) / 'archive.db'}")
        upgrade(on)
        _fill(on, words, count)
        held = [_asked(on, f"a {kind} word", words._used[rank], count) for kind, rank in (("rare", 3_000), ("frequent", 300))]
        _asked(on, "one everywhere", words._used[20], count)
        on.dispose()
    return 0 if all(held) else 1


def _asked(on: Engine, what: str, query: str, count: int) -> bool:
    plan = plan_of(query, read_aliases(Document("aliases.yaml", "")))
    present = datetime.now(UTC)
    before, started = os.times(), time.perf_counter()
    told = forecast(on, [plan], Span(since=present - DAYS - timedelta(days=1), until=present))
    took, after = time.perf_counter() - started, os.times()
    alone = (sum(after[:4]) - sum(before[:4])) / (os.cpu_count() or 1)
    bar = BAR * count / 100_000
    verdict = "ok" if alone <= bar else "MISSED"
    print(
        f"{what:16} {told.articles:,} articles, {len(told.matched):,} match, {len(told.alerts):,} alerts: "
        f"{alone:6.2f} s   <= {bar:g} {verdict} (the clock said {took:.2f})",
        flush=True,
    )
    return alone <= bar


def _fill(on: Engine, words: match.Words, count: int) -> None:
    chance, present = random.Random(match.SEED), datetime.now(UTC)
    match.LENGTH = STOCK
    stock = [words.article(is_traditional) for is_traditional in (True, False)]
    for start in range(1, count + 1, ROWS):
        ids = range(start, min(start + ROWS, count + 1))
        with on.execution_options(writes=True).begin() as connection:
            for table, rows in _rows(ids, stock, chance, {number: present - DAYS * (1 - number / (count + 1)) for number in ids}):
                connection.execute(insert(table), rows)


def _rows(
    ids: range, stock: list[str], chance: random.Random, at: dict[int, datetime]
) -> Iterator[tuple[type[Base], list[dict[str, Any]]]]:
    seen = {"learned": False}
    page = {"url": "u", "marks": {}, "outcome": "new"}
    yield PageRow, [{**page, "id": n, "portal": f"p{n % 8}", "identity": str(n), "first_seen_at": at[n], "looked_at": at[n]} for n in ids]
    yield ArticleRow, [{**_article(n, chance.choice(stock), chance), **seen, "first_seen_at": at[n]} for n in ids]
    yield Story, [{"id": n, "article_id": n, "title": "t", "first_seen_at": at[n]} for n in ids]
    yield Telling, [{"story_id": n, "article_id": n, "role": "first", "containment": 1.0, "why": "first"} for n in ids]


def _article(number: int, stock: str, chance: random.Random) -> dict[str, Any]:
    size = chance.randint(330, 2_000)
    start = chance.randrange(len(stock) - size)
    lists = {name: [] for name in ("publisher", "captions", "comments")}
    named = {"id": number, "page_id": number, "portal": f"p{number % 8}", "url": f"https://portal.example/{number}", "digest": str(number)}
    read = {"title": stock[start : start + 20], "text": stock[start : start + size], "rung": "bench", "codec": "utf-8"}
    return {**named, **lists, **read, "reactions": {}}


if __name__ == "__main__":
    sys.exit(main())
