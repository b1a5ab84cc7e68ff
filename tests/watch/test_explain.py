"""`portalwatch explain`: the answer's shape, and what a query really looks for."""

import pytest

from pipelines.models import Article, Comment
from pipelines.watch.aliases import AliasLists
from pipelines.watch.explain import Expanded, expansion, explain, readable_from
from pipelines.watch.readable import readable
from pipelines.watch.watchlist import Watchlist, compile_watchlist

WATCHLIST = """\
topics:
  all: {query: 俄羅斯 OR comments:俄羅斯 OR publisher:中央社, portals: [park6]}
  none: {query: 美國 NOT 俄羅斯}
"""


def test_the_answer_has_the_documented_shape() -> None:
    matcher = compile_watchlist(Watchlist.from_text(WATCHLIST))
    item = {"id": 7, "title": "😀俄国", "text": "和美国", "publisher": ["中央社"], "comments": [{"text": "x"}, "Russia!"], "more": 1}
    assert explain(matcher, readable_from(item), item["id"]) == {
        "id": 7,
        "topics": [
            {
                "topic": "all",
                "terms": [
                    {"term": "俄羅斯", "as_written": "俄国", "start": 1, "end": 3, "field": "title"},
                    {"term": "中央社", "as_written": "中央社", "start": 0, "end": 3, "field": "publisher"},
                    {"term": "俄羅斯", "as_written": "Russia", "start": 0, "end": 6, "field": "comments[1]"},
                ],
            }
        ],
    }
    assert explain(matcher, readable_from({**item, "portal": "storm_mg"}), 8) == {"id": 8, "topics": []}


@pytest.mark.parametrize(
    ("query", "text", "terms"),
    [
        ("北韓 OR 朝鮮", "朝鲜與北韓", ["朝鮮", "北韓"]),
        ("朝鮮 北韓", "North Korea", ["朝鮮"]),
        ("普京 OR @putin OR 普丁", "普丁", ["@putin"]),
        ("普京 OR 普丁 OR /普./", "普丁与普廷", ["普丁", "普京"]),
        ("美国 OR 美国人", "美國人", ["美国人", "美国"]),
    ],
)
def test_a_word_that_several_terms_stand_for_is_told_once(query: str, text: str, terms: list[str]) -> None:
    watchlist = Watchlist.from_text(
        f"topics: {{t: {{query: '{query}', aliases: [territories, leaders]}}}}",
        aliases_text="leaders: {putin: [普京, 普丁, 普廷]}",
    )
    answer = explain(compile_watchlist(watchlist), readable_from({"text": text}), 1)
    assert [hit["term"] for hit in answer["topics"][0]["terms"]] == terms


@pytest.mark.parametrize("item", [{"title": 1}, {"comments": [1]}, {"publisher": [{"text": 2}]}])
def test_a_wrong_type_is_a_value_error(item: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no string"):
        readable_from(item)


def test_null_and_missing_fields_are_empty() -> None:
    found = readable_from({"title": None, "comments": None, "publisher": None})
    assert (found.title, found.text, found.comments, found.publisher, found.portal) == ("", "", (), (), None)


def test_an_article_is_read_whole() -> None:
    article = Article(url="u", title="t", text="x", author="a", publisher=("p",), comments=(Comment(author="c", text="d"),))
    found = readable(article, "park6")
    assert (found.title, found.text, found.author, found.publisher, found.comments, found.portal) == (
        "t",
        "x",
        "a",
        ("p",),
        ("d",),
        "park6",
    )


def test_an_expansion_shows_every_string_that_is_looked_for() -> None:
    lists = AliasLists({"leaders": {"putin": ("普京", "Putin")}})
    assert {each.term: each.forms for each in expansion("计划 missil* =后 NOT 信息", lists, ())} == {
        "计划": ("计划", "计画"),
        "missil*": ("missil*",),
        "=后": ("=后",),
        "信息": ("信息", "资讯"),
    }
    assert expansion("普京", lists, ("leaders",)) == [Expanded(term="普京", forms=("普京", "putin"), not_inside=())]
    assert "north korea" in expansion("北韓", lists)[0].forms


def test_an_expansion_shows_inside_which_words_nothing_counts() -> None:
    lists = AliasLists({}, ["普京大學"])
    (found,) = expansion("中共 EXCEPT (其中共, 集中共)", lists, ())
    assert found.not_inside == ("其中共", "集中共")
    (sudan,) = expansion("蘇丹", lists)
    assert "南苏丹" in sudan.not_inside
