"""Every country and territory in the words of China, Taiwan, Hong Kong and in English, and what only looks like one."""

import pytest
from babel import Locale

from pipelines.watch.aliases import AliasLists
from pipelines.watch.compiler import Compiler
from pipelines.watch.engine import Matcher
from pipelines.watch.program import Plan, program_of
from pipelines.watch.query import parse
from pipelines.watch.readable import Readable
from pipelines.watch.terms import key
from pipelines.watch.territories import LOCALES, territories

_CODES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH "
    "CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN "
    "GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI "
    "LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM "
    "PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD "
    "TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
ISO_3166 = _CODES.split()
LISTS = AliasLists()


def found(query: str, text: str) -> list[str]:
    matcher = Matcher(program_of([Plan("topic", Compiler(LISTS).part(parse(query), ("territories",)))]))
    return [hit.as_written for match in matcher.match(Readable(title="", text=text)) for hit in match.hits]


def test_every_iso_territory_is_known_by_its_name_in_every_region() -> None:
    assert len(set(ISO_3166)) == 249
    for code in ISO_3166:
        group = {key(name) for name in territories()[code.lower()]}
        for locale in LOCALES:
            assert key(Locale.parse(locale).territories[code]) in group, (code, locale)


@pytest.mark.parametrize("code", ISO_3166)
def test_each_name_of_a_territory_finds_each_other(code: str) -> None:
    names = territories()[code.lower()]
    meaning = LISTS.meaning(names[0], ("territories",))
    assert meaning is not None
    assert {key(name) for name in names} <= set(meaning.forms)


@pytest.mark.parametrize(
    "names",
    [
        "朝鲜 朝鮮 北韓 北韩 北朝鮮 North_Korea DPRK",
        "韩国 韓國 南韓 南韩 大韓民國 South_Korea",
        "新西兰 紐西蘭 新西蘭 New_Zealand",
        "尼日尔 尼日 尼日爾 Niger",
        "尼日利亚 奈及利亞 尼日利亞 Nigeria",
        "多米尼加 多明尼加 多明尼加共和國 Dominican_Republic",
        "多米尼克 多米尼克國 Dominica",
        "科特迪瓦 象牙海岸 Ivory_Coast",
        "斯威士兰 史瓦帝尼 史瓦濟蘭 Eswatini Swaziland",
        "意大利 義大利 Italy",
        "沙特 沙特阿拉伯 沙烏地阿拉伯 沙地阿拉伯 Saudi_Arabia",
        "也门 葉門 Yemen",
        "乍得 查德 Chad",
        "马里 馬利 Mali",
        "香港 Hong_Kong 香港特別行政區",
        "土耳其 Turkey Türkiye",
        "阿联酋 阿拉伯聯合大公國 UAE",
    ],
)
def test_names_of_all_regions_are_one(names: str) -> None:
    spelled = [name.replace("_", " ") for name in names.split()]
    for name in spelled:
        assert found(f'"{name}"', "、".join(spelled)) == spelled


@pytest.mark.parametrize("word", ["美", "中", "俄", "US", "us", "UN", "英", "法", "德"])
def test_a_short_form_that_is_a_common_word_stands_for_no_territory(word: str) -> None:
    assert LISTS.meaning(word, ("territories",)) is None


