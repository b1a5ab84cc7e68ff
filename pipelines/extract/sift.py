"""Which lines of an article's zone are its text, and which are captions, rights, credits or the furniture around it."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import dropwhile

from lxml import html

from pipelines.extract import phrases
from pipelines.extract.lines import Line
from pipelines.extract.locate import weight

_HEAD = 15
"""Lines in which the title may be repeated above the text."""
_BEFORE_ENDING = 150.0, 0.3
"""A heading such as 延伸閱讀 ends the article only after this weight of text, and this share of the zone's."""
_SIGNED = 0.75
"""An editor's name ends the article where this share of the weight stands above it; what follows advertises."""
_UI_LENGTH = 60
"""A line repeated word for word and no longer than this is part of the page, not of the story."""
_SPACE = re.compile(r"\s+")
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """The lines that are text, and the rights lines that stood among them."""

    text: tuple[Line, ...]
    rights: tuple[str, ...] = ()

    @property
    def paragraphs(self) -> list[str]:
        return [line.text for line in self.text]


def squeeze(text: str) -> str:
    """For comparing: NFKC without white space."""
    return _SPACE.sub("", unicodedata.normalize("NFKC", text))


def sift(found: Sequence[Line], title: str | None) -> Sifted:
    """The text of a zone that was found without a sheet."""
    kept = _without_repetitions(found)
    kept = _below_title(kept, title)
    kept = _above_ending(kept)
    rights = tuple(dict.fromkeys(line.text for line in kept if phrases.RIGHTS.search(line.text) and len(line.text) < _LONG_RIGHTS))
    kept = [line for line in kept if line.text not in rights and not is_furniture(line)]
    return Sifted(text=tuple(_without_loose_ends(kept)), rights=rights)


_LONG_RIGHTS = 220


def is_furniture(line: Line) -> bool:
    """Whether the line is a credit, a label, a pointer or mostly a link."""
    if line.links * 2 > len(line.text) and not (line.own >= 4 and phrases.SENTENCE_END.search(line.text)):
        return True
    return any(pattern.search(line.text) for pattern in _FURNITURE)


_FURNITURE = (
    phrases.EDITOR,
    phrases.CREDIT,
    phrases.CREDITED,
    phrases.ORIGINAL_TITLE,
    phrases.LABEL,
    phrases.POINTER,
    phrases.STAMP,
    phrases.DISCLAIMER,
    phrases.IMPRINT,
)


def _without_repetitions(found: Sequence[Line]) -> list[Line]:
    """Without the sentences that a page repeats: requests to log in, to agree, to scroll. An interviewer who puts one question
    to everybody stands where the other paragraphs stand."""
    counts = Counter(line.text for line in found)
    repeated = [line for line in found if counts[line.text] > 1 and weight(line) > 0 and len(line.text) <= _UI_LENGTH]
    if not repeated:
        return list(found)
    home = _home(found)
    dropped = {line.text for line in repeated} - {line.text for line in repeated if _container(line) is home}
    return [line for line in found if line.text not in dropped]


def _home(found: Sequence[Line]) -> html.HtmlElement | None:
    """The element in which most of the text stands, paragraph by paragraph or line by line."""
    told: Counter[html.HtmlElement] = Counter()
    for line in found:
        told[_container(line)] += round(_positive(line))
    return max(told, key=lambda element: told[element], default=None)


def _container(line: Line) -> html.HtmlElement:
    parent = line.block.getparent()
    return line.block if parent is None or line.tag not in _PARAGRAPHS else parent


def _below_title(found: list[Line], title: str | None) -> list[Line]:
    wanted = squeeze(title or "")
    if len(wanted) < 4:
        return found
    for index, line in enumerate(found[:_HEAD]):
        if squeeze(phrases.MEDIA_MARKS.sub("", line.text)) == wanted and sum(map(_positive, found[:index])) * 3 < sum(
            map(_positive, found)
        ):
            return _without_pieces(found[index + 1 :], wanted)
    return _without_pieces(found, wanted)


def _without_pieces(found: list[Line], title: str) -> list[Line]:
    """Without the leading lines that are pieces of the title, which a page breaks over several."""
    return list(dropwhile(lambda line: len(line.text) >= _PIECE and squeeze(line.text) in title, found))


_PIECE = 4


def _above_ending(found: list[Line]) -> list[Line]:
    total = sum(map(_positive, found))
    least, most = max(_BEFORE_ENDING[0], _BEFORE_ENDING[1] * total), _SIGNED * total
    before = 0.0
    for index, line in enumerate(found):
        if before >= least and (phrases.ENDING.match(line.text) or (before >= most and phrases.EDITOR.match(line.text))):
            return found[:index]
        before += _positive(line)
    return found


def _positive(line: Line) -> float:
    return max(0.0, weight(line))


def _without_loose_ends(found: list[Line]) -> list[Line]:
    """Without the labels before the first sentence and after the last, unless they stand where sentences stand."""
    homes = {line.block for line in found if weight(line) > 0}
    firm = [at for at, line in enumerate(found) if line.tag in _PARAGRAPHS or line.block in homes]
    return found[firm[0] : firm[-1] + 1] if firm else []
