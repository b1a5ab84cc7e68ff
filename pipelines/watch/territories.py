"""The built-in alias list `territories`: every country and territory in the words of China, Taiwan, Hong Kong, and in English.

Names come from Unicode CLDR by way of babel; the short and older forms that it lacks stand below. A longer name shields the
shorter one inside it (马里 in 索马里), and so do the words in NO_TERRITORY, which only look like names (海地 in 沿海地区).
"""

import re
import unicodedata
from functools import cache

from babel import Locale

LOCALES = ("zh_Hans_CN", "zh_Hant_TW", "zh_Hant_HK", "en")
_PSEUDO = {"QO", "XA", "XB", "ZZ"}

# code: names that CLDR lacks. Left out on purpose: short forms that are common words (US, UN, 美, 俄).
ALSO = {
    "AE": "阿联酋 阿聯 United_Arab_Emirates UAE U.A.E.",
    "AG": "安提瓜",
    "AU": "澳洲 澳大利亚 Commonwealth_of_Australia",
    "AZ": "阿塞拜疆 亚塞拜然",
    "BA": "波黑 波斯尼亚 波士尼亞 波赫 Bosnia",
    "BD": "孟加拉",
    "BN": "文莱达鲁萨兰国 Brunei_Darussalam",
    "BY": "白罗斯 Byelorussia",
    "CD": "刚果 刚果金 民主刚果 刚果民主共和国 刚果(金) Congo DR_Congo DRC Democratic_Republic_of_the_Congo Democratic_Republic_of_Congo",
    "CF": "中非共和国",
    "CG": "刚果 刚果布 刚果共和国 刚果(布) Congo Republic_of_the_Congo",
    "CI": "象牙海岸 科特迪瓦 Ivory_Coast",
    "CN": "中华人民共和国 中國大陸 中国大陆 People's_Republic_of_China PRC P.R.C. Mainland_China",
    "CV": "Cabo_Verde",
    "CZ": "捷克共和国 Czech_Republic",
    "DE": "德意志联邦共和国 Federal_Republic_of_Germany",
    "DM": "多米尼克国 多明尼克",
    "DO": "多米尼加 多明尼加",
    "EU": "欧洲联盟 EU",
    "FK": "马尔维纳斯群岛 Malvinas",
    "FM": "密克羅尼西亞聯邦 密联邦 Federated_States_of_Micronesia",
    "GB": "大不列颠 联合王国 UK U.K. Britain Great_Britain",
    "GE": "格魯吉亞 喬治亞",
    "HK": "香港 香港特区 香港特别行政区 中国香港 Hong_Kong Hongkong",
    "ID": "印尼 印度尼西亚",
    "IE": "爱尔兰共和国 Republic_of_Ireland",
    "IR": "伊朗伊斯兰共和国 Islamic_Republic_of_Iran",
    "KG": "吉尔吉斯 吉爾吉斯斯坦",
    "KN": "圣基茨",
    "KP": "北韩 北朝鲜 北朝鮮 朝鲜民主主义人民共和国 朝鮮民主主義人民共和國 DPRK D.P.R.K. Democratic_People's_Republic_of_Korea N._Korea",
    "KR": "韩国 南韩 南朝鲜 大韩民国 Republic_of_Korea S._Korea",
    "KZ": "哈萨克 哈薩克斯坦",
    "LA": "寮国 老挝 老撾 Lao_PDR",
    "LK": "锡兰",
    "MK": "马其顿 Macedonia",
    "MM": "Myanmar Burma",
    "MN": "蒙古国",
    "MO": "澳门 澳門 澳门特区 澳门特别行政区 中国澳门 Macau Macao",
    "NL": "尼德兰 Holland",
    "NZ": "纽西兰 新西兰",
    "PG": "巴布亚纽几内亚 巴布亚新几内亚 巴新 巴纽",
    "PS": "巴勒斯坦 巴勒斯坦国 Palestine State_of_Palestine",
    "RU": "俄罗斯联邦 俄国 俄联邦 俄國 Russian_Federation",
    "SA": "沙特 沙乌地 沙地阿拉伯 沙烏地阿拉伯 KSA",
    "SY": "敘利亞 叙利亚阿拉伯共和国",
    "SZ": "斯威士兰 史瓦济兰 Swaziland",
    "TJ": "塔吉克 塔吉克斯坦",
    "TL": "East_Timor",
    "TM": "土库曼 土庫曼斯坦",
    "TR": "土耳其 Turkey Turkiye",
    "TT": "千里达",
    "TW": "台湾 臺灣",
    "UA": "乌克兰 烏克蘭",
    "UN": "U.N.",
    "US": "美利坚合众国 美利堅合眾國 United_States_of_America USA U.S.A. U.S.",
    "UZ": "乌兹别克 烏茲別克斯坦",
    "VA": "教廷 梵谛冈 梵蒂冈城国 Vatican Holy_See",
    "VC": "圣文森特",
    "VN": "Viet_Nam",
    "ZA": "南非共和国",
}

