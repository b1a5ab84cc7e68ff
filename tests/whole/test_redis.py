"""Redis in the middle of a crawl, and the commands that look after it."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pipelines.store.database import reading
from pipelines.store.tables import AlertRow, ArticleRow, PageRow, Telling
from tests.conftest import wait_for
from tests.store.test_fastpath import Server, emptied, flushed, full, gone, restarted, server
from tests.whole.conftest import House
from tests.whole.portal import Portal, portal, write_sheet

__all__ = ["server"]
WATCH = "topics:\n  ferry: {title: 渡輪, query: 渡輪, channels: [desk]}\nchannels:\n  desk: {type: mail, to: [desk@example.org]}\n"
ARTICLES = range(1, 9)


@pytest.fixture
def cape(fresh: House) -> Iterator[Portal]:
    """A portal with some articles, as if its learning run were over; its fourth answers when it is let."""
    with portal() as up:
        write_sheet(fresh.home / "config", up.url, pace={"delay": 0, "concurrency": 1, "budget": 1000})
        (fresh.home / "config" / "watchlist.yaml").write_text(WATCH, encoding="utf-8")
        fresh.learned("cape")
        up.publishes(*ARTICLES)
        up.answers["/article/4"].after = threading.Event()
        yield up


def kept(house: House) -> list[Any]:
    """What SQL ends with."""
    with reading(house.database) as session:
        asked = (
            select(ArticleRow.url, ArticleRow.text, ArticleRow.revision),
            select(PageRow.identity, PageRow.outcome),
            select(Telling.role, Telling.containment),
            select(AlertRow.topic, AlertRow.recipient, AlertRow.state),
        )
        return [sorted(map(tuple, session.execute(query))) for query in asked]


@pytest.mark.slow
@pytest.mark.parametrize("trouble", [flushed, emptied, restarted, gone, full])
def test_what_becomes_of_redis_in_the_middle_of_a_crawl_changes_no_result(
    fresh: House, cape: Portal, server: Server, trouble: Callable[[Server], None]
) -> None:
    held = cape.answers["/article/4"].after
    assert held is not None
    crawl = fresh.start("crawl", "cape", "--json", PORTALWATCH_REDIS_URL=server.url)
    wait_for(lambda: "/article/4" in cape.asked, 60)
    trouble(server)
    held.set()
    out, err = crawl.communicate()
    assert json.loads(out.splitlines()[-1])["outcomes"] == {"new": len(ARTICLES)}, err
    found = kept(fresh)
    assert [len(rows) for rows in found] == [len(ARTICLES)] * 4
    assert len(fresh.world.inbox()) == len(ARTICLES)
    cape.publishes(*ARTICLES, 9)
    assert fresh.crawl("cape", PORTALWATCH_REDIS_URL=server.url)["outcomes"] == {"known": len(ARTICLES), "new": 1}
    assert len(fresh.world.inbox()) == len(ARTICLES) + 1


def test_redis_is_told_about_and_rebuilt(fresh: House, cape: Portal, server: Server) -> None:
    held = cape.answers["/article/4"].after
    assert held is not None
    held.set()
    env = {"PORTALWATCH_REDIS_URL": server.url}
    assert fresh.crawl("cape", **env)["outcomes"] == {"new": len(ARTICLES)}
    before = json.loads(fresh.run("redis", "info", "--json", **env).stdout)
    assert (before["kinds"]["seen"]["entries"], before["policy"], before["trouble"]) == (len(ARTICLES), "noeviction", None)
    assert before["budget"] == 256 * 1024 * 1024
    server.client.flushall()
    done = fresh.run("redis", "rebuild", **env)
    assert done.stdout == f"{len(ARTICLES)} addresses and {len(ARTICLES)} articles are in Redis\n"
    assert f"articles: {len(ARTICLES)} of {len(ARTICLES)}" in done.stderr
    assert json.loads(fresh.run("redis", "rebuild", "--json", **env).stdout) == {"addresses": len(ARTICLES), "articles": len(ARTICLES)}
    after = json.loads(fresh.run("redis", "info", "--json", **env).stdout)
    assert [after["kinds"]["postings"][name] for name in ("keys", "entries")] == [
        before["kinds"]["postings"][name] for name in ("keys", "entries")
    ]
    assert after["kinds"]["seen"]["entries"] == len(ARTICLES)
    cape.publishes(*ARTICLES, 9)
    assert fresh.crawl("cape", **env)["outcomes"] == {"known": len(ARTICLES), "new": 1}


def test_a_rebuild_without_redis_says_so(fresh: House, tmp_path: Path) -> None:
    done = fresh.run("redis", "rebuild", PORTALWATCH_REDIS_URL=f"unix://{tmp_path}/none.sock")
    assert (done.returncode, "Redis is away" in done.stderr, "Traceback" in done.stderr) == (1, True, False)
