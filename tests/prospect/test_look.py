"""Honest sites of all kinds: what a look finds on them, and what it writes down."""

from collections.abc import Callable

import pytest

from pipelines.sources import Feed, Listing, Sitemap
from spiders.prospect.reader import Reader
from spiders.visit import UnreadError
from tests.prospect.conftest import looked
from tests.whole.portal import Answer, Portal, page

FRONT = "http://cape.example.tw/"
NUMBERS = range(4001, 4009)


def title(number: int) -> str:
    return f"第{number}號渡輪今日恢復夜間航班"


def links(form: str = "/article/{}", numbers: range = NUMBERS) -> str:
    return "".join(f'<li><a href="{form.format(number)}">{title(number)}</a></li>' for number in numbers)


def front(cape: Portal, markup: str, head: str = "") -> None:
    cape.answers["/"] = Answer(f"<html lang=zh-TW><head><title>海岬日報</title>{head}</head><body>{markup}</body></html>".encode())


def articles(
    cape: Portal, change: Callable[[str, int], str] = lambda body, _: body, codec: str = "utf-8", form: str = "/article/{}"
) -> None:
    for number in NUMBERS:
        cape.answers[form.format(number)] = Answer(change(page(title(number), codec), number).encode(codec))


def feed(form: str = "http://cape.example.tw/article/{}", numbers: range = NUMBERS) -> Answer:
    items = "".join(
        f"<item><title>{title(number)}</title><link>{form.format(number)}</link><pubDate>21 Nov 2026 {number % 10:02}:00:00 GMT</pubDate></item>"
        for number in numbers
    )
    return Answer(f"<?xml version='1.0'?><rss version='2.0'><channel><title>海岬日報 RSS</title>{items}</channel></rss>".encode())