# Words that hold a territory's name and are something else: they shield it and stand for nothing.
NO_TERRITORY = (
    # other places
    "内蒙古 蒙古巴 印度洋 西印度 印度支那 马里兰 马利兰 马里亚纳 马利安纳 马里布 马里博尔 马里乌 马里尼奥 新墨西哥 墨西哥湾 新泽西 "
    "Inner_Mongolia 东印度公司 East_India_Company 乔治亚州 佐治亚州 约旦河 新几内亚 纽几内亚 新畿内亚 几内亚湾 不列颠哥伦比亚 "
    "英属哥伦比亚 哥伦比亚特区 哥伦比亚河 孟加拉湾 加纳利 阿曼岛 达曼岛 开曼岛 罗曼岛 古巴西 南非洲 东南非 西南非 沙特尔 黑山县 黑山头 "
    "黑山谷 狮子山隧道 狮子山下 狮子山公园 狮子山精神 北爱尔兰 捷克逊 江苏丹阳 台北韩 新北韩 东北韩 西北韩 华北韩 湖北韩 河北韩 湖南韩 "
    "河南韩 海南韩 云南韩 台南韩 湖南非 河南非 海南非 云南非 台南非 闽南非 指南非 乔治亚大学 乔治亚理工 古巴比伦 巴林左旗 巴林右旗 "
    "中美国家 发展中国家 开发中国家 "
    # people
    "韩国瑜 理查德 查德· 查德威克 多米尼克· 马里· 马里奥 马里昂 马里安 马里诺 马里内 马里斯 马里恩 马利亚 马利克 马利基 马利特 圣马利 "
    "阿曼达 阿曼尼 安东尼日 乔治亚· 阿曼多 波兰斯基 波兰尼 荷兰弟 加纳乔 卡达菲 巴林顿 罗莎·卢森堡 "
    # bodies, peoples, beasts, things
    "蒙古族 蒙古自治 蒙古包 哈萨克族 哈萨克自治 塔吉克族 塔吉克自治 乌兹别克族 印度教 朝鲜族 朝鲜日报 朝鲜王朝 朝鲜蓟 中国时报 "
    "哥伦比亚大学 哥伦比亚广播 哥伦比亚影业 哥伦比亚号 巴林银行 文莱苏丹 索尼日 悉尼日 迪士尼日 迪斯尼日 国泰国际 国泰国民 国泰国内 "
    "华泰国际 亚美国际 歌德国际 汶莱苏丹 柔佛苏丹 雪兰莪苏丹 日惹苏丹 奥斯曼苏丹 鄂图曼苏丹 苏丹红 孟加拉虎 荷兰豆 荷兰猪 荷兰乳 "
    "黑山羊 黑山老妖 中非合作 中非关系 "
    # words that meet
    "沿海地 近海地 临海地 滨海地 上海地 北海地 南海地 东海地 黄海地 渤海地 珠海地 青海地 深海地 地中海地 红海地 黑海地 里海地 比海地 "
    "波罗的海地 东加勒比 东加里曼丹 东加拿大 山东加 广东加 股东加 京东加 华东加 房东加 浦东加 中东加 远东加 东加强 东加快 东加大 "
    "东加速 东加码 东加上 东加入 东加盟 鸡汤加 高汤加 汤加热 汤加入 许多哥 很多哥 好多哥 多哥们 刚果断 明智利 理智利 机智利 也门庭 "
    "也门槛 也门票 也门清 也门可罗雀 也门当户对 其中国 集中国 完美国 精美国 赞美国家 精英国 非法国 司法国 执法国 宪法国 违法国企 "
    "违法国有 合法国籍 道德国 昨日本报 今日本报 近日本报 今日本市 昨日本市 今日本港 今日本刊 穿越南 横越南 飞越南海 飞越南极 飞越南美 "
    "依法国有 立法国会 合法国民 越南苏丹红 电台湾仔 国泰国货 海关岛内 群英国度 昨日本港 昨日本地 近日本港股 近日本港楼 翌日本局 假日本馆 "
    "生日本月 节日本地 工作日本港 翻越南 跨越南 超越南 港澳门户 New_Jersey New_Mexico Gulf_of_Mexico Guinea_pig Guinea_pigs Guinea_fowl "
    "Gulf_of_Guinea New_Guinea Northern_Ireland Jordan_River Michael_Jordan Air_Jordan Jordan_Bardella Georgia_Tech State_of_Georgia "
    "Atlanta,_Georgia China_Times China_Airlines "
)  # fmt: skip

