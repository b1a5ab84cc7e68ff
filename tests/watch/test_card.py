"""The query card of the design, sentence by sentence, on small articles."""

import pytest

from pipelines.errors import QueryError
from pipelines.watch.aliases import AliasLists
from pipelines.watch.compiler import Compiler
from pipelines.watch.engine import Matcher
from pipelines.watch.program import Plan, program_of
from pipelines.watch.query import parse
from pipelines.watch.readable import Readable

LISTS = AliasLists(
    {"leaders": {"putin": ("普京", "普丁", "蒲亭", "Putin"), "kim": ("金正恩", "Kim Jong Un")}, "words": {"missile": ("导弹", "飛彈")}}
)
TAKEN = ("territories", "leaders")


def hits(query: str, text: str = "", *, taken: tuple[str, ...] = TAKEN, **fields: object) -> list[str] | None:
    """What matched as `as_written@start`, None where the query does not match."""
    matcher = Matcher(program_of([Plan("topic", Compiler(LISTS).part(parse(query), taken))]))
    matches = matcher.match(Readable(**{"title": "", "text": text, **fields}))
    for match in matches:
        for hit in match.hits:
            field = hit.field.partition("[")[0]
            value = {"title": fields.get("title", ""), "text": text}.get(field)
            assert value is None or value[hit.start : hit.end] == hit.as_written
    return [f"{hit.as_written}@{hit.start}" for hit in matches[0].hits] if matches else None


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        # a term, in either script
        ("北韓", "北韩发射", ["北韩@0"]),
        ("臺灣", "在台湾和臺灣和台灣", ["台湾@1", "臺灣@4", "台灣@7"]),
        ("里", "這裡裏面", ["裡@1", "裏@2"]),
        ("著名", "着名的著名", ["着名@0", "著名@3"]),
        ("计划", "五年計畫與計劃", ["計畫@2", "計劃@5"]),
        ("計畫", "计划", ["计划@0"]),
        ("了解", "瞭解情況", ["瞭解@0"]),
        ("信息", "資訊自由", ["資訊@0"]),
        # white space, line breaks, invisible characters
        ("北韓", "北 韓與北\n韓與北\u200b韓", ["北 韓@0", "北\n韓@4", "北\u200b韓@8"]),
        ("北韓", "北\n\n韓", None),
        ('"export control"', "Export\n control, exports controls", ["Export\n control@0"]),
        ('"export control"', "export\n\ncontrol", None),
        ('"北韓 領導人"', "北韓領導人", ["北韓領導人@0"]),
        # Latin edges
        ("AI", "中国AI公司", ["AI@2"]),
        ("AI", "he said", None),
        ("AI", "用ＡＩ和ai，AI2", ["ＡＩ@1", "ai@4"]),
        ("ai公司", "中国AI公司的", ["AI公司@2"]),
        ("ai公司", "XAI公司", None),
        ("2024", "12024年 2024年", ["2024@7"]),
        ("中国", "中国AI", ["中国@0"]),
        ("Kim", "KIM jong, Kimchi", ["KIM@0"]),
        # exact
        ("=后", "皇后後", ["后@1"]),
        ("=AI", "ＡＩ ai AI公司 xAI", ["AI@6"]),
        ('="New York"', "new york New  York New York", ["New York@19"]),
        ("=普京", "普丁 普京", ["普京@3"]),
        ("=é", "e\u0301", ["e\u0301@0"]),
        # prefix
        ("missil*", "Missiles fly, missil; 2missiles", ["Missiles@0", "missil@14"]),
        # EXCEPT
        ("中共 EXCEPT (其中共, 集中共)", "其中共有三人", None),
        ("中共 EXCEPT (其中共, 集中共)", "其中共有中共黨員", ["中共@4"]),
        ("人民 EXCEPT (商人民宿)", "商人民宿", None),
        ("人民 EXCEPT (商人民宿)", "商人民宿 為人民", ["人民@6"]),
        # NEAR
        ("A NEAR/3 B", "A 1 B", ["A@0", "B@4"]),
        ("A NEAR/3 B", "A 12 B", None),
        ("B NEAR/3 A", "A 1 B", ["A@0", "B@4"]),
        ("北韓 NEAR/0 领导人", "北韓領導人", ["北韓@0", "領導人@2"]),
        ("中国 NEAR/5 中国人", "中国人", None),
        ("普京 NEAR/2 普丁", "普京", None),
        ("北京市 NEAR/0 市长", "北京市长", ["北京市@0", "市长@2"]),
        ("A NEAR/1 (B OR C)", "A B, B A C", ["A@0", "B@2", "B@5", "A@7", "C@9"]),
        # k OF
        ("2 OF (AA, BB, CC)", "AA AA", None),
        ("2 OF (AA, BB, CC)", "CC AA", ["CC@0", "AA@3"]),
        # counts
        ("普京*3", "普京、普丁", None),
        ("普京*3", "普京、普丁、蒲亭", ["普京@0", "普丁@3", "蒲亭@6"]),
        ("哈哈*2", "哈哈哈", None),
        ("哈哈*2", "哈哈哈哈", ["哈哈@0", "哈哈@2"]),
        # NOT
        ("北韓 NOT 足球", "北韓與日本", ["北韓@0"]),
        ("北韓 NOT 足球", "朝鲜足球", None),
        ("(北韓 OR 金正恩) AND (俄羅斯 OR 普京) NOT 足球", "北韓領導人訪問俄羅斯", ["北韓@0", "俄羅斯@7"]),
        ("(北韓 OR 金正恩) AND (俄羅斯 OR 普京) NOT 足球", "朝鲜足球队客场挑战俄罗斯", None),
        # every occurrence of what is satisfied, in reading order; a branch that is not satisfied did nothing
        ("俄 OR (美 AND 英)", "美俄俄", ["俄@1", "俄@2"]),
        ("/[0-9]{4}年/ 俄", "俄2024年1999年", ["俄@0", "2024年@1", "1999年@6"]),
        ("/臺/", "台灣臺灣", ["臺@2"]),
        ("/x+/", "😀xx", ["xx@1"]),
        # offsets: astral characters and combining marks before and inside
        ("俄罗斯", "😀𠮷e\u0301俄\ufe0f羅斯", ["俄\ufe0f羅斯@4"]),
        ("café", "😀cafe\u0301", ["cafe\u0301@1"]),
        ("俄罗斯", "\ud800俄羅斯", ["俄羅斯@1"]),
        ("/俄./", "\ud800俄羅斯", ["俄羅@1"]),
    ],
)
def test_the_card(query: str, text: str, found: list[str] | None) -> None:
    assert hits(query, text) == found


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("北韓", "朝鲜、北朝鮮、North Korea、DPRK", ["朝鲜@0", "北朝鮮@3", "North Korea@7", "DPRK@19"]),
        ("North_Korea", "朝鲜", None),
        ('"North Korea"', "朝鲜", ["朝鲜@0"]),
        ("马里", "索马里 索馬利亞 Somalia", None),
        ("马里", "马里和索马里", ["马里@0"]),
        ("俄罗斯", "白俄羅斯", None),
        ("白俄罗斯", "白俄羅斯與Belarus", ["白俄羅斯@0", "Belarus@5"]),
        ("尼日", "尼日利亚", None),
        ("尼日", "尼日與尼日爾", ["尼日@0", "尼日爾@3"]),
        ("几内亚", "赤道几内亚、Papua New Guinea", None),
        ("香港", "Hong Kong與香港特別行政區", ["Hong Kong@0", "香港特別行政區@10"]),
        ("澳门", "澳門 Macau Macao", ["澳門@0", "Macau@3", "Macao@9"]),
        ("海地", "沿海地区", None),
        ("海地", "海地发生地震", ["海地@0"]),
        ("美国", "contact us", None),
        ("老挝", "寮國 Laos", ["寮國@0", "Laos@3"]),
        ("新西兰", "紐西蘭", ["紐西蘭@0"]),
        ("@kp", "北韓", ["北韓@0"]),
        ("@putin", "蒲亭", ["蒲亭@0"]),
        ("@leaders", "Kim  Jong Un", ["Kim  Jong Un@0"]),
        ("@PUTIN", "普丁", ["普丁@0"]),
        ("普京", "普丁", ["普丁@0"]),
        ('"普丁"', "Putin的", ["Putin@0"]),
        ("导弹", "飛彈", None),
        ("@words", "飛彈", ["飛彈@0"]),
        ("@missile NEAR/3 北韓", "朝鲜飛彈", ["朝鲜@0", "飛彈@2"]),
    ],
)
def test_aliases_and_territories(query: str, text: str, found: list[str] | None) -> None:
    assert hits(query, text) == found


