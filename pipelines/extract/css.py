"""Running a sheet's selectors and patterns on a tree; both are compiled once a process.

A sheet knows many layouts of a portal, so most of its selectors find nothing on a given page, and of the others most name a class or an
id that few elements have. Where the page has what a selector asks for is known from one look at each attribute, so libxml2 begins at
these elements, or is not asked at all, instead of trying every selector on every element.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cssselect
from cssselect.xpath import XPathExpr
from lxml import etree, html

from pipelines.extract.lines import tidy
from pipelines.extract.rules import Value

_FEW, _NEAR = 100, 8
"""Elements at which a search of a page, and one of a part of it, may begin. libxml2 compares each with all others, and for a part each
must be asked whether it is inside."""


def select(root: html.HtmlElement, css: str) -> Sequence[html.HtmlElement]:
    """Every element below `root` that the selector finds, in document order."""
    page = _page(root.getroottree().getroot())
    return page.found(css) if root is page.root else page.found_below(root, css)


def forget() -> None:
    """Lets go of the page that was read last; until then its elements are kept."""
    _page.cache_clear()


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
    return str(element.text_content()) if len(element) else element.text or ""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Need:
    """An attribute that some element must have, and the value, of a class the word, that must stand in it."""

    attribute: str
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alternative:
    """What the page must have for one of a selector's alternatives to find anything, and what of it the first element must have."""

    needs: tuple[_Need, ...]
    first: tuple[_Need, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Selector:
    """A selector, compiled to begin at every element and to begin at the elements `at`."""

    alternatives: tuple[_Alternative, ...]
    anywhere: etree.XPath
    among: etree.XPath


@lru_cache(maxsize=1024)
def _compiled(css: str) -> _Selector:
    translator, trees = _Translator(), [selector.parsed_tree for selector in cssselect.parse(css)]
    return _Selector(
        alternatives=tuple(_Alternative(needs=tuple(_needs(tree)), first=tuple(_needs(_first(tree)))) for tree in trees),
        anywhere=etree.XPath(translator.css_to_xpath(css)),
        among=etree.XPath(translator.css_to_xpath(css, prefix="$at/self::")),
    )


def _first(node: Any) -> Any:
    """The selector of the first element of the path that a selector describes."""
    while isinstance(node, cssselect.parser.CombinedSelector):
        node = node.selector
    return node


def _needs(node: Any) -> Iterator[_Need]:
    """What every element path that the selector finds has; what stands in `:not(…)` and the like is left out."""
    if isinstance(node, cssselect.parser.Class):
        yield _Need(attribute="class", value=node.class_name)
    elif isinstance(node, cssselect.parser.Hash):
        yield _Need(attribute="id", value=node.id)
    elif isinstance(node, cssselect.parser.Attrib) and node.operator != "!=" and _PLAIN.match(node.attrib):
        name = node.attrib.lower()
        yield _Need(attribute=name, value=node.value.value if node.operator == "=" and node.value and name != "class" else None)
    for part in (getattr(node, "selector", None), getattr(node, "subselector", None) if _is_combined(node) else None):
        if part is not None:
            yield from _needs(part)


_PLAIN = re.compile(r"[A-Za-z_][\w-]*$")


def _is_combined(node: Any) -> bool:
    return isinstance(node, cssselect.parser.CombinedSelector)


class _Page:
    """Which elements of a page have what; each attribute is looked for once, and each selector asked once."""

    def __init__(self, root: html.HtmlElement) -> None:
        self.root = root
        self._elements: list[html.HtmlElement] = list(root.iter(etree.Element))
        self._having: dict[str, dict[str | None, list[html.HtmlElement]]] = {}
        self._starts: dict[str, list[html.HtmlElement] | None] = {}
        self._found: dict[str, list[html.HtmlElement]] = {}

    def found(self, css: str) -> list[html.HtmlElement]:
        """What the selector finds on the whole page."""
        found = self._found.get(css)
        if found is None:
            found = self._found[css] = _search(self.root, css, self.starts(css))
        return found

    def found_below(self, root: html.HtmlElement, css: str) -> list[html.HtmlElement]:
        """What the selector finds at an element of the page and below it."""
        starts = self.starts(css)
        if not starts:
            return _search(root, css, starts)
        is_near = len(starts) <= _NEAR
        return _search(root, css, [each for each in starts if each is root or root in each.iterancestors()] if is_near else None)

    def starts(self, css: str) -> list[html.HtmlElement] | None:
        """Every element at which the selector may begin; None where that may be anywhere, or at more than a few."""
        if css not in self._starts:
            held = [each for each in _compiled(css).alternatives if all(map(self._have, each.needs))]
            found = {element: None for each in held if each.first for element in min(map(self._have, each.first), key=len)}
            self._starts[css] = list(found) if all(each.first for each in held) and len(found) <= _FEW else None
        return self._starts[css]

    def _have(self, need: _Need) -> Sequence[html.HtmlElement]:
        return (self._having.get(need.attribute) or self._collect(need.attribute)).get(need.value, ())

    def _collect(self, attribute: str) -> dict[str | None, list[html.HtmlElement]]:
        having = self._having[attribute] = {None: []}
        for element in self._elements:
            if (value := element.get(attribute)) is not None:
                for each in (None, *set(value.split())) if attribute == "class" else (None, value):
                    having.setdefault(each, []).append(element)
        return having


def _search(root: html.HtmlElement, css: str, starts: Sequence[html.HtmlElement] | None) -> list[html.HtmlElement]:
    """What the selector finds from the elements `starts`, from any at `root` and below it where they are None."""
    if starts is None:
        found: list[html.HtmlElement] = _compiled(css).anywhere(root)
        return found
    return _compiled(css).among(root, at=starts) if starts else []


@lru_cache(maxsize=1)
def _page(root: html.HtmlElement) -> _Page:
    return _Page(root)
