"""Alias pairs out of stories that are told in two scripts: planted ones are found, edits are not taken for them."""

import random
from collections.abc import Sequence

import pytest
from opencc import OpenCC

from pipelines.watch.aliases import AliasLists
from pipelines.watch.alignment import Alphabet, gaps, representatives
from pipelines.watch.mining import Suggestion, Telling, paired, suggestions
from pipelines.watch.terms import key

TRADITIONAL = OpenCC("s2t").convert
LISTS = AliasLists({"leaders": {"known": ("卡尔文", "卡爾溫", "Calvin")}})
# (in Simplified copies, in Traditional ones)
PLANTED = [
    ("格伦达", "葛倫黛"),
    ("马尔托瓦", "瑪托瓦"),
    ("科布林", "科柏林"),
    ("普拉", "普羅"),
    ("阿斯特拉港", "艾斯崔拉港"),
    ("维拉德", "Vilard"),
]
EDITS = [("表示", "指出"), ("昨天", "今天"), ("目前", "现在"), ("警方", "警察"), ("大约", "将近"), ("三十", "四十")]
_WORDS = (
    "经济 政策 改革 市场 企业 社会 发展 合作 安全 会议 代表团 协议 能源 贸易 投资 科技 教育 卫生 环境 气候 交通 工程 农业 金融 银行 货币 股票 债券 "
    "选举 议会 外交 国防 军队 演习 卫星 太空 探索 大学 医院 疫苗 病毒 港口 渔民 铁路 机场 桥梁 水库 电力 煤炭 钢铁 粮食 森林 河流 山脉 海岸 岛屿"
)
WORDS = _WORDS.split()
VERBS = ("宣布", "访问了", "会见", "批评", "支持", "抵达", "离开", "谈到", "拒绝", "同意")


def sentence(random_: random.Random, names: Sequence[str]) -> str:
    some = random_.choices(WORDS, k=random_.randrange(4, 9))
    middle = random_.choice(names) + random_.choice(VERBS) if random_.random() < 0.5 else random_.choice([pair[0] for pair in EDITS])
    return "".join([*some[:3], random_.choice(("，", "，总统", "的", "")), middle, *some[3:]]) + "。"


def tale(random_: random.Random) -> tuple[Telling, Telling]:
    """A story in Simplified, and its Traditional copy: regional names, an editor's hand, a cut."""
    names = [name for name, _ in random_.sample(PLANTED, 3)] + ["卡尔文", "朝鲜"]
    sentences = [sentence(random_, names) for _ in range(20)]
    copy = "".join(sentences[: random_.randrange(14, 21)])
    for name, other in [*PLANTED, ("卡尔文", "卡爾溫"), ("朝鲜", "北韩")]:
        copy = copy.replace(name, other)
    for one, other in EDITS:
        if random_.random() < 0.4:
            copy = copy.replace(one, other, 1) if random_.random() < 0.8 else copy.replace(one, other)
    for _ in range(4):
        copy = copy.replace(random_.choice(WORDS), random_.choice(WORDS), 1)
    return Telling("Hans", "".join(sentences)), Telling("Hant-TW", TRADITIONAL(copy))


def tales(count: int, seed: int = 5) -> list[tuple[Telling, Telling]]:
    random_ = random.Random(seed)
    return [tale(random_) for _ in range(count)]


def mined(told: Sequence[Sequence[Telling]], lists: AliasLists = LISTS, least: int = 3) -> list[Suggestion]:
    return suggestions(lambda: told, lists, least)


def pairs(found: Sequence[Suggestion]) -> set[tuple[str, ...]]:
    return {tuple(map(key, each.terms)) for each in found}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_pairs_are_found_and_an_editors_hand_is_not(seed: int) -> None:
    found = pairs(mined(tales(60, seed)))
    planted = {tuple(map(key, pair)) for pair in PLANTED}
    assert planted <= found, "recall"
    assert len(found & planted) / len(found) >= 0.9, f"precision: {found - planted}"


def test_the_order_of_the_tellings_does_not_matter() -> None:
    told = tales(40)
    turned = [tuple(reversed(each)) if index % 2 else each for index, each in enumerate(told)]
    assert mined(turned) == mined(told)


def test_suggestions_come_by_support_with_the_words_as_written_and_examples() -> None:
    found = mined(tales(60))
    assert [each.stories for each in found] == sorted((each.stories for each in found), reverse=True)
    best = next(each for each in found if "葛倫黛" in each.terms)
    assert (best.terms, best.sides, best.known) == (("格伦达", "葛倫黛"), ("Hans", "Hant-TW"), None)
    one, other = best.examples[0].contexts
    assert "格伦达" in one
    assert "葛倫黛" in other
    assert best.kept == 0


def test_what_a_group_has_already_is_not_suggested() -> None:
    assert not {"卡尔文", "朝鲜", "北韩"} & {term for pair in pairs(mined(tales(60))) for term in pair}
    known = AliasLists({"mine": {str(index): pair for index, pair in enumerate(PLANTED)}})
    assert not pairs(mined(tales(60), known)) & {tuple(map(key, pair)) for pair in PLANTED}


