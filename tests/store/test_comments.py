"""Comments that come after their article, and pages that do: matched again, told once, and no revision."""

import dataclasses
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from pipelines import flow
from pipelines.dedup.fast import Fast
from pipelines.desk import Desk
from pipelines.models import Comment, Outcome
from pipelines.store import comments
from pipelines.store.database import reading, writing
from pipelines.store.pages import Found
from pipelines.store.tables import AlertRow, ArticleRow, Match, Revision
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from tests.store.articles import TEXT, article

WATCHLIST = """
topics:
  ferry: {title: 渡輪, query: 渡輪, channels: [desk]}
  seat: {title: 船票, query: "comments:靠窗", channels: [desk, seats]}
  tower: {title: 燈塔, query: 灯塔, channels: [towers]}
channels:
  desk: {type: mail, to: [desk@example.org]}
  seats: {type: mail, to: [seats@example.org]}
  towers: {type: mail, to: [towers@example.org]}
"""
FOUND = Found(portal="park6", identity="1", url="https://park6.example/1")
SEAT = Comment(author="老街坊", text="還有靠窗的嗎", key="7", floor=3, up=1)
PLAIN = Comment(author="木瓜", text="看完了", key="6", floor=2)


@pytest.fixture
def desk(store: Engine, valkey: str) -> Iterator[Desk]:
    """A desk for a portal whose comments have pages of their own."""
    fast, watchlist = Fast(valkey, secrets.token_hex(6)), Watchlist.from_text(WATCHLIST)
    matcher = compile_watchlist(watchlist)
    yield Desk(engine=store, fast=fast, watchlist=watchlist, matcher=matcher, learning=False, looks=(), threads=True)
    fast.close()


def keep(desk: Desk, now: datetime, **changes: object) -> flow.Kept:
    return flow.keep(desk, FOUND, article(url=FOUND.url, **changes), now)


def hear(desk: Desk, now: datetime, *said: Comment, whole: bool = True, count: int | None = None) -> int:
    return flow.hear(desk, FOUND, flow.Heard(comments=said, count=len(said) if count is None else count, whole=whole), now)


def row(desk: Desk) -> ArticleRow:
    with reading(desk.engine) as session:
        return session.scalars(select(ArticleRow)).one()


def owed(desk: Desk) -> list[tuple[str, str, int]]:
    with reading(desk.engine) as session:
        return [
            (each.topic, each.recipient.partition("@")[0], each.revision)
            for each in session.scalars(select(AlertRow).order_by(AlertRow.id))
        ]


def states(desk: Desk) -> list[str]:
    with reading(desk.engine) as session:
        return list(session.scalars(select(Revision.text).order_by(Revision.number)))


def test_a_topic_that_matches_on_a_later_comment_alerts_once_who_had_no_message_about_the_story(desk: Desk, now: datetime) -> None:
    assert keep(desk, now).alerts == 1
    assert hear(desk, now, PLAIN) == 0
    assert hear(desk, now, PLAIN, SEAT) == 1
    assert hear(desk, now, PLAIN, dataclasses.replace(SEAT, up=9)) == 0
    assert owed(desk) == [("ferry", "desk", 0), ("seat", "seats", 0)]
    assert (len(states(desk)), row(desk).comments[1]["up"]) == (1, 9)


