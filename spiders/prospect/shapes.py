"""The shape of an address: which of its parts name the article, and which only the place where it stands."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, urlsplit

TRACKING = (
    r"(?:utm_\w+|at_(?:medium|campaign|link_\w+|ptr_name|format|bbc_team|creation|campaign_type|custom\d)|(?:fb|g|y|d)clid|msclkid|[gw]braid"
    r"|mc_[ce]id|igshid|_ga|spm|maca|cmpid|ocid|ref_src|xtor|guccounter|guce_\w+|rss_?id|s_cid|ito|ncid|smid|__twitter_impression)"
)
"""Query parameters that never name an article, whatever the site; anything less sure (`from`, `source`, `id`) is kept."""
_TRACKING = re.compile(TRACKING, re.IGNORECASE)
_NO_ARTICLE = re.compile(
    r"^(?:categor(?:y|ies)|tags?|topics?|authors?|writers?|columnists?|users?|members?|accounts?|profile|search|login|passport|reg\d*|register|mail|signup|subscribe|pages?"
    r"|lists?|channels?|sections?|about|contact|privacy|terms|jobs|help|rss|feeds?|index|share|print|comments?|gentie|reply|javascript|download|app)$",
    re.IGNORECASE,
)
_HASH = re.compile(r"^(?=(?:\D*\d){2})(?=.*[A-Za-z])[0-9A-Za-z]{8,}$")
_EXTENSION = re.compile(r"\.(?:s?html?|aspx?|php\d?|jsp|do|xml|cgi)$", re.IGNORECASE)
_DATE = re.compile(r"^(?:19|20)\d\d(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])?|[-_](?:0?[1-9]|1[0-2])(?:[-_](?:0?[1-9]|[12]\d|3[01]))?)?$")
_LONG = 4
"""Digits from which on a number names something rather than counts it."""
Shape = tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]]


@dataclass(frozen=True, kw_only=True)  # no slots: the shape is asked for again and again
class Address:
    """A URL in parts: the host without `www.`, the path's segments, the query without tracking, in order."""

    url: str
    host: str
    segments: tuple[str, ...]
    query: tuple[tuple[str, str], ...]

    @property
    def place(self) -> Shape:
        """What is the same in two forms of one URL that differ in scheme, `www.`, fragment or tracking."""
        return self.host, self.segments, self.query

    @cached_property
    def shape(self) -> Shape:
        """Host, kinds of the segments, kinds of the query's values: equal for the articles of one portal.

        Beside something that names, every number may differ from article to article: /20/0709/09/FH0.html, /2024/0305/1.html."""
        kinds = tuple(map(kind, self.segments))
        if any(each == "hash" or "D" in each for each in kinds):
            kinds = tuple(re.sub(r"^\d+(?=\.|$)", "D", each) for each in kinds)
        return self.host, kinds, tuple(sorted((name, kind(value)) for name, value in self.query))

    @property
    def is_named(self) -> bool:
        """Whether some part is as long as an article's name, and none says that this is something else."""
        _, kinds, query = self.shape
        named = any(each == "hash" or "slug" in each or "D" in each for each in (*kinds, *(value for _, value in query)))
        words = (self.host.split(".")[0], *self.segments[:-1])
        return named and not any(_NO_ARTICLE.match(word) for word in words)


def address(url: str) -> Address | None:
    """The URL in parts; None for what is none, or has no path and query."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").rstrip(".")
        query = tuple((name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.fullmatch(name))
    except ValueError:
        return None
    segments = tuple(parts.path.rstrip("/").split("/")[1:])
    if parts.scheme not in ("http", "https") or not host or (not any(segments) and not query):
        return None
    return Address(url=url.strip(), host=host.removeprefix("www."), segments=segments, query=query)


def addresses(urls: Iterable[str]) -> list[Address]:
    """Those of the URLs that are some, one of each place."""
    return list({each.place: each for each in map(address, urls) if each}.values())


def kind(segment: str) -> str:
    """`hash`, `slug`, digits as D in what stands around them (`a-D`, `D.html`), or the word itself.

    Numbers too short to name an article stay themselves."""
    extension = _EXTENSION.search(segment)
    stem = segment[: extension.start()] if extension else segment
    end = extension[0].lower() if extension else ""
    if _HASH.match(stem):
        return "hash"
    if not stem.isascii() or "%" in stem or (len(stem) >= 12 and len(re.findall(r"[-_]", stem)) >= 2 and not stem[:1].isdigit()):
        tail = re.search(r"\d{5,}$", stem)
        return f"slug-D{end}" if tail else "slug"
    if _DATE.match(stem) or re.search(rf"\d{{{_LONG},}}", stem):
        return re.sub(r"[A-Za-z]{4,}", "w", re.sub(r"\d+", "D", stem)) + end
    return segment


def is_date(segment: str) -> bool:
    """Whether the segment is a year, a month or a day, and so shared by the articles of that time."""
    return bool(_DATE.match(_EXTENSION.sub("", segment)))
