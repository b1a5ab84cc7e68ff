"""How far an article's text is to be trusted, read off what agrees on its page: no truth is known where a page is new.

Each sign takes away its part, and the parts multiply. Their weights follow how well each sign alone ranked 350 readings, good and
bad, of the recorded pages (Spearman against F1: prose 0.66, links 0.75, labels 0.62, kept 0.38).

| sign | 1 | takes away at most |
|---|---|---|
| rung | the sheet's zone, as it stands | see RUNGS |
| kept | all of the zone that was found is text | 0.50 |
| links | no line is a link of the page | 0.50 |
| body | the JSON-LD body says the same | 0.30 |
| prose | every paragraph ends as a sentence does | 0.30 |
| covered | the text holds all prose of the page | 0.15 |
| labels | no line is as short as a label | 0.15 |
| told | the page's own description is in the text | 0.05 |
| title, time | the page has one | 0.10, 0.03 |
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.extract.lines import Line
from pipelines.extract.locate import weight
from pipelines.extract.phrases import SENTENCE_END

RUNGS = {
    "sheet zone": 1.0,
    "found zone": 0.98,
    "JSON-LD": 0.95,
    "page": 0.9,
    "script state": 0.85,
    "below headline": 0.8,
    "readability": 0.7,
}
"""What a rung is worth before the page has said anything, by the first words of its name."""
_KEPT, _LINKS, _BODY, _PROSE, _COVERED, _LABELS, _TOLD, _TITLE, _TIME = 0.50, 0.50, 0.30, 0.30, 0.15, 0.15, 0.05, 0.10, 0.03
_LABEL = 15
"""Characters of a line that may be a label."""
_GRAM = 4
_DESCRIBED, _ENOUGH = 20, 600
"""Characters of a description below which it tells nothing, and of a body beyond which it need not be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What a page gives to judge its text by; None where it does not give it, which counts as nothing against the text.

    `kept` share of the found zone that is text · `linked` share of the text that is links of the page · `covered` share of the page's
    prose that is in the text · `described`, `body` what the page tells machines · the last two whether it has a title and a time
    """

    rung: str
    paragraphs: Sequence[str]
    kept: float | None = None
    linked: float | None = None
    covered: float | None = None
    described: str | None = None
    body: str | None = None
    has_title: bool = False
    has_time: bool = False


def quality_of(signs: Signs) -> float:
    """0 to 1, with two digits; 0 for no text. It follows F1 in rank, not in value: a page below 0.7 is worth a look."""
    sizes = [(len(each), bool(SENTENCE_END.search(each))) for each in signs.paragraphs]
    total = sum(size for size, _ in sizes)
    if not total:
        return 0.0
    text = "".join("".join(signs.paragraphs).split())
    parts = (
        (_KEPT, signs.kept),
        (_LINKS, None if signs.linked is None else 1.0 - signs.linked),
        (_BODY, _held(signs.body, text)),
        (_PROSE, sum(size for size, is_sentence in sizes if is_sentence) / total),
        (_COVERED, signs.covered),
        (_LABELS, 1.0 - sum(size for size, _ in sizes if size < _LABEL) / total),
        (_TOLD, _held(signs.described, text)),
        (_TITLE, float(signs.has_title)),
        (_TIME, float(signs.has_time)),
    )
    value = next((worth for rung, worth in RUNGS.items() if signs.rung.startswith(rung)), 0.0)
    for most, sign in parts:
        value *= 1.0 if sign is None else 1.0 - most * (1.0 - sign)
    return round(value, 2)


def against(page: Sequence[Line], paragraphs: Sequence[str]) -> tuple[float, float]:
    """(share of the text that is links of the page, share of the page's prose that is in the text)."""
    told = set(paragraphs)
    linked = {line.text for line in page if line.links * 2 > len(line.text)}
    prose = [(max(0.0, weight(line)), line.text in told) for line in page]
    total, own = sum(value for value, _ in prose), sum(value for value, is_own in prose if is_own)
    return sum(len(each) for each in paragraphs if each in linked) / max(1, sum(map(len, paragraphs))), own / total if total else 1.0


def _held(said: str | None, text: str) -> float | None:
    """The share of what the page says elsewhere that the text holds too."""
    flat = "".join((said or "")[: 2 * _ENOUGH].split())[:_ENOUGH]
    if len(flat) < _DESCRIBED:
        return None
    grams = {flat[at : at + _GRAM] for at in range(len(flat) - _GRAM + 1)}
    return sum(gram in text for gram in grams) / len(grams)
