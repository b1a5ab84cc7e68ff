"""The list on a page: which links are articles, how its items are called, where its second page is."""

import pytest

from pipelines.models import Page
from spiders.discovery import read_listing
from spiders.prospect.forms import applied, identities
from spiders.prospect.identity import families
from spiders.prospect.listing import guess, headlined, is_headline, next_page, others
from spiders.prospect.survey import Survey, survey

URL = "https://n.example/news/"


def surveyed(body: str, url: str = URL) -> Survey:
    return survey(Page(url=url, body=f"<html><body>{body}</body></html>".encode()))


def items(wrap: str, count: int = 12, title: str = "第{}號渡輪今日恢復夜間航班") -> str:
    return "".join(wrap.format(f'<a href="/article/48690{number}">{title.format(number)}</a>') for number in range(10, 10 + count))


NAVIGATION = "<ul class=nav>" + "".join(f'<li><a href="/category/2308{number}">政治</a></li>' for number in range(9)) + "</ul>"
LISTS = {
    "an id and li": (f"<div id=news_list><ul>{items('<li>{}</li>')}</ul></div>", "#news_list li"),
    "cards": (items("<div class='card-item css-1x2y3z'>{}<a href=/comments/1>27</a></div>"), ".card-item"),
    "hashed names": (f"<main>{items('<div class=css-1x2y3z><h3>{}</h3></div>')}</main>", "main h3"),
    "a table": (f"<table id=board>{items('<tr><td>1</td><td>{}</td></tr>')}</table>", "#board tr"),
    "links that are named": (items("<p>{}</p>").replace("<a ", "<a class=headline "), ".headline"),
}


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_is_called_by_what_will_last_and_a_crawl_reads_it(kind: str) -> None:
    markup, item = LISTS[kind]
    page = surveyed(NAVIGATION + markup)
    known = identities(families(headlined(page), others(page)))
    found = guess(page, lambda url: applied(known, url)[0] or None)
    assert found is not None
    assert found.item == item
    links = read_listing(found, URL, f"<html><body>{NAVIGATION}{markup}</body></html>".encode(), "").links
    assert {f"https://n.example/article/48690{number}" for number in range(10, 22)} <= {link.url for link in links}
    assert not any("/category/" in link.url for link in links)


def test_rubrics_comments_and_few_links_are_no_list() -> None:
    assert headlined(surveyed(NAVIGATION)) == []
    assert headlined(surveyed(items("<li>{}</li>", count=3))) == []
    assert headlined(surveyed(items("<li>{}</li>").replace("/article/", "https://else.example/article/"))) == []


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("渡輪今日恢復夜間航班", True),
        ("政治", False),
        ("更多新聞", False),
        ("Ferry is back at night", True),
        ("Read more", False),
        ("", False),
    ],
)
def test_a_headline_is_longer_than_a_rubric_in_any_script(text: str, is_one: bool) -> None:
    assert is_headline(text) is is_one


@pytest.mark.parametrize(
    ("link", "following"),
    [
        ('<a href="/news/2">下一頁</a>', "https://n.example/news/{n}"),
        ('<a href="?p=2">2</a>', "https://n.example/news/?p={n}"),
        ('<a href="/news/index_2.html">Next</a>', "https://n.example/news/index_{n}.html"),
        ('<a href="/news/2026/2">2</a>', "https://n.example/news/2026/{n}"),
        ('<a href="/news/2/2">下一页</a>', None),
        ('<a href="/elsewhere/2">下一页</a>', None),
        ('<a href="/news/older">下一页</a>', None),
        ('<a href="https://else.example/news/2">2</a>', None),
    ],
)
def test_the_second_page_gives_the_address_of_every_page(link: str, following: str | None) -> None:
    assert next_page(surveyed(link)) == following
