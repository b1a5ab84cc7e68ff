"""Keeping an article: story, matches and owed alerts in one transaction; nothing missed, nothing twice."""

import dataclasses
import secrets
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from opencc import OpenCC
from sqlalchemy import Engine, func, select

from pipelines import flow
from pipelines.dedup.fast import Fast
from pipelines.dedup.shingles import sketch
from pipelines.desk import Desk
from pipelines.models import Comment, Outcome
from pipelines.store import alerts
from pipelines.store.database import reading, writing
from pipelines.store.forget import Named, forget_article
from pipelines.store.messages import message_of
from pipelines.store.pages import Found
from pipelines.store.tables import AlertRow, ArticleRow, Match, Revision, Story, Telling
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from tests.store.articles import TEXT, article

WATCHLIST = """
topics:
  ferry: {title: 渡輪, query: 渡輪, channels: [desk, crm]}
  island: {title: 青嶼, query: 青屿, channels: [desk], revisions: never}
  park6-only: {title: 只看留园, query: 渡轮, channels: [other], portals: [park6]}
channels:
  desk: {type: mail, to: [desk@example.org]}
  other: {type: mail, to: [other@example.org]}
  crm: {type: webhook, url: "http://127.0.0.1:1/hook", secret_env: HOOK_SECRET}
"""
NAMED = Named(portal="dw_zh", identity="1", url="https://dw_zh.example/1")
SIMPLE = OpenCC("tw2s").convert
OTHER = "鋼索吊橋在強風中受損,省道工程處連夜封閉人行道,並派出無人機檢查主纜。工程師初步判斷,橋面第三節的抗風支座鬆動,需要更換十二組螺栓,工期約三週。"


@pytest.fixture(params=["redis", "redis away"])
def desk(request: pytest.FixtureRequest, store: Engine) -> Iterator[Desk]:
    """A desk with a real Redis, and one whose Redis is away: no test may see a difference."""
    url = request.getfixturevalue("valkey") if request.param == "redis" else "unix:///nowhere.sock"
    fast = Fast(url, secrets.token_hex(6))
    watchlist = Watchlist.from_text(WATCHLIST)
    yield Desk(
        engine=store, fast=fast, watchlist=watchlist, matcher=compile_watchlist(watchlist), learning=False, looks=(timedelta(hours=1),)
    )
    fast.close()


def keep(desk: Desk, now: datetime, portal: str = "dw_zh", number: int = 1, **changes: object) -> flow.Kept:
    found = Found(portal=portal, identity=str(number), url=f"https://{portal}.example/{number}")
    return flow.keep(desk, found, article(url=found.url, **changes), now)


def owed(desk: Desk) -> list[tuple[str, str, int, int]]:
    with reading(desk.engine) as session:
        rows = session.scalars(select(AlertRow).order_by(AlertRow.topic, AlertRow.channel, AlertRow.revision))
        return [(row.topic, row.recipient, row.story_id, row.revision) for row in rows]


