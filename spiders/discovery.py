"""Reading listings: feeds, sitemaps, HTML lists and JSON APIs give links, each with the mark that moves when its article does."""

import json
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urljoin

import feedparser
import jmespath
from lxml import etree, html

from pipelines.extract import css
from pipelines.extract.decode import decode
from pipelines.extract.kind import challenge_words
from pipelines.extract.moments import Moment, moment
from pipelines.sources import Api, Feed, Listing, Sitemap, Source
from pipelines.storable import storable

SITEMAP_LIMIT = 50_000  # entries, the protocol's own
SITEMAP_SIZE = 50 * 1024 * 1024  # bytes unpacked, the protocol's own
SITEMAPS_OF_AN_INDEX = 20
MOST_ATTRIBUTES = 200  # of one tag of a feed: expat's SAX driver takes time in the square of them
LONGEST_MARK = 200  # characters
LONGEST_CHALLENGE = 700  # characters of text; who has more to say is no gatekeeper


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link of a listing, absolute. `mark` is `kind=value`; marks of one kind are compared with each other. `day`: as its item says."""

    url: str
    mark: str | None = None
    day: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What a listing held: links, addresses of further listings, and why nothing could be read where that is so."""

    links: tuple[Link, ...] = ()
    more: tuple[str, ...] = ()
    why: str | None = None


def read_listing(source: Source, url: str, body: bytes, content_type: str) -> Listed:
    """The links of a fetched listing; a hostile or broken one gives none and says why."""
    return _READERS[type(source)](source, url, body, content_type)


def challenged(body: bytes, content_type: str) -> str | None:
    """The words by which a short page challenges its reader where a listing should stand, None where it does not."""
    try:
        tree = html.document_fromstring(decode(body, content_type).text)
    except (etree.ParserError, ValueError):
        return None
    text = " ".join(tree.text_content().split())
    return challenge_words(text) if len(text) < LONGEST_CHALLENGE else None


def _feed(_source: Feed, url: str, body: bytes, content_type: str) -> Listed:
    if _OVERLOADED.search(body):
        return Listed(why=f"not a feed: a tag with more than {MOST_ATTRIBUTES} attributes")
    parsed = feedparser.parse(BytesIO(body), response_headers={"content-type": content_type} if content_type else {}, sanitize_html=False)
    found = [(_absolute(url, entry["link"]), _updated(entry)) for entry in parsed.entries if entry.get("link")]
    links = tuple(Link(url=absolute, mark=_marked("updated", updated)) for absolute, updated in found if absolute)
    broken = parsed.get("bozo") and not links
    return Listed(links=links, why=f"not a feed: {type(parsed.get('bozo_exception')).__name__}" if broken else None)


_OVERLOADED = re.compile(rb"""(?<!\s)(?:\s+[^\s=<>"'/]+\s*=\s*(?:"[^"]*"|'[^']*')){%d}""" % (MOST_ATTRIBUTES + 1))


def _updated(entry: feedparser.FeedParserDict) -> str | None:
    """When the entry says that it was changed; a publication date alone says nothing of changes."""
    updated = entry.get("updated") if "updated" in entry.keys() else None  # noqa: SIM118 - `in entry` answers for published too
    return updated if updated and updated != entry.get("published") else None


def _marked(kind: str, value: str | None) -> str | None:
    return f"{kind}={value[:LONGEST_MARK]}" if value else None


def _absolute(base: str, href: str) -> str | None:
    try:
        return storable(urljoin(base, href))
    except ValueError:
        return None