def test_a_topic_that_takes_no_list_has_no_aliases() -> None:
    assert hits("北韓", "朝鲜", taken=()) is None
    assert hits("马里", "索马里", taken=()) == ["马里@1"]


def test_a_field_is_looked_at_alone() -> None:
    article = {
        "title": "標題俄國",
        "author": "王記者",
        "publisher": ("中央社", "德國之聲"),
        "portal": "storm_mg",
        "section": "國際",
        "comments": ("評論俄國", "無"),
    }
    text = "內文美國" + "字" * 196 + "英國"
    assert hits("title:俄國", text, **article) == ["俄國@2"]
    assert hits("body:俄國", text, **article) is None
    assert hits("俄國 美國", text, **article) == ["俄國@2", "美國@2"]
    assert hits("評論", text, **article) is None
    assert hits("comments:評論", text, **article) == ["評論@0"]
    assert hits("author:王", text, **article) == ["王@0"]
    assert hits("publisher:德国之声", text, **article) == ["德國之聲@0"]
    assert hits("section:国际", text, **article) == ["國際@0"]
    assert hits("title:(俄國 OR 美國)", text, **article) == ["俄國@2"]
    assert hits("title:(俄國 NOT 美國)", text, **article) == ["俄國@2"]
    assert hits("俄國 NEAR/100 美國", text, **article) is None


