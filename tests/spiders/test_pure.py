"""The parts of a crawl that need no network: reading listings, the ledger, the verdict, plain words."""

import gzip
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from protego import Protego
from pydantic import JsonValue, ValidationError
from scrapy import Request
from scrapy.exceptions import CannotResolveHostError, DownloadConnectionRefusedError

from pipelines.config import Settings
from pipelines.errors import ConfigError
from pipelines.models import Outcome
from pipelines.sheet import Sheet, read_sheet
from pipelines.sources import Api, Feed, Listing, Sitemap, Source
from pipelines.store.pages import Found
from portalwatch.progress import line
from spiders import loader
from spiders.answers import plain, retry_after
from spiders.discovery import Link, challenged, read_listing
from spiders.following import leaves_thread
from spiders.job import SourceAnswer
from spiders.ledger import Ledger
from spiders.listings import Listings
from spiders.progress import Progress, progress
from spiders.readings import Readings
from spiders.robots import kept_delay
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


MAP = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>https://p.example/1</loc></url></urlset>'


def test_a_packed_sitemap_is_read_and_a_bomb_or_half_of_one_is_not() -> None:
    packed = gzip.compress(MAP.encode())
    assert read_listing(SITEMAP, SITEMAP.url, packed, "").links == (Link(url="https://p.example/1"),)
    for bad in (packed[:30], b"\x1f\x8bxx", gzip.compress(b" " * 60 * 1024 * 1024)):
        assert "not a sitemap" in (read_listing(SITEMAP, SITEMAP.url, bad, "").why or "")


@pytest.mark.parametrize(("dated", "named"), [(True, {*range(100, 120)}), (False, {*range(10), *range(110, 120)})])
def test_of_a_long_index_the_sitemaps_that_changed_last_are_read(dated: bool, named: set[int]) -> None:
    entries = (
        f"<sitemap><loc>https://p.example/{n}</loc>{f'<lastmod>2026-01-{n:03}</lastmod>' if dated else ''}</sitemap>" for n in range(120)
    )
    more = read_listing(SITEMAP, SITEMAP.url, f"<sitemapindex>{''.join(entries)}</sitemapindex>".encode(), "").more
    assert {int(url.rsplit("/", 1)[1]) for url in more} == named


def test_a_challenge_where_a_listing_should_stand_is_known_by_its_words() -> None:
    assert challenged("<title>安全验证</title><p>请完成验证</p>".encode(), "") == "安全验证"
    assert challenged(f"<p>captcha</p><p>{'新聞' * 400}</p>".encode(), "") is None
    assert challenged(b"<ul><li>quiet day</li></ul>", "") is None
    assert challenged(b"", "") is None


def test_a_mark_that_is_a_whole_document_is_cut() -> None:
    mark = links(API, json.dumps({"lists": [{"titleLink": "/a/1", "changed": ["x" * 10_000]}]}))[0].mark
    assert mark is not None
    assert len(mark) < 300


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
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2026 00:00:00 +99999999999999", None),
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


def test_an_item_that_an_expression_refuses_leaves_the_others() -> None:
    joining = API.model_copy(update={"link": "join('', ['/a/', id])", "mark": None})
    body = '{"lists": [{"id": "1"}, {"id": null}, "odd", {"id": "2"}]}'
    assert [link.url for link in links(joining, body)] == ["https://p.example/a/1", "https://p.example/a/2"]
    nothing = read_listing(joining, "https://p.example/", b'{"lists": [{"id": null}]}', "")
    assert nothing.links == ()
    assert "join()" in (nothing.why or "")


BAD = ["http://[bad/article/1", "http://cape.example\u2100/article/1", "http://cape.example]/article/1_2.html"]


@pytest.mark.parametrize("url", BAD)
def test_an_address_that_does_not_parse_is_no_article_and_leaves_the_others(url: str) -> None:
    good = "https://p.example/article/2"
    body = f"<urlset><url><loc>{url}</loc></url><url><loc>{good}</loc></url></urlset>"
    sheet = cape(pattern=r"/article/(?P<id>\d+)")
    assert [link.url for link in links(Sitemap(type="sitemap", url="https://p.example/map"), body)] == [good]
    sheet.identify(url)
    assert not sheet.serves(url)


def test_a_host_that_no_name_can_be_is_not_served() -> None:
    sheet = cape(pattern=r"/article/(?P<id>\d+)")
    assert sheet.serves(f"http://{'a' * 60}.cape.example/article/1")
    assert not sheet.serves(f"http://{'a' * 250}.cape.example/article/1")


