"""What stands right below the headline: the anchor of articles that have little else to be told by, such as flashes and poems."""

from collections.abc import Iterator, Sequence
from itertools import islice

from pipelines.extract import phrases
from pipelines.extract.lines import Line
from pipelines.extract.sift import is_furniture, squeeze

_REACH = 8
"""Lines below the headline in which a text begins: date, source and buttons come first."""
_MOST = 300


def position(page: Sequence[Line], title: str | None) -> int:
    """The index of the line that is the headline; the last such line above a sentence, since titles stand in breadcrumbs too; else -1."""
    key = squeeze(title or "")
    at = [index for index, line in enumerate(page) if key and line.links < len(line.text) and squeeze(line.text) == key]
    return next((index for index in at if page[index].tag in ("h1", "h2", "h3")), at[0] if at else -1)


def is_below(page: Sequence[Line], title: str | None, first: str) -> bool:
    """Whether the line `first` stands so near below the headline that the text which begins with it is the headline's."""
    at = position(page, title)
    return at >= 0 and any(line.text == first for line in islice(page, at + 1, at + 1 + _REACH))


def below(page: Sequence[Line], title: str | None) -> list[Line]:
    """The lines below the headline down to the first one that is a link or opens something else; nothing without a headline."""
    at = position(page, title)
    return list(_told(page[at + 1 : at + 1 + _MOST])) if at >= 0 else []


def _told(lines: Sequence[Line]) -> Iterator[Line]:
    begun = False
    for line in lines:
        if line.links * 2 > len(line.text):
            if begun:
                return
            continue
        if begun and (phrases.ENDING.match(line.text) or phrases.RIGHTS.search(line.text) or phrases.EDITOR.match(line.text)):
            return
        if not is_furniture(line):
            begun = True
            yield line
