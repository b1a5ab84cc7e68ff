"""Stories split and joined by a person: remembered by copies and replays, and nobody hears twice of it."""

import dataclasses
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select

from pipelines import flow, reread
from pipelines.dedup.fast import Fast
from pipelines.desk import Desk
from pipelines.errors import PortalwatchError
from pipelines.models import Page
from pipelines.store import byhand
from pipelines.store.database import reading, writing
from pipelines.store.forget import Named, forget_article
from pipelines.store.late import release_late
from pipelines.store.messages import message_of
from pipelines.store.pages import Found
from pipelines.store.tables import AlertRow, ArticleRow, Related, Ruling, Story, Telling
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from tests.store.articles import TEXT, article
from tests.store.test_flow import OTHER, SIMPLE, WATCHLIST

HOUR = timedelta(hours=1)
EDITED = TEXT.replace("四十天", "六十天").replace("每晚增開兩班", "每晚改開五班") + "\n港務公司另外公布,新船的噪音測試報告將在月底上網。"
"""A copy with words of its own, which a person takes for another story."""


@pytest.fixture
def desk(store: Engine, fast: Fast) -> Desk:
    watchlist = Watchlist.from_text(WATCHLIST)
    return Desk(engine=store, fast=fast, watchlist=watchlist, matcher=compile_watchlist(watchlist), learning=False, looks=(HOUR,))


def keep(desk: Desk, now: datetime, number: int, portal: str = "dw_zh", **changes: object) -> flow.Kept:
    url = f"https://{portal}.example/{number}"
    page = Page(url=url, body=f"body {number}".encode(), fetched_at=now)
    return flow.keep(desk, Found(portal=portal, identity=str(number), url=url), article(url=url, **changes), now, page.origin)


def again(desk: Desk, now: datetime, number: int, portal: str = "dw_zh", **changes: object) -> reread.Again:
    url = f"https://{portal}.example/{number}"
    page = Page(url=url, body=f"body {number}".encode(), fetched_at=now)
    replaying = dataclasses.replace(desk, late="replay")
    return reread.keep_again(replaying, Found(portal=portal, identity=str(number), url=url), article(url=url, **changes), page, now + HOUR)


def split(desk: Desk, now: datetime, story: int, *articles: int) -> byhand.Ruled:
    with writing(desk.engine) as session:
        return byhand.split(session, story, articles, now)


def join(desk: Desk, now: datetime, story: int, other: int) -> byhand.Ruled:
    with writing(desk.engine) as session:
        return byhand.join(session, story, other, now)


def told_by(desk: Desk) -> dict[int, list[tuple[int, str]]]:
    """{story: (article, role) of its tellings}."""
    found: dict[int, list[tuple[int, str]]] = {}
    with reading(desk.engine) as session:
        for row in session.scalars(select(Telling).order_by(Telling.story_id, Telling.article_id)):
            found.setdefault(row.story_id, []).append((row.article_id, row.role))
    return found


def alerts_of(desk: Desk) -> list[tuple[int, int, str, int]]:
    """(story, article, recipient, revision) of each alert."""
    with reading(desk.engine) as session:
        rows = session.scalars(select(AlertRow).order_by(AlertRow.id))
        return [(row.story_id, row.article_id, row.recipient, row.revision) for row in rows]


def test_a_decision_is_kept_with_the_shingles_that_decided(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1)
    keep(desk, now, 2, "storm_mg", text=SIMPLE(EDITED))
    with reading(desk.engine) as session:
        evidence = session.get_one(Telling, (1, 2)).evidence
    assert evidence is not None
    assert 0 < evidence["shared"] < evidence["of"]
    assert all(passage.rstrip("…") in SIMPLE(EDITED).replace("\n", " ") for passage in evidence["passages"])
    assert evidence["passages"]


def test_an_article_that_opens_its_own_story_keeps_its_nearest_miss(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1)
    keep(desk, now, 2, title="吊橋", text=OTHER + "觀光業者擔心連假訂房受到影響,已有一成旅客取消行程。" + TEXT[20:60])
    with reading(desk.engine) as session:
        telling = session.get_one(Telling, (2, 2))
        related = session.scalars(select(Related)).one()
    assert telling.why.startswith("nothing known holds it; nearest is article 1: ")
    assert telling.evidence is not None
    assert telling.evidence["nearest"]["article"] == 1
    assert (related.story_id, related.other_id, related.partner_id) == (2, 1, 1)
    assert related.containment == telling.evidence["nearest"]["containment"]


def test_an_article_like_nothing_has_no_miss(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1)
    keep(desk, now, 2, title="吊橋", text=OTHER)
    with reading(desk.engine) as session:
        assert session.get_one(Telling, (2, 2)).why == "nothing known holds it"
        assert session.scalar(select(func.count()).select_from(Related)) == 0


