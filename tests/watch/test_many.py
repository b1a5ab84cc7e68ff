"""Many articles matched together: each is answered as it is alone."""

from collections.abc import Iterator

import pytest

from pipelines.watch.aliases import AliasLists
from pipelines.watch.compiler import Compiler
from pipelines.watch.engine import TOGETHER, Matcher
from pipelines.watch.program import Plan, program_of
from pipelines.watch.query import parse
from pipelines.watch.readable import Readable

QUERIES = ("北韓 俄羅斯", "AI OR missil*", "comments:飛彈", "北韓 NOT 足球", "publisher:中央社", '"export control"', "/[0-9]{4}年/")
SEVERAL = [
    Readable(title="北韓與俄羅斯", text="朝鮮向俄罗斯運送飛彈。\n\n2024年的export  control"),
    Readable(title="", text=""),
    Readable(title="足球", text="北韓踢足球", publisher=("中央社", "")),
    Readable(title="said ＡＩ", text="e\u0301 北\u200b韓 😀 missiles", author="某人"),
    Readable(title="北", text="韓", comments=tuple(f"第{index}樓 {'飛彈' * (index % 7 == 0)}" for index in range(100))),
]


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    compiler = Compiler(AliasLists({}))
    return Matcher(program_of([Plan(str(index), compiler.part(parse(query), ("territories",))) for index, query in enumerate(QUERIES)]))


@pytest.mark.parametrize("count", [0, 1, 2, TOGETHER - 1, TOGETHER, TOGETHER + 1, 3 * TOGETHER + 2])
def test_any_number_of_articles_is_answered_as_each_alone(matcher: Matcher, count: int) -> None:
    read = [SEVERAL[index % len(SEVERAL)] for index in range(count)]
    assert list(matcher.match_many(read)) == [matcher.match(article) for article in read]


def test_the_articles_of_a_batch_do_not_touch_one_another(matcher: Matcher) -> None:
    answers = dict(zip(range(len(SEVERAL)), matcher.match_many(SEVERAL), strict=True))
    assert [[match.topic for match in answers[index]] for index in answers] == [["0", "3", "5", "6"], [], ["4"], ["1", "3"], ["2"]]
    backwards = list(matcher.match_many(reversed(SEVERAL)))
    assert backwards[::-1] == list(answers.values())


def test_a_thread_of_a_hundred_comments_tells_which_comments_match(matcher: Matcher) -> None:
    (alerting,) = list(matcher.match_many([*SEVERAL]))[-1]
    assert [hit.field for hit in alerting.hits] == [f"comments[{index}]" for index in range(0, 100, 7)]


def test_no_more_articles_are_read_than_are_looked_at_together(matcher: Matcher) -> None:
    read = []

    def endless() -> Iterator[Readable]:
        while True:
            read.append(1)
            yield SEVERAL[0]

    answers = matcher.match_many(endless())
    next(answers)
    assert len(read) == TOGETHER
