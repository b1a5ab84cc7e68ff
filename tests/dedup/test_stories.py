"""Which story an article tells: copies join in both scripts, follow-ups do not."""

import re
from time import perf_counter

import pytest
from opencc import OpenCC

from pipelines.dedup.decision import decide
from pipelines.dedup.pair import Text, pair
from pipelines.dedup.shingles import ENOUGH, shared, sketch
from pipelines.dedup.stories import COPY_UNDER_A_NEW_LEAD, REPEATED, Known, same, stories_of
from pipelines.dedup.stories import FLASH as SHORTEST

FERRY = (
    "海岬市政府週三宣布,往返青嶼與內港的夜間渡輪將自下月起恢復行駛,每晚增開兩班,票價維持不變。交通局長林若川表示,"
    "過去一年的停駛源於碼頭樁基的鏽蝕,修復工程提前四十天完工。漁會代表則提醒,夜航恢復後小型漁船的避讓規則必須重新訂定,"
    "否則春汛期間容易發生擦撞。市議會預計在下週二的會期中審查相關條例,並邀請兩岸的船東代表列席說明。"
    "青嶼居民多年來依賴單一航班通勤,學生往往必須在傍晚六點前離校,醫護人員輪值也受限制。當地商會估計,夜間渡輪每月可帶來約三千人次的往返,"
    "對夜市與旅宿業是久違的好消息。環保團體則要求公布新船的噪音測試報告,並在候船區加設遮光設施,以免影響燕鷗棲息。"
)
BRIDGE = (
    "連接河谷兩岸的鋼索吊橋在上週的強風中受損,省道工程處連夜封閉人行道,並派出無人機檢查主纜。工程師初步判斷,"
    "橋面第三節的抗風支座鬆動,需要更換十二組螺栓,工期約三週。附近三所小學改由接駁車繞行上游的水泥橋,單程多花二十五分鐘。"
    "地方民代批評維護經費連年遭到刪減,要求主管機關公開近五年的檢測紀錄。工程處回應,下一年度的預算已經加倍,並將引進光纖監測系統。"
    "觀光業者擔心連假訂房受到影響,已有一成旅客取消行程。警方提醒民眾不要為了拍照而跨越封鎖線,違者最高可處六千元罰鍰。"
)
OTHER = "圖書館閱覽室的燈光改造完成後,讀者反映書架之間仍嫌昏暗,館方答應另裝感應燈,並把報紙移到窗邊。"
SIMPLE = OpenCC("tw2s")


def known(article_id: int, text: str, *stories: int) -> Known:
    return Known(article_id=article_id, story_ids=stories or (article_id,), sketch=sketch("", text))


def joined(text: str, *others: Known) -> list[tuple[int, str]]:
    return [(link.story_id, link.role) for link in stories_of(sketch("", text), list(others))]


@pytest.mark.parametrize(
    "copy",
    [
        FERRY,
        SIMPLE.convert(FERRY),
        FERRY[: int(len(FERRY) * 0.7)],
        FERRY[int(len(FERRY) * 0.45) :],
        "【本報綜合外電】" + FERRY + "責任編輯:某某",
        SIMPLE.convert(FERRY).replace("渡轮", "轮渡").replace("学生", "学童"),
        FERRY.replace("。", "。\n").replace(",", ", "),
    ],
    ids=["same", "other script", "end cut", "beginning cut", "editor's lines", "other script and words", "other layout"],
)
def test_a_copy_joins_the_known_story(copy: str) -> None:
    assert joined(copy, known(1, FERRY)) == [(1, "copy")]


def test_a_fuller_text_that_begins_as_the_known_one_joins_it() -> None:
    assert joined(FERRY, known(1, FERRY[: int(len(FERRY) * 0.6)])) == [(1, "copy")]


def test_another_article_opens_its_own_story() -> None:
    assert joined(BRIDGE, known(1, FERRY)) == []


