"""What topics would have done: articles matched, stories alerted once, and what a changed watchlist gains and loses."""

import dataclasses
from datetime import datetime, timedelta

import pytest
from opencc import OpenCC
from sqlalchemy import Engine, select

from pipelines import flow, scan
from pipelines.desk import Desk
from pipelines.drift import drift
from pipelines.errors import WrongUseError
from pipelines.forecast import Forecast, forecast, foreseen
from pipelines.models import Comment
from pipelines.scan import Matched
from pipelines.store.database import reading
from pipelines.store.pages import Found
from pipelines.store.scan import Span
from pipelines.store.tables import AlertRow
from pipelines.watch.aliases import read_aliases
from pipelines.watch.chosen import plan_of, plans_of
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from pipelines.yamlfile import Document
from tests.store.articles import TEXT, article

SIMPLE = OpenCC("tw2s").convert
OTHER = "鋼索吊橋在強風中受損,省道工程處連夜封閉人行道,並派出無人機檢查主纜。工程師初步判斷,橋面第三節的抗風支座鬆動,需要更換十二組螺栓,工期約三週。"
CHANNELS = "channels:\n  desk: {type: mail, to: [desk@example.org]}\n  crm: {type: webhook, url: 'http://127.0.0.1:1/', secret_env: S}\n"
WATCH = "topics:\n  ferry: {query: 渡輪, channels: [desk]}\n  bridge: {query: 吊桥, channels: [desk]}\n" + CHANNELS
DAY = timedelta(days=1)


@pytest.fixture
def desk(store: Engine) -> Desk:
    """A desk without Redis."""
    watchlist = Watchlist.from_text(WATCH)
    return Desk(engine=store, fast=None, watchlist=watchlist, matcher=compile_watchlist(watchlist), learning=False, looks=())


def keep(desk: Desk, at: datetime, number: int, portal: str = "dw_zh", **changes: object) -> None:
    found = Found(portal=portal, identity=str(number), url=f"https://{portal}.example/{number}")
    flow.keep(desk, found, article(url=found.url, **changes), at)


def asked(desk: Desk, now: datetime, query: str = "渡輪", days: int = 30, portal: str | None = None) -> Forecast:
    plan = plan_of(query, read_aliases(Document("aliases.yaml", "")))
    return forecast(desk.engine, [plan], Span(since=now - days * DAY, until=now, portal=portal))


def test_a_story_alerts_once_whoever_copies_it(desk: Desk, now: datetime) -> None:
    keep(desk, now - 4 * DAY, 1)
    keep(desk, now - 3 * DAY, 2, "storm_mg", title="另一個標題", text=SIMPLE(TEXT))
    keep(desk, now - 2 * DAY, 3, title="吊橋封閉", text=OTHER)
    told = asked(desk, now)
    assert [each.portal for each in told.matched] == ["dw_zh", "storm_mg"]
    assert [each.article_id for each in told.alerts] == [1]
    assert (told.articles, told.days, told.alerts_a_day) == (3, 4.0, 0.25)


def test_it_foresees_what_the_crawl_owed(desk: Desk, now: datetime) -> None:
    keep(desk, now - 4 * DAY, 1)
    keep(desk, now - 3 * DAY, 2, "storm_mg", title="另一個標題", text=SIMPLE(TEXT))
    keep(desk, now - 2 * DAY, 3, title="渡輪與吊橋", text=OTHER)
    with reading(desk.engine) as session:
        owed = {(row.topic, row.story_id) for row in session.scalars(select(AlertRow))}
    told = forecast(desk.engine, plans_of(desk.watchlist, desk.watchlist.topics), Span(since=now - 30 * DAY, until=now))
    assert {(each.topic, each.story) for each in told.alerts} == owed == {("ferry", 1), ("ferry", 2), ("bridge", 2)}


def test_a_copy_of_what_was_told_before_the_span_does_not_alert(desk: Desk, now: datetime) -> None:
    keep(desk, now - 4 * DAY, 1)
    keep(desk, now - DAY / 2, 2, "storm_mg", title="另一個標題")
    assert [len(asked(desk, now, days=days).alerts) for days in (1, 5)] == [0, 1]
    assert len(asked(desk, now, days=1, portal="storm_mg").alerts) == 1


def test_a_development_alerts_by_itself_and_a_copy_does_not(now: datetime) -> None:
    first = Matched(article_id=1, portal="a", seen_at=now, learned=False, topics=("t",), stories=(1,))
    copy, more = dataclasses.replace(first, article_id=2), dataclasses.replace(first, article_id=3, develops=True)
    assert [each.article_id for each in foreseen([more, copy, first], lambda _topic, _at: True)] == [1, 3]


def test_what_a_learning_run_found_matches_and_never_alerts(desk: Desk, now: datetime) -> None:
    keep(dataclasses.replace(desk, learning=True), now - 2 * DAY, 1)
    told = asked(desk, now)
    assert (len(told.matched), told.alerts, told.alerts_a_day) == (1, [], None)
    keep(desk, now - DAY, 2, "storm_mg", title="另一個標題")
    assert (len(asked(desk, now).matched), asked(desk, now).alerts_a_day) == (2, 0.0)


