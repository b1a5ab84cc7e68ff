"""Near misses: the change that is named takes the article, and no other is nearer."""

import dataclasses
import random

import pytest
from hypothesis import given, seed, settings

from pipelines.errors import QueryError
from pipelines.watch.aliases import AliasLists
from pipelines.watch.near import NearMisses
from pipelines.watch.nodes import And, Node, Not
from pipelines.watch.query import parse
from pipelines.watch.readable import Readable
from pipelines.watch.trials import Asked
from pipelines.watch.written import written
from tests.watch.reference import Reference
from tests.watch.test_reference import LISTS, SOAK, TAKEN, articles, one_hit_a_word, queries

LEADERS = AliasLists({"leaders": {"putin": ("普京", "普丁", "Putin")}})


def near(query: str, text: str = "", *, taken: tuple[str, ...] = (), portals: tuple[str, ...] = (), **fields: object) -> str | None:
    """The change that takes the article, in words."""
    misses = NearMisses(LEADERS, Asked(query=query, taken=taken, portals=frozenset(portals)))
    found = misses.of(Readable(**{"title": "", "text": text, **fields}))
    return found[0].what if found else None


@pytest.mark.parametrize(
    ("query", "text", "what"),
    [
        ("北韓 NOT 足球", "北韓足球隊", "without `NOT 足球`"),
        ("北韓 AND 俄罗斯", "朝鮮 北韓", "without `俄罗斯`"),
        ("北韓 (俄国 OR 普京)", "北韓", "without `俄国 OR 普京`"),
        ("北韓 普京", "北韓 普丁", "with the alias list `leaders`"),
        ("A NEAR/2 B", "A 12345 B", "`A NEAR/7 B` instead of `NEAR/2`"),
        ("A NEAR/2 B", "A\n\nB", None),
        ("俄罗斯*3", "俄羅斯", "`俄罗斯*1` instead of `*3`"),
        ("中共 EXCEPT (其中共, 集中共)", "其中共有", "`中共` inside `其中共` counts too"),
        ("=后", "皇後", "`后` instead of `=后`"),
        ("missile", "two Missiles", "`missile*` instead of `missile`"),
        ("3 OF (AA, BB, CC)", "AA CC", "`2 OF (AA, BB, CC)` instead of `3 OF (AA, BB, CC)`"),
        ("title:俄国", "俄國", "`俄国` instead of `title:俄国`"),
        ("俄国 OR (美国 NOT 英国)", "美國英國", "without `NOT 英国`"),
        ("北韓", "北韓", None),
        ("北韓", "南韓", None),
        ("北韓 俄国 美国", "北韓", None),
    ],
)
def test_one_change_is_named(query: str, text: str, what: str | None) -> None:
    assert near(query, text) == what


def test_a_word_that_stands_in_comments_only_is_told_so() -> None:
    assert near("北韓 俄国", "北韓", comments=("無", "俄國")) == "`俄国` in comments too"
    assert near("北韓 俄国", "", comments=("北韓和俄國",)) == "`北韓 俄国` in comments too"
    assert near("北韓 NEAR/3 俄国", "", title="北韓", comments=("俄國",)) is None


def test_both_words_but_not_in_one_field() -> None:
    assert near("北韓 NEAR/9 俄国", "俄國", title="北韓") == "`北韓 俄国` instead of `北韓 NEAR/9 俄国`"


def test_a_portal_that_the_topic_does_not_read() -> None:
    assert near("北韓", "北韓", portals=("park6", "dw"), portal="storm_mg") == "from portals besides dw, park6"
    assert near("北韓", "北韓", portals=("park6",), portal="park6") is None


def test_the_nearest_come_first_and_keep_what_the_caller_calls_them() -> None:
    misses = NearMisses(LEADERS, Asked(query="北韓 普京 NOT 足球", taken=()))
    texts = {"clause": "北韓", "not": "北韓普京足球", "alias": "北韓普丁", "taken": "北韓普京", "far": "足球"}
    found = misses.ranked((label, Readable(title=text, text="")) for label, text in texts.items())
    assert [miss.article for miss in found] == ["alias", "not", "clause"]
    assert [(hit.term, hit.as_written) for hit in found[0].hits] == [("北韓", "北韓"), ("普京", "普丁")]


@given(queries, articles)
@settings(max_examples=60, deadline=None)
def test_a_named_change_takes_the_article_and_the_query_does_not(query: str, article: Readable) -> None:
    compare(query, article)


def compare(query: str, article: Readable) -> None:
    try:
        tree = parse(query)
        misses = NearMisses(LISTS, Asked(query=query, taken=TAKEN))
    except QueryError:
        return
    found, taken = misses.of(article), Reference(article, LISTS, TAKEN).find(tree) is not None
    if found:
        change, hits = found
        changed = Reference(article, LISTS, change.asked.taken).find(parse(change.asked.query))
        assert not taken
        assert changed is not None
        assert one_hit_a_word(hits, changed)
    elif not taken and isinstance(tree, And):
        assert not any(_takes(article, rest) for rest in _one_less(tree))


@pytest.mark.soak
def test_a_named_change_takes_the_article_for_long(capsys: pytest.CaptureFixture[str]) -> None:
    """SOAK_SEED plays the same pairs once more."""
    first = int(SOAK.get("SOAK_SEED", random.randrange(10**6)))
    with capsys.disabled():
        print(f"\nSOAK_SEED={first}", flush=True)

    @seed(first)
    @given(queries, articles)
    @settings(max_examples=20_000, deadline=None, database=None)
    def agree(query: str, article: Readable) -> None:
        compare(query, article)

    agree()


@given(queries)
@settings(max_examples=120, deadline=None)
def test_a_tree_that_is_written_out_reads_back(query: str) -> None:
    try:
        tree = parse(query)
    except QueryError:
        return
    assert _placeless(parse(written(tree))) == _placeless(tree)


@pytest.mark.parametrize(
    "query",
    ['"and" OR "2" "OF"', "(=后)*3 OR (missil*)*2 OR (@kp)*2", "/a\\/b|c/ x", '="New York" EXCEPT (="New York Times")', "1 OF (A)",
     "title:(A NEAR/3 B) NOT (C D)", "A-B C_D １２", "NOT (A OR title:B) x", '"export control" "C++" a.b', "(A EXCEPT (B, C OR D))*2"],
)  # fmt: skip
def test_odd_queries_are_written_so_that_they_read_back(query: str) -> None:
    tree = parse(query)
    assert _placeless(parse(written(tree))) == _placeless(tree)


def _one_less(tree: And) -> list[Node]:
    rests = [tuple(item for item in tree.items if item is not gone) for gone in tree.items]
    return [rest[0] if len(rest) == 1 else And(items=rest) for rest in rests]


def _takes(article: Readable, node: Node) -> bool:
    try:
        parse(written(node))
    except QueryError:
        return False
    return Reference(article, LISTS, TAKEN).find(node) is not None


def _placeless(node: object) -> object:
    """The tree without the places of its nodes in the query."""
    if isinstance(node, tuple):
        return tuple(_placeless(item) for item in node)
    if isinstance(node, Not):
        return ("not", _placeless(node.item))
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        return (type(node), *(_placeless(getattr(node, each.name)) for each in dataclasses.fields(node) if each.name != "offset"))
    return node