def test_a_split_makes_a_story_of_its_own_and_tells_nobody(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1)
    keep(desk, now, 2, "storm_mg", text=SIMPLE(EDITED))
    before = alerts_of(desk)
    assert split(desk, now, 1, 2) == byhand.Ruled(story=1, other=2, articles=(2,))
    assert told_by(desk) == {1: [(1, "first")], 2: [(2, "first")]}
    assert alerts_of(desk) == before
    with reading(desk.engine) as session:
        assert session.get_one(Telling, (2, 2)).why == "split by hand from story 1 on 2026-11-22"


@pytest.mark.parametrize("index", ["known", "lost"])
def test_a_later_copy_goes_to_the_side_that_it_is_nearest_to_and_nobody_hears_of_it(desk: Desk, now: datetime, index: str) -> None:
    keep(desk, now, 1)
    keep(desk, now, 2, "storm_mg", text=SIMPLE(EDITED))
    split(desk, now, 1, 2)
    if index == "lost":
        desk = dataclasses.replace(desk, fast=None)
    assert keep(desk, now, 3, "cna", text=EDITED).alerts == 0
    assert keep(desk, now, 4, "bbc_zh", text=SIMPLE(TEXT)).alerts == 0
    assert told_by(desk) == {1: [(1, "first"), (4, "copy")], 2: [(2, "first"), (3, "copy")]}


def test_without_the_split_the_same_copies_are_one_story(desk: Desk, now: datetime) -> None:
    for number, text in enumerate((TEXT, SIMPLE(EDITED), EDITED, SIMPLE(TEXT)), 1):
        keep(desk, now, number, text=text)
    assert list(told_by(desk)) == [1]


def test_a_replay_leaves_what_a_person_decided(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1)
    keep(desk, now, 2, "storm_mg", text=SIMPLE(EDITED))
    split(desk, now, 1, 2)
    done = again(desk, now, 2, "storm_mg", text=TEXT, title="重讀")
    assert (done.became, done.moved, done.alerts) == (reread.Became.REREAD, None, 0)
    assert told_by(desk) == {1: [(1, "first")], 2: [(2, "first")]}


def test_a_story_whose_first_article_is_split_off_is_opened_by_the_next(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1)
    keep(desk, now + HOUR, 2, "storm_mg", text=SIMPLE(TEXT), title="第二家")
    split(desk, now + HOUR, 1, 1)
    assert told_by(desk) == {1: [(2, "first")], 2: [(1, "first")]}
    with reading(desk.engine) as session:
        assert (session.get_one(Story, 1).title, session.get_one(Story, 1).article_id) == ("第二家", 2)
    assert {story for story, *_ in alerts_of(desk)} == {2}, "what the article was told by goes with it"


def test_a_correction_of_a_split_off_article_reaches_who_had_it(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1)
    keep(desk, now, 2, "storm_mg", text=SIMPLE(EDITED))
    split(desk, now, 1, 1)
    assert keep(desk, now + HOUR, 1, text=TEXT.replace("四十天", "五十天")).alerts == 2
    assert keep(desk, now + HOUR, 2, "storm_mg", text=SIMPLE(EDITED).replace("六十天", "七十天")).alerts == 0
    with reading(desk.engine) as session:
        revised = session.scalars(select(AlertRow).where(AlertRow.revision == 1, AlertRow.channel == "desk")).one()
        assert message_of(session, revised.message, {}, {}).thread is not None


@pytest.mark.parametrize(
    ("story", "articles", "told"),
    [
        (1, (9,), "article 9 does not tell story 1; these do: 1, 2"),
        (1, (1, 2), "story 1 would be left without an article"),
        (7, (1,), "no story has the number 7"),
    ],
)
def test_a_split_that_cannot_be_is_refused(desk: Desk, now: datetime, story: int, articles: tuple[int, ...], told: str) -> None:
    keep(desk, now, 1)
    keep(desk, now, 2, "storm_mg", text=SIMPLE(EDITED))
    with pytest.raises(PortalwatchError, match=told):
        split(desk, now, story, *articles)
    assert list(told_by(desk)) == [1]


def two_stories(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1)
    keep(desk, now, 2, title="渡輪與吊橋", text=OTHER)


def sent(desk: Desk) -> None:
    with writing(desk.engine) as session:
        for row in session.scalars(select(AlertRow)):
            row.state = "sent"


