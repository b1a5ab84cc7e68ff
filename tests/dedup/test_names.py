"""Forms that differ in a word or two, and columns of one frame: the headline and the middle tell news from an edited copy."""

import pytest
from opencc import OpenCC

from pipelines.dedup.names import is_regional
from pipelines.dedup.pair import Text, pair
from pipelines.dedup.shingles import Sketch, sketch
from pipelines.dedup.stories import Known, same, stories_of
from pipelines.text import fold, letters

SIMPLE = OpenCC("tw2s").convert
RAIN = (
    "{}大雨特報 氣象署籲防雷擊強風",
    "中央氣象署今天下午發布大雨特報，對流雲系發展旺盛，{}山區有局部大雨發生的機率，請注意雷擊及強陣風，連日降雨，請慎防坍方落石，低窪地區請慎防積水。",
)
RATE = (
    "央行決議：政策利率{}半碼",
    "中央銀行今天召開理監事聯席會議，會後宣布政策利率{}半碼，擔保放款融通利率同步調整，自明天起實施。總裁表示，理事會一致同意，未來將密切關注物價走勢。",
)
CRASH = (
    "{}貨機緊急折返香港國際機場",
    "{}一班由香港飛往安克雷奇的貨機，今日清晨起飛後報稱引擎故障，要求緊急折返。消防車沿跑道戒備，貨機在放油後安全着陸，機上三名機組人員無恙。",
)
GUEST = (
    "外交部長會見{}外長",
    "外交部長今天在賓館會見來訪的{}外長。雙方表示將落實兩國元首的重要共識，深化各領域合作，推動兩國關係邁上新台階，並就國際和地區問題交換意見。",
)
HOST = (
    "{}會見越共中央特使",
    "{}二十日在人民大會堂會見越共中央特使，表示雙方應保持高層交往，深化治黨治國經驗交流，推動命運共同體建設走深走實。",
)
FORMS = {
    "place": (RAIN, "高雄市", "台中縣"),
    "opposite": (RATE, "調升", "調降"),
    "company, first of all": (CRASH, "國泰航空", "大韓航空"),
    "country": (GUEST, "泰國", "越南"),
    "countries spelled by sound": (GUEST, "肯亞", "索馬利亞"),
    "politician": (HOST, "王毅", "王滬寧"),
    "guests spelled by sound": (HOST, "馬克宏", "普拉博沃"),
}
FLASH = (
    "美國總統{}今天與俄羅斯總統{}通電話，討論停火方案。他說將邀請烏克蘭總統{}到白宮會談，法國總統{}與英國首相{}也願意出席，通話坦率而有益。"
)
TAIPEI = ("川普", "普丁", "澤倫斯基", "馬克宏", "施凱爾")
HONG_KONG = ("特朗普", "普京", "澤連斯基", "馬克龍", "斯塔默")
COLUMN = "各位聽眾朋友早安，我是老王，歡迎來到每天早上七點的老王看天下，我們用五分鐘把世界走一圈。{}以上就是今天的節目，內容不代表本台立場，我們明天同一時間空中再會。"
DAYS = (
    "先聊菜價，西螺市場的高麗菜一公斤喊到四十八元，比上週貴一倍，農民卻說只賣二十二元，中間的差價誰也說不清，最聰明的是賣泡菜的阿姨。",
    "今天談走路，昨天在仁愛路差點被電動自行車撞到，騎士戴著耳機連頭都沒回，新法上路兩年，街上沒掛牌的還是滿地跑，問題是法走不到巷口。",
)


def filled(form: tuple[str, str], word: str) -> Text:
    return Text(title=form[0].format(word), text=form[1].format(word))


def drawn(text: Text) -> Sketch:
    return sketch(text.title, text.text)


def joins(new: Text, known: Text) -> bool:
    return bool(stories_of(drawn(new), [Known(article_id=1, story_ids=(1,), sketch=drawn(known))]))


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("written", [str, SIMPLE], ids=["same script", "other"])
@pytest.mark.parametrize("note", ["", "編按：本文由合作媒體授權轉載，不代表本站立場。\n"], ids=["bare", "note"])
def test_a_form_with_one_other_word_in_text_and_headline_is_news(name: str, written: type[str], note: str) -> None:
    form, one, other = FORMS[name]
    new = filled(form, other)
    assert not joins(Text(title=written(new.title), text=written(note + new.text)), filled(form, one))
    assert joins(Text(title=written(new.title), text=written(note + new.text)), new)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        pytest.param("網瘋傳！大雨特報出爐", RAIN[1].format("台中縣"), id="another headline, which names nothing"),
        pytest.param(RAIN[0].format("高雄市"), RAIN[1].format("台中縣"), id="a word corrected in the text"),
        pytest.param(RAIN[0].format("台中縣"), RAIN[1].format("高雄市"), id="a word corrected in the headline"),
        pytest.param(RAIN[0].format("高雄市") + "今日", RAIN[1].format("高雄市").replace("今天", "今日"), id="a day in the desk's way"),
    ],
)
def test_what_differs_in_text_or_headline_alone_is_a_copy(title: str, text: str) -> None:
    assert joins(Text(title=title, text=text), filled(RAIN, "高雄市"))


@pytest.mark.parametrize("written", [str, SIMPLE], ids=["Hong Kong", "mainland"])
def test_many_leaders_as_another_region_spells_them_make_no_other_report(written: type[str]) -> None:
    ours, theirs = (Text(title=f"{names[0]}與{names[1]}通電話", text=FLASH.format(*names)) for names in (TAIPEI, HONG_KONG))
    assert joins(Text(title=written(theirs.title), text=written(theirs.text)), ours)


@pytest.mark.parametrize(("ours", "theirs"), [("家具", "傢俱"), ("了望塔", "瞭望塔"), ("出租车行", "的士行"), ("乒乓球馆", "桌球館")])
def test_a_word_in_the_other_scripts_spelling_makes_no_other_report(ours: str, theirs: str) -> None:
    title, text = (
        "{}昨夜起火 无人伤亡",
        "消防部门说，{}于昨夜十一时起火，四个站的六十人到场，今晨三时扑灭，没有人员伤亡，起火原因在调查。附近居民一度被疏散到体育馆。",
    )
    assert joins(Text(title=title.format(theirs), text=text.format(theirs)), Text(title=title.format(ours), text=text.format(ours)))


def test_a_column_of_another_day_is_news_and_the_same_day_cut_or_discussed_a_copy() -> None:
    first, second = (Text(title="老王看天下", text=COLUMN.format(day)) for day in DAYS)
    assert not joins(second, first)
    assert joins(Text(title="", text=first.text + "網友留言：推，終於喔。樓下說得好。推專業分析，希望不要只是說說而已。"), first)
    assert joins(Text(title="", text=first.text.replace(DAYS[0][30:], "")), first)


def test_the_reason_names_the_words_and_the_frame() -> None:
    words = pair(filled(RAIN, "高雄市"), filled(RAIN, "台中縣"))
    assert (words.same, words.why) == (False, "the same form about something else: 高雄市 and 台中县, in the headlines too")
    first, second = (sketch("老王看天下", COLUMN.format(day)) for day in DAYS)
    assert same(second, first)[2] == "the same opening and closing, as a column has them, and something else between"


def test_a_long_word_and_its_short_one_are_one_thing_whichever_comes_first() -> None:
    long, short = (letters(fold(text)) for text in ("一名抽動穢語綜合徵患者", "一名妥瑞症患者"))
    assert is_regional(long, short)
    assert is_regional(short, long)
