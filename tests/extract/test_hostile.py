"""Pages made to break a reader give a Reading, in bounded time, and the text where there is one."""

import time

import pytest

from pipelines.extract.ladder import extract
from pipelines.extract.tree import MAX_BYTES
from pipelines.models import Page, PageKind

SENTENCES = [f"第{number}號碼頭的候船室在下月啟用，旅客不必再於露天等候，船公司這樣說。" for number in range(40)]
TEXT = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
HEAD = "<html><head><title>候船室下月啟用</title></head><body>"
SLOW = 30.0
"""Seconds, with room for a busy machine; the worker's own limit is in the client."""

ARTICLES = {
    "a bomb of entities": '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    + HEAD
    + TEXT
    + "&b;&b;&b;",
    "an entity of a file": '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + HEAD + TEXT + "<p>&f;</p>",
    "NUL bytes": HEAD + TEXT.replace("碼", "碼\x00"),
    "half a page": (HEAD + TEXT)[: len(HEAD + TEXT) // 2],
    "half a tag": HEAD + TEXT + '<div class="a',
    "100,000 nested tags": HEAD + "<div>" * 100_000 + TEXT + "</div>" * 100_000,
    "100,000 nested spans": HEAD + "<span>" * 100_000 + TEXT,
    "100,000 attributes": HEAD + "<div " + " ".join(f"a{number}=1" for number in range(100_000)) + ">" + TEXT,
    "broken JSON-LD": HEAD + '<script type="application/ld+json">{"@type": "NewsArticle", "articleBody": [[[</script>' + TEXT,
    "deep JSON-LD": HEAD + '<script type="application/ld+json">' + "[" * 100_000 + "</script>" + TEXT,
}
NO_ARTICLES = {
    "nothing": "",
    "white space": " \n\t ",
    "one angle": "<",
    "10 MB of tags": HEAD + "<b>x</b>" * 1_300_000,
    "10 MB of spaces": HEAD + "<p>" + " " * 10_000_000,
}


@pytest.mark.parametrize("name", ARTICLES)
def test_a_hostile_article_is_read(name: str) -> None:
    reading = extract(Page(url="https://news.example.org/1", body=ARTICLES[name].encode()))
    assert reading.kind is PageKind.ARTICLE
    assert reading.article is not None
    assert reading.article.text.split("\n")[:3] == SENTENCES[:3]
    assert "root:" not in reading.article.text


@pytest.mark.parametrize("name", NO_ARTICLES)
def test_a_page_of_nothing_is_no_article_and_costs_little(name: str) -> None:
    began = time.monotonic()
    reading = extract(Page(url="https://news.example.org/1", body=NO_ARTICLES[name].encode()))
    assert reading.kind is PageKind.EMPTY
    assert time.monotonic() - began < SLOW


def test_a_line_without_end_is_cut() -> None:
    article = extract(Page(url="", body=(HEAD + TEXT + "<p>" + "長句，" * 1_000_000).encode())).article
    assert article is not None
    assert article.text.startswith(SENTENCES[0])
    assert len(article.text) < 100_000


def test_a_page_beyond_the_cap_is_cut_and_read() -> None:
    body = (HEAD + TEXT).encode() + b"<p>" + b" " * (MAX_BYTES * 2)
    reading = extract(Page(url="https://news.example.org/1", body=body))
    assert reading.article is not None
    assert reading.article.text == "\n".join(SENTENCES)


@pytest.mark.parametrize("charset", ["gb2312", "big5", "utf-8"])
def test_a_wrong_charset_in_the_header_does_no_harm(charset: str) -> None:
    page = Page(url="", body=(HEAD + TEXT).encode("big5hkscs"), content_type=f"text/html; charset={charset}")
    article = extract(page).article
    assert article is not None
    assert article.text == "\n".join(SENTENCES)
