"""Finding the article on a page that no sheet describes: the element whose lines tell more than they link."""

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from lxml import html

from pipelines.extract.lines import Line
from pipelines.extract.phrases import IMPRINT, RIGHTS, SENTENCE_END

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


def zone(found: Sequence[Line], below: int = 0) -> html.HtmlElement | None:
    """The element with the greatest sum of line weights, the deepest of equals; None where no line is a sentence.
    `below` is the index of the first line below the headline.

    A sentence counts its own characters, a link list counts against, so the sum falls as soon as an
    element takes in navigation, and grows as long as it takes in paragraphs.
    """
    weighed = [(0.0 if _is_small_print(line) else weight(line), upward(line.block)) for line in found]
    aside = _asides(weighed) | _items(found, weighed, below)
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


def _items(found: Sequence[Line], weighed: Sequence[tuple[float, list[html.HtmlElement]]], below: int) -> set[html.HtmlElement]:
    """The elements of lists whose every item tells something of its own: a headline that is a link above an abstract, or a comment
    above its buttons. Paragraphs stand side by side too, but none of them has a headline or a button.

    A list that holds most of the page's sentences, the first one below the headline too, is what the page is about: a live blog."""
    lists: defaultdict[html.HtmlElement, set[html.HtmlElement]] = defaultdict(set)
    told: defaultdict[html.HtmlElement, float] = defaultdict(float)
    for line, (value, path) in zip(found, weighed, strict=True):
        for ancestor in path if value > 0 else ():
            told[ancestor] += value
        for child, parent in pairwise(path) if _marks_item(line) else ():
            lists[parent].add(child)
    total = max(told.values(), default=0.0)
    first = next((set(path) for value, path in weighed[below:] if value > 0), set())
    items: set[html.HtmlElement] = set()
    for children in lists.values():
        telling = {child for child in children if told.get(child, 0.0) > 0}
        is_matter = sum(told[child] for child in telling) >= _MOSTLY * total and not first.isdisjoint(telling)
        if len(telling) >= _ITEMS and not is_matter:
            items |= telling
    return items


_ITEMS = 3
_MOSTLY = 0.9
_BUTTONS = re.compile(
    r"(?:^|\s)(?:回复|回覆|举报|舉報|赞|讚|贊|顶|頂|踩|支持|反对|反對|点赞|點讚|點贊|按讚|沙发|\d+楼|\d+樓|返信|いいね|Reply|Like)\s*[(（\[]?\d*[)）\]]?(?:\s|$)",
    re.IGNORECASE,
)


def _marks_item(line: Line) -> bool:
    is_headline = line.links >= _HEADLINE and line.links * 4 > len(line.text) * 3
    return is_headline or (len(line.text) <= _LONGEST_BUTTONS and bool(_BUTTONS.search(line.text)))


_HEADLINE, _LONGEST_BUTTONS = 8, 40


def _is_aside(element: html.HtmlElement, share: float) -> bool:
    if element.tag in ("body", "html"):
        return False
    name = f"{element.get('id') or ''} {element.get('class') or ''}"
    return element.tag in ("footer", "nav", "aside") or any(share < most and names.search(name) for names, most in _MOST.items())


def _is_small_print(line: Line) -> bool:
    return len(line.text) < _LONGEST and bool(RIGHTS.search(line.text) or IMPRINT.search(line.text))


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
