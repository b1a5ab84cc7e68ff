"""Who had a story first, and how far behind the others are, whatever their pages say."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from opencc import OpenCC

from pipelines.dedup.altered import altered
from pipelines.dedup.chain import Chain, Piece, chain_of, is_same_publisher, moment_of, told

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TAIPEI = timezone(timedelta(hours=8))
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NAMES = {"cna": ("中央社", "cna"), "storm": ("風傳媒",), "park6": ("留园网",), "dw": ("德国之声",)}


def piece(
    number: int, portal: str, at: datetime | date | None, *, by: tuple[str, ...] = (), seen: datetime | None = None, role: str = "copy"
) -> Piece:
    zone = TAIPEI if portal in ("cna", "storm") else UTC
    return Piece(
        article_id=number, own=NAMES[portal], credits=by, published_at=at, first_seen_at=seen or NOON + 5 * HOUR, zone=zone, role=role
    )


def first_of(chain: Chain) -> tuple[str, int]:
    return chain.publisher, chain.steps[0].article_id


def delays(chain: Chain) -> dict[int, timedelta | None]:
    return {step.article_id: step.after for step in chain.steps}


def test_the_credited_publisher_had_it_first_though_a_copy_carries_an_earlier_time() -> None:
    chain = chain_of([piece(1, "storm", NOON - HOUR, by=("中央社",)), piece(2, "cna", NOON, by=("中央社",))])
    assert first_of(chain) == ("中央社", 2)
    assert delays(chain) == {2: None, 1: -HOUR}
    assert chain.steps[1].doubts == ("carries a time 1 h earlier than that of whom it is credited to: the credit counts for more",)
    assert chain.why == "1 of 2 credits 中央社; its own piece is here"


def test_a_credit_in_the_other_script_is_the_same_publisher() -> None:
    chain = chain_of([piece(1, "park6", NOON, by=("風傳媒",)), piece(2, "storm", NOON + HOUR, by=("风传媒",))])
    assert first_of(chain) == ("風傳媒", 2)


def test_a_credit_is_followed_to_the_last_one_that_anybody_credits() -> None:
    chain = chain_of([piece(1, "park6", NOON, by=("風傳媒",)), piece(2, "storm", NOON, by=("中央社",))])
    assert (chain.publisher, chain.is_here) == ("中央社", False)
    assert chain.why == "1 of 2 credits 風傳媒, who credits 中央社; its own piece is not among what we read"


def test_two_that_credit_each_other_are_told_apart_by_time() -> None:
    chain = chain_of([piece(1, "storm", NOON + HOUR, by=("中央社",)), piece(2, "cna", NOON, by=("風傳媒",))])
    assert first_of(chain) == ("中央社", 2)
    assert chain.why.endswith("credit each other; the earliest publish time")


def test_the_publisher_that_most_credit_counts() -> None:
    pieces = [
        piece(1, "park6", NOON, by=("路透",)),
        piece(2, "dw", NOON, by=("中央社",)),
        piece(3, "storm", NOON, by=("中央社", "路透")),
    ]
    assert chain_of(pieces).publisher == "中央社"


def test_without_credits_the_earliest_time_decides_in_whatever_zone() -> None:
    pieces = [piece(1, "dw", NOON), piece(2, "cna", datetime(2026, 11, 22, 19, 30, tzinfo=TAIPEI))]
    chain = chain_of(pieces)
    assert first_of(chain) == ("中央社", 2)
    assert delays(chain)[1] == 30 * MINUTE
    assert chain.why == "nobody credits another publisher; the earliest publish time"


def test_ones_own_name_is_no_credit() -> None:
    chain = chain_of([piece(1, "dw", NOON + HOUR, by=("德國之聲",)), piece(2, "storm", NOON)])
    assert first_of(chain) == ("風傳媒", 2)


@pytest.mark.parametrize(("ahead", "believed"), [(10 * MINUTE, True), (11 * MINUTE, False), (8 * HOUR, False)])
def test_a_time_after_we_saw_it_is_not_believed(ahead: timedelta, believed: bool) -> None:
    moment = moment_of(piece(1, "storm", NOON + ahead, seen=NOON))
    assert (moment.clock, moment.latest) == ("published" if believed else "first seen", NOON)
    assert (moment.doubt is None) is believed


def test_a_wrong_zone_does_not_make_a_copy_late_or_an_original_of_another() -> None:
    trapped = piece(1, "cna", NOON + 8 * HOUR, seen=NOON + MINUTE)
    chain = chain_of([trapped, piece(2, "dw", NOON + 30 * MINUTE)])
    assert first_of(chain) == ("中央社", 1)
    assert chain.steps[0].doubts == ("says 2026-11-22 20:00 +0000, 7 h 59 min after we saw it: not believed",)


@pytest.mark.parametrize(
    ("day", "seen", "clock", "latest"),
    [
        (date(2026, 11, 22), NOON, "day", NOON),
        (date(2026, 11, 20), NOON, "day", datetime(2026, 11, 21, 0, 0, tzinfo=TAIPEI)),
        (date(2026, 11, 23), NOON, "first seen", NOON),
        (date(2026, 11, 23), datetime(2026, 11, 22, 16, 0, tzinfo=UTC), "day", datetime(2026, 11, 22, 16, 0, tzinfo=UTC)),
    ],
    ids=["today", "two days ago", "tomorrow", "tomorrow has begun in the portal's zone"],
)
def test_a_day_is_the_portals_own(day: date, seen: datetime, clock: str, latest: datetime) -> None:
    moment = moment_of(piece(1, "cna", day, seen=seen))
    assert (moment.clock, moment.latest) == (clock, latest)


def test_a_day_and_a_missing_time_make_the_first_uncertain() -> None:
    chain = chain_of([piece(1, "dw", NOON), piece(2, "storm", date(2026, 11, 22)), piece(3, "park6", None, seen=NOON + HOUR)])
    assert [step.article_id for step in chain.steps] == [1, 3, 2]
    assert [step.is_exact for step in chain.steps] == [True, False, False]
    assert "another may be as old" in chain.why


def test_without_any_time_what_was_seen_first_is_first() -> None:
    chain = chain_of([piece(2, "dw", None, seen=NOON + HOUR), piece(1, "storm", None, seen=NOON)])
    assert first_of(chain) == ("風傳媒", 1)
    assert chain.steps[1].after == HOUR


def test_a_merged_piece_is_a_step_of_both_chains_and_the_first_of_neither() -> None:
    merged = piece(9, "park6", NOON - HOUR, by=("中央社", "德国之声"), role="part")
    ferry, bridge = chain_of([merged, piece(1, "cna", NOON)]), chain_of([merged, piece(2, "dw", NOON)])
    assert (first_of(ferry), first_of(bridge)) == (("中央社", 1), ("德国之声", 2))
    assert {step.article_id for chain in (ferry, bridge) for step in chain.steps} == {1, 2, 9}


def test_one_alone_is_the_first() -> None:
    chain = chain_of([piece(1, "park6", None, by=("新华社",))])
    assert (chain.publisher, chain.is_here, len(chain.steps)) == ("新华社", False, 1)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("中央社", "中央社", True), ("德国之声", "德國之聲中文網", True), ("BBC", "BBC中文", True), ("bbc 中文", "BBC中文", True),
        ("新华", "新华社", False), ("中央社", "中新社", False), ("", "中央社", False),
    ],
)  # fmt: skip
def test_names_of_one_publisher(one: str, other: str, same: bool) -> None:
    assert is_same_publisher(one, other) is same


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(), "0 min"),
        (5 * MINUTE, "5 min"),
        (HOUR, "1 h"),
        (-2 * HOUR - 5 * MINUTE, "2 h 5 min"),
        (timedelta(days=3, hours=4, minutes=9), "3 d 4 h"),
    ],
)
def test_durations_for_people(span: timedelta, words: str) -> None:
    assert told(span) == words


PARAGRAPHS = (
    "海岬市政府週三宣布,往返青嶼與內港的夜間渡輪將自下月起恢復行駛,每晚增開兩班,票價維持不變。",
    "交通局長林若川表示,過去一年的停駛源於碼頭樁基的鏽蝕,修復工程提前四十天完工。",
    "漁會代表則提醒,夜航恢復後小型漁船的避讓規則必須重新訂定,否則春汛期間容易發生擦撞。",
)
NEW = "環保團體則要求公布新船的噪音測試報告,並在候船區加設遮光設施,以免影響燕鷗棲息。"


@pytest.mark.parametrize(
    ("after", "added", "cut", "said"),
    [
        (PARAGRAPHS, [], [], "the same text"),
        ((PARAGRAPHS[0] + PARAGRAPHS[1], PARAGRAPHS[2]), [], [], "the same text"),
        ((*PARAGRAPHS, NEW), [NEW], [], "adds 1 paragraph"),
        ((*PARAGRAPHS[:2],), [], [PARAGRAPHS[2]], "cuts 1 paragraph"),
        ((NEW, "責任編輯:某某", PARAGRAPHS[0]), [NEW, "責任編輯:某某"], list(PARAGRAPHS[1:]), "adds 2 paragraphs, cuts 2"),
        ((PARAGRAPHS[0], PARAGRAPHS[1].replace("四十", "六十"), PARAGRAPHS[2]), [], [], "changes 1 passage"),
    ],
    ids=["same", "joined", "added", "cut", "both, with an editor's line", "changed"],
)
@pytest.mark.parametrize("script", ["Hant", "Hans"])
def test_what_a_copy_added_and_cut(after: tuple[str, ...], added: list[str], cut: list[str], said: str, script: str) -> None:
    write = OpenCC("t2s").convert if script == "Hans" else str
    told = altered("\n".join(PARAGRAPHS), write("\n".join(after)))
    assert (list(told.added), list(told.cut), told.sentence) == ([write(each) for each in added], cut, said)
