"""Finding the article on a page that no sheet describes: the element whose lines tell more than they link."""

import re
from collections import defaultdict
from collections.abc import Sequence

from lxml import html

from pipelines.extract.lines import Line
from pipelines.extract.phrases import SENTENCE_END

_AWAY = re.compile(
    r"(?:^|[\s_-])(?:comments?|cmt|reply|replies|disqus|pinglun|liuyan|footer?|foot|copyright|nav|navbar|navigation|breadcrumbs?|crumbs?"
    r"|menu|related?|relation|recommend(?:ed|s|ation)?|recom|login|disclaimer)(?:$|[\s_-])",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    r"(?:^|[\s_-])(?:sidebar|side|aside|widget|hot|rank(?:ing)?|popular|share|sharing|social|toolbar|tools|ad|ads|advert\w*|banner"
    r"|sponsor\w*|promo\w*|subscribe|newsletter|tags?|pager|pagination|declare|statement|outbrain|taboola|popin|qrcode|download"
    r"|app-?down\w*)(?:$|[\s_-])",
    re.IGNORECASE,
)
_MOST = {_AWAY: 0.85, _BESIDE: 0.5}
"""A name is not believed where the element holds this share of the page's sentences: a wrapper called `main ad` is no ad."""
ARTICLE = re.compile(
    r"article[-_ ]?(?:body|content|text|inner|main|detail)|(?:news|post|entry|story|text|main|detail|content)[-_]?(?:body|content"
    r"|text|article|txt|con)\b"
    r"|articleBody|rich_media_content|TRS_Editor|(?:^|[\s_-])(?:article|story|endtext|artibody|content)(?:$|[\s_-])",
    re.IGNORECASE,
)
_NAMED = 1.25
"""How much more the lines of an element count that calls itself the article."""
_SENTENCE = re.compile(r"[，。！？；：、,.!?;…]")
_LONGEST = 400
"""Characters of one line that count, so that a single wall of small print does not outweigh an article."""
_DEPTH = 40
"""Ancestors that a line speaks for."""


def zone(found: Sequence[Line]) -> html.HtmlElement | None:
    """The element with the greatest sum of line weights, the deepest of equals; None where no line is a sentence.

    A sentence counts its own characters, a link list counts against, so the sum falls as soon as an
    element takes in navigation, and grows as long as it takes in paragraphs.
    """
    weighed = [(weight(line), upward(line.block)) for line in found]
    aside = _asides(weighed)
    sums: defaultdict[html.HtmlElement, float] = defaultdict(float)
    for value, path in weighed:
        told = -value / 4 if value > 0 and not aside.isdisjoint(path) else value
        for ancestor in path:
            sums[ancestor] += told
    for element in [element for element in sums if _is_named(element)]:
        sums[element] *= _NAMED
    best = max(sums.values(), default=0.0)
    if best <= 0:
        return None
    chosen = max((element for element in sums if sums[element] == best), key=lambda element: len(upward(element)))
    return _whole(chosen, sums)


def _whole(element: html.HtmlElement, sums: dict[html.HtmlElement, float]) -> html.HtmlElement:
    """A single paragraph is no zone: its container is, where the other paragraphs do not speak against it."""
    parent = element.getparent()
    if element.tag in _PLAIN and parent is not None and sums.get(parent, 0.0) > sums[element] / 2:
        return parent
    return element


def _is_named(element: html.HtmlElement) -> bool:
    name = f"{element.get('id') or ''} {element.get('class') or ''} {element.get('itemprop') or ''}"
    return element.tag == "article" or bool(ARTICLE.search(name))


def _asides(weighed: Sequence[tuple[float, list[html.HtmlElement]]]) -> set[html.HtmlElement]:
    """Elements named as comment areas, footers, link lists and the like, unless they hold most of the page's sentences."""
    told: defaultdict[html.HtmlElement, float] = defaultdict(float)
    for value, path in weighed:
        if value > 0:
            for ancestor in path:
                told[ancestor] += value
    total = max(told.values(), default=0.0)
    return {element for element, value in told.items() if _is_aside(element, value / total if total else 0.0)}


def _is_aside(element: html.HtmlElement, share: float) -> bool:
    if element.tag in ("body", "html"):
        return False
    name = f"{element.get('id') or ''} {element.get('class') or ''}"
    return element.tag in ("footer", "nav", "aside") or any(share < most and names.search(name) for names, most in _MOST.items())


def weight(line: Line) -> float:
    """Positive for a sentence of the text, negative for links, a little negative for a short label."""
    if line.links * 2 > len(line.text):
        return -min(len(line.text), 60)
    marks = len(_SENTENCE.findall(line.text))
    plain = line.tag in _PLAIN
    if not marks or line.own < 12:
        return -1.0 if plain else -4.0
    if not SENTENCE_END.search(line.text):
        return min(line.own, _LONGEST) / 2 if plain or line.own >= 40 else 0.0
    return min(line.own + 5 * marks, _LONGEST)


_PLAIN = frozenset({"p", "pre", "blockquote", "h2", "h3", "h4"})


def upward(element: html.HtmlElement) -> list[html.HtmlElement]:
    """The element and its nearest ancestors."""
    path = [element]
    while (parent := path[-1].getparent()) is not None and len(path) < _DEPTH:
        path.append(parent)
    return path
