"""The stored quality falls with every sign against a text, and ranks good readings above bad ones."""

from dataclasses import replace

import pytest

from pipelines.extract.ladder import extract
from pipelines.extract.lines import PageLines
from pipelines.extract.quality import Signs, against, quality_of
from pipelines.extract.tree import parse
from pipelines.models import Page
from tests.extract.layouts import CARDS, LAYOUTS, page

TOLD = tuple(f"第{n}座石桥的修缮从星期三开始，工程师说要到明年四月才能完成，费用由市里和省里分担。" for n in range(8))
GOOD = Signs(
    rung="found zone, trafilatura",
    paragraphs=TOLD,
    kept=1.0,
    linked=0.0,
    covered=1.0,
    body="\n".join(TOLD),
    described=TOLD[0],
    has_title=True,
    has_time=True,
)


@pytest.mark.parametrize(
    "worse",
    [
        {"rung": "readability"},
        {"rung": "page, trafilatura"},
        {"kept": 0.5},
        {"linked": 0.5},
        {"covered": 0.3},
        {"body": "完全另外的一篇文章，讲的是渡轮和码头，与石桥没有任何关系，作者也不是同一个人。"},
        {"described": "完全另外的一篇文章，讲的是渡轮和码头，与石桥没有任何关系。"},
        {"paragraphs": (*TOLD, *("返回首页" for _ in range(40)))},
        {"has_title": False},
        {"has_time": False},
    ],
)
def test_every_sign_against_a_text_lowers_its_quality(worse: dict[str, object]) -> None:
    assert 0.0 < quality_of(replace(GOOD, **worse)) < quality_of(GOOD)  # type: ignore[arg-type]


def test_what_a_page_does_not_give_does_not_count_against_it() -> None:
    assert quality_of(replace(GOOD, body=None, described=None)) == quality_of(GOOD)


def test_no_text_is_worth_nothing() -> None:
    assert quality_of(replace(GOOD, paragraphs=())) == 0.0


def test_a_reading_that_took_the_whole_page_is_worth_less() -> None:
    made = page("石桥修缮", LAYOUTS["paragraphs"]("", TOLD), CARDS)
    article = extract(Page(url="", body=made.encode())).article
    assert article is not None
    lines = PageLines(parse(made)).all
    whole = tuple(line.text for line in lines)
    linked, covered = against(lines, whole)
    assert article.quality is not None
    assert quality_of(replace(GOOD, rung="page", paragraphs=whole, kept=None, linked=linked, covered=covered)) < article.quality - 0.1


@pytest.mark.parametrize("name", ["storm_new", "park6_newscontent"])
def test_a_sheet_s_zone_is_worth_most(name: str) -> None:
    import json

    from tests.extract.shared import PAGES, sheet

    told = json.loads((PAGES / f"{name}.json").read_text(encoding="utf-8"))
    article = extract(Page(url=told["url"], body=(PAGES / f"{name}.html").read_bytes()), sheet(told["sheet"])).article
    assert article is not None
    assert article.quality is not None
    assert article.quality >= 0.8
