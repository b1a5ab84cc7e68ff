"""Feeds: valid Atom whatever the pages held, one entry a story with one id, open to who has the token only."""

import asyncio
import logging
import re
import stat
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import feedparser
import httpx
import pytest
from lxml import etree
from sqlalchemy import Engine

from pipelines import flow
from pipelines.alerts import feed, tokens
from pipelines.alerts.mail import Sender
from pipelines.config import Settings
from pipelines.dedup.fast import Fast
from pipelines.desk import Desk
from pipelines.errors import ConfigError
from pipelines.store import feeds
from pipelines.store.database import engine, reading, upgrade
from pipelines.store.feeds import Entry
from pipelines.store.pages import Found
from pipelines.store.watchlists import activate
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from portalwatch.web import app, keep_tokens_out_of_logs
from tests.alerts.messages import HOSTILE, NEW, TEXT, TITLE
from tests.dedup.test_stories import FERRY
from tests.store.articles import article
from tests.store.test_developments import FLASH, REPORT

ATOM = "{http://www.w3.org/2005/Atom}"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
TOPIC, SENDER = ("rail", "鐵路 & 港口"), Sender(address="alerts@watch.example.org")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)")
NOW = datetime(2024, 6, 18, 15, 0, tzinfo=UTC)
WATCHLIST = "topics:\n  ferry: {title: 渡輪, query: 渡輪 OR ferry}\n  bridge: {query: 吊橋}\n"


def entry(identity: str = "s/1", **changes: Any) -> Entry:
    return Entry(
        message=replace(NEW, id=identity, recipient=TOPIC[0], topics=(TOPIC,), **changes), since=NOW, updated=NOW + timedelta(hours=1)
    )