def test_a_follow_up_with_copied_background_under_a_new_lead_opens_its_own_story() -> None:
    background = FERRY[: int(len(BRIDGE) * 0.7)]
    follow_up = BRIDGE + background
    share = len(background) / len(follow_up)
    assert 0.38 < share < 0.45
    assert joined(follow_up, known(1, FERRY)) == []


def test_a_merged_piece_belongs_to_both_and_unites_neither() -> None:
    links = joined(FERRY + "\n" + SIMPLE.convert(BRIDGE), known(1, FERRY), known(2, BRIDGE))
    assert sorted(links) == [(1, "part"), (2, "part")]


def test_two_copies_of_one_story_give_one_link() -> None:
    assert joined(FERRY, known(1, FERRY, 5), known(2, SIMPLE.convert(FERRY), 5)) == [(5, "copy")]


def test_flashes_are_the_same_only_if_equal() -> None:
    assert same(sketch("", "快訊:渡輪恢復夜航"), sketch("", "快讯:渡轮恢复夜航"))[0]
    assert not same(sketch("", "快訊:渡輪恢復夜航"), sketch("", "快訊:渡輪停止夜航"))[0]


def test_an_empty_text_is_like_nothing() -> None:
    assert not same(sketch("甲", ""), sketch("乙", ""))[0]
    assert joined("", known(1, FERRY)) == []


def test_a_flash_is_not_sampled_away_and_a_long_text_is() -> None:
    short, long = sketch("", FERRY[:60]), sketch("", FERRY + BRIDGE)
    assert len(short.sample) >= ENOUGH // 2
    assert ENOUGH <= len(long.sample) < len(long.shingles) / 4


FLASH = "快訊:" + FERRY[:75]
REPORT = FERRY[:95] + BRIDGE


@pytest.mark.parametrize(
    "report", [REPORT, "【內港電】" + SIMPLE.convert(REPORT), FLASH + BRIDGE], ids=["same script", "other", "whole flash"]
)
def test_a_full_report_whose_lead_repeats_a_flash_develops_its_story(report: str) -> None:
    assert joined(report, known(1, FLASH)) == [(1, "development")]


def test_a_report_that_words_its_flash_anew_and_leaves_out_what_was_to_come_develops_it() -> None:
    flash = FERRY[:60] + "更多細節,稍後為您更新。"
    report = FERRY[:12] + "連接" + FERRY[14:22] + "兩港" + FERRY[24:34] + "開航" + FERRY[36:50] + "。" + BRIDGE[:120]
    assert joined(report, known(1, flash)) == [(1, "development")]
    answers = [pair(Text(title="", text=one), Text(title="", text=other)) for one, other in ((flash, report), (report, flash))]
    assert [(each.same, each.threshold.name) for each in answers] == [(True, "share of a flash that its full report begins with")] * 2
    assert joined(BRIDGE[:60] + report, known(1, flash)) == []


def test_a_report_whose_words_are_nearly_all_its_own_develops_its_flash() -> None:
    worded = FERRY[:14] + "".join("乙" + FERRY[at : at + 5] for at in range(15, 60, 6))
    flash, report = sketch("", FERRY[:60]), sketch("", worded + "。" + BRIDGE[:150])
    assert REPEATED <= shared(flash.shingles, report.lead) < SHORTEST
    assert joined(report.text, known(1, flash.text)) == [(1, "development")]
    assert joined(worded[9:] + "。" + BRIDGE[:150], known(1, flash.text)) == []


def test_a_report_that_holds_a_long_flash_is_its_development_and_no_copy() -> None:
    flash, report = FERRY[:150], FERRY + BRIDGE[:20]
    assert joined(report, known(1, flash)) == [(1, "development")]
    assert joined(report[:290], known(1, flash)) == [(1, "copy")]


def test_the_reason_names_the_flash_and_how_much_more_there_is() -> None:
    [link] = stories_of(sketch("", REPORT), [known(7, FLASH, 3)])
    assert (link.story_id, link.partner_id) == (3, 7)
    assert "of the flash 7, and it is 4." in link.why


