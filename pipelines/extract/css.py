"""Running a sheet's selectors and patterns on a tree; both are compiled once a process."""

import re
from collections.abc import Iterable
from functools import lru_cache

from lxml import html
from lxml.cssselect import CSSSelector

from pipelines.extract.lines import tidy
from pipelines.extract.rules import Value


@lru_cache(maxsize=1024)
def _compiled(css: str) -> CSSSelector:
    return CSSSelector(css, translator="html")


def select(root: html.HtmlElement, css: str) -> list[html.HtmlElement]:
    """Every element below `root` that the selector finds, in document order."""
    return list(_compiled(css)(root))


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
