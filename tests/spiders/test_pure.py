"""The parts of a crawl that need no network: reading listings, the ledger, the verdict, plain words."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from scrapy.exceptions import CannotResolveHostError, DownloadConnectionRefusedError

from pipelines.config import Settings
from pipelines.errors import ConfigError
from pipelines.models import Outcome
from pipelines.sheet import Api, Feed, Listing, Sitemap, Source
from pipelines.store.pages import Found
from spiders import loader
from spiders.discovery import Link, read_listing
from spiders.job import SourceAnswer
from spiders.ledger import Ledger
from spiders.portal import Place, PortalSpider, plain, retry_after
from spiders.verdict import verdict

FEED, SITEMAP = Feed(type="feed", url="https://p.example/feed"), Sitemap(type="sitemap", url="https://p.example/map.xml")
LIST = Listing(type="listing", url="https://p.example/list", item="ul#news > li", mark="a.count")
RSS = """<?xml version="1.0" encoding="{codec}"?><rss version="2.0"><channel><title>新聞</title>
<item><title>甲</title><link>https://p.example/1</link><pubDate>Sun, 22 Nov 2026 08:00:00 +0800</pubDate></item>
<item><title>乙</title><link>/2</link></item><item><title>無</title></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="https://p.example/3"/><published>2026-11-22T08:00:00Z</published>
<updated>2026-11-22T09:00:00Z</updated></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<item rdf:about="https://p.example/4"><title>丁</title><link>https://p.example/4</link></item></rdf:RDF>"""
BOMB = """<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>&c;</loc></url></urlset>"""


def links(source: Source, body: str, codec: str = "utf-8", content_type: str = "") -> list[Link]:
    return list(read_listing(source, source.url, body.encode(codec), content_type).links)


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "big5"])
def test_a_feed_gives_absolute_links_and_a_publication_date_is_no_mark(codec: str) -> None:
    assert links(FEED, RSS.format(codec=codec), codec) == [Link(url="https://p.example/1"), Link(url="https://p.example/2")]


def test_an_update_in_a_feed_is_a_mark() -> None:
    assert links(FEED, ATOM) == [Link(url="https://p.example/3", mark="updated=2026-11-22T09:00:00Z")]


def test_rdf_is_a_feed() -> None:
    assert links(FEED, RDF) == [Link(url="https://p.example/4")]


def test_a_sitemap_gives_lastmod_and_an_index_gives_sitemaps() -> None:
    body = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc> https://p.example/1 </loc><lastmod>2026-11-22</lastmod></url></urlset>'
    assert links(SITEMAP, body) == [Link(url="https://p.example/1", mark="lastmod=2026-11-22")]
    index = body.replace("urlset", "sitemapindex").replace("<url>", "<sitemap>").replace("</url>", "</sitemap>")
    assert read_listing(SITEMAP, SITEMAP.url, index.encode(), "").more == ("https://p.example/1",)


def test_a_listing_gives_links_with_the_comment_count_as_mark() -> None:
    body = """<html><meta charset=gb2312><ul id=news><li><a href="view.php?nid=1">題</a> <a class=count>27</a></li>
    <li><a href="//p.example/2">題</a></li><li>no link</li><li><a href="http://[bad">x</a></li></ul>"""
    assert links(LIST, body, "gb18030") == [
        Link(url="https://p.example/view.php?nid=1", mark="listing=27"),
        Link(url="https://p.example/2", mark="listing=0"),
    ]


@pytest.mark.parametrize(
    ("source", "body"), [(FEED, "<html>sorry</html"), (FEED, ""), (SITEMAP, ""), (SITEMAP, "not xml"), (LIST, ""), (LIST, "<!-- -->")]
)
def test_what_is_no_listing_gives_nothing(source: Source, body: str) -> None:
    assert links(source, body) == []


def test_an_entity_bomb_expands_to_nothing() -> None:
    assert all(len(link.url) < 100 for link in links(SITEMAP, BOMB))


def found(identity: str, mark: str | None = None) -> Found:
    return Found(portal="p", identity=identity, url=f"https://p.example/{identity}", mark=mark)


def test_an_identity_is_discovered_once_and_settled_once() -> None:
    ledger = Ledger()
    assert ledger.discover([found("1"), found("2"), found("1")]) == [found("1"), found("2")]
    assert ledger.discover([found("2"), found("3")]) == [found("3")]
    ledger.settle(found("1"), Outcome.NEW)
    with pytest.raises(AssertionError, match="twice"):
        ledger.settle(found("1"), Outcome.KNOWN)
    with pytest.raises(AssertionError, match="never discovered"):
        ledger.settle(found("9"), Outcome.NEW)
    assert (ledger.counts(), ledger.open()) == ({"new": 1}, [found("2"), found("3")])


def test_a_known_identity_that_another_listing_shows_to_have_moved_is_opened_again() -> None:
    ledger = Ledger()
    ledger.discover([found("1")])
    ledger.settle(found("1"), Outcome.KNOWN)
    assert ledger.met_as_known([found("1")]) == []
    assert ledger.met_as_known([found("1", "lastmod=2")]) == [found("1", "lastmod=2")]
    ledger.reopen(found("1", "lastmod=2"))
    assert ledger.open() == [found("1", "lastmod=2")]