def test_the_lead_is_the_first_200_characters() -> None:
    assert hits("lead:俄國", "字" * 198 + "俄國") == ["俄國@198"]
    assert hits("lead:俄國", "字" * 199 + "俄國") is None
    assert hits("body:俄國", "字" * 199 + "俄國") == ["俄國@199"]
    assert hits("lead:/俄國/", "字" * 199 + "俄國") is None


def test_portal_names_the_whole_slug() -> None:
    assert hits("portal:storm_mg", portal="storm_mg") == ["storm_mg@0"]
    assert hits("portal:storm", portal="storm_mg") is None
    assert hits("portal:storm*", portal="storm_mg") == ["storm@0"]
    assert hits("portal:storm_mg") is None


def test_counts_go_over_title_and_body_together() -> None:
    assert hits("俄國*2", "俄國", title="俄國", taken=()) == ["俄國@0", "俄國@0"]
    assert hits("title:俄國*2", "俄國", title="俄國", taken=()) is None


def test_two_of_needs_different_meanings() -> None:
    for query in ("2 OF (台湾, 臺灣)", "2 OF (北韓, 朝鲜)", "2 OF (普京, @putin)"):
        with pytest.raises(QueryError, match="mean the same"):
            hits(query)
    assert hits("2 OF (北韓, 朝鲜, 日本)", "北韓") is None
    assert hits("2 OF (北韓, 朝鲜, 日本)", "北韓日本") == ["北韓@0", "日本@2"]
    assert hits("x NOT 2 OF (北韓, 朝鲜, 日本)", "x 北韓") == ["x@0"]


def test_an_unknown_group_is_named_with_its_place() -> None:
    with pytest.raises(QueryError, match="did you mean `putin`") as caught:
        hits("俄國 @putn")
    assert caught.value.offset == 3


def test_an_exclusion_stays_inside_its_topic() -> None:
    compiler = Compiler(LISTS)
    queries = {"with": "人民 EXCEPT (商人民宿)", "without": "人民", "not": "旅遊 NOT 商人民宿"}
    matcher = Matcher(program_of([Plan(slug, compiler.part(parse(query), ())) for slug, query in queries.items()]))
    assert [match.topic for match in matcher.match(Readable(title="", text="商人民宿旅遊"))] == ["without"]
    assert [match.topic for match in matcher.match(Readable(title="", text="旅遊"))] == ["not"]


def test_topics_come_in_the_files_order_and_only_from_their_portals() -> None:
    compiler = Compiler(LISTS)
    plans = [Plan(slug, compiler.part(parse("俄國"), ()), portals) for slug, portals in (("z", frozenset()), ("a", frozenset({"park6"})))]
    matcher = Matcher(program_of(plans))
    assert [match.topic for match in matcher.match(Readable(title="俄國", text="", portal="park6"))] == ["z", "a"]
    assert [match.topic for match in matcher.match(Readable(title="俄國", text="", portal="storm_mg"))] == ["z"]
    assert [match.topic for match in matcher.match(Readable(title="俄國", text=""))] == ["z", "a"]


def test_a_matcher_without_topics_matches_nothing() -> None:
    assert Matcher(program_of([])).match(Readable(title="x", text="y")) == ()


def test_a_hostile_text_full_of_one_word_stays_cheap() -> None:
    found = hits("A NEAR/5 B NOT C", "a " * 50_000 + "b")
    assert found is not None
    assert len(found) == 4
