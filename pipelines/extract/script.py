"""The language and the Chinese script of a text, read off its characters; a page's own lang attribute is wrong too often."""

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_PURE = 0.9
"""Share of telling characters from which a text is of one script. One quotation does not make a text mixed."""
_KANA_SHARE = 0.05
"""Japanese prose is a third to a half kana; a Chinese text that names a Japanese song stays below this."""
_SAMPLE = 6000
"""Characters that are counted."""


class _Kind(IntEnum):
    """What a character tells of its text; HANS and HANT are those that only one of the two scripts writes."""

    OTHER, HAN, HANS, HANT, KANA, HANGUL, LATIN = range(7)


_RANGES = (
    (0x3400, 0x9FFF, _Kind.HAN),
    (0xF900, 0xFAFF, _Kind.HAN),
    (0x3041, 0x3096, _Kind.KANA),
    (0x30A1, 0x30FA, _Kind.KANA),
    (0xAC00, 0xD7A3, _Kind.HANGUL),
    (0x41, 0x5A, _Kind.LATIN),
    (0x61, 0x7A, _Kind.LATIN),
    (0xC0, 0x24F, _Kind.LATIN),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Census:
    """How many characters of each kind a text has; `han` counts those of one script too."""

    han: int
    hans: int
    hant: int
    kana: int
    hangul: int
    latin: int

    @property
    def is_japanese(self) -> bool:
        return self.kana >= 3 and self.kana > _KANA_SHARE * (self.kana + self.han)


@lru_cache(maxsize=1)
def _kinds() -> NDArray[np.uint8]:
    """The kind of each character of the basic plane. One that only Simplified writes is changed by OpenCC, and Big5 lacks it."""
    from opencc import OpenCC

    table = np.zeros(0x10000, np.uint8)
    for first, last, kind in _RANGES:
        table[first : last + 1] = kind
    han = [chr(code) for code in range(0x4E00, 0xA000)]
    text = "\n".join(han)
    traditional = OpenCC("s2t").convert(text).split("\n")
    simplified = OpenCC("t2s").convert(text).split("\n")
    hans = {one for one, other in zip(han, traditional, strict=True) if one != other and not _is_in(one, "big5")}
    hant = {one for one, other in zip(han, simplified, strict=True) if one != other and not _is_in(one, "gb2312")}
    table[[ord(one) for one in hans - hant]] = _Kind.HANS
    table[[ord(one) for one in hant - hans]] = _Kind.HANT
    return table


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
    words = len(_WORD.findall(sample)) if counted.latin >= max(counted.han, counted.hangul) else 0
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
    codes = np.frombuffer(sample.encode("utf-32-le", "surrogatepass"), np.uint32)
    counts = np.bincount(_kinds().take(codes, mode="clip"), minlength=len(_Kind)).tolist()
    _, plain, hans, hant, kana, hangul, latin = counts
    return _Census(han=plain + hans + hant, hans=hans, hant=hant, kana=kana, hangul=hangul, latin=latin)
