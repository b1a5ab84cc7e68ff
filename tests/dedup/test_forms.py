"""Forms that portals fill in every day, with few figures, names only, or figures in words: two issues are two stories, a copy is none."""

import random
import re
from collections.abc import Callable

import pytest
from opencc import OpenCC

from pipelines.dedup.pair import Text, pair
from pipelines.dedup.shingles import Sketch, sketch
from pipelines.dedup.stories import DEVELOPMENT, Known, same, stories_of

NAMES = {
    "P": ["林佑安", "陳品妤", "王柏翰", "許雅筑", "鄭宇軒", "蔡佩珊", "洪志遠", "周曉彤"],
    "C": ["花蓮", "臺東", "宜蘭", "屏東", "南投", "嘉義", "雲林", "苗栗"],
    "F": ["烏拉圭", "肯亞", "智利", "約旦", "斐濟", "摩洛哥", "巴拉圭", "寮國"],
    "W": ["清晨", "上午", "正午", "下午", "傍晚", "深夜", "午後", "黎明"],
    "R": ["詐欺", "竊盜", "傷害", "公共危險", "妨害自由", "偽造文書", "侵占", "恐嚇"],
    "#": [str(number) for number in range(12, 60, 6)],
    "N": ["二", "三", "四", "五", "六", "七", "八", "九"],
}
FORMS = {
    "quake in words": "氣象署表示，{W}{N}時{N}十分發生芮氏規模{N}點{N}地震，震央位於{C}縣政府東方{N}公里處，地震深度{N}公里，目前各地尚無災情傳出，請民眾注意餘震。",
    "aircraft in words": "國防部發布即時軍事動態，{W}偵獲共機{N}十架次，其中{N}架次逾越海峽中線，配合共艦{N}艘執行聯合戰備警巡，國軍嚴密監控與應處。",
    "aircraft": "國防部今日公布，自昨日上午六時止，偵獲共機{#}架次，逾越中線{#}架次，共艦{#}艘持續在台海周邊活動，國軍運用任務機艦嚴密監控與應處。",
    "weather": "氣象署發布大雨特報：受鋒面影響，{C}山區、{C}沿海以及{C}市郊{W}將有短延時強降雨的機率，請民眾注意雷擊，山區應慎防坍方落石，低窪地區請慎防淹水。",
    "air": "環境部{W}發布空氣品質監測資料，{C}、{C}測站指標分別為{#}與{#}，建議敏感族群減少戶外活動，並可透過應用程式掌握所在地區的最新數值。",
    "court": "{C}地方法院今天公布刑事判決：被告{P}因{R}案件，經檢察官提起公訴，判處有期徒刑{N}年{N}月。承審法官{P}認為被告犯後態度尚可。全案可上訴。",
    "visit": "外交部發言人{P}宣布：應國家主席邀請，{F}總統{P}將於本月{N}日起進行國事訪問。訪問期間，雙方領導人將舉行會談，就雙邊關係和共同關心的問題交換意見。",
    "press": "外交部發言人{P}{W}主持例行記者會。有記者問及{F}政府和{F}軍方之間的糾紛，發言人表示，中方一貫主張有關各方通過對話協商妥善處理分歧，維護地區和平穩定。",
    "obituary": "{C}紡織廠前廠長{P}同志，因病醫治無效，於{W}在{C}逝世，享年{#}歲。{P}同志生前作風正派，深受職工愛戴。遵照本人遺願，喪事從簡，謹此訃告。",
    "traffic": "高公局表示，國道{N}號南下{C}路段{W}發生{N}車追撞，占用內側車道，後方回堵約{N}公里，造成{N}人受傷送醫，警方到場疏導，呼籲用路人提前改道。",
    "poll": "{C}大學民調中心公布，縣長選舉{P}支持度{N}成，{P}支持度{N}成，仍有{N}成受訪者未表態。民調以市話隨機抽樣，抽樣誤差在正負三個百分點以內。",
}
SIMPLE, HONG_KONG = OpenCC("tw2sp").convert, OpenCC("s2hk").convert
WORDS = "縣府老船鹽田書館氣候稅務修復陪審漁會外交護理退伍電網陶藝獸醫程式報關牧師養蜂地質劇團海關審計鐵道測量茶農捕手潮位帳冊纜線契約廢塔薪資古廟彩繪碳費公式軍港稀土"


def issue(form: str, day: int) -> str:
    """No slot bears one value on two neighbouring days."""
    places = iter(range(99))
    return re.sub(r"\{(.)\}", lambda slot: NAMES[slot[1]][(next(places) * 3 + day) % 8], FORMS[form])


