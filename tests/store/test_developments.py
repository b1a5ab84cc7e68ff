"""A flash and its full report: one story, and one more message to who had the flash."""

import dataclasses
import random
from datetime import datetime, timedelta

import pytest
from opencc import OpenCC
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from pipelines import flow, reread
from pipelines.dedup.fast import Fast
from pipelines.desk import Desk
from pipelines.models import Comment, Message, Outcome, Page
from pipelines.store import alerts
from pipelines.store.database import reading, writing
from pipelines.store.forget import Named, forget_article
from pipelines.store.late import release_late
from pipelines.store.messages import message_of
from pipelines.store.pages import Found
from pipelines.store.tables import AlertRow, ArticleRow, Story, Telling
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from tests.dedup.test_stories import BRIDGE, FERRY
from tests.store.articles import article

WATCHLIST = """
topics:
  ferry: {title: 渡輪, query: 渡輪 OR ferry, channels: [desk, crm], revisions: never}
  night: {title: 夜間, query: 夜间, channels: [desk, night]}
  bridge: {title: 吊橋, query: 吊橋, channels: [desk, bridge]}
  dw: {title: 德國之聲, query: 渡轮, channels: [dw], portals: [dw_zh]}
  talk: {title: 留言, query: "comments:沙發", channels: [talk]}
channels:
  desk: {type: mail, to: [desk@example.org]}
  night: {type: mail, to: [night@example.org]}
  bridge: {type: mail, to: [bridge@example.org]}
  dw: {type: mail, to: [dw@example.org]}
  talk: {type: mail, to: [talk@example.org]}
  crm: {type: webhook, url: "http://127.0.0.1:1/hook", secret_env: HOOK_SECRET}
"""
SIMPLE = OpenCC("tw2s").convert
LEAD = FERRY[:75]
FLASH = "快訊:" + LEAD
REPORT = "【內港電】" + FERRY[:95] + BRIDGE  # names the bridge, as the flash does not
SECOND = FERRY[:80] + "".join(random.Random(1).sample(BRIDGE, len(BRIDGE)))  # by somebody else, in other words, and no longer
LONGER = FERRY[:80] + "".join(random.Random(2).sample(BRIDGE * 4, len(BRIDGE) * 4))
FIRST, LATER = "new", "development"


@pytest.fixture
def desk(store: Engine, fast: Fast) -> Desk:
    watchlist = Watchlist.from_text(WATCHLIST)
    return Desk(
        engine=store, fast=fast, watchlist=watchlist, matcher=compile_watchlist(watchlist), learning=False, looks=(timedelta(hours=1),)
    )


def keep(desk: Desk, now: datetime, number: int, text: str, portal: str = "dw_zh", **changes: object) -> flow.Kept:
    found = Found(portal=portal, identity=str(number), url=f"https://{portal}.example/{number}")
    return flow.keep(desk, found, article(url=found.url, title=f"第 {number} 篇", text=text, **changes), now)


def messages(desk: Desk) -> list[Message]:
    with reading(desk.engine) as session:
        owed = session.scalars(select(AlertRow.message).order_by(AlertRow.id)).all()
        return [message_of(session, message, {}, {}) for message in dict.fromkeys(owed)]


def told(desk: Desk) -> dict[str, list[tuple[str, str]]]:
    """{recipient: the kind and title of each message}."""
    found: dict[str, list[tuple[str, str]]] = {}
    for message in messages(desk):
        found.setdefault(message.recipient, []).append((message.kind, message.title))
    return found


def roles(desk: Desk) -> list[tuple[int, int, str]]:
    with reading(desk.engine) as session:
        query = select(Telling.story_id, Telling.article_id, Telling.role).order_by(Telling.article_id)
        return [(story, article, role) for story, article, role in session.execute(query)]


def is_told(desk: Desk, recipient: str, *expected: tuple[str, int]) -> bool:
    return told(desk).get(recipient, []) == [(kind, f"第 {number} 篇") for kind, number in expected]


@pytest.mark.parametrize("report", [REPORT, SIMPLE(REPORT)], ids=["same script", "other"])
def test_who_had_the_flash_gets_one_more_message_and_who_had_none_the_first(desk: Desk, now: datetime, report: str) -> None:
    keep(desk, now, 1, FLASH)
    assert keep(desk, now, 2, report, "storm_mg").outcome is Outcome.NEW
    assert roles(desk) == [(1, 1, "first"), (1, 2, "development")]
    assert is_told(desk, "desk@example.org", (FIRST, 1), (LATER, 2))
    assert is_told(desk, "crm", (FIRST, 1), (LATER, 2))
    assert is_told(desk, "night@example.org", (FIRST, 1), (LATER, 2))
    assert is_told(desk, "bridge@example.org", (FIRST, 2))
    assert is_told(desk, "dw@example.org", (FIRST, 1))
    first, later = (each for each in messages(desk) if each.recipient == "desk@example.org")
    assert (later.thread, later.development, later.revision, later.story_id) == (first.id, 1, 0, first.story_id)
    assert {slug for slug, _ in later.topics} == {"ferry", "night", "bridge"}


