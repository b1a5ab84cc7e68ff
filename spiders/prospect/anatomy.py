"""What the article pages of one portal have in common: where the text hangs, what the title drags along, where the time stands."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from lxml import html

from pipelines.extract import css
from pipelines.extract.lines import tidy
from pipelines.models import Page
from spiders.prospect.names import element_of, handles
from spiders.prospect.survey import forms_of
from spiders.prospect.zones import Seen, seen_of

_MARK = re.compile(r"^\s*[(（【\[][^)）】\]]{1,6}[)）】\]]")
_SEPARATED = re.compile(r"^\s*[-_–—|｜»›<·•:：]|^\s+[/·]|^\s{2,}")
_LONGEST_STAMP, _LONGEST_TAIL = 160, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    """`published` is (selector, attribute or None); `canonical` pairs the address that was read with the one that the page names;
    `forms` pairs it with each other form of it; `offsets` are the hours from UTC that the pages' times state, `origins` where those
    times stand. `unpublished`: a page names no publisher."""

    read: int = 0
    why: str = ""
    evidence: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    published: tuple[str, str | None] | None = None
    codecs: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    canonical: tuple[tuple[str, str], ...] = ()
    forms: tuple[tuple[str, str], ...] = ()
    offsets: tuple[float, ...] = ()
    origins: tuple[str, ...] = ()
    unpublished: bool = False


def anatomy(pages: Sequence[Page]) -> Anatomy:
    """What the pages that are articles share. Any bytes give an Anatomy."""
    seen = [each for page in pages if (each := seen_of(page))]
    if not seen:
        return Anatomy(why="none of the pages gave an article")
    return Anatomy(
        read=len(seen),
        evidence=tuple(_evidence(seen)),
        suffixes=tuple(_suffixes(seen)),
        published=_published(seen),
        codecs=tuple(dict.fromkeys(each.codec for each in seen)),
        languages=tuple(dict.fromkeys(each.head.language for each in seen if each.head.language)),
        scripts=tuple(each.article.script or each.article.language or "" for each in seen),
        sites=tuple(_site(seen)),
        canonical=tuple((each.page.url, each.head.canonical) for each in seen if each.head.canonical),
        forms=tuple((each.page.url, form) for each in seen for form in islice(forms_of(each.page.url, each.tree), 10)),
        offsets=tuple(dict.fromkeys(_offsets(seen))),
        origins=tuple(dict.fromkeys(_origin(each) for each in seen)),
        unpublished=not all(each.article.publisher for each in seen),
    )


def _evidence(seen: Sequence[Seen]) -> Iterator[str]:
    """Meta elements by which a page of any layout says that it is an article."""
    if all((each.head.meta("og:type") or "").lower() == "article" for each in seen):
        yield 'meta[property="og:type"][content="article"]'


def _suffixes(seen: Sequence[Seen]) -> Iterator[str]:
    """Patterns of what follows the headline in the page's title, met on two pages at least, with any number for one that may differ."""
    tails = [tail for each in seen if (tail := _tail(each.head.title or "", each.article.title))]
    for shape, count in Counter(re.sub(r"\d+", "0", tail) for tail in tails).most_common(3):
        alike = {tail for tail in tails if re.sub(r"\d+", "0", tail) == shape}
        if count > 1:
            first = min(alike).strip()
            literal = re.sub(r"\s+", r"\\s*", re.sub(r"\\([-&=~ –—|｜])", r"\1", re.escape(first)))
            varies = len(alike) > 1 or re.search(r"(?:19|20)\d\d", first)
            yield r"\s*" + (re.sub(r"\d+", r"\\d+", literal) if varies else literal)


def _tail(whole: str, title: str) -> str:
    tail = _MARK.sub("", whole[len(title) :]) if title and whole.startswith(title) else ""
    return tail if _SEPARATED.search(tail) and len(tail) <= _LONGEST_TAIL else ""


def _site(seen: Sequence[Seen]) -> Iterator[str]:
    """What the pages call their site; else the last words of their titles, unless these hold a date."""
    for each in seen:
        last = [part for part in re.split(r"[\W_]*[-_–—|｜»›<·•]+[\W_]*", _tail(each.head.title or "", each.article.title)) if part][-1:]
        name = each.head.meta("og:site_name") or each.head.said("publisher", "name") or "".join(last)
        if name and not re.search(r"\d{2}", name):
            yield name


def _published(seen: Sequence[Seen]) -> tuple[str, str | None] | None:
    """The meta element, or the named element, that gave every page's time; None where JSON-LD did, or several places."""
    origins = {_origin(each) for each in seen}
    origin = origins.pop() if len(origins) == 1 else ""
    if origin.startswith("meta "):
        return _meta(seen, origin.removeprefix("meta "))
    return _stamp_element(seen) if origin == "visible text" else None


def _meta(seen: Sequence[Seen], wanted: str) -> tuple[str, str] | None:
    for meta in seen[0].tree.iter("meta"):
        for attribute in ("property", "name", "itemprop"):
            selector = f'meta[{attribute}="{meta.get(attribute)}"]'
            if (meta.get(attribute) or "").lower() == wanted and all(css.select(each.tree, selector) for each in seen):
                return selector, "content"
    return None


def _stamp_element(seen: Sequence[Seen]) -> tuple[str, None] | None:
    names = [{name for element in _around(each) for name in handles(element_of(element))} for each in seen]
    for name in sorted(set.intersection(*names), key=len):
        if all(_tells(next(iter(css.select(each.tree, name)), None), each) for each in seen):
            return name, None
    return None


def _around(each: Seen) -> Iterator[html.HtmlElement]:
    """The elements that hold the time as printed and little else."""
    for element in islice(each.tree.iter("span", "time", "p", "div", "td", "li", "em", "i", "b"), 5_000):
        if _tells(element, each):
            yield element


def _tells(element: html.HtmlElement | None, each: Seen) -> bool:
    raw = each.article.published_raw or "\0"
    return element is not None and len(text := tidy(css.text_of(element))) <= _LONGEST_STAMP and raw in text


def _origin(each: Seen) -> str:
    return (each.article.published_from or "").partition(";")[0]


def _offsets(seen: Sequence[Seen]) -> Iterator[float]:
    for each in seen:
        at, origin = each.article.published_at, each.article.published_from or ""
        offset = getattr(at, "utcoffset", lambda: None)()
        if offset is not None and "; zone" not in origin and not (each.article.published_raw or "").rstrip().endswith("Z"):
            yield offset.total_seconds() / 3600
