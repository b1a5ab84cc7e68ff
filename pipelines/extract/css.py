"""Running a sheet's selectors and patterns on a tree; both are compiled once a process.

A sheet knows many layouts of a portal, so most of its selectors find nothing on a given page. What a selector needs (classes, ids,
attributes) is looked up in what the page has before libxml2 tries it on every element, which costs a hundred times as much.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cssselect
from cssselect.xpath import XPathExpr
from lxml import etree, html
from lxml.cssselect import CSSSelector

from pipelines.extract.lines import tidy
from pipelines.extract.rules import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Need:
    """An attribute that some element must have, and the value or the word that must stand in it."""

    attribute: str
    value: str | None = None
    is_word: bool = False


def select(root: html.HtmlElement, css: str) -> list[html.HtmlElement]:
    """Every element below `root` that the selector finds, in document order."""
    found: list[html.HtmlElement] = _compiled(css)(root) if _has(root.getroottree().getroot()).all_of_one(css) else []
    return found


def forget() -> None:
    """Lets go of the page that was read last; until then its attributes are kept."""
    _has.cache_clear()


def first_of(root: html.HtmlElement, selectors: Iterable[str]) -> html.HtmlElement | None:
    """The first element of the first selector that finds one."""
    return next((found[0] for css in selectors if (found := select(root, css))), None)


def values(root: html.HtmlElement, rule: Value) -> list[str]:
    """Every text that the rule reads, tidied, without empty ones."""
    return [text for element in select(root, rule.css) if (text := _read(element, rule))]


def value(root: html.HtmlElement, rules: Iterable[Value]) -> str | None:
    """The first text that one of the rules reads."""
    return next((found[0] for rule in rules if (found := values(root, rule))), None)


def text_of(element: html.HtmlElement) -> str:
    """All text below the element, as it stands."""
    return str(element.text_content())


def _read(element: html.HtmlElement, rule: Value) -> str | None:
    """A script is tidied behind its pattern, any other text before it: a script may have a megabyte, and is no prose."""
    raw = (element.get(rule.attr) if rule.attr else text_of(element)) or ""
    if rule.pattern and element.tag == "script":
        return tidy(_matching(raw, rule.pattern) or "")
    return _matching(tidy(raw), rule.pattern)


def _matching(text: str, pattern: str | None) -> str | None:
    if pattern is None:
        return text
    found = re.search(pattern, text)
    return (found[1] if found.re.groups else found[0]) if found else None


class _Translator(cssselect.HTMLTranslator):
    """Tries the plain look for a word first: most elements lack it, and each further look at an attribute costs as much."""

    def xpath_attrib_includes(self, xpath: XPathExpr, name: str, value: str | None) -> XPathExpr:
        if not value or value.split() != [value]:
            return super().xpath_attrib_includes(xpath, name, value)
        word, spaced = self.xpath_literal(value), self.xpath_literal(f" {value} ")
        return xpath.add_condition(f"contains({name}, {word}) and contains(concat(' ', normalize-space({name}), ' '), {spaced})")


@lru_cache(maxsize=1024)
def _compiled(css: str) -> CSSSelector:
    return CSSSelector(css, translator=_Translator())


@lru_cache(maxsize=1024)
def _alternatives(css: str) -> tuple[tuple[_Need, ...], ...]:
    return tuple(tuple(_needs(selector.parsed_tree)) for selector in cssselect.parse(css))


def _needs(node: Any) -> Iterator[_Need]:
    """What every element path that the selector finds has; what stands in `:not(…)` and the like is left out."""
    if isinstance(node, cssselect.parser.Class):
        yield _Need(attribute="class", value=node.class_name, is_word=True)
    elif isinstance(node, cssselect.parser.Hash):
        yield _Need(attribute="id", value=node.id)
    elif isinstance(node, cssselect.parser.Attrib) and node.operator != "!=" and _PLAIN.match(node.attrib):
        yield _Need(attribute=node.attrib.lower(), value=node.value.value if node.operator == "=" and node.value else None)
    for part in (getattr(node, "selector", None), getattr(node, "subselector", None) if _is_combined(node) else None):
        if part is not None:
            yield from _needs(part)


_PLAIN = re.compile(r"[A-Za-z_][\w-]*$")


def _is_combined(node: Any) -> bool:
    return isinstance(node, cssselect.parser.CombinedSelector)


class _Has:
    """What attributes the elements of a page have; each is collected once, and each selector judged once."""

    def __init__(self, root: html.HtmlElement) -> None:
        self._root = root
        self._collected: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        self._verdicts: dict[str, bool] = {}

    def all_of_one(self, css: str) -> bool:
        """Whether some element of the page has each thing that one of the selector's alternatives needs."""
        verdict = self._verdicts.get(css)
        if verdict is None:
            verdict = self._verdicts[css] = any(all(map(self._one, needs)) for needs in _alternatives(css))
        return verdict

    def _one(self, need: _Need) -> bool:
        values, words = self._collected.get(need.attribute) or self._collect(need.attribute)
        return need.value in (words if need.is_word else values) if need.value is not None else bool(values)

    def _collect(self, attribute: str) -> tuple[frozenset[str], frozenset[str]]:
        found = _collector(attribute)(self._root)
        values = frozenset(found)
        self._collected[attribute] = values, frozenset(" ".join(values).split()) if attribute == "class" else frozenset()
        return self._collected[attribute]


@lru_cache(maxsize=1)
def _has(root: html.HtmlElement) -> _Has:
    return _Has(root)


@lru_cache(maxsize=256)
def _collector(attribute: str) -> etree.XPath:
    return etree.XPath(f"//@{attribute}", smart_strings=False)
