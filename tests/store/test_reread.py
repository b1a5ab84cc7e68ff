"""Reading archived pages again: the article changes, its publisher's revisions do not, nobody hears twice and nothing in silence."""

import dataclasses
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select, update

from pipelines import flow, reread
from pipelines.dedup.fast import Fast
from pipelines.desk import Desk
from pipelines.models import Comment, Outcome, Page
from pipelines.reread import Again, Became
from pipelines.store import alerts, claims, pages
from pipelines.store.database import reading, writing
from pipelines.store.forget import Named, forget_article
from pipelines.store.late import keep_holding, release_abandoned, release_late
from pipelines.store.messages import message_of
from pipelines.store.pages import Found
from pipelines.store.tables import AlertRow, ArticleRow, Match, PageRow, Revision, Shingle, Story, Telling
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from tests.store.articles import TEXT, article
from tests.store.test_flow import OTHER, SIMPLE, WATCHLIST

LATE = "reextract-1"
JUNK = "海岬日報網站導覽列首頁即時新聞政治財經社會生活國際體育娛樂科技旅遊健康副刊專欄影音圖輯活動訂閱登入會員中心聯絡我們隱私權政策" * 2
HOUR = timedelta(hours=1)


@pytest.fixture
def desk(store: Engine, fast: Fast) -> Desk:
    """A desk of a live crawl."""
    watchlist = Watchlist.from_text(WATCHLIST)
    return Desk(
        engine=store, fast=fast, watchlist=watchlist, matcher=compile_watchlist(watchlist), learning=False, looks=(timedelta(hours=1),)
    )


def page(number: int, at: datetime, body: str = "body") -> Page:
    return Page(url=f"https://dw_zh.example/{number}", body=f"{body} {number}".encode(), fetched_at=at)


def found(number: int) -> Found:
    return Found(portal="dw_zh", identity=str(number), url=f"https://dw_zh.example/{number}")


def keep(desk: Desk, now: datetime, number: int = 1, **changes: object) -> flow.Kept:
    return flow.keep(desk, found(number), article(url=found(number).url, **changes), now, page(number, now))


def again(desk: Desk, now: datetime, number: int = 1, fetched: Page | None = None, **changes: object) -> Again:
    replaying = dataclasses.replace(desk, late=LATE)
    read = article(url=found(number).url, **changes)
    return reread.keep_again(replaying, found(number), read, fetched or page(number, now), now + HOUR)


def released(desk: Desk, now: datetime) -> list[tuple[str, list[int]]]:
    """(recipient, stories) of each message that goes out at the end."""
    with writing(desk.engine) as session:
        release_late(session, LATE, now + HOUR)
    with reading(desk.engine) as session:
        rows = session.scalars(select(AlertRow).where(AlertRow.late == LATE, AlertRow.state == "owed").order_by(AlertRow.id)).all()
        messages = [message_of(session, each, {}, {}) for each in dict.fromkeys(row.message for row in rows)]
    assert all(message.kind == "late" for message in messages)
    return sorted((message.recipient, sorted(story.story_id for story in message.stories)) for message in messages)


