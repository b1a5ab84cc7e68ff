"""The spellings of one term: what a character table cannot join is written out on the term's side."""

from functools import cache, lru_cache
from pathlib import Path

import daachorse
import opencc

from pipelines.text import fold, is_han

# To the other script, and to the words of Taiwan and Hong Kong and back (信息, 資訊).
CONFIGS = ("s2t", "t2s", "s2tw", "s2twp", "tw2sp", "s2hk", "t2hk")

_DOT = "·"


@lru_cache(maxsize=200_000)
def key(text: str) -> str:
    """The folded term with plain white space: what is looked for, and what alias lists are asked for."""
    return fold(" ".join(text.split())).text.strip()


@lru_cache(maxsize=200_000)
def spellings(text: str) -> tuple[str, ...]:
    """Every folded form of a term, its own first, each once."""
    own = key(text)
    if not any(map(is_han, own)):
        return (own,)
    found = dict.fromkeys([own, *(key(converter.convert(text)) for converter in _converters())])
    for form in tuple(found):
        found.update(dict.fromkeys(_variants(form)))
    for form in tuple(found):
        found.update(dict.fromkeys(_undotted(form)))
    return tuple(form for form in found if form)


def _variants(form: str) -> list[str]:
    """The form with one word spelled the other way (计划 as 计画)."""
    pairs, automaton = _phrases()
    return [form.replace(*pairs[index]) for index in dict.fromkeys(index for _, _, index in automaton.find_overlapping(form))]


def _undotted(form: str) -> tuple[str, ...]:
    """A foreign name with its dots as Taiwan also prints them: full-width full stops, or none."""
    return (form.replace(_DOT, "."), form.replace(_DOT, "")) if _DOT in form.strip(_DOT) else ()


@cache
def _converters() -> tuple[opencc.OpenCC, ...]:
    return tuple(opencc.OpenCC(config) for config in CONFIGS)


@cache
def _phrases() -> tuple[tuple[tuple[str, str], ...], daachorse.CharwiseDoubleArrayAhoCorasick]:
    lines = Path(__file__).with_name("phrases.txt").read_text(encoding="utf-8").splitlines()
    pairs = [(one, other) for one, _, other in (line.partition(" ") for line in lines)]
    pairs += [(other, one) for one, other in pairs]
    return tuple(pairs), daachorse.CharwiseDoubleArrayAhoCorasick([one for one, _ in pairs])
