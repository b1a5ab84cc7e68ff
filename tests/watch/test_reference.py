"""The engine against the slow reference, on queries and articles that hypothesis makes up."""

import os
import random
from itertools import count

import pytest
from hypothesis import assume, given, seed, settings
from hypothesis import strategies as st

from pipelines.errors import QueryError
from pipelines.models import Hit
from pipelines.watch.aliases import AliasLists
from pipelines.watch.compiler import Compiler
from pipelines.watch.engine import Matcher
from pipelines.watch.program import Plan, program_of
from pipelines.watch.query import parse
from pipelines.watch.readable import Readable
from tests.watch.reference import Found, Reference

SOAK = dict(os.environ)
LISTS = AliasLists({"people": {"kim": ("金正恩", "KIM"), "park": ("朴", "朴槿惠", "ai")}})
TAKEN = ("territories", "people")
_WORDS = "后 後 AI ai公司 said 北韓 朝鮮 馬里 索马里 金正恩 朴 計畫 计划 b aa 人民 人民人 沿海地区 海地"
WORDS = _WORDS.split()
CHARACTERS = "后後ａＡaibsd 北韓朝鲜馬马里索金正恩朴槿惠計画计划人民民，。海地沿区"
PIECES = [*CHARACTERS, "\n", "\n\n", "said", "kim", "a b", "\u200b", "😀", *WORDS, *WORDS]

texts = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)
terms = st.sampled_from([*WORDS, '"a b"', "=后", "=後", "=AI", "ai*", "sa*", "@kim", "@people"])
places = st.recursive(
    terms,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda items: f"({' OR '.join(items)})"),
        st.tuples(inner, st.lists(inner, min_size=1, max_size=2)).map(lambda both: f"({both[0]} EXCEPT ({', '.join(both[1])}))"),
    ),
    max_leaves=4,
)
atoms = st.one_of(
    places,
    st.tuples(places, st.integers(0, 4), places).map(lambda part: f"({part[0]} NEAR/{part[1]} {part[2]})"),
    st.tuples(places, st.integers(1, 3)).map(lambda part: f"({part[0]})*{part[1]}"),
)
fields = st.sampled_from(["title", "lead", "body", "comments", "author", "publisher", "section"])
queries = st.recursive(
    st.one_of(atoms, st.tuples(fields, atoms).map(lambda part: f"{part[0]}:({part[1]})")),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda items: f"({' '.join(items)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: f"({' or '.join(items)})"),
        inner.map(lambda item: f"(NOT {item})"),
        st.lists(inner, min_size=2, max_size=4).map(lambda items: f"2 OF ({', '.join(items)})"),
    ),
    max_leaves=5,
)
articles = st.builds(
    Readable,
    title=texts,
    text=st.one_of(texts, st.tuples(texts, st.integers(190, 205), texts).map(lambda part: f"{part[0]}{'x。' * (part[1] // 2)}{part[2]}")),
    author=st.one_of(st.none(), texts),
    section=texts,
    publisher=st.lists(texts, max_size=2).map(tuple),
    comments=st.lists(texts, max_size=2).map(tuple),
)

# Each with each, so that most of the time goes into comparing.
several_queries = st.lists(queries, min_size=5, max_size=10)
several_articles = st.lists(articles, min_size=4, max_size=8)


def one_hit_a_word(hits: tuple[Hit, ...], found: Found) -> bool:
    """Whether each word that was found is told once, by a term that found it; those of one term that overlap are one."""
    told = {(hit.term, hit.field, hit.start, hit.end) for hit in hits}
    words = {word[1:] for word in told}
    left = {word[1:] for word in found} - words
    return told <= found and len(words) == len(hits) and all(any(_overlaps(hit, word, found) for hit in told) for word in left)


def _overlaps(hit: tuple[str, str, int, int], word: tuple[str, int, int], found: Found) -> bool:
    term, field, start, end = hit
    return (term, *word) in found and field == word[0] and start < word[2] and word[1] < end


def compare(written: list[str], read: list[Readable]) -> int:
    """Asserts that engine and reference agree on every query and article; gives the number of pairs."""
    compiler, plans, trees = Compiler(LISTS), [], {}
    for query in written:
        try:
            tree = parse(query)
            plans.append(Plan(str(len(plans)), compiler.part(tree, TAKEN)))
        except QueryError:
            continue
        trees[plans[-1].slug] = tree
    matcher = Matcher(program_of(plans))
    answers = [matcher.match(article) for article in read]
    assert list(matcher.match_many(read)) == answers
    for article, matches in zip(read, answers, strict=True):
        reference = Reference(article, LISTS, TAKEN)
        expected = {slug: found for slug, tree in trees.items() if (found := reference.find(tree)) is not None}
        assert {match.topic for match in matches} == expected.keys()
        assert all(one_hit_a_word(match.hits, expected[match.topic]) for match in matches)
        for match in matches:
            assert len(set(match.hits)) == len(match.hits)
    return len(plans) * len(read)


@given(several_queries, several_articles)
@settings(max_examples=150, deadline=None)
def test_engine_and_reference_agree(written: list[str], read: list[Readable]) -> None:
    assume(compare(written, read))


@pytest.mark.soak
def test_engine_and_reference_agree_on_a_hundred_thousand_pairs(capsys: pytest.CaptureFixture[str]) -> None:
    """SOAK_SEED plays the same pairs once more."""
    first = int(SOAK.get("SOAK_SEED", random.randrange(10**6)))
    pairs = [0]

    @given(several_queries, several_articles)
    @settings(max_examples=500, deadline=None, database=None)
    def agree(written: list[str], read: list[Readable]) -> None:
        pairs[0] += compare(written, read)

    with capsys.disabled():
        print(f"\nSOAK_SEED={first}", flush=True)
    for round_ in count(first):
        seed(round_)(agree)()
        if pairs[0] >= 100_000:
            break
    with capsys.disabled():
        print(f"{pairs[0]:,} pairs of a query and an article")