def counted(**outcomes: int) -> Ledger:
    ledger = Ledger()
    for outcome, count in outcomes.items():
        for number in range(count):
            each = found(f"{outcome}{number}")
            ledger.discover([each])
            ledger.settle(each, Outcome(outcome), f"because {outcome}")
    return ledger


READ = SourceAnswer(url="https://p.example/feed", links=3)


@pytest.mark.parametrize(
    ("sources", "ledger", "finish", "succeeded", "reason"),
    [
        ([READ], counted(new=3), "finished", True, None),
        ([READ], counted(known=3), "finished", True, None),
        ([SourceAnswer(url="u", not_modified=True)], counted(), "finished", True, None),
        ([SourceAnswer(url="u", why="unreachable: name not resolved")], counted(), "finished", False, "unreachable: name not resolved"),
        ([SourceAnswer(url="u", why="no article link on it")], counted(), "finished", False, "no article link on it"),
        ([], counted(), "finished", False, "no listing was read"),
        ([READ, SourceAnswer(url="u", why="answered 503")], counted(new=1), "finished", True, "u: answered 503"),
        ([READ], counted(not_article=3), "finished", False, "none of 3 pages gave an article (because not_article)"),
        ([READ], counted(not_article=2), "finished", True, None),
        ([READ], counted(not_article=9, unchanged=1), "finished", True, None),
        ([READ], counted(new=1), "shutdown", False, "stopped before its end"),
    ],
)
def test_the_verdict(sources: list[SourceAnswer], ledger: Ledger, finish: str, succeeded: bool, reason: str | None) -> None:
    judged = verdict(sources, ledger, finish)
    assert (judged.succeeded, judged.reason) == (succeeded, reason)


def test_failures_are_told_in_plain_words() -> None:
    assert plain(CannotResolveHostError("x")) == "unreachable: name not resolved"
    assert plain(DownloadConnectionRefusedError("x")) == "unreachable: connection refused"
    assert plain(KeyError("x")) == "failed: KeyError: 'x'"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("Sun, 22 Nov 2026 08:02:00 GMT", 120),
        ("Sun, 22 Nov 2026 07:00:00 GMT", 0),
        ("", None),
        ("soon", None),
        ("²", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    present = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    assert retry_after(value, present) == (None if seconds is None else timedelta(seconds=seconds))


API = Api(type="json", url="https://p.example/api", items="lists", link="titleLink", mark="changed", base="https://p.example/")


def test_a_json_api_gives_the_links_and_marks_that_its_sheet_names() -> None:
    body = '{"lists": [{"titleLink": "/a/1", "changed": 7}, {"titleLink": "https://p.example/a/2"}, {"titleLink": ["odd"]}, "odd", null]}'
    assert links(API, body) == [Link(url="https://p.example/a/1", mark="api=7"), Link(url="https://p.example/a/2")]


@pytest.mark.parametrize("body", ["", "<html>", "[" * 100_000, '{"lists": 5}', '{"lists": {"titleLink": "/a/1"}}', "[1]"])
def test_json_that_is_not_what_the_sheet_describes_gives_nothing(body: str) -> None:
    assert links(API, body) == []


def test_the_page_number_stands_in_what_is_posted() -> None:
    api = Api(type="json", url="https://p.example/api", items="a", link="b", body={"pageidx": "{n}", "pagesize": 20, "q": "p{n}"}, pages=3)
    assert api.has_pages
    assert api.body_of(2) == {"pageidx": 2, "pagesize": 20, "q": "p2"}


def test_only_the_portals_of_the_setting_are_read(configured: Callable[..., Settings]) -> None:
    assert set(loader.paths(configured(portals="dw_zh, bbc_zh"))) == {"dw_zh", "bbc_zh"}
    with pytest.raises(ConfigError, match="`dw_zn`; did you mean `dw_zh`"):
        loader.paths(configured(portals="dw_zn"))


@pytest.mark.parametrize(("first", "second"), [(1, 2), (0, 1)])
def test_the_second_page_has_the_number_that_follows_the_portals_first(first: int, second: int) -> None:
    api = Api(type="json", url="https://p.example/api", items="a", link="b", next="https://p.example/api?page={n}", pages=3, first=first)
    assert api.own(2) == second


def test_an_api_is_asked_for_json_and_only_a_body_is_posted() -> None:
    """CNA's answers 500 to whoever would take XML."""
    posting = Api(type="json", url="https://p.example/api", items="a", link="b", body={"pageidx": "{n}"}, pages=2)
    asked = [next(spider()._listing(Place(source=source), source.url)) for source in (API, posting, FEED)]
    assert [request.headers.get("Accept") for request in asked] == [b"application/json", b"application/json", None]
    assert [(request.method, request.body) for request in asked] == [("GET", b""), ("POST", b'{"pageidx": 1}'), ("GET", b"")]


def spider() -> PortalSpider:
    return PortalSpider(job=SimpleNamespace(asked=set(), known={}, sources=[]))
