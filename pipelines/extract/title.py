"""The headline as its writer wrote it: without the site's name behind it and without (图) for what hangs below it."""

import re
from collections.abc import Iterable, Sequence

from lxml import html

from pipelines.extract import css
from pipelines.extract.head import Head
from pipelines.extract.lines import Line, PageLines, is_hidden, tidy
from pipelines.extract.phrases import MEDIA_MARKS
from pipelines.extract.rules import Rules
from pipelines.extract.sift import squeeze

_SEPARATOR = re.compile(r"\s?(?:[-_–—―|｜»›<·•]++|::)\s?|\s/\s")
_HEADINGS = ("h1", "h2", "h3")
_FEWEST, _MOST = 4, 200
"""Characters of a headline."""
_ARTICLE_TITLE = re.compile(
    r"(?:art(?:icle)?|news|main|post|entry|content|story|doc|page|detail)[-_]?(?:title|tit|headline|hd)|^title$|headline|activity-name",
    re.IGNORECASE,
)


def title_of(tree: html.HtmlElement, head: Head, rules: Rules, page: PageLines) -> str | None:
    """The sheet's title, else the heading or line that the page's own title begins with or holds, else the best of what the head says."""
    if written := css.value(tree, rules.title):
        return clean(_without(written, rules.title_suffixes))
    candidates = [head.meta("og:title", "twitter:title"), head.said("headline"), head.title]
    told = [_without(text, rules.title_suffixes) for text in candidates if text]
    heading = _heading([text for text, _ in _headings(tree)], told) or _heading(_plain(page.all), told)
    if heading:
        return clean(heading)
    chosen = next((text for text in told if len(text) >= _FEWEST), None)
    return clean(_without_site(chosen, head, told)) if chosen else _named(tree)


def clean(title: str) -> str:
    """The headline without its trailing (图), (组图), (视频)."""
    return MEDIA_MARKS.sub("", tidy(title)).strip() or tidy(title)


def _heading(headings: Sequence[str], told: Sequence[str]) -> str | None:
    """The longest of these with which one of the page's own titles begins; then the longest that stands inside one as its greater part."""
    keys = [squeeze(text) for text in told]
    pairs = [(text, squeeze(text)) for text in headings]
    leading = [text for text, key in pairs if any(whole.startswith(key) and len(key) * 3 >= len(whole) for whole in keys)]
    inside = [text for text, key in pairs if any(key in whole and len(key) * 2 >= len(whole) for whole in keys)]
    return max(leading or inside, key=len, default=None)


def _plain(page: Sequence[Line]) -> list[str]:
    return [line.text for line in page if line.links == 0 and _FEWEST <= len(line.text) <= _MOST]


def _headings(tree: html.HtmlElement) -> Iterable[tuple[str, html.HtmlElement]]:
    for element in tree.iter(*_HEADINGS, "div", "p", "span", "td", "strong"):
        if element.tag not in _HEADINGS and not _ARTICLE_TITLE.search(f"{element.get('id') or ''} {element.get('class') or ''}"):
            continue
        text = tidy(element.text_content())
        if _FEWEST <= len(text) <= _MOST and not is_hidden(element):
            yield text, element


def _named(tree: html.HtmlElement) -> str | None:
    """Without any word from the head: the first h1, else the first element that calls itself a title."""
    found = sorted(_headings(tree), key=lambda pair: pair[1].tag != "h1")
    return clean(found[0][0]) if found else None


def _without(text: str, suffixes: Iterable[str]) -> str:
    for suffix in suffixes:
        text = re.sub(rf"(?:{suffix})\s*$", "", text).strip() or text
    return text


def _without_site(text: str, head: Head, told: Sequence[str]) -> str:
    """The title up to the first separator from which on only the site speaks: its name, or what other titles of the page lack."""
    others = [squeeze(other) for other in told if squeeze(other) != squeeze(text)]
    site = squeeze(head.meta("og:site_name", "application-name") or head.said("publisher", "name") or "\0")
    cuts = [found.start() for found in _SEPARATOR.finditer(text) if found.start() >= _FEWEST]
    for cut in cuts:
        front = squeeze(text[:cut])
        if front in others:
            return text[:cut]
    for cut in reversed(cuts):
        rest = squeeze(text[cut:])
        if site in rest or (_SITE.search(rest) and len(rest) < len(squeeze(text[:cut]))):
            return text[:cut]
    return text


_SITE = re.compile(
    r"(?:网|網|报|報|新闻|新聞|社|台|臺|频道|頻道|媒体|媒體|资讯|資訊|博客|部落格|论坛|論壇|财经|科技|中心|在线|時報|时报|日报|日報"
    r"|周刊|週刊|\.(?:com|cn|net|org|tw|hk|mg)\w*)$",
    re.IGNORECASE,
)
