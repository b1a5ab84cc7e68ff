"""Revisions: which states are kept, who hears of them, once each; and of an article that its page says is gone."""

from datetime import datetime, timedelta

import pytest
from opencc import OpenCC
from sqlalchemy import Engine, select

from pipelines import flow
from pipelines.desk import Desk
from pipelines.models import Message, Outcome
from pipelines.store.database import reading
from pipelines.store.messages import message_of
from pipelines.store.pages import Found
from pipelines.store.tables import AlertRow, ArticleRow, Revision
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from tests.store.articles import TEXT, article

WATCHLIST = """
topics:
  never: {query: 渡輪, channels: [never], revisions: never}
  material: {query: 渡輪, channels: [material]}
  always: {query: 渡輪, channels: [always], revisions: always}
  flood: {query: 漲潮, channels: [material]}
channels:
  never: {type: mail, to: [never@example.org]}
  material: {type: mail, to: [material@example.org]}
  always: {type: mail, to: [always@example.org]}
"""
TITLE = "青嶼夜間渡輪下月復航"
SMALL = TEXT.replace("提前四十天完工", "提前四十天竣工")
MATERIAL = TEXT.replace("四十天", "六十天")
FOUND = Found(portal="dw_zh", identity="1", url="https://dw.example/1")


@pytest.fixture
def desk(store: Engine) -> Desk:
    watchlist = Watchlist.from_text(WATCHLIST)
    matcher = compile_watchlist(watchlist)
    return Desk(engine=store, fast=None, watchlist=watchlist, matcher=matcher, learning=False, looks=(timedelta(hours=1),))


class Play:
    """One article whose page says something else at each look, an hour apart."""

    def __init__(self, desk: Desk, now: datetime) -> None:
        self.desk, self.now = desk, now
        self.look()

    def look(self, text: str = TEXT, title: str = TITLE, found: Found = FOUND, **changes: object) -> Outcome:
        self.now += timedelta(hours=1)
        return flow.keep(self.desk, found, article(url=found.url, text=text, title=title, **changes), self.now).outcome

    def settle(self, evidence: str) -> int:
        self.now += timedelta(hours=1)
        return flow.settle(self.desk, FOUND, Outcome.NOT_ARTICLE, evidence, self.now)

    @property
    def row(self) -> ArticleRow:
        with reading(self.desk.engine) as session:
            return session.scalars(select(ArticleRow).order_by(ArticleRow.id)).first()  # type: ignore[return-value]

    @property
    def kept(self) -> list[tuple[int, bool, bool]]:
        with reading(self.desk.engine) as session:
            rows = session.scalars(select(Revision).where(Revision.article_id == 1).order_by(Revision.number))
            return [(row.number, row.material, row.gone) for row in rows]

    @property
    def told(self) -> list[tuple[str, int]]:
        """(recipient's name, revision) of what is owed beyond the first alerts, in order."""
        with reading(self.desk.engine) as session:
            rows = session.scalars(select(AlertRow).where(AlertRow.revision > 0).order_by(AlertRow.id))
            return [(row.recipient.partition("@")[0], row.revision) for row in rows]

    def messages(self, name: str) -> list[Message]:
        with reading(self.desk.engine) as session:
            rows = session.scalars(select(AlertRow).where(AlertRow.recipient == f"{name}@example.org").order_by(AlertRow.id))
            return [message_of(session, row.message, {}, {}) for row in rows]


@pytest.fixture
def play(desk: Desk, now: datetime) -> Play:
    return Play(desk, now)


@pytest.mark.parametrize(
    "text",
    [
        "3 小時前\n閱讀 1234\n" + TEXT,
        TEXT + "\n更新時間：2024/06/18 10:30\n責任編輯：王小明",
        OpenCC("tw2s").convert(TEXT),
        TEXT.replace(",", "、"),
    ],
)
def test_noise_is_no_revision_and_is_told_to_nobody(play: Play, text: str) -> None:
    assert play.look(text) is Outcome.UNCHANGED
    assert (play.kept, play.told, play.row.text) == ([(0, True, False)], [], TEXT)


def test_a_small_edit_is_kept_and_told_to_those_who_want_all(play: Play) -> None:
    assert play.look(SMALL) is Outcome.REVISED
    assert (play.kept, play.told) == ([(0, True, False), (1, False, False)], [("always", 1)])


def test_a_material_one_is_told_to_all_who_do_not_say_never(play: Play) -> None:
    assert play.look(MATERIAL) is Outcome.REVISED
    assert (play.kept, play.told) == ([(0, True, False), (1, True, False)], [("material", 1), ("always", 1)])
    with reading(play.desk.engine) as session:
        assert session.get_one(Revision, (1, 1)).why == "a figure changed: 四十 became 六十"


def test_a_number_whose_point_moved_is_a_revision_though_its_digits_are_the_same(play: Play) -> None:
    play.look(TEXT + "損失約1.25億元。")
    assert play.look(TEXT + "損失約12.5億元。") is Outcome.REVISED
    assert play.told[-2:] == [("material", 2), ("always", 2)]


