"""An article is found in any markup, whatever stands beside it, in both scripts; and one that is hardly longer than its headline."""

from datetime import UTC, datetime

import opencc
import pytest

from demo.world import World
from pipelines.extract.ladder import extract
from pipelines.models import Page, PageKind
from tests.extract.layouts import CARDS, COMMENTS, LAYOUTS, SHORT_FORMS, page
from tests.extract.shared import gram_f1

STORIES = [
    (true.title, list(true.paragraphs), true.script)
    for true in World(now=datetime(2026, 3, 2, 3, 0, tzinfo=UTC), phase=3).truth()
    if len(true.paragraphs) >= 4
]
SOME = [next(each for each in STORIES if each[2] == script) for script in ("Hans", "Hant")] + [max(STORIES, key=lambda each: len(each[1]))]
NOISE = {"nothing": ("", ""), "comments beneath": (COMMENTS, ""), "abstracts beneath": (CARDS, ""), "abstracts before": ("", CARDS)}


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_story_is_read_whole_in_any_markup(layout: str, noise: str) -> None:
    beneath, before = NOISE[noise]
    for title, told, script in SOME:
        made = page(title, LAYOUTS[layout](title, told), beneath, before)
        body = (opencc.OpenCC("s2tw").convert(made) if script == "Hant" else made).encode()
        article = extract(Page(url="https://news.example.org/1", body=body)).article
        assert article is not None
        truth = [opencc.OpenCC("s2tw").convert(each) for each in told] if script == "Hant" else told
        assert gram_f1("\n".join(truth), article.text) >= 0.97, article.text
        assert not {"读者3", "讀者3"} & set(article.text.split("\n"))


@pytest.mark.parametrize("layout", ["paragraphs", "breaks", "divs", "sections"])
@pytest.mark.parametrize("form", SHORT_FORMS)
def test_a_short_form_is_an_article_and_read(form: str, layout: str) -> None:
    title, told = SHORT_FORMS[form]
    reading = extract(Page(url="https://news.example.org/1", body=page(title, LAYOUTS[layout](title, told)).encode()))
    assert reading.kind is PageKind.ARTICLE, reading.why
    assert reading.article is not None
    assert gram_f1("\n".join(told), reading.article.text) >= 0.85, reading.article.text


@pytest.mark.parametrize("form", ["a flash", "a short flash", "a flash in Traditional script"])
@pytest.mark.parametrize("beneath", [COMMENTS, CARDS], ids=["comments", "abstracts"])
def test_a_flash_is_not_drowned_by_what_stands_beneath_it(form: str, beneath: str) -> None:
    title, told = SHORT_FORMS[form]
    article = extract(Page(url="", body=page(title, LAYOUTS["paragraphs"](title, told), beneath).encode())).article
    assert article is not None
    assert article.text == "\n".join(told)


def test_a_page_put_together_from_parts_is_read_though_its_body_ends_in_the_middle() -> None:
    title, told, _ = SOME[0]
    made = page(title, LAYOUTS["paragraphs"](title, told))
    head, rest = made.split('<div class="q7">')
    article = extract(Page(url="", body=f'{head}</body></html><!-- end of header --><div class="q7">{rest}'.encode())).article
    assert article is not None
    assert article.text.split("\n") == told


def test_a_question_put_to_everybody_stays() -> None:
    question = "您认为明年的票价会不会上涨？"
    told = [
        line
        for name in ("林秋雨", "陈海生", "周若水", "许明河")
        for line in (question, f"{name}表示不会，因为燃油价格已经回落，而且旅客比往年更多。")
    ]
    article = extract(Page(url="", body=page("四位船长谈票价", LAYOUTS["paragraphs"]("", told)).encode())).article
    assert article is not None
    assert article.text.split("\n") == told
