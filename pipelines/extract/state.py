"""The values that a sheet names in a page's script state, planted into the tree where its other rules can find them."""

from collections.abc import Iterator, Mapping
from typing import Any

import jmespath
from lxml import html

from pipelines.extract.head import states
from pipelines.extract.tree import parse

_MOST = 200
"""Values of one name that are taken; no article has as many pictures."""


def plant(tree: html.HtmlElement, wanted: Mapping[str, str]) -> None:
    """Append to the body an element `<div data-state="name">` for every value that `wanted` (name to JMESPath) finds."""
    body = tree.find("body") if wanted else None
    if body is None:
        return
    held = list(states(tree))
    body.extend([_element(name, value) for name, path in wanted.items() for state in held for value in _values(path, state)])


def _values(path: str, state: Any) -> Iterator[str]:
    try:
        found = jmespath.search(path, state)
    except jmespath.exceptions.JMESPathError:
        return
    for value in (found if isinstance(found, list) else [found])[:_MOST]:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            yield str(value)


def _element(name: str, value: str) -> html.HtmlElement:
    element = html.Element("div", {"data-state": name})
    held = parse(value).find("body")
    element.text = held.text
    element.extend(list(held))
    return element