def test_copies_of_the_report_and_the_flash_after_it_are_silent(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, FLASH)
    keep(desk, now, 2, REPORT)
    before = told(desk)
    copies = (SIMPLE(REPORT), REPORT[: int(len(REPORT) * 0.7)], REPORT + "責任編輯:某某", SIMPLE(FLASH), "本台快訊:" + LEAD)
    for number, copy in enumerate(copies, start=3):
        assert keep(desk, now, number, copy, "storm_mg").alerts == 0
    assert told(desk) == before
    assert {role for _, article, role in roles(desk) if article > 2} == {"copy"}


def test_a_flash_that_comes_after_the_full_report_is_a_copy(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, REPORT)
    assert keep(desk, now, 2, FLASH, "storm_mg").alerts == 0
    assert roles(desk) == [(1, 1, "first"), (1, 2, "copy")]


def test_a_further_report_is_told_only_where_it_is_far_longer(desk: Desk, now: datetime) -> None:
    for number, text in enumerate((FLASH, REPORT, SECOND, LONGER), start=1):
        keep(desk, now, number, text)
    assert roles(desk) == [(1, 1, "first"), (1, 2, "development"), (1, 3, "development"), (1, 4, "development")]
    assert is_told(desk, "desk@example.org", (FIRST, 1), (LATER, 2), (LATER, 4))
    numbers = [(each.development, each.thread) for each in messages(desk) if each.recipient == "desk@example.org"]
    assert [number for number, _ in numbers] == [0, 1, 2]
    assert len({thread for _, thread in numbers[1:]} - {None}) == 1


def test_a_follow_up_that_quotes_the_flash_under_a_new_lead_is_told_by_itself(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, FLASH)
    keep(desk, now, 2, BRIDGE + "早前報導:" + LEAD)
    assert roles(desk) == [(1, 1, "first"), (2, 2, "first")]
    assert is_told(desk, "desk@example.org", (FIRST, 1), (FIRST, 2))


def test_a_copy_of_the_report_is_told_to_whom_the_report_did_not_reach(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, FLASH)
    keep(desk, now, 2, REPORT, "storm_mg")
    assert is_told(desk, "dw@example.org", (FIRST, 1))
    keep(desk, now, 3, SIMPLE(FLASH))
    keep(desk, now, 4, SIMPLE(REPORT))
    keep(desk, now, 5, REPORT)
    assert is_told(desk, "dw@example.org", (FIRST, 1), (LATER, 4))
    assert is_told(desk, "desk@example.org", (FIRST, 1), (LATER, 2))


def test_a_page_that_grows_from_flash_to_report_is_a_revision(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, FLASH)
    assert keep(desk, now, 1, REPORT).outcome is Outcome.REVISED
    assert is_told(desk, "night@example.org", (FIRST, 1), ("revision", 1))
    assert keep(desk, now, 2, REPORT, "storm_mg").alerts == 0


def test_flash_and_report_may_both_be_revised(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, FLASH)
    keep(desk, now, 2, REPORT)
    keep(desk, now, 1, FLASH.replace("兩班", "三班"))
    keep(desk, now, 2, REPORT.replace("三週", "五週"))
    kinds = [(each.kind, each.development, each.revision) for each in messages(desk) if each.recipient == "night@example.org"]
    assert kinds == [("new", 0, 0), ("development", 1, 0), ("revision", 0, 1), ("revision", 1, 1)]
    assert len({each.id for each in messages(desk)}) == len(messages(desk))


def test_what_was_learned_is_quiet_and_the_report_of_a_learned_flash_is_news(desk: Desk, now: datetime) -> None:
    learning = dataclasses.replace(desk, learning=True)
    keep(learning, now, 1, FLASH)
    assert not messages(desk)
    keep(desk, now, 2, REPORT)
    assert is_told(desk, "desk@example.org", (FIRST, 2))
    assert is_told(desk, "night@example.org", (FIRST, 2))