def prose(seed: str, letters: int) -> str:
    return "".join(random.Random(seed).choices(WORDS, k=letters))


def known(*texts: str) -> list[Known]:
    return [Known(article_id=number, story_ids=(number,), sketch=sketch("", text)) for number, text in enumerate(texts)]


def links(text: str | Sketch, *others: str) -> list[tuple[int, str]]:
    drawn = text if isinstance(text, Sketch) else sketch("", text)
    return [(link.story_id, link.role) for link in stories_of(drawn, known(*others))]


@pytest.mark.parametrize("form", FORMS)
def test_the_next_issue_of_a_form_is_a_story_of_its_own(form: str) -> None:
    assert links(issue(form, 2), issue(form, 1), issue(form, 0)) == []


@pytest.mark.parametrize("form", FORMS)
def test_the_next_issue_is_told_in_the_other_script_too(form: str) -> None:
    assert links(SIMPLE(issue(form, 2)), issue(form, 1), issue(form, 0)) == []


NOTICE = (
    "{}：本局受理{}申請{}一案，因無法以其他方式聯絡，現依法公告送達審查意見、補正通知及現場勘查通知。自公告之日起，經過二十日即視為送達。"
    "申請人或利害關係人如有異議，應於公告期滿後十日內以書面提出，並檢附身分證明及相關圖說；逾期未提出者，本局將逕依現有資料審結，不再另行通知。"
    "現場勘查定於{}，請攜帶本公告影本到場，遇雨順延一日。本公告同時張貼於本局門首及申請地村辦公處。"
)
NOTICES = [
    NOTICE.format("陳氏宗親會", "永豐船具股份有限公司籌備處", "河岸道路占用", "三月六日上午九時在東河村活動中心"),
    NOTICE.format("曉峰蜜蜂農場", "許雅筑", "山坡地露營使用", "三月十九日下午兩點半在茶園入口"),
    NOTICE.format("大里溪第二水利小組", "石岡鄉農會信用部", "水井復用", "四月二日正午在抽水站"),
]


@pytest.mark.parametrize("written", [str, SIMPLE], ids=["one script", "the other script"])
def test_few_long_words_fill_a_form_as_many_short_ones_do(written: Callable[[str], str]) -> None:
    for number, notice in enumerate(NOTICES):
        assert links(written(notice), *(other for other in NOTICES if other is not notice)) == []
        assert links(written(notice), *NOTICES) == [(number, "copy")]


def test_a_word_that_another_region_says_otherwise_each_time_is_one() -> None:
    ours = "央行總裁說，這次調升兩碼是為了壓抑房價，外界預期明年還會調升，房貸族每月多付九百元；調升之後，存款族可多領一些，業者則擔心調升過快。"
    theirs = SIMPLE(ours).replace("调升", "加码")
    assert links(theirs, ours) == [(0, "copy")]


AWARD = "縣府文化處公布{}批老店名單，經店家申報、專家評審、公開陳列，共有{}家入選，分別為{}。入選店家將獲頒匾額，並享有貸款貼息、參展補助，每隔五年複核，不合格者予以摘牌。"
LISTS = [
    AWARD.format("第三", "六", "同春堂藥行、老宋記醬園、榮華齋糕餅鋪、江記銅器社、永和照相館、北門茶社"),
    AWARD.format("第四", "五", "聚賢樓飯莊、趙氏剪刀鋪、百花香粉廠、翰墨閣書局、豐年麵坊"),
]
PLAYERS = (
    "國家隊今晚公布世界盃資格賽大名單，教練強調陣容以年輕球員為主，{}都入選，隊長因傷缺席。全隊週五集合，下週三在主場出戰，門票已售出八成。"
    "足協另外宣布，熱身賽改到北部的新球場舉行，門票收入全數捐給地震災區的三所小學；受傷的隊長將留在隊中協助年輕球員，直到賽事結束為止。"
)


@pytest.mark.parametrize("written", [str, SIMPLE], ids=["one script", "the other script"])
def test_a_list_of_other_items_fills_a_form(written: Callable[[str], str]) -> None:
    assert links(written(LISTS[1]), LISTS[0]) == []
    assert links(written(LISTS[1]), *LISTS) == [(1, "copy")]


def test_a_list_of_foreign_names_is_spelled_otherwise_by_another_region() -> None:
    ours = PLAYERS.format("姆巴佩、維尼修斯、貝林厄姆、薩卡、羅德里、奧斯梅恩")
    theirs = SIMPLE(
        PLAYERS.format("麥巴比、雲尼素斯、比寧咸、沙卡、洛迪、奧斯文")
        .replace("今晚", "昨晚")
        .replace("主場", "市立球場")
        .replace("八成", "近九成")
    )
    assert links(theirs, ours) == [(0, "copy")]


