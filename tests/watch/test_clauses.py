"""A query clause by clause: what holds, what fails, by which words; and never another answer than the engine's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.watch.aliases import AliasLists, read_aliases
from pipelines.watch.clauses import Clause, clauses
from pipelines.watch.nodes import Node
from pipelines.watch.query import parse
from pipelines.watch.readable import Readable
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from pipelines.watch.written import written
from pipelines.yamlfile import Document

ALIASES = "leaders:\n  putin: [普京, 普丁, 蒲亭, Putin]\n"
QUERIES = [
    "朝鮮 俄羅斯",
    "(北韓 OR @putin) AND 俄羅斯 NOT 足球",
    "2 OF (渡輪, 火車, 高鐵)",
    "title:(渡輪 火車) OR body:=后",
    "title:(NOT 足球) 渡輪",
    "NOT (渡輪 NEAR/20 火車) 碼頭",
    '"export control" "or" missil* OR "trade war"*',
    "中共 EXCEPT (其中共, 集中共)",
    "(渡輪 OR 火車)*2 碼頭",
    r"/渡輪|a\/b+/ 碼頭",
    "NOT 2 OF (渡輪, 火車) 碼頭",
    "lead:(渡輪 NEAR/5 碼頭) comments:海",
]


def judged(query: str, text: str, title: str = "") -> tuple[Clause, ...]:
    return clauses(query, ("territories", "leaders"), aliases(), Readable(title=title, text=text))


def aliases() -> AliasLists:
    return read_aliases(Document("aliases.yaml", ALIASES))


def test_the_clause_that_failed_is_named_with_the_words_that_failed_it() -> None:
    first, second, third = judged("(北韓 OR 金正恩) AND (俄羅斯 OR 普京) NOT 足球", "朝鲜足球队抵达莫斯科")
    assert (first.written, first.holds, [hit.as_written for hit in first.hits]) == ("北韓 OR 金正恩", True, ["朝鲜"])
    assert [(part.written, part.holds) for part in first.parts] == [("北韓", True), ("金正恩", False)]
    assert (second.written, second.holds, second.hits) == ("俄羅斯 OR 普京", False, ())
    assert (third.written, third.holds, third.negated, third.hits[0].as_written) == ("NOT 足球", False, True, "足球")


def test_a_word_is_told_in_the_script_in_which_it_stands() -> None:
    (clause,) = judged("@putin", "Putin与普丁,蒲亭")
    assert [(term["as_written"], term["script"]) for term in clause.as_json()["terms"]] == [
        ("Putin", "Latn"),
        ("普丁", None),
        ("蒲亭", None),
    ]
    (clause,) = judged("朝鮮", "朝鲜與朝鮮")
    assert [term["script"] for term in clause.as_json()["terms"]] == ["Hans", "Hant"]


def test_a_field_is_put_to_each_clause_of_its_bracket() -> None:
    assert [(each.written, each.holds) for each in judged("title:(渡輪 NOT 火車)", "火車", title="渡輪")] == [
        ("title:渡輪", True),
        ("NOT title:火車", True),
    ]


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_written_out_reads_back_the_same(query: str) -> None:
    tree = parse(query)
    assert without_offsets(parse(written(tree))) == without_offsets(tree)


def without_offsets(node: Node) -> str:
    import re

    return re.sub(r"offset=\d+", "", repr(node))


WORDS = [
    "渡輪",
    "渡轮",
    "火車",
    "火车",
    "足球",
    "碼頭",
    "普丁",
    "Putin",
    "北韓",
    "朝鲜",
    "中共",
    "其中共",
    "export control",
    "missile",
    "。",
    "a/b",
]


@given(query=st.sampled_from(QUERIES), text=st.lists(st.sampled_from(WORDS)).map("".join), title=st.sampled_from(WORDS))
def test_all_clauses_hold_exactly_where_the_topic_matches(query: str, text: str, title: str) -> None:
    readable = Readable(title=title, text=text, comments=("海",))
    told = clauses(query, ("leaders",), aliases(), readable)
    topic = f"topics:\n  t: {{query: {query!r}, aliases: [leaders]}}\n".replace("\\\\", "\\")
    matched = compile_watchlist(Watchlist.from_text(topic, aliases_text=ALIASES)).match(readable)
    assert all(clause.holds for clause in told) == bool(matched)