def test_a_headline_that_goes_to_and_fro_is_told_once(play: Play) -> None:
    for title in ("渡輪復航", TITLE, "渡輪復航", "【更新】渡輪復航！", TITLE):
        assert play.look(title=title) is Outcome.REVISED or title.startswith("【")
    assert [name for name, _ in play.told] == ["material", "always"]
    assert (play.row.title, play.row.revision, len(play.kept)) == (TITLE, 0, 2)


def test_the_old_headline_with_a_small_edit_is_told_to_those_who_want_all_only(play: Play) -> None:
    play.look(title="渡輪復航")
    play.look(SMALL)
    assert (play.told[2:], play.kept[2:]) == ([("always", 2)], [(2, False, False)])


def test_small_edits_are_material_in_their_sum(play: Play) -> None:
    text = TEXT
    for old, new in (("恢復行駛", "重新開航"), ("修復工程", "補強作業"), ("避讓規則", "航行守則"), ("審查相關", "討論有關")):
        text = text.replace(old, new)
        play.look(text)
    assert [is_material for _, is_material, _ in play.kept] == [True, False, False, False, True]
    assert play.told == [("always", 1), ("always", 2), ("always", 3), ("material", 4), ("always", 4)]


def test_a_return_after_another_state_keeps_numbers_that_were_given(play: Play) -> None:
    for text in (MATERIAL, TEXT, TEXT + "警方已逮捕嫌犯。"):
        play.look(text)
    assert (play.row.revision, [number for number, *_ in play.kept]) == (2, [0, 1, 2])


def test_a_topic_that_a_small_edit_satisfies_first_is_told_in_the_thread(play: Play) -> None:
    play.look(TEXT.replace("容易發生", "漲潮容易發生"))
    assert play.told == [("always", 1), ("material", 1)]
    assert [message.kind for message in play.messages("material")] == ["new", "revision"]
    assert play.messages("material")[1].topics == (("flood", "flood"),)


def test_a_message_tells_what_changed_since_its_recipient_heard_last(play: Play) -> None:
    play.look(SMALL)
    play.look(MATERIAL.replace("完工", "竣工"))
    (first, to_material), (_, *to_always) = play.messages("material"), play.messages("always")
    assert first.before is None
    assert (to_material.before, to_material.text) == ((TITLE, TEXT), MATERIAL.replace("完工", "竣工"))
    assert [message.before for message in to_always] == [(TITLE, TEXT), (TITLE, SMALL)]


def test_a_message_that_is_sent_late_tells_its_own_revision_and_its_hits(play: Play) -> None:
    play.look(MATERIAL)
    play.look("漲潮。" * 3 + TEXT)
    told = next(message for message in play.messages("always") if message.revision == 1)
    assert told.text == MATERIAL
    assert all(told.text[hit.start : hit.end] == hit.as_written for hit in told.hits if hit.field == "text")


def test_a_copys_revisions_are_told_to_nobody(play: Play) -> None:
    copy = Found(portal="storm_mg", identity="2", url="https://storm.example/2")
    play.look(found=copy)
    assert play.look(MATERIAL, found=copy) is Outcome.REVISED
    assert play.told == []


GONE = "missing: status 404"


@pytest.mark.parametrize("evidence", [GONE, "missing: status 410", "missing: status 200, but the page says `已被刪除`"])
def test_a_page_that_says_that_the_article_is_gone_is_told_once(play: Play, evidence: str) -> None:
    assert play.settle(evidence) == 2
    assert play.row.vanished_at == play.now
    assert (play.told, play.kept[1:]) == ([("material", 1), ("always", 1)], [(1, True, True)])
    message = play.messages("material")[1]
    assert (message.kind, message.thread, message.text) == ("vanished", play.messages("material")[0].id, TEXT)
    assert play.settle(GONE) == 0


def test_a_page_without_the_portals_elements_marks_the_article_and_is_told_only_when_it_says_so(play: Play) -> None:
    assert play.settle("missing: none of the elements that every article of this portal has") == 0
    marked = play.row.vanished_at
    assert (marked, play.told, play.settle(GONE), play.row.vanished_at) == (play.now - timedelta(hours=1), [], 2, marked)


def test_what_comes_back_is_there_again_and_is_told_neither_then_nor_when_it_goes_again(play: Play) -> None:
    play.settle(GONE)
    assert play.look() is Outcome.UNCHANGED
    assert (play.row.vanished_at, play.row.revision) == (None, 0)
    assert play.settle(GONE) == 0
    assert play.row.vanished_at == play.now


def test_what_comes_back_changed_is_a_revision_after_it(play: Play) -> None:
    play.settle(GONE)
    play.look(MATERIAL)
    assert (play.row.vanished_at, play.row.revision) == (None, 2)
    assert play.told[2:] == [("material", 2), ("always", 2)]
    assert play.messages("material")[2].before == (TITLE, TEXT)


@pytest.mark.parametrize(
    "evidence",
    [
        "challenge: a captcha",
        "paywall: subscribe",
        "empty: no text",
        "listing: 40 links",
        "error: status 500",
    ],
)
def test_no_other_answer_makes_an_article_vanish(play: Play, evidence: str) -> None:
    assert play.settle(evidence) == 0
    assert (play.row.vanished_at, play.told) == (None, [])