def test_names_as_another_region_writes_them_make_no_other_report() -> None:
    ours = "美國總統川普今天在白宮表示，他將於下週與俄羅斯總統普丁通電話，討論停火。澤倫斯基稍早表示，願意在飛彈襲擊停止之後恢復談判。北韓方面沒有回應。"
    theirs = "美国总统特朗普今天在白宫表示，他将于下周与俄罗斯总统普京通电话，讨论停火。泽连斯基稍早表示，愿意在导弹袭击停止之后恢复谈判。朝鲜方面没有回应。"
    assert links(theirs, ours) == [(0, "copy")]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("portal", ["{}", "【本報綜合報導】{}", "{}看更多新聞請加入官方帳號。"])
def test_a_copy_joins_its_issue_in_the_other_script_and_in_the_words_of_the_region(form: str, portal: str) -> None:
    for written in (SIMPLE, lambda text: HONG_KONG(SIMPLE(text))):
        assert links(portal.format(written(issue(form, 1))), issue(form, 0), issue(form, 1)) == [(1, "copy")]


def test_a_name_or_two_corrected_make_no_other_report() -> None:
    text = issue("court", 1)
    assert same(sketch("", text), sketch("", text.replace("公共危險", "重傷害").replace("陳品妤", "陳品予")))[0]


@pytest.mark.parametrize(("letters", "is_copy"), [(400, True), (60, False)])
def test_a_toll_corrected_in_a_long_text_is_a_copy_and_in_a_short_one_news(letters: int, is_copy: bool) -> None:
    wire = "當局表示，事故已造成至少{}人死亡，另有{}人受傷送醫。" + prose("wire", letters) + "目前確認的{}名死者中有兩名兒童。"
    assert bool(links(wire.format(18, 56, 18), wire.format(12, 38, 12))) is is_copy


def test_figures_in_words_and_in_digits_are_the_same_figures() -> None:
    text = issue("traffic", 1)
    assert same(sketch("", text), sketch("", text.translate(str.maketrans("二三四五六七八九", "23456789"))))[0]


@pytest.mark.parametrize(("start", "is_copy"), [(30, True), (90, False)])
def test_background_that_begins_inside_the_lead_makes_a_follow_up_and_a_note_before_it_none(start: int, is_copy: bool) -> None:
    background = prose("background", 1000)
    text = prose("new", start) + background[:450] + prose("more", 550 - start)
    assert links(text, background) == ([(0, "copy")] if is_copy else [])


def test_a_flash_filled_into_a_form_still_develops_into_its_report() -> None:
    flash = issue("traffic", 1)
    assert links("【中央社台北電】" + flash + prose("report", 600), flash) == [(0, DEVELOPMENT)]


def test_the_answer_about_two_issues_tells_how_many_words_stand_in_the_place_of_others() -> None:
    answer = pair(Text(title="", text=issue("weather", 1)), Text(title="", text=issue("weather", 2)))
    assert (answer.same, answer.threshold.name) == (False, "share of the letters in words that stand in the place of others")
    assert answer.why == "the same form with other names: 4 words stand in the place of others, 11% of the letters"


SLOTS = ("台北 高雄 首爾 大阪", "三十 30 二十五", "石破 岸田 特朗普 川普", "計程車 的士 渡輪")
RAIN = (
    "中央氣象署今日上午發布{}地區豪雨特報，預估{}未來二十四小時雨量可達{}毫米，請{}居民慎防坍方落石，避免前往{}溪邊。後續請留意{}的預報。"
)
DRAW = "{}今日{}收盤報{}點，較前一交易日下跌{}點，成交量{}億元，分析師{}認為短期仍將震盪，一位{}司機則說看不懂。"


@pytest.mark.parametrize("form", [RAIN, DRAW])
def test_which_of_two_reports_came_first_changes_no_answer(form: str) -> None:
    dice, words = random.Random(form), [word for slot in SLOTS for word in slot.split()]
    for _ in range(1000):
        ours = [dice.choice(words) for _ in range(7)]
        theirs = [word if dice.random() < 0.5 else dice.choice(words) for word in ours]
        text = form.format(*theirs)
        one, other = sketch("", form.format(*ours)), sketch("", dice.choice([text, text[: dice.randrange(20, len(text))] * 2]))
        assert same(one, other)[:2] == same(other, one)[:2], (one.text, other.text)
