"""What one text says that another does not, in either script."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as some
from opencc import OpenCC

from pipelines.dedup.difference import difference

SIMPLE = OpenCC("t2s").convert
TEXT = "一列綠色列車昨晚駛進總站。月台上鋪了紅毯，樂隊等了兩個小時。\n事故造成12人死亡，30人受傷。The port of Busan said nothing."


def changes(before: str, after: str) -> list[tuple[str, str]]:
    return [(change.cut, change.added) for change in difference(before, after).changes]


@pytest.mark.parametrize(
    "after", [TEXT, SIMPLE(TEXT), TEXT.upper(), TEXT.replace("\n", "\n\n　　"), TEXT.replace("，", "、 "), TEXT.replace("12", "１２")]
)
def test_script_case_punctuation_and_layout_are_no_difference(after: str) -> None:
    assert (changes(TEXT, after), difference(TEXT, after).kept) == ([], 66)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("造成12人死亡", "造成15人死亡", [("12", "15")]),
        ("成長1.25%。", "成長12.5%。", [("1.25%", "12.5%")]),
        ("捐了1,200元", "捐了1200元", []),
        ("甲說好。乙說不好。丙沒說話。", "甲說好。丙沒說話。", [("乙說不好。", "")]),
        ("甲說好。\n丙沒說話。", "甲說好。\n乙說不好。\n丙沒說話。", [("", "乙說不好。")]),
        ("普京在平壤表示歡迎", "普京在首爾表示歡迎", [("平壤", "首爾")]),
        ("The Minister resigned today.", "The minister retired today.", [("resigned", "retired")]),
        ("", "新聞。", [("", "新聞。")]),
        ("", "", []),
    ],
)
def test_each_change_is_told_as_its_own_text_writes_it(before: str, after: str, told: list[tuple[str, str]]) -> None:
    assert changes(before, after) == told
    assert changes(SIMPLE(before), after) == [(SIMPLE(cut), added) for cut, added in told]


def test_what_was_cut_is_in_the_old_script_and_what_was_added_in_the_new() -> None:
    found = difference(TEXT, SIMPLE(TEXT).replace("乐队等了两个小时", "乐队没有来"))
    assert [(change.cut, change.added) for change in found.changes] == [("等了兩個小時", "没有来")]
    assert (found.cut, found.added, found.kept) == (6, 3, 60)


@given(some.text("昨晚駛進总站12。\n 　a，é\u0301\u200b", max_size=60), some.text("昨晚駛進总站12。\n 　a，é\u0301\u200b", max_size=60))
def test_the_changes_lie_in_order_and_show_what_stands_there(before: str, after: str) -> None:
    found = difference(before, after)
    assert difference(after, before).kept == found.kept or found.changes
    for change in found.changes:
        assert (before[slice(*change.was)], after[slice(*change.at)]) == (change.cut, change.added)
        assert change.cut or change.added
    for one, next_one in zip(found.changes, found.changes[1:], strict=False):
        assert one.was[1] <= next_one.was[0] or one.was[0] == one.was[1]
        assert one.at[1] <= next_one.at[0] or one.at[0] == one.at[1]


@given(some.text(max_size=80))
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert difference(text, text).changes == ()


HOSTILE = {
    "one letter": ("啊" * 100_000, "啊" * 99_999 + "呀"),
    "two letters shifted": ("啊哦" * 50_000, "哦啊" * 50_000),
    "the same short sentence": ("啊。" * 50_000, "哦。" + "啊。" * 49_999),
    "backwards": ("。".join(map(str, range(20_000))), "。".join(map(str, range(20_000, 0, -1)))),
    "noise": tuple("".join(random.Random(seed).choices("啊哦呀", k=100_000)) for seed in (1, 2)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_pair_of_long_texts_is_answered_without_weighing_all_against_all(name: str) -> None:
    before, after = HOSTILE[name]
    found = difference(before, after)
    assert found.changes
    assert found.added + found.kept == sum(map(str.isalnum, after))
