"""What `why` says of matches and alerts that a crawl alone does not bring about, and of whose an address is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from pipelines import flow
from pipelines.desk import Desk
from pipelines.sheet import Sheet, read_sheet
from pipelines.store.articles import readable
from pipelines.store.database import reading
from pipelines.store.pages import Found
from pipelines.store.tables import ArticleRow
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from pipelines.why.asked import by_headline, by_url
from pipelines.why.stage import Case, Stage, conclusion
from pipelines.why.topics import topics
from spiders.loader import SHIPPED
from tests.store.articles import article

WATCHLIST = """
topics:
  ferry: {query: 渡輪, channels: [desk]}
  island: {query: 青屿, channels: [desk]}
  silent: {query: 樁基}
  rail: {query: 火車, channels: [desk]}
channels:
  desk: {type: mail, to: [desk@example.org]}
"""


def desk(store: Engine, text: str = WATCHLIST, **changes: object) -> Desk:
    watchlist = Watchlist.from_text(text)
    made = Desk(
        engine=store, fast=None, watchlist=watchlist, matcher=compile_watchlist(watchlist), learning=False, looks=(timedelta(hours=1),)
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def keep(at: Desk, now: datetime, number: int = 1, **changes: object) -> int:
    found = Found(portal="dw_zh", identity=str(number), url=f"https://www.dw.com/zh/a-{number}")
    return flow.keep(at, found, article(url=found.url, **changes), now).article_id


def asked(store: Engine, number: int, now: datetime, text: str = WATCHLIST) -> dict[str, Stage]:
    """The answer of each topic about the article."""
    with reading(store) as session:
        row = session.get_one(ArticleRow, number)
        case = Case(session=session, now=now, zone=ZoneInfo("Asia/Taipei"), watchlist=Watchlist.from_text(text), article=row)
        return {str(stage.told["topic"]): stage for stage in topics(case, readable(row))}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ('digest: "0 8,18 * * *", zone: Asia/Taipei', "waits for the digest at 18:00 Asia/Taipei"),
        ('digest: "0 9 * * *"', "waits for the digest at 2026-11-23 09:00 Asia/Taipei"),
        ('quiet: "15:00-17:00", zone: Asia/Taipei', "quiet until 17:00 Asia/Taipei"),
        ('quiet: "23:00-09:30", zone: Europe/Berlin', "quiet until 09:30 Europe/Berlin"),
    ],
)
def test_what_an_alert_waits_for_is_said_by_its_recipients_clock(store: Engine, now: datetime, words: str, says: str) -> None:
    text = WATCHLIST.replace("to: [desk@example.org]", f"to: [desk@example.org], {words}")
    number = keep(desk(store, text, zone=ZoneInfo("Asia/Taipei")), now)
    held = asked(store, number, now, text)["ferry"].below[-1]
    assert (held.mark, held.told["state"], held.says) == ("wait", "held", f"held for desk@example.org (desk): {says}")


def test_a_late_match_is_held_for_its_batch(store: Engine, now: datetime) -> None:
    number = keep(desk(store, late="replay 7"), now)
    held = asked(store, number, now)["ferry"].below[-1]
    assert (held.mark, held.told["state"]) == ("wait", "held")
    assert held.says == "held for desk@example.org (desk): until the late batch replay 7 ends, at the latest 17:00 Asia/Taipei"


def test_a_topic_without_channels_tells_nobody(store: Engine, now: datetime) -> None:
    number = keep(desk(store), now)
    assert asked(store, number, now)["silent"].below[-1].says == "nobody hears of this topic: it has no channels"


def test_who_had_the_story_by_another_telling_is_told_with_it(store: Engine, now: datetime) -> None:
    first = keep(desk(store), now)
    copy = keep(desk(store), now, 2, title="另一個標題")
    told = asked(store, copy, now)["ferry"].below[-1]
    assert told.says.startswith("desk@example.org (desk) has the story already: owed to desk@example.org (desk) since ")
    assert told.says.endswith(f"by article {first} (dw_zh, https://www.dw.com/zh/a-1) for ferry")


def test_a_topic_that_came_after_the_article_says_so(store: Engine, now: datetime) -> None:
    number = keep(desk(store), now)
    edited = WATCHLIST.replace("query: 火車", "query: 碼頭")
    rail = asked(store, number, now, edited)["rail"]
    assert rail.mark == "no"
    assert rail.says.startswith("rail: its query is satisfied, yet it did not match when the article was read")


def test_a_long_watchlist_answers_for_what_matched_and_counts_the_rest(store: Engine, now: datetime) -> None:
    many = WATCHLIST.replace("channels:\n  desk", "".join(f"  t{n}: {{query: 火車}}\n" for n in range(30)) + "channels:\n  desk")
    number = keep(desk(store, many), now)
    with reading(store) as session:
        row = session.get_one(ArticleRow, number)
        case = Case(session=session, now=now, zone=ZoneInfo("UTC"), watchlist=Watchlist.from_text(many), article=row)
        stages = topics(case, readable(row))
        assert [stage.told.get("topic") for stage in stages] == ["ferry", "island", "silent", None]
        assert stages[-1].says == "31 other topics did not match; ask for one with --topic, or for --all"
        assert conclusion(stages).says.startswith("owed to desk@example.org (desk) since ")


@pytest.mark.parametrize(
    ("portal", "one", "other"),
    [
        ("bbc_zh", "https://www.bbc.com/zhongwen/articles/c0e1234567o/trad", "http://bbc.co.uk/zhongwen/articles/c0e1234567o/simp?at=x#y"),
        (
            "park6",
            "https://news.6parker.com/newspark/index.php?app=news&act=view&nid=5",
            "http://www.toutiaoabc.com/newspark/view.php?nid=5",
        ),
    ],
)
def test_a_mirror_and_the_other_script_are_one_identity(store: Engine, now: datetime, portal: str, one: str, other: str) -> None:
    sheets = {portal: read_sheet(SHIPPED / f"{portal}.yaml", base=SHIPPED)}
    with reading(store) as session:
        met = [taken_up(Case(session=session, now=now, zone=ZoneInfo("UTC")), url, sheets) for url in (one, other)]
    assert met[0] == met[1]
    assert met[0][0] == portal


def taken_up(case: Case, url: str, sheets: dict[str, Sheet]) -> tuple[str | None, str | None, str | None]:
    by_url(case, url, sheets)
    return case.portal, case.identity, case.url


def test_a_headline_is_found_in_either_script_and_by_a_part_of_it(store: Engine, now: datetime) -> None:
    number = keep(desk(store), now)
    keep(desk(store), now, 2, title="鋼索吊橋封閉", text="鋼索吊橋在強風中受損。")
    with reading(store) as session:
        find: Callable[[str], list[int]] = lambda headline: [each.article for each in by_headline(session, headline)]  # noqa: E731
        assert find("青屿夜间渡轮下月复航") == [number]
        assert find("青嶼夜間渡輪") == [number]
        assert find("「青嶼夜間渡輪,下個月復航」") == [number]
        assert find("完全無關的消息") == []