def test_a_copy_of_the_full_report_is_a_copy_of_it_and_no_development() -> None:
    links = stories_of(sketch("", SIMPLE.convert(REPORT)), [known(1, FLASH, 1), known(2, REPORT, 1)])
    assert [(link.story_id, link.role, link.partner_id) for link in links] == [(1, "copy", 2)]


def test_another_flash_that_repeats_one_is_no_full_report() -> None:
    assert joined(FERRY[:30] + BRIDGE[:75], known(1, FERRY[:48])) == []
    assert joined(FERRY[:30] + BRIDGE[:90], known(1, FERRY[:48])) == [(1, "development")]


def test_a_report_that_quotes_a_flash_in_its_background_opens_its_own_story() -> None:
    assert joined(BRIDGE + FLASH, known(1, FLASH)) == []


def test_a_report_that_shares_its_lead_with_a_full_article_is_no_development() -> None:
    assert joined(FERRY[:95] + BRIDGE * 2, known(1, FERRY)) == []


def test_a_flash_after_its_full_report_is_a_copy() -> None:
    assert joined(FLASH, known(1, FERRY)) == [(1, "copy")]


def test_a_text_that_a_merged_copy_brought_along_opens_its_own_story() -> None:
    """A was told, A + B came as its copy: B, alone, is news."""
    first, merged = opening(1, FERRY), known(2, FERRY + BRIDGE, 1)
    assert joined(BRIDGE, first, merged) == []
    assert joined(FERRY[100:], first, merged) == [(1, "copy")]


def test_what_was_printed_behind_a_flash_and_says_none_of_its_words_opens_its_own_story() -> None:
    flash, piece = FERRY[:80], BRIDGE[:110]
    assert joined(piece, opening(1, flash), known(2, flash + piece, 1)) == []
    assert joined(FERRY[80:190], opening(1, flash), known(2, FERRY[:190], 1)) == [(1, "copy")]


def test_a_footer_makes_no_part() -> None:
    """Two pieces of one portal, so short that what it prints under each is a third of them."""
    piece, other, footer = FERRY[:70], BRIDGE[:70], OTHER[:38]
    assert joined(SIMPLE.convert(piece + footer), known(1, piece), known(2, other + footer)) == [(1, "copy")]
    assert joined(piece + other[:50], known(1, piece), known(2, other + footer)) == [(1, "part"), (2, "part")]


def test_numerals_and_grammar_are_no_words_of_a_flash() -> None:
    flash, piece = FERRY[:60] + "二十一人的一份名單。", BRIDGE[:110] + "那二十一歲的一名學生。"
    assert joined(piece, opening(1, flash), known(2, flash + piece, 1)) == []


def test_background_makes_no_merged_piece_of_a_follow_up_where_a_copy_left_it_out() -> None:
    report, news = FERRY[:225], BRIDGE[:240]
    assert joined(news + report[75:], known(1, report), known(2, news)) == [(2, "copy")]
    assert joined(news + report, known(1, report), known(2, news)) == [(1, "part"), (2, "part")]
    long = FERRY + OTHER * 3
    assert sorted(joined(BRIDGE * 2 + long[75:], known(1, long), known(2, BRIDGE * 2))) == [(1, "part"), (2, "part")]


def test_an_article_whose_background_came_first_in_its_follow_up_opens_its_own_story() -> None:
    report, follow_up = FERRY[:150], BRIDGE[:250] + FERRY[70:150]
    assert shared(sketch("", report).shingles, sketch("", follow_up).shingles) >= COPY_UNDER_A_NEW_LEAD * len(sketch("", report).shingles)
    assert joined(report, opening(1, follow_up)) == joined(follow_up, opening(1, report)) == []
    assert not same(sketch("", report), sketch("", follow_up))[0]