@pytest.mark.parametrize("keys", [{"looks": [-1]}, {"looks": [True]}, {"looks": [60]}, {"pace": {"delay": float("inf")}}])
def test_a_time_without_an_end_or_a_unit_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Sheet.model_validate(cape(pattern="/(?P<id>[0-9]+)").model_dump(mode="json") | keys)


def test_a_day_that_no_calendar_has_is_none() -> None:
    sheet = cape(pattern=r"/(?P<year>\d+)/(?P<month>\d+)/(?P<day>\d+)/(?P<id>\d+)")
    assert [sheet.day_of(f"http://cape.example/{year}/1/1/7") for year in (0, 10**30, "9" * 5000)] == [None, None, None]


def test_a_tag_with_ever_more_attributes_is_no_feed() -> None:
    attributes = " ".join(f'a{number}="1"' for number in range(1000))
    body = f"<rss version='2.0'><channel><item><link {attributes}>https://p.example/1</link></item></channel></rss>"
    read = read_listing(Feed(type="feed", url="https://p.example/feed"), "https://p.example/feed", body.encode(), "")
    assert (read.links, read.why) == ((), "not a feed: a tag with more than 200 attributes")


def cape(pattern: str) -> Sheet:
    values: dict[str, Any] = {
        "slug": "cape", "name": "海岬日報", "language": "zh-Hant", "timezone": "Asia/Taipei", "hosts": ["cape.example"],
        "discovery": [{"type": "feed", "url": "http://cape.example/feed"}], "articles": [{"pattern": pattern, "key": "{id}"}],
    }  # fmt: skip
    return Sheet.model_validate(values)


def test_the_page_number_stands_in_what_is_posted() -> None:
    body: dict[str, JsonValue] = {"pageidx": "{n}", "pagesize": 20, "all": True, "q": {"p": ["p{n}", None]}}
    api = Api(type="json", url="https://p.example/api", items="a", link="b", body=body, pages=3)
    assert api.has_pages
    assert api.body_of(2) == {"pageidx": 2, "pagesize": 20, "all": True, "q": {"p": ["p2", None]}}
    assert not api.model_copy(update={"body": {"all": True}}).has_pages


def test_two_questions_to_one_address_are_two_listings() -> None:
    one, other = (Api(type="json", url="https://p.example/api", items="a", link="b", body={"cat": cat}) for cat in ("x", "y"))
    assert len({one.key, other.key, one.model_copy(update={"body": None}).key}) == 3


SHEET: dict[str, Any] = {
    "slug": "cape", "name": "海岬日報", "language": "zh-Hant", "timezone": "Asia/Taipei", "hosts": ["p.example"],
    "discovery": [{"type": "feed", "url": "https://p.example/feed"}],
    "articles": [{"pattern": "id=(?P<id>\\d+)", "key": "{id}", "url": "https://p.example/?id={id}", "sequence": "id"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"articles": [{"pattern": "(?P<id>x)", "key": "{id}", "sequence": "id"}]}, "sequence: `url` must hold {id}"),
        (
            {"articles": [{"pattern": "(?P<a>x)(?P<id>y)", "key": "{a}{id}", "url": "https://p.example/{id}", "sequence": "id"}]},
            "`key` must",
        ),
        ({"articles": [{"pattern": "(?P<id>x)", "key": "{id}", "url": "https://p.example/{id}", "sequence": "nid"}]}, "{nid} and no other"),
        ({"discovery": SHEET["discovery"] * 2}, "is there twice"),
        ({"discovery": [{"type": "feed", "url": "https://p.example/" + "x" * 2000}]}, "longer than 2000"),
        ({"discovery": [{"type": "feed", "url": "https://p.example/", "view": "Two views"}]}, "view"),
        ({"pace": {"gaps": 101}}, "gaps"),
        ({"tdm": "ignore"}, "tdm"),
    ],
)
def test_a_sheet_that_cannot_be_collected_by_is_refused(keys: dict[str, Any], said: str) -> None:
    Sheet.model_validate(SHEET)
    with pytest.raises(ValidationError, match=re.escape(said)):
        Sheet.model_validate(SHEET | keys)


