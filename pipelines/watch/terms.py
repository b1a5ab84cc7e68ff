"""The spellings of one term: what a character table cannot join is written out on the term's side."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import daachorse

from pipelines.text import fold, is_han

MOST = 24  # forms of one term: a long one made of many regional words is not spelled in every mixture
_DOT = "·"
_HAN, _LATIN = r"[\u3005-\u3007\u3400-\u9fff\U00020000-\U0003ffff]", r"[0-9a-z\u00df-\u024f]"
_MEETING = re.compile(f"(?<={_HAN}) ?(?={_LATIN})|(?<={_LATIN}) ?(?={_HAN})")


@lru_cache(maxsize=200_000)
def key(text: str) -> str:
    """The folded term with plain white space: what is looked for, and what alias lists are asked for."""
    return fold(" ".join(text.split())).text.strip()


@lru_cache(maxsize=200_000)
def spellings(text: str) -> tuple[str, ...]:
    """Every folded form of a term, its own first, each once.

    Other spellings (计划 as 计画), other regions' words (信息 as 资讯), and a space or none where Han and Latin meet (AI 芯片).
    """
    own = key(text)
    if not any(map(is_han, own)):
        return (own,)
    found = {own: None}
    waiting = [own]
    while waiting and len(found) < MOST:
        new = [form for form in _variants(waiting.pop(0)) if form not in found]
        found.update(dict.fromkeys(new))
        waiting += new
    return tuple(found)[:MOST]


def regional_groups() -> list[tuple[str, str]]:
    """Every pair of folded words that spellings joins, those that it joins only inside longer terms too."""
    pairs, _ = _words()
    return [(one, other) for one, other, _ in pairs[: len(pairs) // 2]]


def _variants(form: str) -> Iterator[str]:
    """The form with one word written the other way."""
    pairs, automaton = _words()
    found = automaton.find_overlapping(form)
    longest = {start: max(end for first, end, _ in found if first == start) for start, _, _ in found}
    for start, end, index in found:
        one, other, is_part = pairs[index]
        is_whole = end - start == len(form)
        # 脑梗 grows into 脑梗塞, but not where that or 脑梗死 stands already.
        grows = other.startswith(one) and (other in form or longest[start] > end)
        if not grows and not (is_part and is_whole):
            yield form.replace(one, other)
    for meeting in _MEETING.finditer(form):
        yield form[: meeting.start()] + ("" if meeting[0] else " ") + form[meeting.end() :]
    if _DOT in form.strip(_DOT):
        # Taiwan prints a foreign name's dots as full-width full stops too, or leaves them out.
        yield form.replace(_DOT, ".")
        yield form.replace(_DOT, "")


@cache
def _words() -> tuple[tuple[tuple[str, str, bool], ...], daachorse.CharwiseDoubleArrayAhoCorasick]:
    lines = [line.split() for name in ("phrases.txt", "regional.txt") for line in _lines(name)]
    pairs = [(one, other, bool(part)) for one, other, *part in lines]
    pairs += [(other, one, part) for one, other, part in pairs]
    return tuple(pairs), daachorse.CharwiseDoubleArrayAhoCorasick([one for one, _, _ in pairs])


def _lines(name: str) -> list[str]:
    return Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