def count(desk: Desk, table: type) -> int:
    with reading(desk.engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_new_article_owes_one_message_to_each_recipient(desk: Desk, now: datetime) -> None:
    kept = keep(desk, now)
    assert (kept.outcome, kept.alerts) == (Outcome.NEW, 3)
    with reading(desk.engine) as session:
        messages = {(row.channel, row.message) for row in session.scalars(select(AlertRow))}
    assert sorted(channel for channel, _ in messages) == ["crm", "desk"]


def test_a_syndicated_copy_in_the_other_script_joins_and_is_not_told_again(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    before = owed(desk)
    kept = keep(desk, now, "storm_mg", 2, title="另一個標題", text=SIMPLE(TEXT))
    assert (kept.outcome, kept.alerts) == (Outcome.NEW, 0)
    assert owed(desk) == before
    assert (count(desk, Story), count(desk, Telling), count(desk, ArticleRow)) == (1, 2, 2)


def test_a_copy_that_is_the_first_match_of_a_topic_is_told_to_who_has_not_heard(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    kept = keep(desk, now, "park6", 2, text=SIMPLE(TEXT))
    assert kept.alerts == 1
    assert ("park6-only", "other@example.org", 1, 0) in owed(desk)


def test_another_story_is_told(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    kept = keep(desk, now, "dw_zh", 2, title="渡輪與吊橋", text=OTHER)
    assert kept.alerts == 2
    assert count(desk, Story) == 2


def test_the_same_article_again_is_unchanged(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    before = owed(desk)
    assert keep(desk, now).outcome is Outcome.UNCHANGED
    assert owed(desk) == before
    assert count(desk, Revision) == 1


def test_comments_and_counters_make_no_revision(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    kept = keep(desk, now, comments=(Comment(author="老街坊", text="好"),), comment_count=1, reactions={"鲜花": 2})
    assert kept.outcome is Outcome.UNCHANGED
    with reading(desk.engine) as session:
        row = session.scalars(select(ArticleRow)).one()
    assert (row.comment_count, row.reactions, len(row.comments)) == (1, {"鲜花": 2}, 1)


def test_a_correction_is_told_once_to_who_had_the_article_unless_the_topic_says_never(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    corrected = TEXT.replace("四十天", "六十天")
    kept = keep(desk, now, text=corrected)
    assert (kept.outcome, kept.alerts) == (Outcome.REVISED, 2)
    assert [row for row in owed(desk) if row[3] == 1] == [("ferry", "crm", 1, 1), ("ferry", "desk@example.org", 1, 1)]
    assert keep(desk, now, text=corrected).outcome is Outcome.UNCHANGED
    with reading(desk.engine) as session:
        revised = session.scalars(select(AlertRow).where(AlertRow.revision == 1, AlertRow.channel == "desk")).one()
        message = message_of(session, revised.message, {}, {})
        first = session.scalars(select(AlertRow.message).where(AlertRow.revision == 0, AlertRow.channel == "desk")).first()
    assert (message.kind, message.thread) == ("revision", first)


def test_a_corrected_copy_is_not_told(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    keep(desk, now, "storm_mg", 2, text=SIMPLE(TEXT))
    before = owed(desk)
    assert keep(desk, now, "storm_mg", 2, text=SIMPLE(TEXT).replace("四十天", "六十天")).outcome is Outcome.REVISED
    assert owed(desk) == before


def test_a_learning_run_keeps_and_matches_but_owes_nothing(desk: Desk, now: datetime) -> None:
    learning = dataclasses.replace(desk, learning=True)
    assert keep(learning, now).alerts == 0
    assert (count(desk, Match), count(desk, AlertRow)) == (2, 0)
    assert keep(desk, now, "storm_mg", 2, text=SIMPLE(TEXT)).alerts == 0


def test_a_merged_piece_belongs_to_both_stories_and_is_not_told_again(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    keep(
        desk,
        now,
        "bbc_zh",
        2,
        title="渡輪與吊橋",
        text=OTHER * 1 + "觀光業者擔心連假訂房受到影響,已有一成旅客取消行程。警方提醒民眾不要為了拍照而跨越封鎖線。",
    )
    before = owed(desk)
    merged = SIMPLE(TEXT + "\n" + OTHER + "觀光業者擔心連假訂房受到影響,已有一成旅客取消行程。警方提醒民眾不要為了拍照而跨越封鎖線。")
    assert keep(desk, now, "storm_mg", 3, title="双城记", text=merged).alerts == 0
    assert owed(desk) == before
    with reading(desk.engine) as session:
        roles = session.scalars(select(Telling.role).where(Telling.article_id == 3)).all()
    assert (roles, count(desk, Story)) == (["part", "part"], 2)


def test_a_failed_transaction_leaves_nothing(desk: Desk, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("killed here")

    with monkeypatch.context() as broken:
        broken.setattr(alerts, "owe", fail)
        with pytest.raises(RuntimeError):
            keep(desk, now)
    assert (count(desk, ArticleRow), count(desk, Match), count(desk, AlertRow)) == (0, 0, 0)
    assert keep(desk, now).alerts == 3


def test_two_crawls_of_copies_at_once_tell_one_story(desk: Desk, now: datetime) -> None:
    results: list[flow.Kept] = []
    portals = ["dw_zh", "storm_mg", "bbc_zh", "cna"]
    threads = [
        threading.Thread(
            target=lambda portal=portal, number=number: results.append(
                keep(desk, now, portal, number, text=TEXT if number % 2 else SIMPLE(TEXT))
            )
        )
        for number, portal in enumerate(portals)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(results), count(desk, Story), count(desk, ArticleRow)) == (4, 1, 4)
    assert sum(kept.alerts for kept in results) == 3


def test_the_same_page_kept_at_once_is_one_article(desk: Desk, now: datetime) -> None:
    threads = [threading.Thread(target=keep, args=(desk, now)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (count(desk, ArticleRow), len(owed(desk))) == (1, 3)


def test_a_redis_that_lost_everything_changes_nothing(store: Engine, fast: Fast, redis_client: "object", now: datetime) -> None:
    watchlist = Watchlist.from_text(WATCHLIST)
    desk = Desk(engine=store, fast=fast, watchlist=watchlist, matcher=compile_watchlist(watchlist), learning=False, looks=())
    keep(desk, now)
    redis_client.flushall()  # type: ignore[attr-defined]
    assert keep(desk, now, "storm_mg", 2, text=SIMPLE(TEXT)).alerts == 0
    assert count(desk, Story) == 1
    redis_client.flushall()  # type: ignore[attr-defined]
    assert flow.fill_index(desk, now) == 2
    assert fast.upto() == 2


def test_a_correction_of_an_old_article_puts_nothing_into_the_index_of_the_young(
    store: Engine, fast: Fast, redis_client: "object", now: datetime
) -> None:
    watchlist = Watchlist.from_text(WATCHLIST)
    desk = Desk(engine=store, fast=fast, watchlist=watchlist, matcher=compile_watchlist(watchlist), learning=False, looks=())
    keep(desk, now - timedelta(days=200))
    redis_client.flushall()  # type: ignore[attr-defined]
    keep(desk, now, number=2, text=OTHER)
    flow.fill_index(desk, now)
    assert keep(desk, now, text=TEXT.replace("四十天", "六十天")).outcome is Outcome.REVISED
    found = fast.near_all([sketch("", TEXT).asked, sketch("", OTHER).asked], now)
    assert found is not None
    assert [(near.upto, set(near.votes)) for near in found] == [(3, set()), (3, {2})]


def test_a_forgotten_article_does_not_come_back(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    with writing(desk.engine) as session:
        assert forget_article(session, NAMED, (), now).article_id == 1
    assert (count(desk, ArticleRow), count(desk, AlertRow), count(desk, Story)) == (0, 0, 0)
    assert keep(desk, now).outcome is Outcome.DENIED
    assert count(desk, ArticleRow) == 0


def test_a_story_outlives_its_first_article(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    keep(desk, now, "storm_mg", 2, text=SIMPLE(TEXT), title="第二家")
    with writing(desk.engine) as session:
        forget_article(session, NAMED, (), now)
    with reading(desk.engine) as session:
        assert session.scalars(select(Story.title)).all() == ["第二家"]


@pytest.mark.parametrize(("policy", "author"), [("off", None), ("pseudonymous", "reader-"), ("full", "老街坊")])
def test_comments_are_kept_as_the_policy_says(desk: Desk, now: datetime, policy: str, author: str | None) -> None:
    desk = dataclasses.replace(desk, comments=policy)
    keep(desk, now, comments=(Comment(author="老街坊", text="好", badges=("[楼主]",)),))
    with reading(desk.engine) as session:
        kept = session.scalars(select(ArticleRow.comments)).one()
    assert kept[0]["author"].startswith(author) if author else kept == []


def test_settling_a_page_that_says_that_it_is_gone_marks_the_article(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    found = Found(portal="dw_zh", identity="1", url="https://dw_zh.example/1")
    flow.settle(desk, found, Outcome.NOT_ARTICLE, "missing: status 404", now)
    with reading(desk.engine) as session:
        assert session.scalars(select(ArticleRow.vanished_at)).one() == now


def test_a_copy_of_a_revised_text_is_known(desk: Desk, now: datetime) -> None:
    keep(desk, now, text=TEXT[:60])
    keep(desk, now, text=TEXT)
    assert keep(desk, now, "storm_mg", 2, text=SIMPLE(TEXT)[: int(len(TEXT) * 0.8)]).alerts == 0


def test_copies_are_known_through_copies_beyond_the_horizon(desk: Desk, now: datetime) -> None:
    days = [now - timedelta(days=back) for back in (15, 10, 0)]
    told = [keep(desk, day, "dw_zh", number, text=TEXT if number % 2 else SIMPLE(TEXT)).alerts for number, day in enumerate(days)]
    assert told == [3, 0, 0]


def test_an_article_of_the_past_is_no_candidate_for_todays_news_nor_the_other_way_round(desk: Desk, now: datetime) -> None:
    backfill = dataclasses.replace(desk, seen_at=lambda _article, present: present - timedelta(days=60))
    keep(desk, now, number=1)
    keep(backfill, now, number=2)
    keep(backfill, now, "storm_mg", 3, text=SIMPLE(TEXT))
    keep(desk, now, "storm_mg", 4, text=SIMPLE(TEXT))
    with reading(desk.engine) as session:
        told = session.execute(select(Telling.article_id, Telling.story_id).order_by(Telling.article_id)).all()
    assert [story for _, story in told] == [1, 2, 2, 1]


def test_the_parts_of_a_merged_piece_that_came_first_stay_two_stories(desk: Desk, now: datetime) -> None:
    bridge = OTHER + "觀光業者擔心連假訂房受到影響,已有一成旅客取消行程。警方提醒民眾不要為了拍照而跨越封鎖線。"
    keep(desk, now, "dw_zh", 1)
    keep(desk, now, "bbc_zh", 2, title="橋", text=bridge)
    keep(desk, now, "storm_mg", 3, title="双城记", text=SIMPLE(TEXT + "\n" + bridge))
    keep(desk, now, "cna", 4, title="橋的副本", text=SIMPLE(bridge))
    with reading(desk.engine) as session:
        assert session.scalars(select(Telling.role).where(Telling.article_id == 4)).all() == ["copy"]


def test_hostile_characters_are_kept_out_of_the_store(desk: Desk, now: datetime) -> None:
    kept = keep(desk, now, title="渡\0輪\ud800", author="\0", captions=("\udfff",), reactions={"\0": 1})
    assert kept.outcome is Outcome.NEW