def test_a_report_of_which_a_follow_up_that_came_first_printed_the_lead_opens_its_own_story() -> None:
    report, news = FERRY[:150], BRIDGE[:250]
    for background in (report[:80], report[:110]):
        decision = decide(report, sketch("", report), [opening(1, news + background)])
        assert (decision.links, decision.bearers) == ((), ())
        assert re.fullmatch(r"\d+% of the one text stands inside of the other and is \d+% of it, .*: a copy is 36%", decision.misses[0].why)
        assert not same(sketch("", report), sketch("", news + background))[0]
    assert joined(report, opening(1, news + report)) == [(1, "copy")]


def test_a_flash_that_a_known_piece_quotes_opens_its_own_story_and_a_longer_text_in_it_is_a_part() -> None:
    flash, part = FERRY[:80], FERRY[:130]
    decision = decide(flash, sketch("", flash), [opening(1, BRIDGE[:140] + flash + BRIDGE[140:])])
    assert (decision.links, decision.bearers, [miss.is_related for miss in decision.misses]) == ((), (), [True])
    assert joined(part, opening(1, BRIDGE + part + OTHER * 6)) == [(1, "copy")]
    assert joined(flash, opening(1, flash + BRIDGE + OTHER)) == [(1, "copy")]


def test_the_end_of_an_article_whose_beginning_came_first_is_no_news() -> None:
    first, whole = opening(1, FERRY[:160]), known(2, FERRY, 1)
    assert joined(FERRY[110:], first, whole) == [(1, "copy")]


def test_a_copy_of_what_a_person_joined_joins_it() -> None:
    assert joined(BRIDGE, opening(1, FERRY), known(2, BRIDGE, 1)) == [(1, "copy")]


def test_what_many_texts_share_by_chance_makes_no_merged_piece() -> None:
    """A follow-up with 45 % of background whose phrases other articles use too."""
    news, background = BRIDGE[:150], FERRY[:120]
    crowd = [known(number, news[at : at + 12] + OTHER) for number, at in enumerate(range(0, 150, 15), start=2)]
    assert joined(news + background, known(1, background + FERRY[120:200]), *crowd) == []


def test_a_copy_is_no_part_of_a_follow_up_that_repeats_its_background() -> None:
    follow_up = BRIDGE + FERRY[: len(BRIDGE) // 2]
    assert joined(FERRY, known(1, FERRY), known(2, follow_up)) == [(1, "copy")]


def test_a_follow_up_copied_in_other_regional_words_is_no_part_of_its_background() -> None:
    """A letter of another region's after every tenth of the background, in the copy as in the article that the background is from."""
    background = "".join(FERRY[at : at + 10] + "異" for at in range(0, len(FERRY), 10))
    size = len(BRIDGE) * 2 // 3
    known_ones = known(1, background[: size * 5 // 4]), known(2, BRIDGE + FERRY[:size])
    assert joined(BRIDGE + background[:size], *known_ones) == [(2, "copy")]


def test_a_piece_that_quotes_a_flash_behind_its_opening_is_no_report_of_it() -> None:
    flash, opening_words = FERRY[:80], BRIDGE[:60]
    assert joined("(本報記者某某海岬二十一日電)" + flash + BRIDGE, known(1, flash)) == [(1, "development")]
    assert joined(opening_words + flash + BRIDGE[60:], known(1, flash)) == []


def opening(article_id: int, text: str) -> Known:
    return Known(article_id=article_id, story_ids=(article_id,), sketch=sketch("", text), opened=(article_id,))


@pytest.mark.parametrize("letters", [FERRY + "一" * 60_000, FERRY + "九十" * 30_000, FERRY[:40] * 3000, FERRY[:40] * 1500 + "完"])
def test_a_text_that_repeats_itself_holds_nobody_up(letters: str) -> None:
    began = perf_counter()
    stories_of(sketch("", letters), [known(number, text) for number, text in enumerate((FERRY, FERRY[:40] * 1500, letters + "。一"), 1)])
    assert perf_counter() - began < 2