def count(desk: Desk, table: type) -> int:
    with reading(desk.engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def told(desk: Desk) -> list[tuple[str, str]]:
    with reading(desk.engine) as session:
        return [(row.topic, row.state) for row in session.scalars(select(AlertRow).order_by(AlertRow.id))]


def row_of(desk: Desk, number: int = 1) -> ArticleRow:
    with reading(desk.engine) as session:
        return session.scalars(select(ArticleRow).where(ArticleRow.url == found(number).url)).one()


def test_a_reading_that_did_not_change_changes_nothing(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    before = told(desk)
    assert again(desk, now) == Again(became=Became.SAME)
    assert (told(desk), count(desk, Revision)) == (before, 1)


def test_another_reading_of_the_same_bytes_is_no_revision(desk: Desk, now: datetime) -> None:
    keep(desk, now, text=TEXT + "\n" + JUNK, author="海岬日報", comments=(Comment(author="老街坊", text="好"),))
    shingles, before = count(desk, Shingle), told(desk)
    done = again(desk, now, author="林若川")
    assert (done.became, sorted(done.fields), done.moved, done.alerts) == (Became.REREAD, ["author", "digest", "text"], None, 0)
    row = row_of(desk)
    assert (row.text, row.author, row.revision, len(row.comments)) == (TEXT, "林若川", 0, 1)
    with reading(desk.engine) as session:
        assert session.scalars(select(Revision.text)).all() == [TEXT]
    assert count(desk, Shingle) != shingles
    assert told(desk) == before
    assert again(desk, now, author="林若川").became is Became.SAME


def test_a_copy_is_known_by_the_new_reading(desk: Desk, now: datetime) -> None:
    keep(desk, now, title="x", text=JUNK)
    again(desk, now)
    assert flow.keep(desk, Found(portal="park6", identity="9", url="https://x.example/9"), article(text=SIMPLE(TEXT)), now).alerts == 1
    assert count(desk, Story) == 1


def test_younger_bytes_are_a_revision_and_older_ones_nothing(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    corrected = TEXT.replace("四十天", "六十天")
    assert again(desk, now, fetched=page(1, now - HOUR, "old"), text=corrected).became is Became.OLDER
    assert row_of(desk).text == TEXT
    done = again(desk, now, fetched=page(1, now + HOUR, "new"), text=corrected)
    assert (done.became, row_of(desk).revision) == (Became.REVISED, 1)
    assert ("ferry", "held") in told(desk)
    assert again(desk, now, text=TEXT).became is Became.OLDER


def test_an_article_that_an_older_release_kept_is_known_by_its_time(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    with writing(desk.engine) as session:
        session.execute(update(ArticleRow).values(payload=None, fetched_at=None))
    assert again(desk, now, fetched=page(1, now - HOUR), author="x").became is Became.OLDER
    assert again(desk, now, fetched=page(1, now - timedelta(seconds=5)), author="x").became is Became.REREAD


def test_what_was_not_readable_before_becomes_an_article_of_its_time(desk: Desk, now: datetime) -> None:
    flow.settle(desk, found(1), Outcome.NOT_ARTICLE, "listing: many links", now - timedelta(days=20))
    done = again(desk, now, fetched=page(1, now - timedelta(days=20)))
    assert (done.became, done.alerts, row_of(desk).first_seen_at) == (Became.NEW, 3, now - timedelta(days=20))
    assert released(desk, now) == [("crm", [1]), ("desk@example.org", [1])]


def test_a_page_of_a_learning_run_is_kept_and_not_told(desk: Desk, now: datetime) -> None:
    with writing(desk.engine) as session:
        pages.settle(session, dataclasses.replace(found(1), learned=True), Outcome.NOT_ARTICLE, now, ())
    assert again(desk, now).alerts == 0
    keep(dataclasses.replace(desk, learning=True), now, 2, title="x", text=JUNK)
    assert again(desk, now, 2, title="渡輪", text=OTHER).alerts == 0
    assert count(desk, Match) == 3


def test_what_was_forgotten_does_not_come_back(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    with writing(desk.engine) as session:
        forget_article(session, Named(portal="dw_zh", identity="1", url=""), (), now)
    assert again(desk, now).became is Became.FORGOTTEN
    assert count(desk, ArticleRow) == 0


def test_new_matches_are_held_and_go_out_as_one_message_to_each(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, title="無題", text=JUNK[:60])
    keep(desk, now, 2, title="也無題", text=JUNK[60:])
    assert told(desk) == []
    assert again(desk, now, 1).alerts == 3
    assert again(desk, now, 2, title="渡輪與吊橋", text=OTHER).alerts == 2
    assert {state for _, state in told(desk)} == {"held"}
    with writing(desk.engine) as session:
        assert claims.channels_due(session, now + 2 * HOUR) == []
    assert released(desk, now) == [("crm", [1, 2]), ("desk@example.org", [1, 2])]
    assert released(desk, now) == [("crm", [1, 2]), ("desk@example.org", [1, 2])]
    with writing(desk.engine) as session:
        taken = {name: claims.claim(session, now + HOUR, claims.Lane(channel=name), 9) for name in ("desk", "crm")}
    assert {name: len(each) for name, each in taken.items()} == {"desk": 1, "crm": 1}


def test_who_had_the_story_hears_nothing_and_who_had_not_hears_what_is_new(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    keep(desk, now, 2, title="無題", text=JUNK)
    before = told(desk)
    done = again(desk, now, 2, text=SIMPLE(TEXT), title="副本")
    assert (done.became, done.alerts) == (Became.REREAD, 0)
    assert done.moved == "article 2: ended story 2; joined story 1"
    assert told(desk) == before
    with reading(desk.engine) as session:
        assert "as read again on" in session.scalars(select(Telling.why).where(Telling.article_id == 2)).one()
        assert session.scalars(select(Story.id)).all() == [1]


def test_stories_that_a_bad_reading_had_made_one_come_apart_and_are_told(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, title="渡輪", text=JUNK)
    keep(desk, now, 2, title="渡輪二", text=JUNK)
    keep(desk, now, 3, title="渡輪三", text=JUNK)
    assert count(desk, Story) == 1
    assert {row[1] for row in told(desk)} == {"owed"}
    texts = (TEXT, OTHER, "夜市" + "".join(reversed(TEXT)))
    moved = [again(desk, now, number, title=f"渡輪{number}", text=text).moved for number, text in enumerate(texts, 1)]
    assert moved[0] is None, "an article that was told stays in the story in which it was told"
    assert moved[1:] == ["article 2: left story 1; opened story 2", "article 3: left story 1; opened story 3"]
    assert released(desk, now) == [("crm", [2, 3]), ("desk@example.org", [2, 3])]


def test_a_copy_that_was_read_again_before_its_original_is_not_told_twice(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, title="渡輪", text=JUNK)
    keep(desk, now, 2, title="渡輪二", text=JUNK)
    assert again(desk, now, 2, text=SIMPLE(TEXT)).alerts == 3
    assert again(desk, now, 1, text=TEXT).moved == "article 1: joined story 2"
    assert released(desk, now) == []
    assert ("ferry", "held") not in told(desk)
    assert again(desk, now, 1, text=TEXT).became is Became.SAME


def test_a_story_that_was_told_never_ends(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1)
    keep(desk, now, 2, title="渡輪與吊橋", text=OTHER)
    before = told(desk)
    assert again(desk, now, 2, text=SIMPLE(TEXT)).moved == "article 2: joined story 1"
    assert (count(desk, Story), told(desk)) == (2, before)


def test_matches_are_those_of_the_new_reading(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    with reading(desk.engine) as session:
        first = dict(session.execute(select(Match.topic, Match.matched_at)).all())
    assert set(first) == {"ferry", "island"}
    again(desk, now, title="船", text=TEXT.replace("青嶼", "外島"))
    with reading(desk.engine) as session:
        assert dict(session.execute(select(Match.topic, Match.matched_at)).all()) == {"ferry": first["ferry"]}


def test_a_replay_that_fails_in_the_middle_leaves_nothing_half_done(desk: Desk, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(desk, now, title="無題", text=JUNK)
    with monkeypatch.context() as broken:
        broken.setattr(alerts, "owe", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            again(desk, now)
    assert (row_of(desk).text, count(desk, Match)) == (JUNK, 0)
    assert again(desk, now).alerts == 3


@pytest.mark.parametrize(("after", "messages"), [(alerts.HELD_FOR - timedelta(seconds=1), 0), (alerts.HELD_FOR, 2)])
def test_a_batch_that_was_killed_is_sent_when_nothing_was_heard_of_it(desk: Desk, now: datetime, after: timedelta, messages: int) -> None:
    keep(desk, now, 1, title="無題", text=JUNK)
    again(desk, now)
    lived = now + 2 * HOUR
    with writing(desk.engine) as session:
        keep_holding(session, LATE, lived)
        assert release_abandoned(session, lived + after) == messages


def test_what_a_batch_finds_after_it_was_released_is_another_message(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, title="無題", text=JUNK[:60])
    keep(desk, now, 2, title="也無題", text=JUNK[60:])
    again(desk, now, 1)
    with writing(desk.engine) as session:
        release_late(session, LATE, now)
    again(desk, now, 2, title="渡輪與吊橋", text=OTHER)
    assert released(desk, now) == [("crm", [1]), ("crm", [2]), ("desk@example.org", [1]), ("desk@example.org", [2])]


def test_a_crawl_meanwhile_does_not_tell_what_is_held(desk: Desk, now: datetime) -> None:
    keep(desk, now, 1, title="無題", text=JUNK)
    again(desk, now)
    assert keep(desk, now, 2, text=SIMPLE(TEXT)).alerts == 0
    assert released(desk, now) == [("crm", [1]), ("desk@example.org", [1])]


def test_an_empty_database_is_filled_from_the_archive(desk: Desk, now: datetime) -> None:
    assert again(desk, now).became is Became.NEW
    with reading(desk.engine) as session:
        assert session.scalars(select(PageRow.identity)).all() == ["1"]


@pytest.mark.parametrize("before", [None, Outcome.FAILED, Outcome.LEFT])
def test_what_no_crawl_has_read_is_fetched_again_when_a_listing_names_it(desk: Desk, now: datetime, before: Outcome | None) -> None:
    newest = dataclasses.replace(found(1), mark="lastmod=2026-11-21")
    if before is not None:
        flow.settle(desk, newest, before, None, now)
    again(desk, now)
    with writing(desk.engine) as session:
        assert pages.sort(session, [newest], now).wanted == {"1"}
        pages.settle(session, newest, Outcome.UNCHANGED, now, (timedelta(hours=1),))
        assert pages.sort(session, [newest], now).wanted == frozenset()