@pytest.mark.parametrize(
    ("query", "text"),
    [
        # another territory around it
        ("尼日", "尼日利亚与尼日利亞"),
        ("印度", "印度尼西亚和印度尼西亞"),
        ("几内亚", "赤道几内亚、巴布亞紐幾內亞、巴布亚新几内亚、几内亚比绍、幾內亞比索"),
        ("几内亚", "Equatorial Guinea, Papua New Guinea and Guinea-Bissau"),
        ("马里", "索马里、索馬里"),
        ("苏丹", "南苏丹、南蘇丹、South Sudan"),
        ("多米尼克", "多米尼加"),
        ("俄罗斯", "白俄罗斯、白俄羅斯"),
        ("朝鲜", "南朝鲜"),
        ("萨摩亚", "美属萨摩亚、美屬薩摩亞、American Samoa"),
        ("爱尔兰", "Northern Ireland"),
        # another place
        ("蒙古", "内蒙古、內蒙古"),
        ("马里", "马里兰州、馬里蘭州、马里亚纳海沟、馬里布"),
        ("馬利", "馬利蘭州、馬利安納海溝、馬利克"),
        ("几内亚", "新几内亚岛、新幾內亞、几内亚湾、New Guinea"),
        ("古巴", "内蒙古巴彦淖尔、內蒙古巴彥淖爾、古巴比伦"),
        ("巴西", "古巴西部、古巴西海岸"),
        ("约旦", "约旦河西岸、約旦河"),
        ("哥伦比亚", "不列颠哥伦比亚省、哥倫比亞大學"),
        ("墨西哥", "新墨西哥州、New Mexico、墨西哥灣"),
        ("曼島", "開曼島、安達曼島"),
        # people
        ("韩国", "韓國瑜、韩国瑜"),
        ("乍得", "理查德、理查德·尼克松、查德·史密斯"),
        ("约旦", "Michael Jordan"),
        ("卡塔尔", "卡達菲"),
        # words that meet
        ("海地", "沿海地区、沿海地區、地中海地區"),
        ("中国", "发展中国家、發展中國家、開發中國家"),
        ("美国", "拉美国家、歐美國家、北美國家"),
        ("东加", "廣東加快、山东加大、房东加租、東加勒比"),
        ("汤加", "鸡汤加热、雞湯加入"),
        ("也门", "门庭冷落也门可罗雀、也門庭若市"),
        ("多哥", "许多哥们、許多哥哥"),
        ("智利", "明智利用、理智利己"),
        ("越南", "穿越南美、超越南韩、跨越南北、飛越南極"),
        ("刚果", "他刚果断拒绝、剛果斷"),
        ("巴林", "巴林左旗、巴林銀行"),
        ("美国", "contact us、US"),
        ("中国", "美中國防部長會晤、期中国文考试、他眼中国家利益、心目中国际都市"),
        ("韓國", "美韓國防部長會談、日韩国防合作"),
        ("日本", "5月1日本市气温、本月３日本店開張、10日本報記者獲悉、昨日本地新增、近日本港股市"),
        ("法国", "依法国有化、立法國會、合法國民身分"),
        ("南苏丹", "越南苏丹红"),
        ("台湾", "電台灣仔分部"),
        ("澳门", "港澳门户网站"),
        ("泰国", "國泰國內航線"),
        ("日本", "5月1日本市、５月３１日本港、10日本報記者獲悉、單日本土病例"),
        ("中国", "國中國文老師、高中國文"),
        ("美国", "北美国际车展、拉美國際"),
        ("加纳", "参加纳斯达克敲钟、增加納稅人負擔"),
        ("也门", "准入也门槛高"),
        ("澳门", "粤港澳门户"),
        # a people, a house, an airline
        ("哈萨克斯坦", "伊犁哈萨克自治州、哈薩克族"),
        ("塔吉克斯坦", "塔什库尔干塔吉克自治县"),
        ("印度", "東印度公司、the East India Company"),
        ("蒙古", "Inner Mongolia、海西蒙古自治州"),
        ("中国", "China Airlines"),
    ],
)
def test_what_only_looks_like_a_territory_is_none(query: str, text: str) -> None:
    assert found(query, text) == []


@pytest.mark.parametrize(
    ("query", "text", "written"),
    [
        ("尼日", "尼日利亞與尼日爾", ["尼日爾"]),
        ("刚果", "剛果民主共和國與剛果共和國", ["剛果民主共和國", "剛果共和國"]),
        ("@cg", "剛果民主共和國", []),
        ("@cd", "剛果民主共和國", ["剛果民主共和國"]),
        ("越南", "直飛越南、越南北部、去越南", ["越南", "越南", "越南"]),
        ("中国", "发展中国家中，中国", ["中国"]),
        ("马里", "馬里與索馬里", ["馬里"]),
        ("日本", "12日日本首相、2024日本市場、最近日本港口", ["日本", "日本", "日本"]),
        ("中国", "全國中國文化節、近期中国文物展", ["中國", "中国"]),
        ("加纳", "新增加納航線、参加加纳大选", ["加納", "加纳"]),
        ("巴勒斯坦", "巴勒斯坦自治政府", ["巴勒斯坦"]),
        ("韩国", "韓國瑜訪問南韓", ["南韓"]),
        ("美国", "欧美国家与美国", ["美国"]),
        ("中国", "访美中国防长、会谈中美国防部长", ["中国"]),
        ("美国", "会谈中美国防部长表示", ["美国"]),
        ("日本", "5月1日日本市场、G7日本市场", ["日本", "日本"]),
        ("南苏丹", "南蘇丹紅十字會", ["南蘇丹"]),
        ("日本", "日本報紙、日本地震", ["日本", "日本"]),
    ],
)
def test_a_shield_covers_no_more_than_its_own_word(query: str, text: str, written: list[str]) -> None:
    assert found(query, text) == written
