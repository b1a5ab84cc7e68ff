"""The sieve: no text on which a query matches falls through, whatever stands between its characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.watch.aliases import read_aliases
from pipelines.watch.chosen import plan_of
from pipelines.watch.engine import Matcher
from pipelines.watch.program import program_of
from pipelines.watch.readable import Readable
from pipelines.watch.sieve import sieve_of
from pipelines.yamlfile import Document

NONE = read_aliases(Document("aliases.yaml", ""))
TEXTS = [
    "北韓與俄羅斯簽約",
    "北\u200b韩",
    "北\n韩",
    "北　 \n韓",
    "朝鮮半島",
    "天氣晴朗",
    "",
    "Export\n control",
    "ＥＸＰＯＲＴ control",
    "北京與韓國",
    "Cafe\u0301",
]
QUERIES = ["北韓", "北韓 OR 天氣", "北韓 AND 俄羅斯", '"export control"', "2 OF (北韓, 俄羅斯, 簽約)", "café OR 半島", "expor*"]


@pytest.mark.parametrize("query", QUERIES)
def test_every_text_that_matches_is_kept(query: str) -> None:
    plan = plan_of(query, NONE, ())
    sieve, matcher = sieve_of([plan]), Matcher(program_of([plan]))
    assert sieve is not None
    matching = {index for index, text in enumerate(TEXTS) if matcher.match(Readable(title="", text=text))}
    assert matching
    assert matching <= set(sieve.kept(TEXTS))


def test_what_cannot_match_falls_through() -> None:
    sieve = sieve_of([plan_of("北韓", NONE, ())])
    assert sieve is not None
    assert sieve.kept(["北韓", "天氣晴朗", "韓北", "朝北，韓國", "这里没有"]) == [0]
    assert sieve.kept([]) == []


@pytest.mark.parametrize("query", ["人", "/北.韓/", "portal:dw_zh"])
def test_there_is_no_sieve_where_it_could_lose_something(query: str) -> None:
    plan = plan_of(query, NONE, ())
    assert sieve_of([plan]) is None or not {"title", "text"}.issuperset(program_of([plan]).fields)


@given(
    st.lists(st.text(alphabet="北韩韓 \n\u200b\u0301aB", max_size=8), max_size=6), st.sampled_from(["北韓", "韓北", '"a b"', "北韓 OR ab"])
)
def test_no_text_that_matches_falls_through(texts: list[str], query: str) -> None:
    plan = plan_of(query, NONE, ())
    sieve, matcher = sieve_of([plan]), Matcher(program_of([plan]))
    assert sieve is not None
    assert {index for index, text in enumerate(texts) if matcher.match(Readable(title="", text=text))} <= set(sieve.kept(texts))
