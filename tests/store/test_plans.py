"""No question of a crawl looks through a whole table: what an article costs must not grow with the archive."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from pipelines import flow
from pipelines.dedup.fast import Fast
from pipelines.dedup.shingles import sketch
from pipelines.desk import Desk
from pipelines.models import Answer, Comment, Outcome
from pipelines.store import attempts, candidates, claims, pages
from pipelines.store.database import engine, in_one_transaction, reading, upgrade, writing
from pipelines.store.forget import Named, forget_article
from pipelines.store.messages import message_of
from pipelines.store.pages import Found
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from tests.store.articles import TEXT, article

WATCHLIST = "topics: {ferry: {title: 渡輪, query: 渡輪, channels: [desk]}}\nchannels: {desk: {type: mail, to: [desk@example.org]}}\n"
GROWING = ("articles", "pages", "shingles", "stories", "tellings", "matches", "alerts", "revisions", "retractions", "attempts")
FOUND = [Found(portal="p", identity=str(number), url=f"https://p.example/{number}", mark=f"lastmod={number}") for number in range(3)]


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Engine]:
    made = engine(f"sqlite:///{tmp_path / 'plans.db'}")
    upgrade(made)
    yield made
    made.dispose()


@pytest.fixture(params=["redis", "no redis"])
def desk(request: pytest.FixtureRequest, on: Engine) -> Desk:
    watchlist = Watchlist.from_text(WATCHLIST)
    fast: Fast | None = request.getfixturevalue("fast") if request.param == "redis" else None
    return Desk(
        engine=on, fast=fast, watchlist=watchlist, matcher=compile_watchlist(watchlist), learning=False, looks=(timedelta(hours=1),)
    )


@contextmanager
def scanned(on: Engine) -> Iterator[set[str]]:
    """What SQLite would look through whole, of the statements inside the block."""
    statements: dict[str, Any] = {}

    def note(_connection: Connection, _cursor: object, statement: str, parameters: Any, _context: object, many: bool) -> None:
        if statement.split(maxsplit=1)[0] in ("SELECT", "UPDATE", "DELETE", "WITH"):
            statements.setdefault(statement, parameters[0] if many else parameters)

    event.listen(on, "before_cursor_execute", note)
    found: set[str] = set()
    yield found
    event.remove(on, "before_cursor_execute", note)
    with on.connect() as connection:
        for statement, parameters in statements.items():
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):
                words = row.detail.split()
                if words[0] == "SCAN" and words[1] in GROWING:
                    found.add(f"{row.detail}: {' '.join(statement.split())[:200]}")


def crawled(desk: Desk, now: datetime) -> None:
    """Everything that a run asks about its pages and articles."""
    with reading(desk.engine) as session:
        pages.sort(session, FOUND, now)
        pages.due(session, "p", now, 100)
        pages.met(session, FOUND)
    for number, text in enumerate((TEXT, TEXT[:150], "另一則消息,與渡輪無關的長文" * 20)):
        flow.keep(desk, FOUND[number], article(text=text), now)
    flow.keep(desk, FOUND[0], article(text=TEXT.replace("四十天", "六十天")), now)
    flow.hear(desk, FOUND[0], flow.Heard(comments=[Comment(author="a", text="渡輪")], count=1, whole=True), now)
    flow.settle(desk, FOUND[2], Outcome.NOT_ARTICLE, "missing: gone", now)
    flow.fill_index(desk, now)
    in_one_transaction(desk.engine, lambda session: pages.remember_marks(session, FOUND))


def delivered(desk: Desk, now: datetime) -> None:
    """Everything that sending a message asks."""
    with writing(desk.engine) as session:
        assert claims.channels_due(session, now) == ["desk"]
        first, second, *_ = claims.claim(session, now, claims.Lane(channel="desk", circuit="mail"), 8)
        message_of(session, first.message, {}, {})
        claims.answered(session, first, Answer(ok=False, detail=""), now)
        claims.answered(session, second, Answer(ok=True, detail=""), now)
        claims.give_back(session, [first], now)
        attempts.attempts_of(session, first.message)


def refilled(desk: Desk, now: datetime) -> None:
    """What a refill of Redis asks, batch by batch."""
    with reading(desk.engine) as session:
        candidates.near(session, sketch("", TEXT).asked, after=0, now=now)
        candidates.postings(session, 1, now)
        pages.remembered(session, 1, now)


def forgotten(desk: Desk, now: datetime) -> None:
    """What forgetting an article asks."""
    in_one_transaction(desk.engine, lambda session: forget_article(session, Named(portal="p", identity="0", url=""), (), now))


@pytest.mark.parametrize("step", [crawled, delivered, refilled, forgotten])
def test_no_step_looks_through_a_whole_table(desk: Desk, now: datetime, step: Callable[[Desk, datetime], None]) -> None:
    if step is not crawled:
        crawled(desk, now)
    with scanned(desk.engine) as found:
        step(desk, now)
    assert found == set()


def test_a_scan_is_noticed(desk: Desk) -> None:
    with scanned(desk.engine) as found, reading(desk.engine) as session:
        session.connection().exec_driver_sql("SELECT * FROM articles WHERE author = 'x'")
    assert [scan.partition(":")[0] for scan in found] == ["SCAN articles"]
