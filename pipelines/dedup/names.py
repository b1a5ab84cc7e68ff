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
    return any(word in other for part in _parts(one) for word in _regional().get(part, ()))


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
    for line in [line for table in _TABLES for line in table.read_text(encoding="utf-8").splitlines()]:
        one, other, *_ = line.split()
        found[one].add(other)
        found[other].add(one)
    return {word: set().union(others, *(found[other] for other in others)) - {word} for word, others in found.items()}
