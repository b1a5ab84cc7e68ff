"""An element's visible text as lines, which is how old Chinese pages (text and <br>) and new ones (<p>) become alike."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from lxml import etree, html

_BLOCKS = (
    "address article aside blockquote body br center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6"
    " header hr legend li main ol p pre section summary table tbody td tfoot th thead tr ul"
)
_SILENT = (
    "applet audio base button canvas dialog embed head iframe link math menu meta noframes noscript object option script"
    " select style svg template textarea title video"
)
BLOCKS, SILENT = frozenset(_BLOCKS.split()), frozenset(_SILENT.split())
MAX_LINES = 20_000
"""Lines of a page that are read. The longest article in the test sets has 175."""
_MAX_STEPS = 400_000
"""Starts and ends of elements that are walked through; a page of 10 MiB of nothing but tags has six times as many."""
LONGEST_LINE = 50_000
"""Characters of one line that are kept."""
_SPACE = re.compile(r"[ \t\r\f\v\xa0\u3000\u2000-\u200a]*\n\s*|[ \t\r\f\v\xa0\u3000\u2000-\u200a]+")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060\ufeff\u00ad\ufdd0-\ufdef\ufffe\uffff]")
_WIDE = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60\u3040-\u30ff]"
_GAP = re.compile(rf"(?<={_WIDE})\n(?={_WIDE})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of text, how many of its characters are links, and the block element that holds it."""

    text: str
    links: int
    block: html.HtmlElement
    tag: str

    @property
    def own(self) -> int:
        """Characters that are no link."""
        return len(self.text) - self.links


@dataclass(slots=True)
class _Open:
    """The line that is being read."""

    parts: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def close(self, block: html.HtmlElement) -> Iterator[Line]:
        """The line, or the lines of a `pre`, if anything was read."""
        whole, links = "".join(self.parts)[:LONGEST_LINE], len(tidy("".join(self.links))) if self.links else 0
        self.parts.clear()
        self.links.clear()
        for text in filter(None, map(tidy, whole.splitlines() if block.tag == "pre" else [whole])):
            yield Line(text=text, links=min(links, len(text)), block=block, tag=str(block.tag))


class PageLines:
    """All lines of a page, read when they are first asked for: where a sheet speaks, mostly nobody asks."""

    def __init__(self, tree: html.HtmlElement) -> None:
        self._tree = tree

    @cached_property
    def all(self) -> tuple[Line, ...]:
        """In reading order, at most MAX_LINES."""
        return tuple(islice(lines(self._tree), MAX_LINES))


def tidy(text: str) -> str:
    """White space collapsed, invisible characters gone; a line break between two wide characters is no space."""
    if _INVISIBLE.search(text):
        text = _INVISIBLE.sub("", text)
    if "\n" not in (flat := text.strip()):
        return " ".join(flat.split())
    flat = _SPACE.sub(lambda gap: "\n" if "\n" in gap[0] else " ", flat)
    return _GAP.sub("", flat).replace("\n", " ")


def lines(root: html.HtmlElement, without: Collection[html.HtmlElement] = (), end: str | None = None) -> Iterator[Line]:
    """The lines of `root` in reading order. Scripts, form controls, hidden elements and everything in `without` are left out,
    and all that follows an HTML comment which the pattern `end` finds."""
    if not len(root):
        yield from _leaf(root)
        return
    skipped = {*without, *_HIDDEN(root)} - {root}
    current, blocks, anchors = _Open(), [root], 0
    parts, links = current.parts, current.links
    walk = etree.iterwalk(root, events=("start", "end", "comment"))
    for event, element in islice(walk, _MAX_STEPS):
        tag = element.tag
        if tag in BLOCKS:
            if parts:
                yield from current.close(blocks[-1])
            blocks.append(element) if event == "start" else blocks.pop()
        if event == "start":
            if tag in SILENT or element in skipped:
                walk.skip_subtree()
                continue
            anchors += tag == "a"
        elif element is root or (event == "comment" and end is not None and re.search(end, element.text or "")):
            break
        elif event == "end":
            anchors -= tag == "a" and element not in skipped
        text = element.text if event == "start" else element.tail
        if text and (parts or not text.isspace()):
            parts.append(text)
            if anchors:
                links.append(text)
    if parts:
        yield from current.close(blocks[-1])


def _leaf(element: html.HtmlElement) -> Iterator[Line]:
    """The lines of an element that holds nothing but text, without the walk."""
    text = [element.text] if element.text and element.tag not in SILENT else []
    return _Open(parts=text, links=text.copy() if element.tag == "a" else []).close(element)


_HIDDEN = etree.XPath(
    "descendant-or-self::*[@hidden or @style and contains(translate(@style, 'ADEILNOPSY ', 'adeilnopsy'), 'display:none')]"
)


def is_hidden(element: html.HtmlElement) -> bool:
    """Whether the element's own attributes hide it."""
    return element.get("hidden") is not None or "display:none" in (element.get("style") or "").lower().replace(" ", "")