def test_a_number_gives_key_and_address_and_only_its_own_keys_a_number() -> None:
    form = Sheet.model_validate(SHEET | {"articles": [SHEET["articles"][0] | {"key": "news:{id}"}]}).sequences[0]
    assert (form.key_of(7), form.url_of(7)) == ("news:7", "https://p.example/?id=7")
    found = [form.number_of(key) for key in ("news:7", "news:07", "local:7", "news:", "news:x", "7", "news:" + "9" * 16)]
    assert found == [7, None, None, None, None, None, None]


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
    asked = [next(listings(source)._opened(source)) for source in (API, posting, FEED)]
    assert [request.headers.get("Accept") for request in asked] == [b"application/json", b"application/json", None]
    assert [(request.method, request.body) for request in asked] == [("GET", b""), ("POST", b'{"pageidx": 1}'), ("GET", b"")]


def listings(source: Source) -> Listings:
    job = SimpleNamespace(readings=Readings(), rests=lambda _url: None)
    return Listings(job, lambda found, priority: Request(found.url, priority=priority))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "seconds", "told"),
    [("", 0, False), ("7", 7, False), ("300", 300, False), ("1e9", 300, True), ("-3", 0, False), ("nan", 0, False)],
)
def test_a_crawl_delay_is_kept_as_far_as_a_run_can_wait_and_told_beyond(asked: str, seconds: float, told: bool) -> None:
    delay, why = kept_delay(Protego.parse(f"User-agent: *\nCrawl-delay: {asked}\n"), "p.example")
    assert (delay, bool(why)) == (seconds, told)
    assert why is None or "asks for 1,000,000,000 s between requests: 300 s are kept" in why


def test_an_address_in_other_digits_is_no_article() -> None:
    sheet = Sheet.model_validate(SHEET | {"articles": [{"pattern": r"/article/(?P<id>\d+)", "key": "{id}"}]})
    assert sheet.identify("https://p.example/article/123") == ("123", "https://p.example/article/123")
    for digits in ("１２３", "١٢٣", "४"):
        assert sheet.identify(f"https://p.example/article/{digits}") is None


@pytest.mark.parametrize(
    ("answered", "leaves"),
    [
        ("https://p.example/thread?nid=1&p=2", False), ("http://www.p.example/thread/?from=x&nid=1&p=2", False),
        ("https://p.example/thread?nid=2&p=2", True), ("https://p.example/thread?nid=1", True), ("https://p.example/", True),
        ("https://p.example/article/2", True),
    ],
)  # fmt: skip
def test_a_page_of_comments_that_redirects_to_another_thread_is_none(answered: str, leaves: bool) -> None:
    sheet = Sheet.model_validate(SHEET | {"articles": [{"pattern": r"/article/(?P<id>\d+)", "key": "{id}"}]})
    assert leaves_thread(sheet, "1", "https://p.example/thread?nid=1&p=2", answered) == leaves


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('key: "{id}"', 'key: "{nid}"', "7:62: articles.0.key"),
        ('key: "{id}"', 'key: "{id}", url: "/{n}"', "7:75: articles.0.url"),
        ('key: "{id}"', 'key: "{}"', "7:62: articles.0.key"),
        ('key: "{id}"', 'key: "{id}", sequence: x', "7:12: articles.0"),
        ("discovery:\n", 'discovery:\n  - {type: feed, url: "https://p.example/a"}\n', "7:23: discovery.1.url"),
        ("name: x", "extract: {pages: {url: '/{nid}/{n}', count: {css: a}}}\nname: x", "1:24: extract.pages.url"),
    ],
)
def test_a_complaint_about_several_keys_names_the_line_of_one(tmp_path: Path, old: str, new: str, place: str) -> None:
    path = tmp_path / "river.yaml"
    path.write_text(RIVER.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        read_sheet(path)
    assert f"river.yaml:{place}: " in str(refused.value)


RIVER = """\
name: x
language: zh-Hans
timezone: Asia/Shanghai
hosts: [p.example]
discovery:
  - {type: feed, url: "https://p.example/a"}
articles: [{pattern: '^https://p\\.example/(?P<id>\\d+)', key: "{id}"}]
"""


def test_a_run_s_progress_is_one_line() -> None:
    found = [Found(portal="p", identity=str(number), url=f"https://p.example/{number}") for number in range(3)]
    ledger = Ledger()
    told: list[Progress] = []
    job: Any = SimpleNamespace(ledger=ledger, readings=Readings(), requests={"p.example": 2}, sheet=SimpleNamespace(slug="p"))
    told.append(progress(job))
    ledger.discover(found)
    ledger.settle(found[0], Outcome.NEW)
    told += [progress(job), progress(job, "sending alerts")]
    assert [line(each) for each in told] == [
        "p: reading listings · 2 fetched · 0 left", "p: reading pages · 2 fetched · 1 new · 2 left",
        "p: sending alerts · 2 fetched · 1 new · 2 left",
    ]  # fmt: skip
