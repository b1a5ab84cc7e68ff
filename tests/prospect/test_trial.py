"""A sheet tried on its portal: what its listings name, what no pattern knows, and what is odd about five articles."""

from typing import Any

import pytest

from pipelines.sheet import Sheet
from portalwatch import proof
from spiders.prospect.reader import Reader
from spiders.trial import Trial, trial
from tests.prospect.conftest import visit
from tests.whole import portal as scripted
from tests.whole.portal import Answer, Portal


def tried(cape: Portal, reader: Reader, **keys: Any) -> Trial:
    sheet = Sheet.model_validate_json(scripted.sheet(cape.url, slug="cape", **keys))
    return trial(sheet, visit(cape.url, serves=sheet.serves), reader)


def lists(cape: Portal, *hrefs: str) -> None:
    cape.answers["/list"] = Answer(f"<html><ul id=news>{''.join(f'<li><a href={href}>題</a></li>' for href in hrefs)}</ul></html>".encode())
    for number in range(1, 9):
        cape.article(number)


def test_what_a_listing_names_is_sorted_into_articles_unmatched_and_foreign(cape: Portal, reader: Reader) -> None:
    lists(cape, *(f"/article/{number}" for number in range(1, 8)), "/article/7#c", "/video/7", "http://other.example/x")
    identities = [{"pattern": r"/article/(?P<id>\d+)", "key": "{id}"}, {"pattern": r"other\.example/(?P<id>\w+)", "key": "{id}"}]
    (source,) = tried(cape, reader, articles=identities).sources
    assert (source.links, len(source.articles), source.unmatched, source.foreign) == (
        10, 7, ("http://cape.example/video/7",), ("http://other.example/x",),
    )  # fmt: skip
    told = list(proof.sources([source]))
    assert told[0] == "listing  http://cape.example/list: 10 links, 7 articles"
    assert told[-1].strip() == "http://cape.example/video/7"


def test_five_articles_are_read_and_what_is_odd_is_said(cape: Portal, reader: Reader) -> None:
    lists(cape, *(f"/article/{number}" for number in range(1, 9)))
    cape.article(2, body=scripted.page("短").replace("<p>", "<!--", 1).replace("</p>", "-->").encode())
    found = tried(cape, reader, extract={"zones": ["#body"]})
    assert (len(found.proofs), found.troubles) == (5, ())
    told = "\n".join(proof.told(found.proofs))
    for odd in ("no time of publication", "no publisher", "none of the sheet's zones is on the page"):
        assert told.count(f"! {odd}") >= 4
    assert "1. 第1號渡輪復航" in told
    assert "(key 1)" in told


def test_articles_are_taken_from_every_listing_in_turn_and_each_once(cape: Portal, reader: Reader) -> None:
    lists(cape, *(f"/article/{number}" for number in range(1, 7)))
    links = "".join(f"<item><link>http://cape.example/article/{number}</link></item>" for number in (8, 1, 7))
    cape.answers["/rss"] = Answer(f"<rss><channel>{links}</channel></rss>".encode())
    sources = [{"type": "listing", "url": "http://cape.example/list", "item": "li"}, {"type": "feed", "url": "http://cape.example/rss"}]
    assert [each.key for each in tried(cape, reader, discovery=sources).proofs] == ["1", "8", "2", "3", "7"]


def test_an_article_that_cannot_be_had_is_made_up_for(cape: Portal, reader: Reader) -> None:
    lists(cape, *(f"/article/{number}" for number in range(1, 9)))
    cape.answers["/article/1"] = Answer(status=301, headers={"Location": "http://other.example/"})
    found = tried(cape, reader)
    assert [each.article is not None for each in found.proofs] == [False, *[True] * 5]
    assert "leads off the portal" in found.proofs[0].why


@pytest.mark.parametrize(
    ("keys", "trouble"),
    [
        ({"articles": [{"pattern": r"/story/(?P<id>\d+)", "key": "{id}"}]}, "no article link on it"),
        ({"extract": {"article": ["#body"]}}, "no article was read"),
        ({"discovery": [{"type": "feed", "url": "http://cape.example/list"}]}, "not a feed"),
        ({"discovery": [{"type": "sitemap", "url": "http://cape.example/none"}]}, "answered 404"),
        ({"discovery": [{"type": "feed", "url": "http://other.example/rss"}]}, "leads off the portal"),
    ],
)
def test_what_must_be_mended_is_a_trouble(cape: Portal, reader: Reader, keys: dict[str, Any], trouble: str) -> None:
    lists(cape, "/article/1", "/article/2")
    assert any(trouble in each for each in tried(cape, reader, **keys).troubles)


def test_fewer_articles_than_the_sheet_expects_are_a_warning(cape: Portal, reader: Reader) -> None:
    lists(cape, "/article/1", "/article/2")
    assert tried(cape, reader, expect={"articles_a_day": 8}).warnings == ()
    assert "expects 9 a day" in tried(cape, reader, expect={"articles_a_day": 9}).warnings[0]


def test_a_json_api_is_asked_as_a_crawl_asks_it(cape: Portal, reader: Reader) -> None:
    lists(cape)
    cape.answers["/api"] = Answer(b'{"items": [{"to": "/article/3"}]}')
    api = {"type": "json", "url": "http://cape.example/api", "items": "items", "link": "to"}
    assert [each.key for each in tried(cape, reader, discovery=[api]).proofs] == ["3"]