def test_a_new_name_of_a_known_group_is_told_as_such() -> None:
    told = [(Telling(one.side, one.text), Telling(other.side, other.text.replace("卡爾溫", "喀爾文"))) for one, other in tales(40)]
    assert [(each.terms, each.known) for each in mined(told) if "喀爾文" in each.terms] == [(("卡尔文", "喀爾文"), "卡尔文")]


def test_a_pair_must_recur_in_enough_stories() -> None:
    told = tales(3)
    most = max(each.stories for each in mined(told, least=2))
    assert mined(told, least=most + 1) == []


def test_a_word_that_is_mostly_left_alone_is_no_alias() -> None:
    told = [
        (Telling("Hans", f"{at}甲乙丙丁{word}戊己庚辛。"), Telling("Hant", f"{at}甲乙丙丁{word}戊己庚辛。"))
        for at, word in enumerate(["警方"] * 8)
    ]
    edited = [
        (Telling("Hans", f"{at}城里人说{around}警方今晨通报。"), Telling("Hant", f"{at}城里人说{around}民警今晨通报。"))
        for at, around in enumerate("春夏秋冬")
    ]
    assert [each.terms for each in mined(edited)] == [("警方", "民警")]
    assert mined([*told, *edited]) == []


def test_what_is_replaced_both_ways_is_no_alias() -> None:
    def day(at: int, around: str, one: str, other: str) -> tuple[Telling, Telling]:
        return Telling("Hans", f"{at}城里人说{around}{one}夜里下雨。"), Telling("Hant", f"{at}城里人说{around}{other}夜里下雨。")

    told = [day(at, around, "周二", "礼拜") for at, around in enumerate("春夏秋冬")]
    back = [day(at, around, "礼拜", "周二") for at, around in enumerate("春夏秋冬")]
    assert [each.terms for each in mined(told)] == [("周二", "礼拜")]
    assert mined([*told, *back]) == []


@pytest.mark.parametrize("told", [[], [()], [(Telling("Hans", "甲乙丙丁"),)], [(Telling("Hans", "甲乙丙丁戊己庚辛"),) * 2]])
def test_an_archive_without_two_sides_has_nothing(told: list[tuple[Telling, ...]]) -> None:
    assert mined(told) == []


def test_tellings_are_paired_by_side_once_each() -> None:
    hans, hant, more = Telling("Hans", "a"), Telling("Hant", "b"), Telling("Hans", "c")
    assert paired([hant, hans, more]) == [(hans, hant)]
    assert paired([hans, more]) == []
    assert len(paired([hans, hant, Telling("Hant-HK", "d")])) == 3


@pytest.mark.parametrize(
    ("one", "other", "replaced"),
    [
        ("他在悉尼市政厅讲话", "他在悉尼市政厅讲话", []),
        ("昨日在悉尼的市政厅讲话", "昨日他在雪梨的市政厅讲话", []),
        ("昨日他在悉尼的市政厅讲话", "昨日他在雪梨的市政厅讲话", [("悉尼", "雪梨")]),
        ("昨日他在赫尔松的市政厅讲话", "昨日他在赫松的市政厅讲话", [("尔", "")]),
        ("昨日他们在 Sydney 的市政厅讲话", "昨日他们在雪梨的市政厅讲话", [(" sydney ", "雪梨")]),
        ("昨日他在北韓的市政廳講話", "昨日他在朝鲜的市政厅讲话", []),
        ("昨日他在北韓的市政廳講話", "昨日他在韩国的市政厅讲话", [("@朝鲜", "韩国")]),
        ("前文如此这般一二三四五六七八九十后文如此", "前文如此这般子丑寅卯辰巳午未申酉后文如此", []),
        ("", "昨日他在雪梨的市政厅讲话", []),
    ],
)
def test_a_gap_is_what_stands_between_the_same_words(one: str, other: str, replaced: list[tuple[str, str]]) -> None:
    alphabet = Alphabet([("朝鲜", "北韩")])
    left, right = alphabet.tokens(one), alphabet.tokens(other)
    shown = [(left.codes[a:b], right.codes[c:d]) for a, b, c, d in gaps(left.codes, right.codes)]
    assert [tuple("".join(map(alphabet.word, part)) for part in pair) for pair in shown] == replaced


def test_groups_that_share_a_form_are_one() -> None:
    standing = representatives([("甲", "乙"), ("丙", "丁"), ("乙", "丙"), ("戊",)])
    assert standing == {"甲": "甲", "乙": "甲", "丙": "甲", "丁": "甲", "戊": "戊"}


def test_a_text_of_one_word_stays_cheap() -> None:
    long = "普京" * 20_000
    assert mined([(Telling("Hans", long), Telling("Hant", long.replace("普京", "普丁", 5)))] * 3) == []


def test_hostile_characters_are_tokens_like_others() -> None:
    told = [
        (
            Telling("Hans", f"{at}\ud800城里\U000f0000人说{around}悉達夜里下雨。"),
            Telling("Hant", f"{at}\ud800城里\U000f0000人说{around}悉逹达夜里下雨。"),
        )
        for at, around in enumerate("春夏秋冬")
    ]
    assert len(mined(told)) <= 1
