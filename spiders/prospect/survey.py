"""What a fetched page shows to somebody who looks for a portal's articles: its links, its feeds, its own account of itself."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from io import BytesIO
from itertools import islice
from time import mktime
from urllib.parse import urljoin

import feedparser
from lxml import html

from pipelines.extract.decode import decode
from pipelines.extract.head import read_head
from pipelines.extract.ladder import extract
from pipelines.extract.lines import tidy
from pipelines.extract.script import language_of, script_of
from pipelines.extract.tree import parse
from pipelines.models import Page, PageKind, Reading
from pipelines.sources import Feed, Sitemap
from pipelines.storable import storable
from spiders.discovery import read_listing
from spiders.prospect.names import Element, element_of

MOST_ANCHORS = 2_000
MOST_LINKS = 5_000
MOST_ELEMENTS = 400_000
_START = 2_000  # characters in which a document says what it is
_SAMPLE = 6_000
_TITLED = 2 * 1024 * 1024  # bytes of a news sitemap whose headlines are read; it may name a thousand articles
_SITEMAP, _FEED = re.compile(r"<(?:\w+:)?(?:urlset|sitemapindex)\b"), re.compile(r"<(?:rss|feed|rdf:RDF)\b", re.IGNORECASE)
_NEWS = "schemas/sitemap-news"
_NEWS_TITLE = re.compile(r"<loc>\s*([^<\s]{1,2000})\s*</loc>(?:(?!</url>)[\s\S]){0,2000}?<news:title>([^<]{1,300})</news:title>")
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json", "text/xml")
DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """One link: absolute, its words, and the numbers of the elements from the body down to it, itself the last."""

    url: str
    text: str
    path: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """`form` is feed, sitemap or html. Of a feed or sitemap: `links` with their `titles`, or `more` sitemaps, and how many come a day.

    Of an HTML page: `kind` and `why` as extraction sees it (`is_vouched`: its head calls it an article), the `feeds` that its head names,
    its `anchors` with the `elements` around them, and its account of itself."""

    url: str
    form: str
    kind: str = ""
    why: str = ""
    is_vouched: bool = False
    title: str = ""
    site: str = ""
    home: str = ""
    language: str = ""
    script: str = ""
    spoken: str = ""
    codec: str = ""
    links: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    a_day: float | None = None
    is_news: bool = False
    feeds: tuple[str, ...] = ()
    canonical: str = ""
    anchors: tuple[Anchor, ...] = ()
    elements: tuple[Element, ...] = field(default=(), repr=False)

    @property
    def is_refusal(self) -> bool:
        """Whether the portal showed a challenge instead of itself."""
        return self.kind == PageKind.CHALLENGE


def survey(page: Page) -> Survey:
    """What the page is and shows. Any bytes give a Survey."""
    start = page.body[:_START].decode("utf-8", "replace")
    if _SITEMAP.search(start):
        return _sitemap(page)
    return _feed(page) if _FEED.search(start) else _html(page)


def _sitemap(page: Page) -> Survey:
    listed = read_listing(Sitemap(type="sitemap", url=page.url), page.url, page.body, page.content_type)
    links = tuple(link.url for link in listed.links[:MOST_LINKS])
    is_news = _NEWS.encode() in page.body[:_START]
    titles = {unescape(url): unescape(title) for url, title in _NEWS_TITLE.findall(decode(page.body[:_TITLED]).text if is_news else "")}
    stamps = re.findall(rb"<(?:\w+:)?(?:publication_date|lastmod)>\s*(\d{4}-\d\d-\d\d)", page.body)
    days = len(set(stamps))
    return Survey(
        url=page.url,
        form="sitemap",
        why=listed.why or "",
        links=links,
        titles=tuple(titles.get(url, "") for url in links),
        more=listed.more,
        is_news=is_news,
        a_day=len(stamps) / days if days and len(listed.links) <= len(stamps) else None,
    )


def _feed(page: Page) -> Survey:
    listed = read_listing(Feed(type="feed", url=page.url), page.url, page.body, page.content_type)
    parsed = feedparser.parse(BytesIO(page.body), sanitize_html=False)
    told = {name: storable(tidy(str(parsed.feed.get(name) or "")))[:200] for name in ("title", "link", "language")}
    stamps = sorted(mktime(entry["published_parsed"]) for entry in parsed.entries if entry.get("published_parsed"))
    span = stamps[-1] - stamps[0] if len(stamps) > 1 else 0.0
    links = tuple(link.url for link in listed.links[:MOST_LINKS])
    titles = {
        _absolute(page.url, str(entry.get("link") or "")): storable(tidy(str(entry.get("title") or "")))[:200] for entry in parsed.entries
    }
    words = " ".join(list(titles.values())[:50])
    return Survey(
        url=page.url,
        form="feed",
        why=listed.why or "",
        title=told["title"],
        site=told["title"],
        home=told["link"],
        language=told["language"],
        script=script_of(words) or "",
        spoken=language_of(words, None) or "",
        links=links,
        titles=tuple(titles.get(url, "") for url in links),
        a_day=len(stamps) * DAY / span if span >= DAY / 4 else None,
    )


def _html(page: Page) -> Survey:
    decoded = decode(page.body, page.content_type)
    tree = parse(decoded.text)
    head, reading = read_head(tree), extract(page)
    words = tidy(tree.text_content()[: 4 * _SAMPLE])[:_SAMPLE]
    anchors, elements = _anchors(page.url, tree)
    return Survey(
        url=page.url,
        form="html",
        kind=reading.kind.value,
        why=reading.why,
        is_vouched=bool(head.linked) or (head.meta("og:type") or "").lower() == "article" or _is_dated(reading),
        title=storable(head.title or "")[:300],
        site=storable(head.meta("og:site_name", "application-name") or head.said("publisher", "name") or "")[:100],
        language=(head.language or "")[:20],
        script=script_of(words) or "",
        spoken=language_of(words, head.language) or "",
        codec=decoded.codec,
        feeds=tuple(islice(_feeds(page.url, tree), 30)),
        canonical=_absolute(page.url, head.canonical or "") or "",
        anchors=tuple(anchors),
        elements=tuple(elements),
    )


def _is_dated(reading: Reading) -> bool:
    """Whether the page tells machines when it was published."""
    return reading.article is not None and (reading.article.published_from or "").startswith(("meta ", "JSON-LD", "itemprop"))


def _absolute(base: str, href: str) -> str | None:
    try:
        url = storable(urljoin(base, href.strip()))
    except ValueError:
        return None
    return url if href.strip() and url.startswith(("http://", "https://")) and len(url) <= 2000 else None


def _feeds(base: str, tree: html.HtmlElement) -> Iterator[str]:
    for link in tree.xpath("//link[@rel and @href and @type]"):
        if "alternate" in link.get("rel").lower().split() and link.get("type").strip().lower() in _FEED_TYPES:
            found = _absolute(base, link.get("href"))
            if found and "comment" not in found:
                yield found


def forms_of(base: str, tree: html.HtmlElement) -> Iterator[str]:
    """Other addresses of this very page: AMP, mobile, the other script; a translation is another article."""
    for link in tree.xpath("//link[@rel and @href]"):
        rels = link.get("rel").lower().split()
        spoken = (link.get("hreflang") or "").lower()
        same = "amphtml" in rels or ("alternate" in rels and ("max-width" in (link.get("media") or "") or spoken.startswith("zh")))
        found = _absolute(base, link.get("href")) if same else None
        if found:
            yield found


def _anchors(base: str, tree: html.HtmlElement) -> tuple[list[Anchor], list[Element]]:
    """The page's links in order, each with its way down from the body; every element above a link once."""
    found: list[Anchor] = []
    elements: list[Element] = []
    numbers: dict[html.HtmlElement, int] = {}
    for anchor in islice(tree.iter("a"), MOST_ELEMENTS):
        url = _absolute(base, anchor.get("href") or "")
        if url is None:
            continue
        way = [anchor, *anchor.iterancestors()][:60]
        for element in way:
            if element not in numbers:
                numbers[element] = len(elements)
                elements.append(element_of(element))
        text = tidy(_words(anchor)) or tidy(anchor.get("title") or "")
        found.append(Anchor(url=url, text=storable(text)[:200], path=tuple(numbers[each] for each in reversed(way))))
        if len(found) >= MOST_ANCHORS:
            break
    return found, elements


def _words(anchor: html.HtmlElement) -> str:
    return "".join(islice(anchor.itertext(), 50))
