"""A page's text as one lxml tree that hostile markup can neither break nor make expensive."""

import re

from lxml import etree, html

MAX_BYTES = 10 * 1024 * 1024
"""Bytes of a page that are read; the rest is cut. No article is larger, and libxml2 refuses text nodes beyond it."""

_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff]")
_PROLOG = re.compile(r"^\s*<\?xml[^>]*>|<!DOCTYPE[^>\[]*(?:\[[^\]]*\])?[^>]*>", re.IGNORECASE)
_NESTING = re.compile(r"</?(?!(?:p|br|h[1-6]|title|meta|script|style|html|head|body|time)\b)[a-z][^>]*>", re.IGNORECASE)
_TEXT = etree.XPath("string-length(normalize-space(/*))")


def parse(text: str) -> html.HtmlElement:
    """The tree of a page; an empty body where there is nothing to parse. Never raises on content.

    libxml2 stops at 2,048 levels and drops what follows; such a page is parsed again without its nesting tags.
    Entities and network are off: a DOCTYPE with its declarations is cut away before parsing.
    """
    clean = _PROLOG.sub("", _UNFIT.sub("", text), count=2)
    tree = _tree(clean)
    if _TEXT(tree) == 0 and len(clean) > _DEEP:
        tree = _tree(_NESTING.sub(" ", clean))
    return tree


_DEEP = 2048 * len("<p>")


def _tree(text: str) -> html.HtmlElement:
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True, remove_pis=True)
    try:
        return html.document_fromstring(text.encode("utf-8", "surrogatepass"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, UnicodeError, AssertionError):
        return html.document_fromstring(b"<html><body></body></html>")
