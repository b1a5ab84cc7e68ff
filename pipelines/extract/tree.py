"""A page's text as one lxml tree that hostile markup can neither break nor make expensive."""

import re
from itertools import islice

from lxml import etree, html

MAX_BYTES = 10 * 1024 * 1024
"""Bytes of a page that are read; the rest is cut. No article is larger, and libxml2 refuses text nodes beyond it."""

_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff]")
_PROLOG = re.compile(r"^\s*<\?xml[^>]*>|<!DOCTYPE[^>\[]*(?:\[[^\]]*\])?[^>]*>", re.IGNORECASE)
_ENDS = re.compile(r"</(?:html|body)\s*>", re.IGNORECASE)
"""Pages put together from parts end their body in the middle; libxml2 would hang what follows beside the tree."""
_NESTING = re.compile(r"</?(?!(?:p|br|h[1-6]|title|meta|script|style|html|head|body|time)\b)[a-z][^>]*>", re.IGNORECASE)
_STUFFED = re.compile(r"<([A-Za-z][\w:-]{0,30})\s[^<>]{20000,}>")
_ATTRIBUTES = 500
"""Attributes of one element; libxml2 compares each with all others, so that 500,000 of them would take it an hour."""
_TEXT = etree.XPath("string-length(normalize-space(//body))")


def parse(text: str) -> html.HtmlElement:
    """The tree of a page; an empty body where there is nothing to parse. Never raises on content.

    libxml2 stops at 2,048 levels and drops what follows; such a page is parsed again without its nesting tags.
    Entities and network are off: a DOCTYPE with its declarations is cut away before parsing.
    """
    clean = _STUFFED.sub(_unstuffed, _ENDS.sub("", _PROLOG.sub("", _UNFIT.sub("", text), count=2)))
    tree = _tree(clean)
    if _TEXT(tree) == 0 and len(clean) > _DEEP:
        tree = _tree(_NESTING.sub(" ", clean))
    return tree


_DEEP = 2048 * len("<p>")


def _unstuffed(tag: re.Match[str]) -> str:
    return f"<{tag[1]}>" if tag[0].count("=") > _ATTRIBUTES else tag[0]


def is_tame(tree: html.HtmlElement) -> bool:
    """Whether a reader of somebody else's may have the tree: some of trafilatura's steps grow with the square of size and depth."""
    elements = sum(1 for _ in islice(tree.iter(), _TAME_ELEMENTS + 1))
    return elements <= _TAME_ELEMENTS and not _TOO_DEEP(tree)


_TAME_ELEMENTS = 20_000
_TOO_DEEP = etree.XPath("boolean(//*[count(ancestor::*) > 200])")


def _tree(text: str) -> html.HtmlElement:
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True, remove_pis=True)
    try:
        return html.document_fromstring(text.encode("utf-8", "surrogatepass"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, UnicodeError, AssertionError):
        return html.document_fromstring(b"<html><body></body></html>")
