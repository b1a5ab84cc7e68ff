"""The text of an article whose zone is known, from a sheet or by search, with captions and rights kept apart."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, takewhile

from lxml import html

from pipelines.extract import css, phrases
from pipelines.extract.lines import MAX_LINES, Line, lines, tidy
from pipelines.extract.rules import Rules
from pipelines.extract.sift import Sifted, sift, squeeze

_ALWAYS = (phrases.EDITOR, phrases.ORIGINAL_TITLE)
"""Furniture that is none of the text in any zone."""
_FIGURES = ("figcaption",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Zoned:
    """A zone and its text as lines, its captions, its rights lines; `kept` is the share of the zone's characters that is text.

    `removed` and `figures` are the elements that the sheet takes out of it, and those that hold captions.
    """

    element: html.HtmlElement
    text: tuple[Line, ...]
    kept: float = 1.0
    captions: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()
    removed: tuple[html.HtmlElement, ...] = ()
    figures: tuple[html.HtmlElement, ...] = ()

    @property
    def paragraphs(self) -> list[str]:
        return [line.text for line in self.text]


def by_sheet(tree: html.HtmlElement, rules: Rules, title: str | None) -> Zoned | None:
    """The sheet's zone; None where the page has none of its zones or the zone holds no line."""
    element = css.first_of(tree, rules.zones)
    if element is None:
        return None
    without = _selected(element, rules.remove)
    figures = _selected(tree, (*rules.captions, *_FIGURES))
    found = islice(lines(element, [*without, *figures], rules.end), MAX_LINES)
    sorted_out = _Sorter(rules, title).sort(element, _trimmed(_until(found, rules.end), rules.trim))
    captions = dict.fromkeys([*(text for figure in figures if (text := _caption(figure, without))), *sorted_out.captions])
    told = replace(sorted_out, captions=tuple(captions), removed=tuple(without), figures=tuple(figures))
    return told if told.text else None


def by_search(element: html.HtmlElement, rules: Rules, title: str | None) -> Zoned:
    """A zone that `locate` found, sifted by what is furniture on any page; of a sheet it hears which images are none of it."""
    figures = [found for found in element.iter() if isinstance(found.tag, str) and _is_caption(found)]
    found = list(islice(lines(element, figures), MAX_LINES))
    sifted: Sifted = sift(found, title)
    kept = sum(len(line.text) for line in sifted.text) / max(1, sum(len(line.text) for line in found))
    captions = dict.fromkeys(text for figure in figures if (text := _caption(figure, ())))
    return Zoned(
        element=element,
        kept=kept,
        text=sifted.text,
        captions=tuple(captions),
        rights=sifted.rights,
        removed=tuple(_selected(element, rules.remove)),
        figures=tuple(_selected(element, rules.captions)),
    )


def _is_caption(element: html.HtmlElement) -> bool:
    return element.tag == "figcaption" or (
        element.tag in ("div", "p", "span") and bool(phrases.CAPTION_CLASS.search(element.get("class") or "")) and len(element) < _FEW
    )


_FEW = 6
"""Children of a caption; what has more is a container that calls itself one."""


def _selected(root: html.HtmlElement, selectors: Iterable[str]) -> list[html.HtmlElement]:
    return list(dict.fromkeys(found for selector in selectors for found in css.select(root, selector)))


def _caption(figure: html.HtmlElement, without: Sequence[html.HtmlElement]) -> str:
    return " ".join(line.text for line in lines(figure, without))


def _until(found: Iterable[Line], end: str | None) -> Iterator[Line]:
    """The lines before the one, comment or text, that ends the article."""
    return iter(found) if end is None else takewhile(lambda line: not re.search(end, line.text), found)


def _trimmed(found: Iterable[Line], patterns: Sequence[str]) -> Iterator[Line]:
    """The lines without the ends that the patterns find; what was cut off follows as a line of its own, so that rights are not lost."""
    if not patterns:
        yield from found
        return
    for line in found:
        text, ends = line.text, []
        for pattern in patterns:
            if cut := re.search(pattern, text):
                ends.append(tidy(cut[0]))
                text = tidy(text[: cut.start()])
        yield from (
            [line] if not ends else [_part(line, part) for part in (text, *(end for end in ends if phrases.RIGHTS.match(end))) if part]
        )


def _part(line: Line, text: str) -> Line:
    return replace(line, text=text, links=min(line.links, len(text)))


class _Sorter:
    """Sorts a zone's lines by the sheet's patterns."""

    def __init__(self, rules: Rules, title: str | None) -> None:
        self._captions, self._rights = _compiled(rules.caption_lines), _compiled(rules.rights)
        self._furniture = (*_compiled(rules.drop), *_ALWAYS)
        self._title = squeeze(title) if title else None

    def sort(self, element: html.HtmlElement, found: Iterable[Line]) -> Zoned:
        """Text, captions and rights; dropped lines are gone."""
        text: list[Line] = []
        captions: list[str] = []
        rights: list[str] = []
        for line in found:
            if _any(self._captions, line.text):
                captions.append(line.text)
            elif _any(self._rights, line.text) or phrases.RIGHTS.match(line.text):
                rights.append(line.text)
            elif not self._is_dropped(line, first=not text):
                text.append(line)
        return Zoned(element=element, text=tuple(text), captions=tuple(captions), rights=tuple(dict.fromkeys(rights)))

    def _is_dropped(self, line: Line, *, first: bool) -> bool:
        return (first and self._title is not None and squeeze(line.text) == self._title) or _any(self._furniture, line.text)


def _any(patterns: Iterable[re.Pattern[str]], text: str) -> bool:
    return any(pattern.search(text) for pattern in patterns)


@lru_cache(maxsize=256)
def _compiled(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in patterns)