def valid(body: bytes) -> Any:
    """The document, checked by the rules of RFC 4287: which elements, how often, of what form."""
    root = etree.fromstring(body)
    assert root.tag == f"{ATOM}feed"
    counted(root, one=("id", "title", "updated"), most_one=("generator", "subtitle"), some=("author",))
    ids = []
    for each in root.findall(f"{ATOM}entry"):
        counted(each, one=("id", "title", "updated", "content"), most_one=("published", "rights", "link"), some=("author",))
        assert all(
            set(link.attrib) <= {"rel", "type", "href"} and link.get("href").startswith("http") for link in each.findall(f"{ATOM}link")
        )
        assert all(category.get("term") for category in each.findall(f"{ATOM}category"))
        ids.append(each.findtext(f"{ATOM}id"))
    assert len(ids) == len(set(ids))
    for identity in (root.findtext(f"{ATOM}id"), *ids):
        assert uuid.UUID(str(identity)).version == 5
    for moment in root.iter(f"{ATOM}updated", f"{ATOM}published"):
        assert MOMENT.fullmatch(moment.text)
        datetime.fromisoformat(moment.text)
    assert all(re.fullmatch(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", found.get(LANGUAGE)) for found in root.iter() if found.get(LANGUAGE))
    assert all(name.text for name in root.iter(f"{ATOM}name"))
    return root


def counted(node: Any, *, one: tuple[str, ...], most_one: tuple[str, ...], some: tuple[str, ...]) -> None:
    found = [child.tag.removeprefix(ATOM) for child in node]
    assert set(found) <= {*one, *most_one, *some, "category", "entry"}
    assert [found.count(name) for name in one] == [1] * len(one)
    assert all(found.count(name) <= 1 for name in most_one)
    assert all(found.count(name) >= 1 for name in some)


@pytest.mark.parametrize(
    "entries",
    [(), (entry(),), (entry(kind="vanished", revision=3),), (entry("s/1"), entry("s/2", language=None, publisher=(), url="ftp://x"))],
    ids=["empty", "new", "vanished", "bare"],
)
def test_the_feed_is_valid_atom(entries: tuple[Entry, ...]) -> None:
    body = feed.atom(TOPIC, "s", entries, SENDER)
    valid(body)
    read = feedparser.parse(body)
    assert (read.bozo, read.version, len(read.entries)) == (False, "atom10", len(entries))


def test_a_hostile_page_breaks_nothing() -> None:
    message = replace(HOSTILE, id="s/1", recipient=TOPIC[0], kind="new", topics=(TOPIC,))
    root = valid(feed.atom(TOPIC, "s", [Entry(message=message, since=NOW, updated=NOW)], SENDER))
    (found,) = root.findall(f"{ATOM}entry")
    assert found.findtext(f"{ATOM}title").startswith('<script>alert("1")</script>')
    assert found.find(f"{ATOM}title").get("type") is None  # text, which no reader takes for HTML
    assert not set("".join(root.itertext())) & set("\u202e\u2066\x00\x1b")
    assert found.find(f"{ATOM}link") is None


def test_an_entry_tells_what_a_reader_needs_and_never_the_full_text() -> None:
    (found,) = feedparser.parse(feed.atom(TOPIC, "s", [entry()], SENDER)).entries
    assert (found.title, found.link) == (TITLE, NEW.url)
    assert [tag.term for tag in found.tags] == ["rail"]
    assert {author.name for author in found.authors} == {"遠東通訊", "港口郵報"}
    assert "北韓（原文：朝鮮、朝鲜）" in found.content[0].value
    assert found.content[0].language == "zh-Hant"
    assert "".join(TEXT.split()) not in "".join(found.content[0].value.split())


def test_the_same_stories_are_the_same_bytes_and_another_store_has_other_ids() -> None:
    assert feed.atom(TOPIC, "s", [entry()], SENDER) == feed.atom(TOPIC, "s", [entry()], SENDER)
    ids = {feedparser.parse(feed.atom(TOPIC, store, [entry(f"{store}/1")], SENDER)).entries[0].id for store in "ab"}
    assert len(ids) == 2


@pytest.fixture
def desk(store: Engine, fast: Fast) -> Desk:
    watchlist = Watchlist.from_text(WATCHLIST)
    return Desk(
        engine=store, fast=fast, watchlist=watchlist, matcher=compile_watchlist(watchlist), learning=False, looks=(timedelta(hours=1),)
    )


def keep(desk: Desk, now: datetime, number: int, text: str, **changes: object) -> None:
    found = Found(portal="dw_zh", identity=str(number), url=f"https://dw_zh.example/{number}")
    flow.keep(desk, found, article(url=found.url, title=f"第 {number} 篇", text=text, **changes), now)


def shown(desk: Desk, topic: str = "ferry") -> list[Entry]:
    with reading(desk.engine) as session:
        return feeds.entries(session, (topic, topic), {"dw_zh": "DW 中文"})


def test_a_copy_changes_nothing_and_a_revision_moves_the_entry_with_its_id(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, FERRY)
    (first,) = shown(desk)
    keep(desk, now + timedelta(minutes=5), 2, FERRY)
    assert shown(desk) == [first]
    keep(desk, now + timedelta(hours=1), 1, FERRY.replace("四十天", "九天") + "但是渡輪公司昨天宣布破產,所有班次取消,乘客可以退票。" * 3)
    (changed,) = shown(desk)
    assert (changed.message.id, changed.message.kind, changed.since) == (first.message.id, "revision", first.since)
    assert changed.updated == now + timedelta(hours=1)
    assert changed.message.portal_name == "DW 中文"


def test_a_full_report_takes_the_place_of_its_flash(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, FLASH)
    (flash,) = shown(desk)
    keep(desk, now + timedelta(hours=1), 2, REPORT)
    (report,) = shown(desk)
    assert (report.message.id, report.message.title, report.updated) == (flash.message.id, "第 2 篇", now + timedelta(hours=1))
    assert report.message.kind == "development"


def test_what_was_learned_is_no_entry(desk: Desk, now: datetime) -> None:
    keep(replace(desk, learning=True), now, 1, FERRY)
    keep(desk, now + timedelta(hours=1), 2, FERRY)
    assert shown(desk) == []


def test_a_feed_holds_the_newest_stories_up_to_its_cap(desk: Desk, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "CAP", 2)
    for number in range(3):
        keep(desk, now + timedelta(minutes=number), number, f"渡輪第{number}號" + chr(0x4E00 + number * 97) * 40)
    assert [each.message.title for each in shown(desk)] == ["第 2 篇", "第 1 篇"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a watchlist that runs, and nothing read yet."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "watchlist.yaml").write_text(WATCHLIST, encoding="utf-8")
    (folder / "aliases.yaml").write_text("{}", encoding="utf-8")
    store = engine(f"sqlite:///{folder / 'store.db'}")
    upgrade(store)
    activate(store, folder / "watchlist.yaml", folder / "aliases.yaml", NOW)
    return folder


@pytest.fixture
def house(configured: Callable[..., Settings], made: Path) -> Settings:
    return configured(config=made, database_url=f"sqlite:///{made / 'store.db'}", public_url="https://watch.example.org/")


def ask(settings: Settings, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    """One request to the application, as a server would hand it over."""

    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app(settings)), base_url="http://watch.example.org") as client:
            return await client.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return asyncio.run(asked())


def test_the_address_that_is_printed_opens_the_feed(house: Settings) -> None:
    address = tokens.address(house, "ferry")
    assert address.startswith("https://watch.example.org/feeds/ferry.atom?token=")
    answer = ask(house, address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, feed.MEDIA_TYPE)
    assert answer.headers["cache-control"] == "private, no-cache"
    assert tokens.token(house, "ferry") not in answer.text
    assert valid(answer.content).findtext(f"{ATOM}title") == "渡輪"


def test_a_watchlist_that_has_not_run_yet_has_feeds(house: Settings, configured: Callable[..., Settings], tmp_path: Path) -> None:
    store = engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    upgrade(store)
    fresh = configured(database_url=f"sqlite:///{tmp_path / 'fresh.db'}")
    answer = ask(fresh, tokens.address(fresh, "bridge"))
    assert (answer.status_code, valid(answer.content).findtext(f"{ATOM}updated")) == (200, "1970-01-01T00:00:00Z")


@pytest.mark.parametrize(
    "path", ["/feeds/ferry.atom", "/feeds/ferry.atom?token=", "/feeds/ferry.atom?token=x", "/feeds/ferry.atom?token=%FF", "/feeds/ferry"]
)
def test_a_wrong_token_is_answered_like_a_topic_that_is_not_there(house: Settings, path: str) -> None:
    missing = ask(house, f"/feeds/nothing.atom?token={tokens.token(house, 'nothing')}")
    answer = ask(house, path)
    assert answer.status_code == missing.status_code == 404
    assert "渡輪" not in answer.text


def test_a_token_opens_its_own_topic_only(house: Settings) -> None:
    assert ask(house, f"/feeds/bridge.atom?token={tokens.token(house, 'ferry')}").status_code == 404


def test_a_reader_that_has_it_gets_304(house: Settings) -> None:
    address = tokens.address(house, "ferry")
    tag = ask(house, address).headers["etag"]
    for asked in (tag, f'"x", W/{tag}', "*"):
        again = ask(house, address, if_none_match=asked)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert ask(house, address, if_none_match='"x"').status_code == 200
    assert ask(house, address, "HEAD").content == b""
    assert ask(house, address, "POST").status_code == 405


def test_another_secret_closes_all_addresses(house: Settings, configured: Callable[..., Settings]) -> None:
    before = tokens.address(house, "ferry")
    changed = configured(feed_secret="another-secret-of-16")
    assert ask(changed, before).status_code == 404
    assert ask(changed, tokens.address(changed, "ferry")).status_code == 200


def test_the_made_secret_is_kept_and_ours_alone(house: Settings) -> None:
    assert tokens.token(house, "ferry") == tokens.token(house, "ferry") != tokens.token(house, "bridge")
    path = house.home / "feed-secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("short", encoding="ascii")
    with pytest.raises(ConfigError, match="holds no secret"):
        tokens.token(house, "ferry")


def test_a_short_secret_is_refused(configured: Callable[..., Settings]) -> None:
    with pytest.raises(ConfigError, match="FEED_SECRET"):
        configured(feed_secret="short")


def test_no_token_is_written_to_the_servers_log(caplog: pytest.LogCaptureFixture) -> None:
    keep_tokens_out_of_logs()
    keep_tokens_out_of_logs()
    with caplog.at_level(logging.INFO, "uvicorn.access"):
        logging.getLogger("uvicorn.access").info('%s - "%s %s"', "1.2.3.4", "GET", "/feeds/a.atom?x=1&token=pl4nted&y=2")
    assert "token=•••&y=2" in caplog.text
    assert "pl4nted" not in caplog.text


def test_processes_that_begin_at_once_agree_on_the_secret(configured: Callable[..., Settings], tmp_path: Path) -> None:
    def begun(number: int) -> set[str]:
        settings, start = configured(home=tmp_path / str(number)), Barrier(8)

        def token(_: int) -> str:
            start.wait()
            return tokens.token(settings, "a")

        with ThreadPoolExecutor(8) as pool:
            return set(pool.map(token, range(8)))

    assert all(len(begun(number)) == 1 for number in range(20))
    assert [path.name for path in (tmp_path / "0").iterdir()] == ["feed-secret"]
