"""What a page says about itself for machines: JSON-LD, meta elements and the state that its own script starts from."""

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import html

from pipelines.extract.lines import tidy

_ARTICLE_TYPES = re.compile(
    r"(?:News|Blog|Report|Tech|Analysis|Opinion|Review|Background|Social|LiveBlog|Discussion)\w*(?:Article|Posting)|^Article$"
    r"|NewsArticle$"
)
_CONTROL = re.compile(r"[\x00-\x1f]+")
_DEEPEST = 30
_MOST = 20_000
"""Levels and values of a page's JSON that are looked at; the rest is somebody's idea of a joke."""
_LONGEST = 5_000
"""Characters of a title or a meta element that are kept."""
_LONGEST_SCRIPT = 2_000_000
_ASSIGNMENT = re.compile(r"^\s*(?:(?:var|let|const)\s+)?(?:window\.|self\.)?[\w.$\[\]'\"]+\s*=\s*(?=[{\[])")
_QUOTED = re.compile(r"^\s*(?:(?:var|let|const)\s+)?(?:window\.|self\.)?[\w.$\[\]'\"]+\s*=\s*JSON\.parse\(\s*(?=\")")
_STATE_IDS = ("__NEXT_DATA__", "__NUXT_DATA__", "__staticRouterHydrationData", "initial-state", "__INITIAL_STATE__")
_STATE_NAMES = re.compile(r"__(?:INITIAL|PRELOADED|NUXT|NEXT|APOLLO|staticRouter)\w*|hydrat|initialState|allData", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """`linked` is the article's JSON-LD object, empty where there is none; `metas` pairs lower-case names and contents in page order."""

    linked: dict[str, Any] = field(default_factory=dict)
    metas: tuple[tuple[str, str], ...] = ()
    title: str | None = None
    language: str | None = None
    canonical: str | None = None
    base: str | None = None

    def meta(self, *names: str) -> str | None:
        """The content of the first of these meta names that the page has."""
        return next((content for name in names for known, content in self.metas if known == name), None)

    def said(self, *path: str) -> str | None:
        """A string of the JSON-LD article, such as `said("publisher", "name")`; of a list its first."""
        return next(iter(self.all_said(*path)), None)

    def all_said(self, *path: str) -> list[str]:
        """Every string at this path of the JSON-LD article."""
        return [tidy(text) for text in _strings(self.linked, path) if tidy(text)]


def read_head(tree: html.HtmlElement) -> Head:
    """The machine-readable head of a page. Broken JSON is passed over."""
    title = tree.find(".//head/title")
    links = (link.get("href") for link in tree.iter("link") if (link.get("rel") or "").lower() == "canonical")
    return Head(
        linked=_linked(tree),
        metas=tuple(_metas(tree)),
        title=tidy(title.text_content()[:_LONGEST]) or None if title is not None else None,
        language=tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang"),
        canonical=next(filter(None, links), None),
        base=next(filter(None, (base.get("href") for base in tree.iter("base"))), None),
    )


def states(tree: html.HtmlElement) -> Iterator[Any]:
    """The JSON values that the page's scripts start from (Next, Nuxt, router hydration and their like)."""
    for script in tree.iter("script"):
        text = script.text or ""
        if not 200 < len(text) < _LONGEST_SCRIPT or script.get("type") == "application/ld+json":
            continue
        if script.get("type") == "application/json" or script.get("id") in _STATE_IDS:
            yield from _json(text)
        elif _STATE_NAMES.search(text[:200]):
            yield from _assigned(text)


def _assigned(text: str) -> Iterator[Any]:
    """The value of `name = {…}`, or of `name = JSON.parse("…")`, whose string is JSON itself."""
    if start := _ASSIGNMENT.match(text):
        yield from _first_json(text[start.end() :])
    elif start := _QUOTED.match(text):
        for quoted in _first_json(text[start.end() :]):
            yield from _json(quoted) if isinstance(quoted, str) else ()


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a JSON value, outermost first, within the limits of depth and number."""
    pending, seen = deque([(value, 0)]), 0
    while pending and seen < _MOST:
        node, depth = pending.popleft()
        seen += 1
        if isinstance(node, dict):
            yield node
        if depth < _DEEPEST and isinstance(node, dict | list):
            pending.extend(
                (child, depth + 1) for child in (node.values() if isinstance(node, dict) else node) if isinstance(child, dict | list)
            )


def _metas(tree: html.HtmlElement) -> Iterator[tuple[str, str]]:
    for meta in tree.iter("meta"):
        content = tidy((meta.get("content") or "")[:_LONGEST])
        name = meta.get("property") or meta.get("name") or meta.get("itemprop")
        if name and content:
            yield name.strip().lower(), content


def _linked(tree: html.HtmlElement) -> dict[str, Any]:
    for script in tree.iter("script"):
        for value in _json(script.text or "") if script.get("type") == "application/ld+json" else ():
            for node in walk(value):
                kinds = node.get("@type")
                if any(_ARTICLE_TYPES.search(str(kind)) for kind in (kinds if isinstance(kinds, list) else [kinds])):
                    return node
    return {}


def _json(text: str) -> Iterator[Any]:
    """The value, read again with control characters made spaces where the page wrote them raw."""
    trimmed = text.strip().removeprefix("<!--").removesuffix("-->").strip().rstrip(";")
    for attempt in (trimmed, _CONTROL.sub(" ", trimmed)):
        try:
            yield json.loads(attempt)
        except (ValueError, RecursionError):
            continue
        return


def _first_json(text: str) -> Iterator[Any]:
    try:
        yield json.JSONDecoder(strict=False).raw_decode(text)[0]
    except (ValueError, RecursionError):
        return


def _strings(value: Any, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _strings(one, path)
    elif path and isinstance(value, dict):
        yield from _strings(value.get(path[0]), path[1:])
    elif path[1:] == () and isinstance(value, str):
        yield value