# Words that end as a name begins, and words that begin as it ends: where one of each meets, no territory is named.
MEETING = (
    # the day of a date, and what a paper calls its own; all days of a month stand before the second
    ("日", "本报讯 本报记者 本报消息 本报综合 本刊记者 本网讯 本网记者 本台讯 本台记者 本土病例 本土个案 本土确诊 本土新增 本土疫情"),
    (" ".join(f"月{day}日" for day in range(1, 32)), "本报 本市 本港 本刊 本台 本社 本店 本院 本校 本馆 本县 本省 本镇 本村 本局 本公司"),
    ("北美 南美 拉美 欧美", "国家 国际"),
    ("高中 初中", "国文"),
    ("国中 期中", "国文老师 国文教师 国文科 国文课 国文考"),
    ("心目中 眼中", "国家 国际"),
    ("参加 增加 更加 追加", "纳税 纳入 纳米 纳斯达克 纳粹 纳新 纳凉"),
)
# 美中国防部长会晤, 日韓國防合作: two countries by one letter each. 中 is first in none (会谈中美国防部长 is the American one), and 国防
# alone may be one country's (访美中国防长).
ALLIES, SHORT = "美日英俄韩法德印澳菲台", "中美英法德俄韩泰"
DEFENCE = "合作 工业 对话 关系 磋商 交流 部长会谈 部长会晤 部长通话 部长级"

# Words that begin with a territory's name and only seem to hold another's: 韩国 is not in 北韩国防部, 尼日 not in 印尼日前.
HOLDING = {
    "ID": "印尼日",
    "KP": "北韩国防 北韩国家 北韩国务 北韩国营 北韩国民 北韩国内 北韩国旗 北韩国歌 北韩国庆 北韩国际 北韩国有 北韩国土 北韩国境 北韩国安 "
    "北韩国产 北韩国情 北韩国力 北韩国策 北韩国号 北韩国宝 北韩国足 北韩国界 北韩国门 北韩国企 北韩国葬 北韩国宴 北韩国立 北韩国父",
    "VN": "越南非 越南韩",
}


@cache
def territories() -> dict[str, tuple[str, ...]]:
    """Lower-case ISO code to names, each as printed; the first is the Simplified one."""
    names: dict[str, dict[str, None]] = {}
    for locale in LOCALES:
        for code, name in Locale.parse(locale).territories.items():
            if len(code) == 2 and code.isalpha() and code not in _PSEUDO:
                names.setdefault(code.lower(), {}).update(dict.fromkeys(_forms(name)))
    for code, more in ALSO.items():
        names[code.lower()].update(dict.fromkeys(_words(more)))
    return {code: tuple(forms) for code, forms in names.items()}


def no_territories() -> tuple[str, ...]:
    """Words that shield a territory's name without standing for one: those of the list, words that meet, two allies' defence."""
    meeting = (left + right for lefts, rights in MEETING for left in _words(lefts) for right in _words(rights))
    defence = (f"{one}{other}国防{what}" for one in ALLIES for other in SHORT for what in _words(DEFENCE) if one != other)
    return (*_words(NO_TERRITORY), *meeting, *defence)


def held() -> dict[str, tuple[str, ...]]:
    """Lower-case ISO code to words around another territory's name that stand for the code's."""
    return {code.lower(): tuple(_words(text)) for code, text in HOLDING.items()}


def _words(text: str) -> list[str]:
    return [word.replace("_", " ") for word in text.split()]


def _forms(name: str) -> list[str]:
    """A CLDR name and how people write it: without accents, with `and`, `Saint`, and without the bracket behind it."""
    forms = [name, re.sub(r"\s*[（(].*?[)）]", "", name) if name.startswith("Myanmar") else name]
    forms += [form.replace("&", "and") for form in forms if "&" in form]
    forms += [form.replace("St.", "Saint") for form in forms if form.startswith("St.")]
    forms += [_plain(form) for form in forms if form.isascii() is False and form[0] < "⺀"]
    return forms


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFD", name.replace("’", "'"))
    return "".join(char for char in decomposed if not unicodedata.combining(char))