def test_a_comment_on_the_articles_own_page_counts_as_much(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    kept = keep(desk, now, comments=(SEAT,), comment_count=1)
    assert (kept.outcome, kept.alerts) == (Outcome.UNCHANGED, 1)


def test_a_later_comment_on_a_revised_article_is_told_as_news_not_as_a_revision(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    assert keep(desk, now, text=TEXT.replace("四十天", "六十天")).outcome is Outcome.REVISED
    assert hear(desk, now, SEAT) == 1
    assert owed(desk) == [("ferry", "desk", 0), ("ferry", "desk", 1), ("seat", "seats", 0)]


def test_comments_survive_a_revision(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    hear(desk, now, PLAIN, SEAT)
    keep(desk, now, text=TEXT.replace("四十天", "六十天"), comments=(PLAIN,))
    assert [each["key"] for each in row(desk).comments] == ["6", "7"]


def test_what_a_learned_article_had_said_under_it_is_learned_and_what_comes_later_is_news(desk: Desk, now: datetime) -> None:
    found = dataclasses.replace(FOUND, learned=True)
    flow.keep(desk, found, article(url=FOUND.url), now)
    assert hear(desk, now, PLAIN, dataclasses.replace(SEAT, text="靠走道")) == 0
    assert hear(desk, now, PLAIN, SEAT) == 2
    assert owed(desk) == [("seat", "desk", 0), ("seat", "seats", 0)]


def test_a_learned_articles_first_thread_is_learned(desk: Desk, now: datetime) -> None:
    flow.keep(desk, dataclasses.replace(FOUND, learned=True), article(url=FOUND.url), now)
    assert hear(desk, now, SEAT, whole=False) == 0
    assert hear(desk, now, SEAT, PLAIN) == 0


def test_a_thread_is_asked_for_when_there_are_more_than_were_read(desk: Desk, now: datetime) -> None:
    assert keep(desk, now, comment_count=2).thread == frozenset()
    hear(desk, now, PLAIN, SEAT)
    assert keep(desk, now, comment_count=2).thread is None
    assert keep(desk, now, comment_count=3, comments=(dataclasses.replace(SEAT, key="8"),)).thread == {"6", "7"}
    assert keep(desk, now, comment_count=None).thread == {"6", "7", "8"}
    assert keep(desk, now + comments.KEPT_FOR + timedelta(seconds=1), comment_count=9).thread is None


def test_after_a_page_that_failed_the_thread_is_read_through(desk: Desk, now: datetime) -> None:
    keep(desk, now, comment_count=2)
    hear(desk, now, SEAT, whole=False, count=2)
    assert keep(desk, now, comment_count=2).thread == frozenset()
    hear(desk, now, PLAIN, SEAT)
    hear(desk, now, PLAIN, whole=False, count=3)
    assert keep(desk, now, comment_count=3).thread == frozenset()


@pytest.mark.parametrize("changes", [{"threads": False}, {"comments": "off"}])
def test_no_thread_is_asked_for_where_there_is_none_or_none_is_kept(desk: Desk, now: datetime, changes: dict[str, object]) -> None:
    desk = dataclasses.replace(desk, **changes)
    assert keep(desk, now, comment_count=5).thread is None


def test_an_article_without_comments_has_no_thread(desk: Desk, now: datetime) -> None:
    assert keep(desk, now, comment_count=0).thread is None


@pytest.mark.parametrize(("policy", "names"), [("off", []), ("pseudonymous", [True, True]), ("full", [False, False])])
def test_a_thread_is_kept_as_the_policy_says(desk: Desk, now: datetime, policy: str, names: list[bool]) -> None:
    keep(desk, now)
    hear(dataclasses.replace(desk, comments=policy), now, PLAIN, SEAT)
    assert [each["author"].startswith("reader-") for each in row(desk).comments] == names


def test_a_stricter_policy_holds_for_what_was_kept_before(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    hear(dataclasses.replace(desk, comments="full"), now, SEAT)
    hear(desk, now, PLAIN)
    named = {each["author"] for each in row(desk).comments}
    assert all(name.startswith("reader-") for name in named)
    hear(desk, now, dataclasses.replace(SEAT, up=2))
    assert {each["author"] for each in row(desk).comments} == named
    hear(dataclasses.replace(desk, comments="off"), now, SEAT)
    assert row(desk).comments == []


def test_a_forgotten_commenter_does_not_come_back_with_the_thread(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    hear(desk, now, PLAIN, SEAT)
    with writing(desk.engine) as session:
        assert comments.forget_commenter(session, "老街坊", now) == 1
    hear(desk, now, PLAIN, SEAT, count=2)
    assert ([each["key"] for each in row(desk).comments], row(desk).comments_read) == (["6"], 2)


def test_a_deleted_comment_keeps_its_floor_and_its_author(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    hear(desk, now, SEAT)
    author = row(desk).comments[0]["author"]
    hear(desk, now, dataclasses.replace(SEAT, text="", author=""))
    kept = row(desk).comments[0]
    assert (kept["text"], kept["floor"], kept["author"]) == ("", 3, author)


def test_comments_of_an_article_that_is_gone_are_nobodys(desk: Desk, now: datetime) -> None:
    assert hear(desk, now, SEAT) == 0


FURTHER = TEXT + "\n北岬燈塔的守塔人說,夜航的船燈從前是他唯一的鐘錶。"


def test_an_article_that_becomes_whole_owes_what_its_later_pages_say_and_no_revision(desk: Desk, now: datetime) -> None:
    assert keep(desk, now, partial="page 2 answered 500").outcome is Outcome.NEW
    kept = keep(desk, now, text=FURTHER)
    assert (kept.outcome, kept.alerts) == (Outcome.UNCHANGED, 1)
    assert (row(desk).revision, row(desk).partial, states(desk)) == (0, None, [FURTHER])
    assert owed(desk) == [("ferry", "desk", 0), ("tower", "towers", 0)]
    assert keep(desk, now, text=FURTHER.replace("四十天", "六十天")).outcome is Outcome.REVISED


def test_a_partial_reading_never_takes_the_place_of_a_whole_one(desk: Desk, now: datetime) -> None:
    keep(desk, now, text=FURTHER)
    assert keep(desk, now, partial="page 2 answered 500").outcome is Outcome.UNCHANGED
    assert (row(desk).text, row(desk).partial) == (FURTHER, None)


def test_the_longer_of_two_partial_readings_stays(desk: Desk, now: datetime) -> None:
    keep(desk, now, partial="page 2 answered 500")
    keep(desk, now, text=FURTHER, partial="page 3 answered 500")
    keep(desk, now, partial="page 2 answered 500")
    assert (row(desk).text, row(desk).partial, len(states(desk))) == (FURTHER, "page 3 answered 500", 1)


def test_a_learned_article_that_becomes_whole_stays_learned(desk: Desk, now: datetime) -> None:
    found = dataclasses.replace(FOUND, learned=True)
    flow.keep(desk, found, article(url=FOUND.url, partial="page 2 answered 500"), now)
    assert keep(desk, now, text=FURTHER).alerts == 0
    with reading(desk.engine) as session:
        assert sorted(session.scalars(select(Match.topic))) == ["ferry", "tower"]
