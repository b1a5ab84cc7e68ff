"""What a crawl remembers of its pages, while its database drops the connection."""

from datetime import UTC, datetime
from typing import Any

import psycopg
from sqlalchemy import event, make_url

from pipelines import flow
from pipelines.desk import Desk
from pipelines.models import PageKind, Reading
from pipelines.store import learned
from pipelines.store.database import engine, in_one_reading, upgrade
from pipelines.store.pages import Found
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from spiders.learning import Learning
from tests.conftest import new_database
from tests.store.articles import article

WATCHLIST = "topics: {ferry: {query: 渡輪, channels: [desk]}}\nchannels: {desk: {type: mail, to: [desk@example.org]}}\n"


def test_a_connection_that_is_cut_in_the_middle_of_a_question_costs_no_page(postgres: Any) -> None:
    url = new_database(postgres)
    store, watchlist = engine(url), Watchlist.from_text(WATCHLIST)
    upgrade(store)
    desk = Desk(engine=store, fast=None, watchlist=watchlist, matcher=compile_watchlist(watchlist), learning=False, looks=())
    found = Found(portal="cape", identity="1", url="https://cape.example/1")
    kept = flow.keep(desk, found, article(url=found.url), datetime(2026, 3, 2, 3, tzinfo=UTC))
    learning, cuts = Learning(store, "cape"), iter([True])

    @event.listens_for(store, "before_cursor_execute")
    def cut(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "tellings" in statement and next(cuts, False):
            with psycopg.connect(f"host={make_url(url).query['host']} user=postgres dbname=postgres", autocommit=True) as admin:
                admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (make_url(url).database,))

    learning.note("1", kept.article_id, Reading(kind=PageKind.ARTICLE, lines=(7,)))
    learning.save()
    assert next(cuts, None) is None
    assert [page.identity for page in in_one_reading(store, lambda session: learned.recall(session, "cape")).pages] == ["1"]