def urlset(form: str = "http://cape.example.tw/article/{}", numbers: range = NUMBERS, news: bool = True) -> Answer:
    about = "<news:news xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'><news:title>{}</news:title></news:news>" if news else ""
    entries = "".join(f"<url><loc>{form.format(number)}</loc>{about.format(title(number))}</url>" for number in numbers)
    spaces = "xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'" if news else ""
    return Answer(f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' {spaces}>{entries}</urlset>".encode())


def test_feeds_of_the_head_come_first_and_further_ones_are_named_in_a_comment(cape: Portal, reader: Reader) -> None:
    alternates = "".join(f'<link rel="alternate" type="application/rss+xml" href="/rss/{name}.xml">' for name in "abcdefg")
    front(cape, f"<ul id=news>{links()}</ul>", alternates)
    articles(cape)
    cape.answers |= {f"/rss/{name}.xml": feed() for name in "abcdefg"}
    draft = looked(cape.url, FRONT, reader).draft
    assert [source.url for source in draft.discovery if isinstance(source, Feed)] == [
        f"http://cape.example.tw/rss/{name}.xml" for name in "abc"
    ]
    assert [url[-5] for url in draft.more_feeds] == ["d", "e", "f", "g"]
    assert '  # - {type: feed, url: "http://cape.example.tw/rss/d.xml"}' in draft.text
    assert draft.a_day == 27


def test_a_page_about_rss_is_read_for_feeds(cape: Portal, reader: Reader) -> None:
    front(cape, f"<ul id=news>{links()}</ul><a href=/help/subscribe>RSS 訂閱</a>")
    articles(cape)
    cape.answers |= {
        "/help/subscribe": Answer(b"<html><a href=/feeds/all.xml>All</a> <a href=/about>us</a></html>"),
        "/feeds/all.xml": feed(),
    }
    assert [source.url for source in looked(cape.url, FRONT, reader).draft.discovery] == ["http://cape.example.tw/feeds/all.xml", FRONT]


def test_a_usual_address_is_tried_and_left_out_where_it_is_of_another_part_of_the_host(cape: Portal, reader: Reader) -> None:
    front(cape, f"<ul id=news>{links()}</ul>")
    articles(cape)
    cape.answers["/rss.xml"] = feed()
    assert isinstance(looked(cape.url, FRONT, reader).draft.discovery[0], Feed)
    cape.answers["/rss.xml"] = feed("http://cape.example.tw/sport/match-of-the-day-{}")
    draft = looked(cape.url, FRONT, reader).draft
    assert [type(source) for source in draft.discovery] == [Listing]
    assert "names other pages than those that are linked here" in draft.text


def test_the_news_sitemap_below_an_index_that_robots_txt_names_is_found(cape: Portal, reader: Reader) -> None:
    front(cape, f"<ul id=news>{links()}</ul>")
    articles(cape)
    below = "".join(f"<sitemap><loc>http://cape.example.tw/map-{name}.xml</loc></sitemap>" for name in ("2024", "news", "pages"))
    cape.answers |= {
        "/robots.txt": Answer(b"Sitemap: http://cape.example.tw/maps.xml\nUser-agent: *\nAllow: /"),
        "/maps.xml": Answer(f"<sitemapindex>{below}</sitemapindex>".encode()),
        "/map-news.xml": urlset(),
    }
    draft = looked(cape.url, FRONT, reader).draft
    assert draft.discovery[0] == Sitemap(type="sitemap", url="http://cape.example.tw/map-news.xml")
    assert not any(path.startswith("/map-2") for path in cape.asked)
    assert "a Google-News sitemap, 8 links, 8 of them articles" in draft.text


def test_a_sitemap_of_everything_is_no_list_of_news(cape: Portal, reader: Reader) -> None:
    front(cape, f"<ul id=news>{links()}</ul>")
    articles(cape)
    cape.answers["/sitemap.xml"] = urlset(numbers=range(4001, 7001), news=False)
    draft = looked(cape.url, FRONT, reader).draft
    assert [type(source) for source in draft.discovery] == [Listing]
    assert "a sitemap of everything, none of news" in draft.text


def test_other_forms_that_the_pages_name_share_the_key(cape: Portal, reader: Reader) -> None:
    front(cape, f"<ul id=news>{links('/article/{}?utm_source=front')}</ul>")
    forms = (
        '<link rel="canonical" href="http://cape.example.tw/article/{0}"><link rel="amphtml" href="http://cape.example.tw/amp/article/{0}">'
        '<link rel="alternate" media="only screen and (max-width: 640px)" href="http://m.cape.example.tw/a/{0}">'
        '<link rel="alternate" hreflang="zh-Hans" href="http://cape.example.tw/cn/article/{0}"><link rel=alternate hreflang=en href="/en/{0}">'
    )
    articles(cape, lambda body, number: body.replace("<head>", "<head>" + forms.format(number)))
    sheet = looked(cape.url, FRONT, reader).draft.sheet()
    for form in ("article/4099", "amp/article/4099", "cn/article/4099", "article/4099?utm_source=x"):
        assert sheet.identify(f"http://cape.example.tw/{form}") == ("4099", "http://cape.example.tw/article/4099")
    assert sheet.identify("http://m.cape.example.tw/a/4099") == ("4099", "http://cape.example.tw/article/4099")
    assert sheet.identify("http://cape.example.tw/en/4099") is None


@pytest.mark.parametrize(("codec", "charset"), [("big5", "big5hkscs"), ("gb18030", "gb18030"), ("utf-8", "utf-8")])
def test_the_charset_of_the_pages_is_written(cape: Portal, reader: Reader, codec: str, charset: str) -> None:
    front(cape, f"<ul id=news>{links()}</ul>")
    articles(cape, codec=codec)
    found = looked(cape.url, FRONT, reader)
    assert found.draft.sheet().charset == charset
    assert found.proofs[0].article
    assert found.proofs[0].article.title == title(4001)


def test_what_holds_the_time_and_the_next_page_are_written(cape: Portal, reader: Reader) -> None:
    front(cape, f"<ul id=news>{links()}</ul><a href=/page/2>下一頁</a>")
    stamp = "<span class=post-time>2025-11-{:02} 08:30</span><div id=text>"
    articles(cape, lambda body, number: body.replace("<div id=text>", stamp.format(number % 28 + 1)))
    found = looked(cape.url, FRONT, reader)
    assert found.draft.published == (".post-time", None)
    assert (found.draft.timezone, found.draft.notes["timezone"]) == ("Asia/Taipei", "a guess from .tw")
    assert isinstance(found.draft.discovery[0], Listing)
    assert found.draft.discovery[0].next == "http://cape.example.tw/page/{n}"
    assert f"{found.proofs[0].article.published_at:%m-%d %H:%M %z}" == "11-26 08:30 +0800"  # type: ignore[union-attr]


def test_a_site_of_feeds_alone_takes_whatever_they_link(cape: Portal, reader: Reader) -> None:
    cape.answers["/rss.xml"] = feed("http://cape.example.tw/{}")
    odd = "".join(f"<item><link>http://cape.example.tw/{name}</link></item>" for name in ("甲", "b/c", "d.php?e=f", "g"))
    cape.answers["/rss.xml"].body = cape.answers["/rss.xml"].body.replace(b"</channel>", f"{odd}</channel>".encode())
    articles(cape, form="/{}")
    sheet = looked(cape.url, f"{FRONT}rss.xml", reader).draft.sheet()
    assert sheet.identify("http://cape.example.tw/4001")
    assert sheet.identify("http://cape.example.tw/d.php?e=f")
    assert not sheet.identify("http://other.example.tw/d")


def test_an_article_that_is_named_is_read_first_and_its_site_looked_at(cape: Portal, reader: Reader) -> None:
    front(cape, f"<ul id=news>{links()}</ul>")
    articles(cape)
    found = looked(cape.url, f"{FRONT}article/4005", reader)
    assert [proof.key for proof in found.proofs] == ["4005", "4001", "4002", "4003", "4004"]
    assert [source.url for source in found.draft.discovery] == [FRONT]


def test_a_page_that_is_missing_does_not_end_the_look(cape: Portal, reader: Reader) -> None:
    articles(cape)
    cape.answers["/rss.xml"] = feed()
    assert len(looked(cape.url, FRONT, reader).proofs) == 5


def test_pages_that_are_no_articles_are_made_up_for_and_shown(cape: Portal, reader: Reader) -> None:
    front(cape, f"<ul id=news>{links()}</ul>")
    articles(cape)
    cape.answers["/article/4002"] = Answer("<html><body><h1>404</h1><p>頁面不存在</p></body></html>".encode())
    found = looked(cape.url, FRONT, reader)
    assert [proof.article is not None for proof in found.proofs] == [*[True] * 5, False]
    assert "missing" in found.proofs[-1].why


def test_a_look_makes_few_requests_whatever_a_site_offers(cape: Portal, reader: Reader) -> None:
    many = "".join(f'<a href="/rss/{number}.xml">RSS {number}</a>' for number in range(60))
    front(cape, f"<ul id=news>{links()}</ul>{many}")
    articles(cape)
    cape.answers["/robots.txt"] = Answer("".join(f"Sitemap: http://cape.example.tw/map{number}.xml\n" for number in range(60)).encode())
    looked(cape.url, FRONT, reader)
    assert len(cape.asked) <= 25


def test_a_query_that_may_matter_is_fetched_as_it_was_found(cape: Portal, reader: Reader) -> None:
    front(cape, f"<ul id=news>{links('/article/{}?edition=tw')}</ul>")
    articles(cape, form="/article/{}?edition=tw")
    sheet = looked(cape.url, FRONT, reader).draft.sheet()
    assert sheet.identify("http://cape.example.tw/article/4099?edition=tw") == ("4099", "http://cape.example.tw/article/4099?edition=tw")


def test_an_article_of_a_site_that_lists_nothing_is_told(cape: Portal, reader: Reader) -> None:
    articles(cape)
    with pytest.raises(UnreadError, match=r"articles were read, but nothing that lists them was found\. Tried .*answered 404"):
        looked(cape.url, f"{FRONT}article/4005", reader)


@pytest.mark.parametrize("by", ["file", "header"])
def test_what_a_site_reserves_is_told_in_the_draft(cape: Portal, reader: Reader, by: str) -> None:
    front(cape, f"<ul id=news>{links()}</ul>")
    articles(cape)
    if by == "file":
        cape.answers["/.well-known/tdmrep.json"] = Answer(
            b'[{"location": "/", "tdm-reservation": 1, "tdm-policy": "https://cape.example.tw/policy"}]'
        )
    else:
        cape.answers["/article/4001"].headers = {"tdm-reservation": "1"}
    assert "http://cape.example.tw reserves text and data mining" in looked(cape.url, FRONT, reader).draft.text
