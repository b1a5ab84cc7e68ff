"""A merged piece and its parts: the same stories in whatever order they come, and nobody reads twice what it brought."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy import Engine, select

from pipelines import flow
from pipelines.dedup.fast import Fast
from pipelines.desk import Desk
from pipelines.store import candidates, rulings
from pipelines.store.articles import stories_of
from pipelines.store.database import reading, writing
from pipelines.store.pages import Found
from pipelines.store.tables import AlertRow, Story, Telling
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from tests.dedup.test_stories import BRIDGE, SIMPLE
from tests.dedup.test_stories import FERRY as SHORT
from tests.store.articles import article

WATCHLIST = """
topics:
  all: {query: 渡輪 OR 吊橋 OR 鐘樓, channels: [desk]}
  ferry: {query: 渡輪, channels: [ferry]}
  bridge: {query: 吊橋, channels: [bridge]}
  lonely: {query: 吊橋 NOT 渡輪, channels: [bridge, lonely]}
  storm: {query: 渡輪 OR 吊橋, portals: [storm_mg], channels: [storm]}
channels:
  desk: {type: mail, to: [desk@example.org]}
  ferry: {type: mail, to: [ferry@example.org]}
  bridge: {type: mail, to: [bridge@example.org]}
  lonely: {type: mail, to: [lonely@example.org]}
  storm: {type: mail, to: [storm@example.org]}
