"""The images of an article, apart from its text: absolute addresses with the captions that the page prints."""

import re
from collections.abc import Collection, Iterator
from itertools import islice
from urllib.parse import urljoin, urlsplit

from lxml import html

from pipelines.extract import phrases
from pipelines.extract.head import Head
from pipelines.extract.lines import lines, tidy
from pipelines.extract.zoned import Zoned
from pipelines.models import Image

MOST = 40
"""Images of one article that are kept; a photo gallery has as many."""
_LONGEST_CAPTION, _LONGEST_URL = 500, 2000
_SOURCES = ("data-src", "data-original", "data-lazy-src", "data-echo", "src")
"""Where a page that loads its images late keeps the address, and where every other page does."""
_DECORATION = re.compile(
    r"(?:^|[/_.-])(?:logos?|icons?|blank|spacer|loading|pixel|sprites?|avatars?|qr(?:code)?|share|btn|button|arrow|placeholder|transparent"
    r"|1x1|emoji|ads?)(?:[/_.-]|\d|$)|\.svg(?:$|\?)",
    re.IGNORECASE,
)
_SMALLEST = 60
"""Pixels of a declared side below which an image is a mark or a counter."""
_NEAR = 3
"""Ancestors that may hold an image's caption."""


def images_of(zone: Zoned | None, head: Head, base: str) -> tuple[Image, ...]:
    """The images in the article's zone in reading order, each once; where it has none, the one that the page's head names."""
    found = _in_zone(zone, base) if zone is not None else iter(())
    images = list(islice(_distinct(found), MOST))
    named = head.meta("og:image", "twitter:image") or head.said("image", "url") or head.said("image")
    if not images and named and (address := _absolute(named, base)):
        images = [Image(url=address)]
    return tuple(images)


def _in_zone(zone: Zoned, base: str) -> Iterator[Image]:
    removed, captions = {element for element in zone.removed if element.tag not in _FIGURES}, frozenset(zone.figures)
    for image in zone.element.iter("img"):
        if _is_decoration(image) or (removed and any(parent in removed for parent in image.iterancestors())):
            continue
        address = next((found for name in _SOURCES if (found := _absolute(image.get(name), base))), None)
        if address and not _DECORATION.search(urlsplit(address).path):
            yield Image(url=address, caption=_caption(image, zone.element, captions))


_FIGURES = ("figure", "picture")


def _distinct(images: Iterator[Image]) -> Iterator[Image]:
    seen: set[str] = set()
    for image in images:
        if image.url not in seen:
            seen.add(image.url)
            yield image


def _is_decoration(image: html.HtmlElement) -> bool:
    sides = (re.match(r"\d+", image.get(name) or "") for name in ("width", "height"))
    return any(side and int(side[0][:6]) < _SMALLEST for side in sides)


def _absolute(source: str | None, base: str) -> str | None:
    """The http address that `source` names on the page, None for data URIs and for what is none."""
    if not source or len(source) > _LONGEST_URL:
        return None
    try:
        address = urljoin(base, source.strip())
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in ("http", "https") and parts.netloc else None


def _caption(image: html.HtmlElement, zone: html.HtmlElement, captions: Collection[html.HtmlElement]) -> str | None:
    """The text of the caption that shares an ancestor with this image and with no other one."""
    for above in islice(image.iterancestors(), _NEAR):
        if above is zone or sum(1 for _ in islice(above.iter("img"), 2)) > 1:
            return None
        for element in above.iter("figcaption", "div", "p", "span", "em"):
            if element in captions or element.tag == "figcaption" or phrases.CAPTION_CLASS.search(element.get("class") or ""):
                text = tidy(" ".join(line.text for line in lines(element)))
                if text:
                    return text[:_LONGEST_CAPTION]
    return None
