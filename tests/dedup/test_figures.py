"""Reports of one form: today's is no copy of yesterday's, and a corrected one is."""

import random

import pytest
from opencc import OpenCC

from pipelines.dedup.pair import Text, pair
from pipelines.dedup.shingles import sketch
from pipelines.dedup.stories import Known, same, stories_of

FORMS = {
    "earthquake": "測報中心表示,今(#)日上午#時#分發生規模#.#有感地震,震央位於花蓮縣政府東方#.#公里,地震深度#.#公里,最大震度花蓮縣#級,目前尚無災情傳出。",
    "market": "台北股市今天以#點開出,終場上漲#.#點,收在#.#點,漲幅#.#%,成交金額新台幣#.#億元,外資買超#.#億元,投信賣超#.#億元。",
    "rates": "外汇交易中心公布,#月#日人民币汇率中间价为:1美元对人民币#元,1欧元对人民币#元,100日元对人民币#元,1港元对人民币#元,1英镑对人民币#元。",
    "cases": "疾病管制署今(#)日公布,國內新增#例本土病例,分別為#例男性、#例女性,年齡介於未滿5歲至#歲,另新增#例死亡,請民眾戴口罩並及早接種疫苗。",
    "round": "发言人#日宣布,双方代表团于#月#日举行了关于边界问题的第#轮谈判,就联合测绘深入交换意见,同意在#月#日举行下一轮谈判,并通过外交渠道保持沟通。",
}
REWRITTEN = OpenCC("s2twp")


def report(form: str, day: int) -> str:
    dice = random.Random(f"{form} {day}")
    return "".join(str(dice.randint(10, 999)) if char == "#" else char for char in FORMS[form])


@pytest.mark.parametrize("form", FORMS)
def test_the_next_report_of_one_form_opens_its_own_story(form: str) -> None:
    days = [Known(article_id=day, story_ids=(day,), sketch=sketch("", report(form, day))) for day in range(1, 4)]
    assert stories_of(sketch("", report(form, 4)), days) == []


@pytest.mark.parametrize("form", FORMS)
def test_a_copy_of_a_report_joins_that_day_alone(form: str) -> None:
    days = [Known(article_id=day, story_ids=(day,), sketch=sketch("", report(form, day))) for day in range(1, 4)]
    copy = sketch("", "(記者某某/綜合報導)" + REWRITTEN.convert(report(form, 2)))
    assert [(link.story_id, link.role) for link in stories_of(copy, days)] == [(2, "copy")]


@pytest.mark.parametrize(("corrected", "is_copy"), [(1, True), (2, True), (6, False)])
def test_a_figure_or_two_corrected_make_no_other_report(corrected: int, is_copy: bool) -> None:
    text = report("cases", 1)
    other, left = "", corrected
    for was, now in zip(text.split(","), report("cases", 2).split(","), strict=True):
        other, left = other + (now if was != now and left > 0 else was) + ",", left - (was != now)
    assert same(sketch("", text), sketch("", other))[0] is is_copy


def test_figures_written_as_words_are_no_other_figures() -> None:
    text = "警方21日通報,3輛貨車在7號公路追撞,12人送醫,其中2人傷勢較重,現場封閉4小時,另有5輛車受損,道路在19時恢復通行。"
    words = text.translate(str.maketrans("123456789", "一二三四五六七八九"))
    assert same(sketch("", text * 2), sketch("", words * 2))[2].find("figures") < 0


def test_the_answer_about_two_reports_tells_their_figures() -> None:
    answer = pair(Text(title="", text=report("cases", 1)), Text(title="", text=report("cases", 2)))
    assert (answer.same, answer.threshold.name) == (False, "figures that stand in the same places")
    assert answer.why.startswith("the same form with other figures: ")
