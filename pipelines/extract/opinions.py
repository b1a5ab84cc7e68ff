"""Other readers of the same page: trafilatura above all, then what the page tells machines, then readability."""

import logging
import re
from collections.abc import Iterator, Sequence
from configparser import ConfigParser
from copy import deepcopy
from functools import lru_cache
from typing import Any

import trafilatura
from lxml import etree, html
from readability import Document
from readability.readability import Unparseable
from trafilatura.settings import Document as TrafilaturaDocument
from trafilatura.settings import Extractor, use_config

from pipelines.extract.head import Head, states, walk
from pipelines.extract.lines import LONGEST_LINE, MAX_LINES, lines, tidy
from pipelines.extract.phrases import SENTENCE_END
from pipelines.extract.tree import is_tame, parse

_MIN_HAN = "20"
"""trafilatura's MIN_EXTRACTED_SIZE is 250 characters, which is a long paragraph in Chinese."""
_MANY = 2000
"""Paragraphs above which a zone is taken as it stands; no article has as many, and trafilatura would need seconds."""
_BODY_KEYS = re.compile(
    r"^(?:article_?body|body(?:_?(?:cn|html|text))?|content(?:_?(?:html|text|body))?|html|text|full_?text|news_?content|detail"
    r"|article_?content)$",
    re.IGNORECASE,
)
_TAG = re.compile(r"<(?:p|br|div|section)\b", re.IGNORECASE)
_UNFINISHED = re.compile(r"(?:\.{3}|…|\[\+\d+ chars\])\s*$")
_LEAST = 60
"""Characters of a text that a script carries; a shorter string is a label."""

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("readability").setLevel(logging.CRITICAL)


@lru_cache(maxsize=2)
def _options(*, zone: bool) -> Extractor:
    """Fast, without comments; made once, since reading its configuration costs as much as reading a short zone.

    A zone holds nothing but its text, so trafilatura may take all of it and need not weigh it against the page.
    """
    config = ConfigParser()
    config.read_dict({"DEFAULT": dict(use_config()["DEFAULT"])})
    if zone:
        config["DEFAULT"]["MIN_EXTRACTED_SIZE"] = _MIN_HAN
    return Extractor(config=config, output_format="python", fast=True, comments=False, recall=zone, tables=not zone)


def of_zone(paragraphs: Sequence[str]) -> list[str]:
    """trafilatura's reading of a zone, given as its paragraphs, so that neither markup nor nesting can mislead it."""
    if len(paragraphs) > _MANY:
        return []
    tree = deepcopy(_FRAME)
    article = tree.find("body/article")
    for text in paragraphs:
        etree.SubElement(article, "p").text = text
    return _read(tree, _options(zone=True))


_FRAME = html.fromstring("<html><body><article></article></body></html>")


def of_page(tree: html.HtmlElement) -> list[str]:
    """trafilatura's reading of a whole page, with its own thresholds; nothing of a page that would cost it seconds."""
    return _read(tree, _options(zone=False)) if is_tame(tree) else []


def _read(tree: html.HtmlElement, options: Extractor) -> list[str]:
    document = trafilatura.bare_extraction(tree, options=options)
    text = document.text or "" if isinstance(document, TrafilaturaDocument) else ""
    return [line for raw in text.split("\n")[:MAX_LINES] if (line := tidy(raw[:LONGEST_LINE]).strip("| "))]


def linked_body(head: Head) -> list[str]:
    """The article body of the page's JSON-LD where it is whole."""
    raw = head.linked.get("articleBody")
    return _paragraphs(raw) if isinstance(raw, str) and not _UNFINISHED.search(raw) else []


def state_body(tree: html.HtmlElement) -> list[str]:
    """The longest text under a telling key in the state that the page's own script starts from."""
    return max((_paragraphs(text) for state in states(tree) for text in _bodies(state)), key=lambda found: sum(map(len, found)), default=[])


def _bodies(state: Any) -> Iterator[str]:
    for node in walk(state):
        for key, value in node.items():
            if isinstance(value, str) and len(value) >= _LEAST and _BODY_KEYS.match(key) and SENTENCE_END.search(value):
                yield value


def _paragraphs(text: str) -> list[str]:
    if _TAG.search(text):
        return [line.text for line in lines(parse(text))]
    return [line for line in map(tidy, re.split(r"[\r\n]+", text)) if line]


def readability(tree: html.HtmlElement) -> list[str]:
    """readability-lxml's reading; it works on a copy that it may destroy."""
    if not is_tame(tree):
        return []
    source = etree.tostring(tree, encoding="unicode", method="html")
    try:
        return [line.text for line in lines(parse(Document(source).summary(html_partial=True)))]
    except (Unparseable, etree.LxmlError, ValueError):
        return []
