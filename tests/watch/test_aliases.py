"""The shipped alias lists keep their promises, and a look-alike shields a name."""

from time import perf_counter

import pytest

from pipelines.errors import ConfigError
from pipelines.watch import overlaps
from pipelines.watch.aliases import TERRITORIES, AliasLists, read_aliases
from pipelines.watch.compiler import Compiler
from pipelines.watch.engine import Matcher
from pipelines.watch.program import Plan, program_of
from pipelines.watch.query import parse
from pipelines.watch.readable import Readable
from pipelines.watch.terms import key
from pipelines.watch.watchlist import SHIPPED_ALIASES
from pipelines.yamlfile import Document, read_yaml

SHIPPED = read_aliases(read_yaml(SHIPPED_ALIASES))
TAKEN = tuple(SHIPPED.lists)
# A name inside another group's that counts there: who watches the one wants to hear of the other.
WANTED = {
    ("cn", "ccp"), ("ps", "unrwa"), ("un", "unrwa"), ("un", "unesco"), ("de", "afd"), ("us", "nasa"), ("us", "fda"), ("kinshasa", "cd"),
    ("missile", "ballistic_missile"), ("submarine", "nuclear_submarine"),
}  # fmt: skip


def found(query: str, text: str, lists: AliasLists = SHIPPED) -> list[str]:
    matcher = Matcher(program_of([Plan("topic", Compiler(lists).part(parse(query), tuple(lists.lists)))]))
    return [hit.as_written for match in matcher.match(Readable(title="", text=text)) for hit in match.hits]


def test_the_starter_lists_hold_people_places_bodies_and_companies() -> None:
    sizes = {name: len(groups) for name, groups in SHIPPED.lists.items()}
    assert sizes["leaders"] >= 150
    assert sizes["places"] >= 100
    assert sizes["organisations"] >= 40
    assert sizes["companies"] >= 20


def test_no_term_stands_for_two_groups_but_for_the_two_congos() -> None:
    assert {each.form for each in overlaps.shared(SHIPPED)} == {"刚果", "congo"}


def test_no_name_is_found_inside_another_groups_unless_that_is_wanted() -> None:
    unwanted = [each for each in overlaps.inside(SHIPPED) if (each.group[1], each.other[1]) not in WANTED]
    assert unwanted == []


def test_no_term_repeats_what_folding_joins_already() -> None:
    assert overlaps.repeated(SHIPPED) == []


def test_every_group_joins_what_folding_would_not() -> None:
    for name, groups in SHIPPED.lists.items():
        for group, terms in groups.items():
            assert name == TERRITORIES or len({key(term) for term in terms}) > 1, group


@pytest.mark.parametrize(
    "names",
    [
        "普京 普丁 普廷 蒲亭 Putin",
        "特朗普 川普 Trump",
        "泽连斯基 澤倫斯基 Zelensky",
        "内塔尼亚胡 納坦雅胡 Netanyahu",
        "扎克伯格 祖克柏 朱克伯格 Zuckerberg",
        "撒切尔 柴契爾 戴卓爾 Thatcher",
        "悉尼 雪梨 Sydney",
        "戛纳 坎城 康城 Cannes",
        "普吉岛 布吉島 Phuket",
        "加沙 加薩 Gaza",
        "迪拜 杜拜 Dubai",
        "克赖斯特彻奇 基督城 Christchurch",
        "蒙特利尔 蒙特婁 滿地可 Montreal",
        "北约 北約 NATO",
        "东盟 東協 ASEAN",
        "世卫 世界衛生組織 World_Health_Organization",
        "美联储 聯準會 聯儲局 Federal_Reserve",
        "哈马斯 哈瑪斯 Hamas",
        "英伟达 輝達 Nvidia",
        "空客 空中巴士 Airbus",
    ],
)
def test_the_regions_names_are_one(names: str) -> None:
    spelled = [name.replace("_", " ") for name in names.split()]
    for name in spelled:
        assert found(f'"{name}"', "，".join(spelled)) == spelled


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("特朗普", "四川普降大雨、四川普通人"),
        ("拜登", "禮拜登山、參拜登頂"),
        ("万斯", "史蒂万斯"),
        ("北约", "河北约谈企业、東北約有三成"),
        ("北约", "台北約會、以北約三十公里"),
        ("加沙", "参加沙龙、參加沙灘排球"),
        ("萨达姆", "南海珊瑚礁"),
        ("空客", "航空客运、航空客機"),
        ("悉尼", "冰糖雪梨、雪梨湯"),
        ("戛纳", "健康城市"),
        ("珀斯", "賈伯斯"),
        ("万斯", "埃万斯、伊萬斯"),
        ("范斯", "范斯坦"),
        ("莫迪", "莫迪里安尼"),
        ("贝鲁", "贝鲁特、貝魯特"),
        ("特拉斯", "斯特拉斯堡、史特拉斯堡"),
        ("伊斯兰国", "伊斯兰国家、伊斯蘭國家"),
        ("中共", "其中共有三人"),
        ("哈巴罗夫斯克", "阿拉伯力量"),
        ("万象", "包罗万象"),
        ("达沃", "达沃斯论坛"),
        ("弗吉尼亚", "西弗吉尼亚、西維吉尼亞"),
        ("世卫", "Those who know"),
    ],
)
def test_what_only_looks_like_a_name_does_not_count(query: str, text: str) -> None:
    assert found(query, text) == []


def test_a_look_alike_shields_only_the_name_inside_it() -> None:
    assert found("特朗普", "川普在四川普降大雨時") == ["川普"]
    assert found("@gaza", "参加沙龙讨论加沙") == ["加沙"]
    assert found("@places", "包罗万象的万象") == ["万象"]
    assert found('"中共"', "其中共有中共黨員") == ["中共"]


def test_a_look_alike_never_shields_the_term_that_it_is() -> None:
    lists = read_aliases(Document("a.yaml", "people: {x: [贝鲁, X], y: [贝鲁特, Y]}\nlook_alikes: {people: [贝鲁特]}"))
    assert found("X", "贝鲁特的贝鲁", lists) == ["贝鲁"]
    assert found("Y", "贝鲁特的贝鲁", lists) == ["贝鲁特"]


def test_look_alikes_shield_territories_too_and_are_no_list() -> None:
    lists = read_aliases(Document("a.yaml", "look_alikes: {any: [日本桥]}"))
    assert found("日本", "日本橋與日本", lists) == ["日本"]
    assert list(lists.lists) == [TERRITORIES]


def test_a_wrong_look_alike_is_refused_with_its_place() -> None:
    with pytest.raises(ConfigError, match=r"a.yaml:1:24: `` is an empty term"):
        read_aliases(Document("a.yaml", "look_alikes: {any: [x, '']}"))


def test_overlaps_are_told() -> None:
    lists = read_aliases(Document("a.yaml", "a: {x: [川普, 四川, 普京], y: [普京, 川普林, 川普]}\nb: {z: [計畫, 計劃, 计划]}"))
    assert [each.form for each in overlaps.shared(lists) if each.groups[0][0] == "a"] == ["川普", "普京"]
    assert [(each.form, each.longer) for each in overlaps.inside(lists) if each.group[0] == "a"] == [("川普", "川普林")]
    assert overlaps.repeated(lists) == [(("b", "z"), "计划")]


def test_a_list_of_thousands_of_groups_is_read_in_time() -> None:
    began = perf_counter()
    read_aliases(Document("aliases.yaml", "words:\n" + "".join(f"  g{number}: [詞{number}]\n" for number in range(20_000))))
    assert perf_counter() - began < 5