def _sitemap(_source: Sitemap, url: str, body: bytes, _content_type: str) -> Listed:
    try:
        root = etree.fromstring(_unpacked(body), etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    except zlib.error as error:
        return Listed(why=f"not a sitemap: {error}")
    except etree.XMLSyntaxError as error:
        return Listed(why=f"not a sitemap: {error.msg}")
    if etree.QName(root).localname == "sitemapindex":
        return Listed(more=_newest([(_loc(url, item), _child(item, "lastmod") or "") for item in root]))
    entries = ((_loc(url, item), _child(item, "lastmod")) for item in list(root)[:SITEMAP_LIMIT])
    return Listed(links=tuple(Link(url=loc, mark=_marked("lastmod", lastmod)) for loc, lastmod in entries if loc))


def _unpacked(body: bytes) -> bytes:
    """A sitemap may be a gzip file; a bomb is cut, and what is cut is no XML."""
    return zlib.decompressobj(32 + zlib.MAX_WBITS).decompress(body, SITEMAP_SIZE) if body.startswith(b"\x1f\x8b") else body


def _newest(sitemaps: list[tuple[str | None, str]]) -> tuple[str, ...]:
    """The sitemaps of an index that changed last; where it does not say when, its first and last ones."""
    named = [(url, lastmod) for url, lastmod in sitemaps if url]
    if len(named) > SITEMAPS_OF_AN_INDEX and not any(lastmod for _, lastmod in named):
        named = [*named[: SITEMAPS_OF_AN_INDEX // 2], *named[-SITEMAPS_OF_AN_INDEX // 2 :]]
    newest = sorted(named, key=lambda each: each[1], reverse=True)  # ISO dates sort as text
    return tuple(url for url, _ in newest[:SITEMAPS_OF_AN_INDEX])


def _loc(base: str, item: etree._Element) -> str | None:
    loc = _child(item, "loc")
    return _absolute(base, loc) if loc else None


def _child(item: etree._Element, name: str) -> str | None:
    found = item.find(f"{{*}}{name}")
    return (found.text or "").strip() or None if found is not None else None


def _html(source: Listing, url: str, body: bytes, content_type: str) -> Listed:
    text = decode(body, content_type).text
    if not text.strip():
        return Listed(why="an empty page")
    try:
        tree = html.document_fromstring(text)
    except (etree.ParserError, ValueError) as error:
        return Listed(why=f"not HTML: {error}")
    links = [_link(source, url, item) for item in tree.cssselect(source.item)]
    return Listed(links=(*filter(None, links), *_scripted(source, url, text)))


def _link(source: Listing, url: str, item: html.HtmlElement) -> Link | None:
    anchor = next(iter(item.cssselect(source.link)), None) if item.tag != "a" or source.link != "a" else item
    href = anchor.get("href") if anchor is not None else None
    if not href:
        return None
    marks = item.cssselect(source.mark) if source.mark else []
    absolute = _absolute(url, href.strip())
    if absolute is None:
        return None
    mark = _marked("listing", marks[0].text_content().strip() if marks else "0") if source.mark else None
    return Link(url=absolute, mark=mark, day=_day(css.value(item, [source.day]), source.day.format) if source.day else None)


def _day(printed: str | None, form: str | None) -> Moment | None:
    if printed is None or form is None:
        return moment(printed, None) if printed else None
    if "%y" in form.lower():
        return _strptime(printed, form)
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    years = (_strptime(f"{year} {printed}", f"%Y {form}") for year in (tomorrow.year, tomorrow.year - 1))
    return next((day for day in years if day is not None and day <= tomorrow), None)


def _strptime(printed: str, form: str) -> date | None:
    try:
        return datetime.strptime(printed, form).date()  # noqa: DTZ007 - a day in the portal's own zone
    except ValueError:
        return None


def _scripted(source: Listing, url: str, text: str) -> Iterator[Link]:
    """The addresses in the page's script, where the sheet says how they look; a string that is no JSON is none."""
    for found in re.finditer(source.script, text) if source.script else ():
        try:
            absolute = _absolute(url, json.loads(f'"{found[1] if found.re.groups else found[0]}"'))
        except ValueError:
            continue
        if absolute:
            yield Link(url=absolute)


def _json(source: Api, url: str, body: bytes, content_type: str) -> Listed:
    try:
        answer = json.loads(decode(body, content_type).text)
        items = jmespath.search(source.items, answer) or []
    except (ValueError, RecursionError, jmespath.exceptions.JMESPathError) as error:
        return Listed(why=_undescribed(error))
    links, why = list[Link](), None
    for item in items if isinstance(items, list) else []:
        try:
            links += filter(None, [_api_link(source, source.base or url, item)])
        except (ValueError, jmespath.exceptions.JMESPathError) as error:
            why = why or _undescribed(error)  # an item is odd, the others are read
    return Listed(links=tuple(links), why=why if not links else None)


def _undescribed(error: Exception) -> str:
    return f"not the JSON that the sheet describes: {str(error).splitlines()[0][:200]}"


def _api_link(source: Api, base: str, item: Any) -> Link | None:
    href = jmespath.search(source.link, item)
    absolute = _absolute(base, href.strip()) if isinstance(href, str) and href.strip() else None
    if absolute is None:
        return None
    mark = jmespath.search(source.mark, item) if source.mark else None
    day = jmespath.search(source.day, item) if source.day else None
    printed = _day(str(day), None) if isinstance(day, str | int) else None
    return Link(url=absolute, mark=_marked("api", storable(str(mark))) if mark is not None else None, day=printed)


_READERS: dict[type[Source], Callable[[Any, str, bytes, str], Listed]] = {Feed: _feed, Sitemap: _sitemap, Listing: _html, Api: _json}
