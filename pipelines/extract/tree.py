"""A page's text as one lxml tree that hostile markup can neither break nor make expensive."""

import re
from functools import lru_cache
from itertools import islice

from lxml import etree, html

MAX_BYTES = 10 * 1024 * 1024
"""Bytes of a page that are read; the rest is cut. No article is larger, and libxml2 refuses text nodes beyond it."""

_CONTROLS = bytes({*range(0x20), 0x7F} - {0x09, 0x0A, 0x0D})
_XML = re.compile(rb"\s{0,99}+<\?xml[^>]*+>")
_DOCTYPE = re.compile(rb"<!DOCTYPE[^>\[]*+(?:\[[^\]]*+\])?+[^>]*+>", re.IGNORECASE)
_HEAD = 65_536
"""Bytes in which a page declares what it is."""
_ENDS = re.compile(rb"</(?:html|body)\s*>", re.IGNORECASE)
"""Pages put together from parts end their body in the middle; libxml2 would hang what follows beside the tree."""
_NESTING = re.compile(rb"</?(?!(?:p|br|h[1-6]|title|meta|script|style|html|head|body|time)\b)[a-z][^>]*>", re.IGNORECASE)
_LONG_TAG = 20_000
_TAG_NAME = re.compile(rb"<[A-Za-z][\w:-]{0,30}(?=\s)")
_ATTRIBUTES = 500
"""Attributes of one element; libxml2 compares each with all others, so that 500,000 of them would take it an hour."""
_DEEP = 2048 * len("<p>")


def parse(text: str) -> html.HtmlElement:
    """The tree of a page; an empty body where there is nothing to parse. Never raises on content.

    libxml2 stops at 2,048 levels and drops what follows; such a page is parsed again without its nesting tags.
    Entities and network are off: a DOCTYPE with its declarations is cut away before parsing.
    """
    clean = _clean(text.encode("utf-8", "surrogatepass"))
    tree = _tree(clean)
    if any(isinstance(beside.tag, str) for beside in tree.itersiblings()):
        tree = _tree(_ENDS.sub(b"", clean))
    if len(clean) > _DEEP and not _has_text(tree):
        tree = _tree(_NESTING.sub(b" ", clean))
    return tree


def _clean(data: bytes) -> bytes:
    """What libxml2 may have: every step is a pass in C over the bytes, since most pages need none of them."""
    data = data.translate(None, _CONTROLS)
    data = _without_prolog(data)
    pieces = data.split(b">") if len(data) > _LONG_TAG else []
    return b">".join(map(_unstuffed, pieces)) if any(len(piece) > _LONG_TAG for piece in pieces) else data


def _without_prolog(data: bytes) -> bytes:
    begin = found.end() if (found := _XML.match(data)) else 0
    at = data[:_HEAD].lower().find(b"<!doctype", begin)
    found = _DOCTYPE.match(data, at) if at >= 0 else None
    return data[begin:at] + data[found.end() :] if found else data[begin:]


def _unstuffed(piece: bytes) -> bytes:
    """What stands before a `>`, without the attributes of a tag that has far too many."""
    begin = piece.rfind(b"<") if len(piece) > _LONG_TAG else -1
    name = _TAG_NAME.match(piece, begin) if begin >= 0 else None
    return piece[: name.end()] if name and piece.count(b"=", begin) > _ATTRIBUTES else piece


def _has_text(tree: html.HtmlElement) -> bool:
    body = tree.find("body")
    return body is not None and any(not text.isspace() for text in body.itertext())


def is_tame(tree: html.HtmlElement) -> bool:
    """Whether a reader of somebody else's may have the tree: some of trafilatura's steps grow with the square of size and depth."""
    elements = sum(1 for _ in islice(tree.iter(), _TAME_ELEMENTS + 1))
    return elements <= _TAME_ELEMENTS and not _TOO_DEEP(tree)


_TAME_ELEMENTS = 20_000
_TOO_DEEP = etree.XPath("boolean(//*[count(ancestor::*) > 200])")


def _tree(clean: bytes) -> html.HtmlElement:
    try:
        return html.document_fromstring(clean, parser=_parser())
    except (etree.ParserError, etree.XMLSyntaxError, UnicodeError, AssertionError):
        return html.document_fromstring(b"<html><body></body></html>")


@lru_cache(maxsize=1)
def _parser() -> html.HTMLParser:
    """Gives every element one class, found in C: lxml's own table, for the sake of forms, asks Python at each touch of an element."""
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True, remove_pis=True)
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=html.HtmlElement, comment=html.HtmlComment))
    return parser