"""
TOWER = (
    "舊城鐘樓的四面大鐘昨夜同時停擺,守鐘人清晨上樓才發現齒輪箱被鴿群的羽毛卡死。鐘樓建於光緒年間,三十年前換過一次擒縱機構。文物處請來退休的鐘錶師傅,"
    "預計拆洗要九天,其間改由消防局的汽笛報時。附近的早點攤販說,少了鐘聲,連豆漿都忘了幾點該起鍋;小學生則因遲到而多睡了一刻鐘。"
)
FERRY = SHORT + "船公司說,新船的引擎聲只有舊船的一半,甲板上還留了一排給釣客的座位;島上的雜貨店老闆娘已經把打烊的時間改到末班船靠岸之後。"
TEXTS = {"ferry": FERRY, "bridge": BRIDGE, "tower": TOWER}
TWO = {"merged": FERRY + "\n" + SIMPLE.convert(BRIDGE), "ferry": FERRY, "bridge": BRIDGE}
THREE = {"merged": "\n".join((FERRY, SIMPLE.convert(BRIDGE), TOWER)), **TEXTS}


@pytest.fixture
def desk(store: Engine, fast: Fast) -> Desk:
    return watching(store, fast)


def watching(store: Engine, fast: Fast | None, *, learning: bool = False) -> Desk:
    watchlist = Watchlist.from_text(WATCHLIST)
    return Desk(
        engine=store, fast=fast, watchlist=watchlist, matcher=compile_watchlist(watchlist), learning=learning, looks=(timedelta(hours=1),)
    )


def arrive(desk: Desk, now: datetime, texts: dict[str, str], order: Sequence[str]) -> dict[str, int]:
    """{name: the article's id}, kept in that order."""
    return {name: keep(desk, now, name, texts[name]).article_id for name in order}


def keep(desk: Desk, now: datetime, name: str, text: str, portal: str = "dw_zh") -> flow.Kept:
    found = Found(portal=portal, identity=name, url=f"https://{portal}.example/{name}")
    return flow.keep(desk, found, article(url=found.url, title=f"題 {name}", text=text), now)


def stories(desk: Desk, ids: dict[str, int]) -> dict[str, set[str]]:
    """{what tells a story as itself: all that tell it}."""
    names, found = {number: name for name, number in ids.items()}, dict[int, dict[str, str]]()
    with reading(desk.engine) as session:
        for story, number, role in session.execute(select(Telling.story_id, Telling.article_id, Telling.role)):
            found.setdefault(story, {})[names[number]] = role
    return {"+".join(sorted(name for name in told if told[name] != "part")): set(told) for told in found.values()}


def told(desk: Desk, ids: dict[str, int]) -> dict[str, list[str]]:
    """{recipient: what each message told}."""
    names, found = {number: name for name, number in ids.items()}, dict[str, list[str]]()
    with reading(desk.engine) as session:
        for row in session.scalars(select(AlertRow).order_by(AlertRow.id)):
            found.setdefault(row.recipient.partition("@")[0], []).append(names[row.article_id])
    return {name: list(dict.fromkeys(articles)) for name, articles in found.items()}


@pytest.mark.parametrize("order", list(permutations(TWO)), ids="-".join)
def test_two_parts_and_what_merges_them_are_two_stories_in_every_order(desk: Desk, now: datetime, order: Sequence[str]) -> None:
    ids = arrive(desk, now, TWO, order)
    assert stories(desk, ids) == {"ferry": {"ferry", "merged"}, "bridge": {"bridge", "merged"}}


@pytest.mark.parametrize("order", list(permutations(THREE)), ids="-".join)
def test_three_parts_are_three_stories_in_every_order(desk: Desk, now: datetime, order: Sequence[str]) -> None:
    ids = arrive(desk, now, THREE, order)
    assert stories(desk, ids) == {name: {name, "merged"} for name in TEXTS}


def test_who_had_the_merged_piece_hears_of_neither_part(desk: Desk, now: datetime) -> None:
    ids = arrive(desk, now, TWO, ("merged", "ferry", "bridge"))
    assert told(desk, ids) == {"desk": ["merged"], "ferry": ["merged"], "bridge": ["merged"], "lonely": ["bridge"]}


def test_who_had_the_merged_piece_hears_of_no_copy_of_a_part_that_the_topic_did_not_read(desk: Desk, now: datetime) -> None:
    ids = arrive(desk, now, TWO, ("bridge", "ferry"))
    ids |= {name: keep(desk, now, name, text, "storm_mg").article_id for name, text in (("merged", TWO["merged"]), ("copy", FERRY))}
    assert stories(desk, ids) == {"bridge": {"bridge", "merged"}, "copy+ferry": {"copy", "ferry", "merged"}}
    assert told(desk, ids)["storm"] == ["merged"]


def test_a_part_that_only_a_silent_merged_piece_brought_is_told(desk: Desk, now: datetime) -> None:
    ids = arrive(desk, now, TWO, ("ferry", "merged", "bridge"))
    assert told(desk, ids) == {"desk": ["ferry", "bridge"], "ferry": ["ferry"], "bridge": ["merged"], "lonely": ["bridge"]}


def test_a_part_that_stood_in_what_was_there_before_we_watched_is_silent(store: Engine, now: datetime) -> None:
    ids = arrive(watching(store, None, learning=True), now, TWO, ("merged", "ferry"))
    ids |= arrive(watching(store, None), now, TWO, ("bridge",))
    assert told(watching(store, None), ids) == {"bridge": ["bridge"], "lonely": ["bridge"]}


def test_copies_of_the_parts_and_of_the_merged_piece_join_what_is_there(desk: Desk, now: datetime) -> None:
    ids = arrive(desk, now, TWO, ("merged", "ferry", "bridge"))
    before = told(desk, ids)
    copies = {
        "ferry copied": SIMPLE.convert(FERRY),
        "bridge cut": BRIDGE[: int(len(BRIDGE) * 0.7)],
        "merged again": TWO["merged"] + "責任編輯:某某",
    }
    ids |= arrive(desk, now, copies, list(copies))
    assert stories(desk, ids) == {
        "ferry+ferry copied": {"ferry", "ferry copied", "merged", "merged again"},
        "bridge+bridge cut": {"bridge", "bridge cut", "merged", "merged again"},
    }
    assert told(desk, ids) == before


def test_a_story_that_the_merged_piece_opened_is_named_by_its_part_and_says_why(desk: Desk, now: datetime) -> None:
    ids = arrive(desk, now, TWO, ("merged", "ferry", "bridge"))
    with reading(desk.engine) as session:
        assert {(story.article_id, story.title) for story in session.scalars(select(Story))} == {
            (ids["ferry"], "題 ferry"), (ids["bridge"], "題 bridge"),
        }  # fmt: skip
        whys = {telling.article_id: telling.why for telling in session.scalars(select(Telling).where(Telling.story_id == 2))}
    assert whys[ids["merged"]] == f"holds 100% of article {ids['bridge']}, which came later"
    assert whys[ids["bridge"]].startswith("no other tells it; nearest is article 1: 100% of the text stands in a merged piece, beside")


def test_a_piece_that_only_a_silent_copy_of_a_merged_piece_brought_is_told(desk: Desk, now: datetime) -> None:
    texts = {"merged": BRIDGE + FERRY, "bridge": BRIDGE, "ferry": FERRY, "all": BRIDGE + FERRY + TOWER, "tower": TOWER}
    ids = arrive(desk, now, texts, list(texts))
    assert told(desk, ids)["desk"] == ["merged", "tower"]


def test_a_merged_piece_is_found_by_the_story_that_it_shares(store: Engine, now: datetime) -> None:
    """Of its last part alone too few shingles of it may be posted."""
    ids = arrive(watching(store, None), now, THREE, ("merged", "ferry", "bridge"))
    with reading(store) as session:
        known = candidates.known(session, [ids["ferry"]], now)
    assert {each.article_id for each in known} == {ids["merged"], ids["ferry"], ids["bridge"]}


def test_what_tells_the_likeliest_story_is_compared_before_what_tells_others(store: Engine, now: datetime) -> None:
    """A reader's remark makes any text a candidate; their stories must not crowd out the one that counts."""
    desk, dice = watching(store, None), random.Random(20240618)
    crowd = ["".join(chr(dice.randrange(0x4E00, 0x9FA0)) for _ in range(300)) for _ in range(12)]
    others = [keep(desk, now, f"{copy} of {number}", text).article_id for number, text in enumerate(crowd) for copy in range(4)]
    ids = arrive(desk, now, THREE, ("merged", "ferry", "bridge"))
    with reading(store) as session:
        known = candidates.known(session, [ids["ferry"], *others[::4]], now)
    assert {ids["merged"], ids["ferry"], ids["bridge"]} <= {each.article_id for each in known}


def test_a_merged_piece_tells_no_part_of_a_story_that_a_person_set_apart(desk: Desk, now: datetime) -> None:
    ids = arrive(desk, now, TWO, ("bridge", "merged"))
    with writing(desk.engine) as session:
        rulings.rule(session, rulings.APART, 1, 2, now)
    ids |= arrive(desk, now, TWO, ("ferry",))
    assert stories(desk, ids) == {"bridge": {"bridge"}, "ferry+merged": {"ferry", "merged"}}


def test_two_excerpts_of_one_article_that_share_their_middle_stay_its_copies(desk: Desk, now: datetime) -> None:
    whole, size = FERRY + BRIDGE, len(FERRY + BRIDGE)
    texts = {"whole": whole, "front": whole[: int(size * 0.6)], "back": whole[int(size * 0.4) :]}
    assert stories(desk, arrive(desk, now, texts, list(texts))) == {"back+front+whole": set(texts)}


@pytest.mark.parametrize("has_redis", [True, False])
def test_a_small_part_of_a_long_merged_piece_is_found(store: Engine, fast: Fast, now: datetime, has_redis: bool) -> None:
    desk, dice = watching(store, fast if has_redis else None), random.Random(20240618)
    written = ["".join(chr(dice.randrange(0x4E00, 0x9FA0)) for _ in range(size)) for size in (9000, *[200] * 12)]
    kept = [keep(desk, now, f"part {number}", text).article_id for number, text in enumerate(written)]
    for number, part in enumerate(written[1:], 1):
        both = keep(desk, now, f"merged {number}", f"{written[0]}\n{part}").article_id
        with reading(store) as session:
            assert stories_of(session, both) == [kept[0], kept[number]]