def test_less_than_a_day_of_archive_tells_no_rate(desk: Desk, now: datetime) -> None:
    keep(desk, now - timedelta(minutes=4), 1)
    young = asked(desk, now)
    assert (len(young.alerts), young.watched_since, young.alerts_a_day) == (1, now - timedelta(minutes=4), None)
    keep(desk, now - DAY + timedelta(minutes=1), 2, title="吊橋封閉", text=OTHER)
    assert asked(desk, now).alerts_a_day is None
    keep(
        desk,
        now - DAY,
        3,
        title="燈塔",
        text="北岬的燈塔今晚起改用新燈,燈光每十二秒轉一圈,船長說在三十公里外也看得清楚,舊燈移到海事館展出。",
    )
    assert asked(desk, now).alerts_a_day == 1.0


def test_a_span_with_articles_on_its_eve_was_watched_from_its_beginning(desk: Desk, now: datetime) -> None:
    keep(desk, now - DAY * 1.5, 1, title="吊橋封閉", text=OTHER)
    keep(desk, now - DAY / 2, 2)
    assert (asked(desk, now, days=1).days, asked(desk, now, days=1).alerts_a_day) == (1.0, 1.0)


def test_an_empty_archive_is_no_answer(desk: Desk, now: datetime) -> None:
    with pytest.raises(WrongUseError, match="the archive is empty"):
        asked(desk, now)
    keep(desk, now - 40 * DAY, 1)
    with pytest.raises(WrongUseError, match="no article came in the 30 days asked for; the newest is of 2026-10-13"):
        asked(desk, now)
    with pytest.raises(WrongUseError, match="no article of park6 was kept yet"):
        asked(desk, now, portal="park6")


@pytest.mark.parametrize("query", ["渡輪", "author:林若川", "publisher:海岬日报", "portal:dw_zh", "/渡.將/", "comments:擠", "渡"])
def test_every_field_that_a_query_asks_for_is_read(desk: Desk, now: datetime, query: str) -> None:
    keep(desk, now - DAY, 1, author="林若川", publisher=("海岬日報",), comments=(Comment(author="老街坊", text="又要擠了"),))
    assert len(asked(desk, now, query).matched) == 1
    assert asked(desk, now, f"{query} AND 吊橋").matched == []


def test_several_processes_find_what_one_finds(desk: Desk, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 7):
        keep(desk, now - DAY, number, title=f"第{number}號渡輪", text=f"{number}號渡輪靠岸。" if number % 2 else f"第{number}座吊橋。")
    plans = plans_of(desk.watchlist, ["bridge"])
    alone = scan.matched(desk.engine, plans, range(1, 7), cores=1)
    monkeypatch.setattr(scan, "WORTH_FORKING", 1)
    monkeypatch.setattr(scan, "BATCH", 2)
    heard: list[tuple[int, int]] = []
    together = scan.matched(desk.engine, plans, range(1, 7), lambda *count: heard.append(count), cores=2)
    assert (together, heard) == (alone, [(2, 6), (4, 6), (6, 6)])
    assert [each.article_id for each in alone] == [2, 4, 6]


def changed(old: str, new: str) -> Watchlist:
    assert old in WATCH
    return Watchlist.from_text(WATCH.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "gained", "lost"),
    [
        ("渡輪,", "渡輪 NOT 青嶼,", [], [("ferry", "desk@example.org")]),
        ("吊桥,", "吊桥 OR 渡輪,", [("bridge", "desk@example.org")], []),
        ("{query: 渡輪, channels: [desk]}", "{query: 渡輪, channels: [desk, crm]}", [("ferry", "crm")], []),
        ("{query: 渡輪, channels: [desk]}", "{query: 渡輪, channels: [crm]}", [("ferry", "crm")], [("ferry", "desk@example.org")]),
        ("{query: 渡輪, channels: [desk]}", "{query: 渡輪}", [], [("ferry", "desk@example.org")]),
        ("{query: 渡輪,", "{query: 渡輪, portals: [park6],", [], [("ferry", "desk@example.org")]),
        ("{query: 渡輪,", "{query: 渡輪, expires: 2026-11-01,", [], [("ferry", "desk@example.org")]),
        ("{query: 渡輪,", "{query: 渡轮, title: 船,", [], []),
    ],
)
def test_a_change_is_told_as_alerts_gained_and_lost(
    desk: Desk, now: datetime, old: str, new: str, gained: list[tuple[str, str]], lost: list[tuple[str, str]]
) -> None:
    keep(desk, now - 2 * DAY, 1)
    keep(desk, now - DAY, 2, "storm_mg", text=SIMPLE(TEXT))
    found = drift(desk.engine, desk.watchlist, changed(old, new), Span(since=now - 30 * DAY, until=now))
    assert [(each.topic, *each.to) for each in found.moved if each.is_gain] == gained
    assert [(each.topic, *each.to) for each in found.moved if not each.is_gain] == lost
    assert len(found.topics) == 1
    assert all((each.title, each.portal) == ("青嶼夜間渡輪下月復航", "dw_zh") for each in found.moved)


def test_the_same_topics_need_no_archive(desk: Desk, now: datetime) -> None:
    span = Span(since=now - DAY, until=now)
    assert drift(desk.engine, desk.watchlist, Watchlist.from_text(WATCH + "# a remark\n"), span).topics == ()
    with pytest.raises(WrongUseError, match="empty"):
        drift(desk.engine, desk.watchlist, changed("渡輪", "渡船"), span)