def test_a_report_that_was_learned_is_not_told_and_nor_is_its_copy(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, FLASH)
    keep(dataclasses.replace(desk, learning=True), now, 2, REPORT, "storm_mg")
    keep(desk, now, 3, SIMPLE(REPORT), "storm_mg")
    assert is_told(desk, "night@example.org", (FIRST, 1))


def test_a_comment_under_the_report_tells_nobody_twice(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, FLASH)
    keep(desk, now, 2, REPORT)
    before = told(desk)
    keep(desk, now, 2, REPORT, comments=(Comment(author="老街坊", text="沙發"),), comment_count=1)
    assert told(desk) == before | {"talk@example.org": [(FIRST, "第 2 篇")]}


def test_a_report_that_a_replay_finds_is_held_and_told_once(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, FLASH)
    late = dataclasses.replace(desk, late="replay of dw_zh")
    keep(late, now, 2, REPORT)
    keep(desk, now, 3, SIMPLE(REPORT), "storm_mg")
    with writing(desk.engine) as session:
        release_late(session, "replay of dw_zh", now)
    [message] = [each for each in messages(desk) if each.kind == "late" and each.recipient == "night@example.org"]
    assert [(story.story_id, story.development, story.title) for story in message.stories] == [(1, 1, "第 2 篇")]
    assert [each.kind for each in messages(desk) if each.recipient == "night@example.org"] == ["new", "late"]


def test_a_reading_that_makes_a_known_article_a_report_tells_nobody_twice(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, FLASH)
    found = Found(portal="dw_zh", identity="2", url="https://dw_zh.example/2")
    page = Page(url=found.url, body=b"page", fetched_at=now)
    flow.keep(desk, found, article(url=found.url, title="第 2 篇", text="渡輪" + BRIDGE), now, page.origin)
    before = told(desk)
    again = reread.keep_again(desk, found, article(url=found.url, title="第 2 篇", text=REPORT), page, now)
    assert (again.became, again.alerts) == (reread.Became.REREAD, 0)
    assert told(desk) == before
    flash = Found(portal="dw_zh", identity="1", url="https://dw_zh.example/1")
    assert reread.keep_again(desk, flash, article(url=flash.url, title="第 1 篇", text=REPORT), page, now).alerts == 0
    assert told(desk) == before


def test_a_forgotten_flash_leaves_the_story_to_its_report(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, FLASH)
    keep(desk, now, 2, REPORT)
    with writing(desk.engine) as session:
        forget_article(session, Named(portal="dw_zh", identity="1", url=""), (), now)
    with reading(desk.engine) as session:
        assert session.scalars(select(Story.article_id)).all() == [2]
    assert keep(desk, now, 3, SIMPLE(REPORT), "storm_mg").alerts == 0
    assert keep(desk, now, 4, SIMPLE(FLASH), "storm_mg").alerts == 0
    assert [(each.kind, each.thread) for each in messages(desk) if each.recipient == "night@example.org"] == [("development", None)]


def test_a_piece_of_flash_and_other_known_report_is_a_part_of_both(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, FLASH)
    keep(desk, now, 2, BRIDGE)
    before = told(desk)
    keep(desk, now, 3, FLASH + "\n" + BRIDGE, "storm_mg")
    assert [(story, role) for story, article, role in roles(desk) if article == 3] == [(1, "part"), (2, "part")]
    assert told(desk) == before


def test_a_report_without_a_flash_that_somebody_had_is_the_first(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, FLASH, "storm_mg")
    keep(desk, now, 2, REPORT)
    assert is_told(desk, "dw@example.org", (FIRST, 2))


def test_the_database_refuses_the_same_development_twice(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, FLASH)
    keep(desk, now, 2, REPORT)

    def twice(due: alerts.Due) -> None:
        with writing(desk.engine) as session:
            alerts.owe(session, session.scalars(select(ArticleRow)).first() or ArticleRow(), due, now)

    with pytest.raises(IntegrityError):
        twice(alerts.Due(topic="night", story_id=1, to=("night", "night@example.org"), development=1))


def test_a_killed_transaction_owes_the_development_once(desk: Desk, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(desk, now, 1, FLASH)
    with monkeypatch.context() as killed:
        killed.setattr(alerts, "owe", _killed)
        with pytest.raises(KeyboardInterrupt):
            keep(desk, now, 2, REPORT)
    assert is_told(desk, "night@example.org", (FIRST, 1))
    assert [keep(desk, now, 2, REPORT).outcome for _ in range(2)] == [Outcome.NEW, Outcome.UNCHANGED]
    assert is_told(desk, "night@example.org", (FIRST, 1), (LATER, 2))


def _killed(*_: object) -> None:
    raise KeyboardInterrupt
