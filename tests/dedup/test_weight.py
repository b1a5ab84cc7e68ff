"""What a change is worth: the table on which the thresholds of pipelines/dedup/weight.py rest."""

import pytest
from opencc import OpenCC

from pipelines.dedup.weight import State, Weight, weigh

SIMPLE = OpenCC("tw2s").convert
TITLE = "渡輪停駛四十天 島民靠補給船過日子"
TEXT = (
    "青嶼對外唯一的渡輪昨晚停駛，船公司表示主機故障，零件要從釜山運來。\n"
    "鎮長林若川指出，停駛期間由補給船每天往返兩趟，可載12人。居民陳阿海說，菜價三天漲了兩成。\n"
    "警方沒有接獲失蹤通報。漁會估計損失約1.5億元，朝鮮籍船員今天離境。\n"
    "船東John Smith尚未回應。"
)
NOISE, SMALL, MATERIAL = Weight

TEXTS = [
    (NOISE, "", ""),
    # punctuation, white space, script
    (NOISE, "昨晚停駛，", "昨晚停駛、"),
    (NOISE, "\n", "\n\n　　"),
    (NOISE, "說，菜價", "說：「菜價"),
    # what moves by itself
    (NOISE, "^", "3 小時前\n"),
    (NOISE, "^", "更新於 3小時前\n"),
    (NOISE, "^", "閱讀 1234\n"),
    (NOISE, "$", "\n瀏覽數：1,234 次"),
    (NOISE, "$", "\n1.2萬 人閱讀｜35 則留言"),
    (NOISE, "$", "\n點閱 88 | 分享 12 | 3 小時前"),
    (NOISE, "^", "2024-06-18 10:30 更新\n"),
    (NOISE, "^", "更新時間：2024/06/18 10:30\n"),
    (NOISE, "^", "最後更新：2024年6月18日 10:30\n"),
    (NOISE, "^", "發布時間 2024-06-18 22:01\n"),
    (NOISE, "^", "Last updated: June 18, 2024, 10:30 am\n"),
    (NOISE, "^", "Updated 3 hours ago\n"),
    (NOISE, "$", "\n責任編輯：王小明"),
    (NOISE, "$", "\n（責任編輯 王小明）"),
    (NOISE, "$", "\n編輯/李四"),
    (NOISE, "$", "\n記者：王小明"),
    (NOISE, "\n警方", "\n廣告\n警方"),
    (NOISE, "\n警方", "\n（廣告）\n警方"),
    (NOISE, "\n警方", "\nAdvertisement\n警方"),
    (NOISE, "\n警方", "\n請繼續往下閱讀...\n警方"),
    (NOISE, "$", "\n延伸閱讀\n颱風來襲 三縣市停班\n油價明起調漲"),
    (NOISE, "$", "\n相關新聞：颱風來襲 三縣市停班"),
    (NOISE, "$", "\n未經授權，不得轉載"),
    # small: kept, told to those who want all
    (SMALL, "唯一的渡輪", "僅有的渡輪"),
    (SMALL, "船公司表示", "船公司指出"),
    (SMALL, "鎮長林若川指出", "鎮長林若川昨日指出"),
    (SMALL, "零件要從", "而零件得從"),
    (SMALL, "今天離境", "今天已離境"),
    (SMALL, "期間", "其間"),
    (SMALL, "菜價三天漲了", "菜價三天就漲了"),
    (SMALL, "$", "\n颱風來襲 三縣市停班"),
    # figures
    (MATERIAL, "可載12人", "可載15人"),
    (MATERIAL, "可載12人", "可載120人"),
    (MATERIAL, "1.5億元", "15億元"),
    (MATERIAL, "1.5億元", "1.5萬元"),
    (MATERIAL, "漲了兩成", "漲了三成"),
    (MATERIAL, "三天漲了", "十三天漲了"),
    (MATERIAL, "可載12人", "可載人"),
    # names and places
    (MATERIAL, "林若川", "林若山"),
    (MATERIAL, "陳阿海", "陳阿梅"),
    (MATERIAL, "朝鮮籍", "韓國籍"),
    (MATERIAL, "朝鮮籍", "北韓籍"),
    (MATERIAL, "John Smith", "John Smyth"),
    (MATERIAL, "John Smith", "NATO"),
    # denial
    (MATERIAL, "警方沒有接獲", "警方已接獲"),
    (MATERIAL, "尚未回應", "已經回應"),
    # statements
    (MATERIAL, "$", "警方已逮捕嫌犯。"),
    (MATERIAL, "$", "\n警方已逮捕嫌犯。"),
    (MATERIAL, "警方沒有接獲失蹤通報。", ""),
    (MATERIAL, "\n船東John Smith尚未回應。", ""),
    (MATERIAL, "^", "【本報訊】海巡署凌晨派出巡防艇前往支援。\n"),
    # so much rewording
    (MATERIAL, "船公司表示主機故障，零件要從釜山運來", "業者解釋機器出了毛病而備品還在海外等待裝船運送"),
]


