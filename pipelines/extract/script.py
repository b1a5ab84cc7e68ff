"""The language and the Chinese script of a text, read off its characters; a page's own lang attribute is wrong too often."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

_PURE = 0.9
"""Share of telling characters from which a text is of one script. One quotation does not make a text mixed."""
_KANA_SHARE = 0.05
"""Japanese prose is a third to a half kana; a Chinese text that names a Japanese song stays below this."""
_SAMPLE = 6000
"""Characters that are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Census:
    """How many characters of each kind a text has; `hans` and `hant` are those that only one script writes."""

    han: int
    kana: int
    hangul: int
    latin: int
    hans: int
    hant: int

    @property
    def is_japanese(self) -> bool:
        return self.kana >= 3 and self.kana > _KANA_SHARE * (self.kana + self.han)


@lru_cache(maxsize=1)
def _telling() -> tuple[frozenset[str], frozenset[str]]:
    """Characters of Simplified and of Traditional only: OpenCC changes them, and the other script's standard set lacks them."""
    from opencc import OpenCC

    han = [chr(code) for code in range(0x4E00, 0xA000)]
    text = "\n".join(han)
    traditional = OpenCC("s2t").convert(text).split("\n")
    simplified = OpenCC("t2s").convert(text).split("\n")
    hans = {one for one, other in zip(han, traditional, strict=True) if one != other and not _is_in(one, "big5")}
    hant = {one for one, other in zip(han, simplified, strict=True) if one != other and not _is_in(one, "gb2312")}
    return frozenset(hans - hant), frozenset(hant - hans)


def _is_in(character: str, codec: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def script_of(text: str) -> str | None:
    """`Hans`, `Hant`, `mixed`, or None where nothing tells: Japanese, Latin, or characters that both scripts share."""
    counted = _census(text[:_SAMPLE])
    if counted.is_japanese or counted.hans + counted.hant == 0:
        return None
    share = counted.hans / (counted.hans + counted.hant)
    return "Hans" if share >= _PURE else "Hant" if share <= 1 - _PURE else "mixed"


def language_of(text: str, declared: str | None) -> str | None:
    """`zh`, `ja` or `ko` by the characters; for other letters what the page declares, as a primary subtag."""
    sample = text[:_SAMPLE]
    counted = _census(sample)
    words = len(_WORD.findall(sample)) if counted.latin else 0
    if counted.is_japanese:
        return "ja"
    if counted.hangul > counted.han and counted.hangul > words:
        return "ko"
    if counted.han > words:
        return "zh"
    primary = re.match(r"[A-Za-z]{2,3}", declared or "")
    return primary[0].lower() if primary and primary[0].lower() not in ("zh", "ja", "ko") else None


_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+")


@lru_cache(maxsize=4)
def _census(sample: str) -> _Census:
    """One pass over the text, then one over its few hundred different characters."""
    counts = Counter(sample)
    hans, hant = _telling()
    return _Census(
        han=sum(times for one, times in counts.items() if "\u3400" <= one <= "\u9fff" or "\uf900" <= one <= "\ufaff"),
        kana=sum(times for one, times in counts.items() if "\u3041" <= one <= "\u3096" or "\u30a1" <= one <= "\u30fa"),
        hangul=sum(times for one, times in counts.items() if "\uac00" <= one <= "\ud7a3"),
        latin=sum(times for one, times in counts.items() if "A" <= one <= "z" or "\u00c0" <= one <= "\u024f"),
        hans=sum(counts[one] for one in hans & counts.keys()),
        hant=sum(counts[one] for one in hant & counts.keys()),
    )