def test_a_join_makes_one_story_and_cancels_what_would_be_told_twice(desk: Desk, now: datetime) -> None:
    two_stories(desk, now)
    assert {story for story, *_ in alerts_of(desk)} == {1, 2}
    assert join(desk, now, 1, 2) == byhand.Ruled(story=1, other=2, articles=(2,), cancelled=2)
    assert told_by(desk) == {1: [(1, "first"), (2, "joined")]}
    assert {story for story, *_ in alerts_of(desk)} == {1}
    with pytest.raises(PortalwatchError, match="story 2 was joined into story 1"):
        join(desk, now, 2, 1)
    with pytest.raises(PortalwatchError, match="is one already"):
        join(desk, now, 1, 1)


def test_copies_of_either_side_of_a_join_are_not_told(desk: Desk, now: datetime) -> None:
    two_stories(desk, now)
    sent(desk)
    join(desk, now, 1, 2)
    before = alerts_of(desk)
    assert keep(desk, now, 3, "cna", text=SIMPLE(OTHER)).alerts == 0
    assert keep(desk, now, 4, "cna", text=SIMPLE(TEXT)).alerts == 0
    assert alerts_of(desk) == before
    assert told_by(desk) == {1: [(1, "first"), (2, "joined"), (3, "copy"), (4, "copy")]}


def test_who_heard_only_of_the_joined_story_is_not_told_of_the_other(desk: Desk, now: datetime) -> None:
    keep(dataclasses.replace(desk, learning=True), now, 1, title="船", text=TEXT)
    keep(desk, now, 2, title="渡輪與吊橋", text=OTHER)
    sent(desk)
    join(desk, now, 1, 2)
    before = alerts_of(desk)
    keep(desk, now, 3, "park6", text=SIMPLE(TEXT))
    assert set(alerts_of(desk)) - set(before) == {(1, 3, "other@example.org", 0)}


def test_corrections_of_both_sides_of_a_join_reach_who_had_them(desk: Desk, now: datetime) -> None:
    two_stories(desk, now)
    sent(desk)
    join(desk, now, 1, 2)
    assert keep(desk, now + HOUR, 1, text=TEXT.replace("四十天", "五十天")).alerts == 2
    assert keep(desk, now + HOUR, 2, title="渡輪與吊橋", text=OTHER.replace("十二組", "十五組")).alerts == 2
    assert {(story, number) for story, number, _, revision in alerts_of(desk) if revision} == {(1, 1), (2, 2)}


def test_a_replay_leaves_a_join(desk: Desk, now: datetime) -> None:
    two_stories(desk, now)
    join(desk, now, 1, 2)
    assert again(desk, now, 2, title="吊橋", text=OTHER + "完").moved is None
    assert told_by(desk) == {1: [(1, "first"), (2, "joined")]}


def test_a_late_batch_does_not_tell_of_a_joined_story_what_was_told(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1)
    sent(desk)
    keep(dataclasses.replace(desk, late="replay"), now, 2, title="渡輪與吊橋", text=OTHER)
    with writing(desk.engine) as session:
        byhand.join(session, 2, 1, now)
        assert release_late(session, "replay", now) == 0


def test_a_split_undoes_a_join_and_a_join_a_split(desk: Desk, now: datetime) -> None:
    two_stories(desk, now)
    sent(desk)
    before = told_by(desk), alerts_of(desk)
    join(desk, now, 1, 2)
    assert split(desk, now, 1, 2) == byhand.Ruled(story=1, other=2, articles=(2,))
    assert (told_by(desk), alerts_of(desk)) == before
    join(desk, now, 1, 2)
    with reading(desk.engine) as session:
        assert [(row.verdict, row.story_id, row.other_id) for row in session.scalars(select(Ruling))] == [("joined", 1, 2)]


def test_what_was_joined_into_a_joined_story_moves_on_and_stays_apart_from_its_splits(desk: Desk, now: datetime) -> None:
    two_stories(desk, now)
    keep(desk, now, 3, title="三", text="".join(reversed(TEXT)))
    keep(desk, now, 4, "cna", text=SIMPLE(EDITED))
    split(desk, now, 1, 4)
    join(desk, now, 2, 1)
    join(desk, now, 3, 2)
    assert told_by(desk) == {3: [(1, "joined"), (2, "joined"), (3, "first")], 4: [(4, "first")]}
    keep(desk, now, 5, "bbc_zh", text=EDITED)
    assert told_by(desk)[4] == [(4, "first"), (5, "copy")]
    assert split(desk, now, 3, 1).other == 1


def test_forgetting_an_article_of_a_joined_story_leaves_the_rest(desk: Desk, now: datetime) -> None:
    two_stories(desk, now)
    sent(desk)
    join(desk, now, 1, 2)
    for number in ("2", "1"):
        with writing(desk.engine) as session:
            assert forget_article(session, Named(portal="dw_zh", identity=number, url=""), (), now).article_id
    with reading(desk.engine) as session:
        for table in (Story, Telling, AlertRow, ArticleRow, Ruling):
            assert session.scalar(select(func.count()).select_from(table)) == 0