def changed(text: str, old: str, new: str) -> str:
    after = new + text if old == "^" else text + new if old == "$" else text.replace(old, new)
    assert after != text or old == new
    return after


@pytest.mark.parametrize("is_simple", [False, True], ids=["as written", "to the other script"])
@pytest.mark.parametrize(("weight", "old", "new"), TEXTS)
def test_a_change_of_the_text(weight: Weight, old: str, new: str, is_simple: bool) -> None:
    after = changed(TEXT, old, new)
    found = weigh(State(title=TITLE, text=TEXT), State(title=TITLE, text=SIMPLE(after) if is_simple else after))
    assert found.weight is weight, found.why


@pytest.mark.parametrize(("weight", "old", "new"), [each for each in TEXTS if each[0] is not SMALL])
def test_the_change_taken_back_weighs_the_same(weight: Weight, old: str, new: str) -> None:
    after = changed(TEXT, old, new)
    found = weigh(State(title=TITLE, text=after), State(title=TITLE, text=TEXT))
    assert found.weight is weight, found.why


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("閱讀 1234\n", "閱讀 1235\n"),
        ("3 小時前\n", "1 天前\n"),
        ("更新時間：2024/06/18 10:30\n", "更新時間：2024/06/19 09:05\n"),
        ("責任編輯：王小明\n", "責任編輯：李四\n"),
        ("留言 3 · 分享 5\n", "留言 9 · 分享 6\n"),
    ],
)
@pytest.mark.parametrize("is_simple", [False, True])
def test_what_moves_by_itself_is_nothing(old: str, new: str, is_simple: bool) -> None:
    write = SIMPLE if is_simple else str
    found = weigh(State(title=TITLE, text=write(old + TEXT)), State(title=TITLE, text=write(new + TEXT)))
    assert found.weight is NOISE, found.why


def test_the_order_of_headlines_below_the_text_is_nothing() -> None:
    links = ["颱風來襲 三縣市停班", "油價明起調漲", "Ferry is back"]
    below = (State(title=TITLE, text="\n".join((TEXT, *each))) for each in (links, links[::-1]))
    assert weigh(*below).weight is NOISE


def test_paragraphs_in_another_order_are_small() -> None:
    moved = "\n".join((*TEXT.split("\n")[2:], *TEXT.split("\n")[:2]))
    assert weigh(State(title=TITLE, text=TEXT), State(title=TITLE, text=moved)).weight is SMALL


@pytest.mark.parametrize(
    ("weight", "before", "after"),
    [
        (NOISE, TITLE, TITLE + " - 中時新聞網"),
        (NOISE, TITLE, TITLE + "｜即時｜聯合新聞網"),
        (NOISE, TITLE, "【更新】" + TITLE),
        (NOISE, TITLE, "快訊／" + TITLE + "！"),
        (NOISE, TITLE, TITLE.replace(" ", "，")),
        (NOISE, TITLE, SIMPLE(TITLE)),
        (NOISE, "Ferry stopped", "UPDATE: Ferry stopped | Example News"),
        (MATERIAL, TITLE, TITLE.replace("四十", "六十")),
        (MATERIAL, TITLE, "渡輪復航"),
        (MATERIAL, "觀點｜台海局勢", "觀點｜美中關係"),
        (MATERIAL, "拜登-習近平會晤", "拜登-蔡英文會晤"),
        (MATERIAL, "Ferry stopped", "Ferry sails again"),
    ],
)
def test_a_change_of_the_headline(weight: Weight, before: str, after: str) -> None:
    assert weigh(State(title=before, text=TEXT), State(title=after, text=TEXT)).weight is weight
    assert weigh(State(title=after, text=TEXT), State(title=before, text=TEXT)).weight is weight


def test_the_reason_names_what_changed() -> None:
    found = weigh(State(title=TITLE, text=TEXT), State(title=TITLE, text=TEXT.replace("12人", "15人")))
    assert found.why == "a figure changed: 12 became 15"


def test_five_synonyms_are_small_and_a_sixth_is_too_much() -> None:
    synonyms = {"唯一": "僅有", "主機": "引擎", "故障": "失靈", "居民": "鄉親", "漁會": "協進", "往返": "來回"}
    polished = TEXT
    for number, (old, new) in enumerate(synonyms.items(), 1):
        polished = polished.replace(old, new)
        found = weigh(State(title=TITLE, text=TEXT), State(title=TITLE, text=polished))
        assert found.weight is (SMALL if number <= 5 else MATERIAL), (number, found.why)


@pytest.mark.parametrize("text", ["." * 100_000, " " * 50_000 + "-" * 50_000, "3 小時前\n" * 2_000, "12:00, " * 5_000, "啊哦，" * 10_000])
def test_a_hostile_text_is_weighed_in_linear_time(text: str) -> None:
    for after in (text[::-1] + "x", text.replace("哦", "噢")):
        assert weigh(State(title=text, text=text), State(title=text, text=after)).why
