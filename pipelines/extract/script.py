"""The language and the Chinese script of a text, read off its characters; a page's own lang attribute is wrong too often."""

import re
from functools import lru_cache

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+")
_PURE = 0.9
"""Share of telling characters from which a text is of one script. One quotation does not make a text mixed."""
_KANA_SHARE = 0.05
"""Japanese prose is a third to a half kana; a Chinese text that names a Japanese song stays below this."""
_SAMPLE = 6000
"""Characters that are counted."""


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
    sample = text[:_SAMPLE]
    if is_japanese(sample):
        return None
    hans, hant = _telling()
    simplified = sum(character in hans for character in sample)
    traditional = sum(character in hant for character in sample)
    if simplified + traditional == 0:
        return None
    share = simplified / (simplified + traditional)
    return "Hans" if share >= _PURE else "Hant" if share <= 1 - _PURE else "mixed"


def is_japanese(text: str) -> bool:
    """Whether so much of the text is kana that it is Japanese."""
    kana, han = len(_KANA.findall(text)), len(_HAN.findall(text))
    return kana > _KANA_SHARE * (kana + han) and kana >= 3


def language_of(text: str, declared: str | None) -> str | None:
    """`zh`, `ja` or `ko` by the characters; for other letters what the page declares, as a primary subtag."""
    sample = text[:_SAMPLE]
    han, hangul, latin = (len(pattern.findall(sample)) for pattern in (_HAN, _HANGUL, _LATIN))
    if is_japanese(sample):
        return "ja"
    if hangul > han and hangul > latin:
        return "ko"
    if han > latin:
        return "zh"
    primary = re.match(r"[A-Za-z]{2,3}", declared or "")
    return primary[0].lower() if primary and primary[0].lower() not in ("zh", "ja", "ko") else None
