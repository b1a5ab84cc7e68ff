"""What stands in the place of something else: another name, or the same one as another region writes it."""

from collections import defaultdict
from functools import cache
from pathlib import Path

from pipelines.text import fold, letters
from pipelines.watch.territories import territories

Span = tuple[int, int]

BESIDE = 2
"""Letters on either side of a replaced stretch that may belong to its word: 普京 and 普丁 differ in one."""
LONGEST = 6
"""Letters of a name or a regional word that is looked up, at most."""

LONG = 3
"""Letters from which two spellings of one name have one in common: 普京 and 蒲亭 have none, 特朗普 and 川普 have."""
SOUNDS = frozenset(
    "阿埃艾安昂奥巴拜贝本比彼宾波博布查达戴丹道德登邓迪蒂丁杜多厄恩尔法凡费芬佛弗福盖戈格根贡古哈海汉赫亨胡霍基吉加贾杰金卡凯坎康考科克肯"
    "库夸奎拉莱赖兰朗劳勒雷里利莉丽林琳卢鲁伦罗洛吕马玛麦曼梅门蒙米密明莫默姆穆纳娜奈南内尼涅宁纽努诺欧帕潘庞佩彭皮平普奇齐契乔切琼丘瑞若"
    "撒萨塞赛桑瑟沙莎珊舍申圣施什史舒斯丝司思索塔泰坦汤特提廷通图托瓦万旺威薇韦维温文翁沃乌武西希锡夏香谢欣辛休修许雅亚扬耶叶伊因英尤约泽扎詹"
    "珍朱兹祖佐川蒲宏龙泊"
)
"""Letters by which foreign names are spelled, folded. Each region spells by its own, so what is all spelled proves no other name."""
PASSING = frozenset("天日晚早夜晨午今昨明前现刚")
"""A day or an hour that a desk writes in its own way: 今天, 今日, 今晚."""

_NEWS = (
    "乒乓 乒乓球 桌球|减息 降息|加息 升息|通胀 通膨|按揭 房贷|楼市 房市|楼价 房价|楼盘 建案|沽售 卖出|派息 配息|市盈率 本益比|同比 年增|"
    "环比 月增 季增|每股收益 每股盈利 每股盈余|净利 净利润 纯益 纯利|厘 百分点|巴士 公车 公交 公交车 客车|单车 自行车 脚踏车|"
    "电单车 机车 摩托车|货柜 集装箱|地铁 捷运 港铁|的士 计程车 出租车|升降机 电梯|冷气 空调|酒店 饭店 宾馆|幼稚园 幼儿园|小学 国小|"
    "初中 国中|义工 志工 志愿者|网民 网友|短信 短讯 简讯|警员 员警 民警|警署 派出所 警局 公安局 警察局|消防处 消防局 消防队|"
    "疑犯 嫌犯 嫌疑人|检控 公诉 起诉|判监 判刑|入狱 坐牢|保释 交保|裁判官 法官|检察院 地检署 检方|送院 送医|遇难者 罹难者 死者|"
    "台风 热带气旋|暴雨 豪雨|水浸 内涝 淹水|泥石流 土石流 山泥倾泻|滑坡 山崩|天文台 气象台 气象局 气象署|立法会 立法院|议员 立委|"
    "外长 外交部长|财长 财政部长|防长 国防部长|总理 首相|发布会 记者会|峰会 高峰会|首脑 领袖 领导人|安理会 安全理事会|欧盟 欧洲联盟|"
    "北约 北大西洋公约组织|世界杯 世足赛|欧洲杯 欧国杯|点球 十二码|龙门 球门|主帅 主教练 总教练 总教头|卫冕 连霸|短视频 短影音|直播 实况|"
    "塑料 塑胶|马铃薯 土豆|菠萝 凤梨|猕猴桃 奇异果|三文鱼 鲑鱼|金枪鱼 鲔鱼|方便面 泡面 即食面|盒饭 便当 饭盒|酸奶 优格|奶酪 起司 芝士|"
    "中风 脑卒中|重症监护室 加护病房 深切治疗部|急诊 急诊室 急症室|军演 演习|手机 行动电话 手提电话|充电宝 行动电源"
)
"""Words of a news desk in the regions, folded: what OpenCC's dictionaries lack. They join nothing, they only prove no other report."""
_TABLES = tuple(Path(__file__).parent.parent / "watch" / name for name in ("regional.txt", "phrases.txt"))


def is_one_thing(one: str, mine: Span, other: str, theirs: Span) -> bool:
    """Whether the two stretches may say the same: regional words, one territory, or names spelled by their sound."""
    around, beside = _around(one, mine), _around(other, theirs)
    here, there = _territories(around), _territories(beside)
    if here and there:
        return not here.isdisjoint(there)
    return is_regional(around, beside) or _is_spelled(one, mine, other, theirs)


def is_regional(one: str, other: str) -> bool:
    """Whether the one has a word for which the other has another region's, or another spelling."""
    pairs = ((one, other), (other, one))  # only the one of two words may be short enough to be looked up
    return any(word in there for here, there in pairs for part in _parts(here) for word in _regional().get(part, ()))


def is_passing(one: str, other: str) -> bool:
    """Whether both only tell a day or an hour."""
    return PASSING.issuperset(one) and PASSING.issuperset(other)


def is_foreign(text: str) -> bool:
    """Whether half of the letters or more are such as foreign names are spelled by."""
    return 2 * sum(letter in SOUNDS for letter in text) >= len(text)


def _is_spelled(one: str, mine: Span, other: str, theirs: Span) -> bool:
    """Whether both are spelled, whole or but for one letter beside a spelled one that both have."""
    stretches = one[slice(*mine)], other[slice(*theirs)]
    spelled = [SOUNDS.issuperset(each) for each in stretches]
    if all(spelled):
        return max(map(len, stretches)) < LONG or not set(stretches[0]).isdisjoint(stretches[1])
    beside = one[max(0, mine[0] - 1) : mine[0]] + one[mine[1] : mine[1] + 1]
    is_ending = all(len(each) == 1 or is_spelled for each, is_spelled in zip(stretches, spelled, strict=True))
    return any(spelled) and is_ending and not SOUNDS.isdisjoint(beside)


def _around(text: str, span: Span) -> str:
    return text[max(0, span[0] - BESIDE) : span[1] + BESIDE]


def _parts(text: str) -> list[str]:
    return [text[at : at + size] for size in range(2, LONGEST + 1) for at in range(len(text) - size + 1)]


def _territories(text: str) -> frozenset[str]:
    found = _codes()
    return frozenset(found[part] for part in _parts(text) if part in found)


@cache
def _codes() -> dict[str, str]:
    return {letters(fold(name)): code for code, names in territories().items() for name in names}


@cache
def _regional() -> dict[str, set[str]]:
    """Each word with those that a pair joins to it, and those that a pair joins to these: 的士 and 出租车 both are 计程车."""
    found = defaultdict[str, set[str]](set)
    pairs = [line.split()[:2] for table in _TABLES for line in table.read_text(encoding="utf-8").splitlines()]
    for words in (*pairs, *(group.split() for group in _NEWS.split("|"))):
        for word in words:
            found[word].update(words)
    return {word: set().union(others, *(found[other] for other in others)) - {word} for word, others in found.items()}
