"""Bytes to text before anything else looks at them: trafilatura guesses, and loses two of three GB18030 pages."""

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_SUPERSETS = {
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "cp936": "gb18030", "hz": "gb18030", "x-gbk": "gb18030",
    "big5": "big5hkscs", "big5hkscs": "big5hkscs", "cp950": "big5hkscs", "x-x-big5": "big5hkscs",
    "shift_jis": "cp932", "cp932": "cp932", "x-sjis": "cp932", "shift_jisx0213": "cp932",
    "euc_kr": "cp949", "cp949": "cp949", "ks_c_5601-1987": "cp949",
    "euc_jp": "euc_jp", "x-euc-jp": "euc_jp",
    "iso8859-1": "cp1252", "ascii": "cp1252", "cp1252": "cp1252",
}  # fmt: skip
"""A declared label and the codec that real pages under it need (WHATWG Encoding, the superset of each)."""
_CANDIDATES = ("gb18030", "big5hkscs", "cp932", "euc_jp", "cp949", "cp1252")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_HEADER = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_HEAD = 4096
"""Bytes in which a page may declare its charset; browsers look at 1,024, but scripts often come first."""
_SAMPLE = 4_096
"""Characters in which text that was written twice is sought."""
_NEAR = 20
"""Characters that must be sound for each broken one if a text is UTF-8 with damage."""
_DECLARED = 0.15, 8.0
"""What a declaration is worth against the evidence: points a character, and points in all, which decide where characters are few."""

FREQUENT = frozenset(
    "的一是不了在人有我他这这個个上们們来來到时時大地为為子中你说說生国國年着著就那和要她出也得里裏裡后後自以会會家可下而过過天去能对對小多然于於心学學么麼之都好看起"
    "发發当當没沒成只如事把还還用第样樣道想作种種开開美总總从從无無情己面最女但现現前些所同日手又行意动動方期它头頭经經长長儿兒回位分爱愛老因很给給名法间間斯知世什两兩"
    "次使身者被高已亲親其进進此话話常与與活正感见見明问問力理尔爾点點文几幾定本公特做外相西果走将將月十实實向声聲车車全信重三机機工物气氣每并並别別真打太新比才便"
    "夫再书書部水像眼等体體却卻加电電主界门門利海受听聽表德少克代员員许許先口由死安写寫性马馬光白或住难難望教命花结結乐樂色更拉东東神记記处處让讓报報网網新闻聞记者"
)
_SOUND = frozenset("、。〃〄々〆〇〈〉《》「」『』【】〒！（），：；？")
_ODD = ((0xFFFD, 0xFFFF), (0xE000, 0xF8FF), (0xFF61, 0xFF9F), (0x80, 0x9F), (0x400, 0x52F), (0x2500, 0x257F))
"""Replacement and private characters, half-width kana, C1 controls, Cyrillic, line drawing: what a wrong codec makes of text."""
_HAN, _KANA, _HANGUL = slice(0x4E00, 0xA000), [*range(0x3041, 0x3097), *range(0x30A1, 0x30FD)], slice(0xAC00, 0xD7A4)
_LANGUAGE = {"cp932": (0.1, 1.6, 0.0), "euc_jp": (0.1, 1.6, 0.0), "cp949": (-0.5, 0.0, 1.1), "cp1252": (0.0, 0.0, 0.0)}
"""Points of Han, kana and Hangul under a codec of the language that mixes them."""
_CERTAIN = 1.15
"""Points a character from which a declaration is believed without a look at the alternatives: a text has 1.2 to 2.1 in its
own codec, and at most 1.1 in another (Japanese in Big5, read as Korean)."""
_BROKEN = re.compile("\ufffd+")
_MANGLED = re.compile(r"[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u02dc\u2013-\u2122\u20ac]")

_MANGLED_GBK = re.compile("[锛銆鐨勪笉鏄鍦涓殑浗鎴鍙]")
"""What the commonest characters and the punctuation of Chinese become when their UTF-8 is read as GBK; together no text has as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A page's text, the codec that gave it, and why that one."""

    text: str
    codec: str
    why: str


def decode(body: bytes, content_type: str = "", charset: str | None = None) -> Decoded:
    """The text of a page. `content_type` is the HTTP header as sent, `charset` what the portal's sheet says. Never raises.

    In order: byte order mark; strict UTF-8; UTF-8 with a few broken characters; the declared label's superset,
    scored against the East Asian alternatives by how frequent the characters are that each makes of the bytes.
    """
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return Decoded(text=body[len(mark) if codec == "utf-8" else 0 :].decode(codec, "replace"), codec=codec, why="byte order mark")
    try:
        return _unmangled(body.decode("utf-8"), "valid UTF-8")
    except UnicodeDecodeError as error:
        return _near_utf8(body, error.start) or _best(body, _declared(body, content_type, charset))


def _declared(body: bytes, content_type: str, charset: str | None) -> dict[str, str]:
    """Codecs and who declared them, strongest first."""
    labels = [("header", found[1]) for found in _HEADER.finditer(content_type)]
    labels += [("meta", found[1].decode("ascii", "replace")) for found in _META.finditer(body[:_HEAD])]
    labels += [("sheet", charset)] if charset else []
    named: dict[str, str] = {}
    for origin, label in labels:
        codec = _codec(label)
        if codec:
            named.setdefault(codec, f"{label} by {origin}")
    return named


def _codec(label: str) -> str | None:
    try:
        name = codecs.lookup(label.strip().lower()).name
    except LookupError:
        name = label.strip().lower()
    return _SUPERSETS.get(name.replace("-", "_"), _SUPERSETS.get(name))


def _near_utf8(body: bytes, first_error: int) -> Decoded | None:
    if first_error >= len(body) - 4:
        return Decoded(text=body[:first_error].decode("utf-8"), codec="utf-8", why="UTF-8, cut inside its last character")
    if _is_other(body[first_error : first_error + _WINDOW]):
        return None
    text = body.decode("utf-8", "replace")
    broken = len(_BROKEN.findall(text))
    sound = sum(1 for character in text if character > "\x7f") - text.count("\ufffd")
    if sound < broken * _NEAR:
        return None
    return Decoded(text=_BROKEN.sub("\ufffd", text), codec="utf-8", why=f"UTF-8 with {broken} broken characters")


def _is_other(window: bytes) -> bool:
    """Whether the bytes behind the first error are none of UTF-8, so that the rest need not be looked at."""
    return len(_BROKEN.findall(window.decode("utf-8", "replace"))) > _WINDOW / 3 / _NEAR


_WINDOW = 2048


def _best(body: bytes, declared: dict[str, str]) -> Decoded:
    sample = _dense(body)
    codec = next((codec for codec in declared if _score(sample[:_WINDOW], codec) >= _CERTAIN), None) or _best_scored(sample, declared)
    if codec in declared:
        why = f"declared {declared[codec]}, read as {codec}"
    else:
        said = f"declared {next(iter(declared.values()))}, but" if declared else "no charset declared;"
        why = f"{said} the characters speak for {codec}"
    return Decoded(text=body.decode(codec, "replace"), codec=codec, why=why)


def _best_scored(sample: bytes, declared: dict[str, str]) -> str:
    trust = _DECLARED[0] + _DECLARED[1] / max(1, sum(byte > 0x7F for byte in sample) / 2)
    scores = {codec: _score(sample, codec) + (trust if codec in declared else 0.0) for codec in dict.fromkeys((*declared, *_CANDIDATES))}
    return max(scores, key=lambda name: scores[name])


def _dense(body: bytes) -> bytes:
    """The part of the body worth scoring: its first text above ASCII, without tags (no trail byte of any codec here is an angle)."""
    start = max(body.lower().find(b"<body"), 0)
    high = _HIGH.search(body, start) or _HIGH.search(body)
    begin = max(0, high.start() - 1) if high else 0
    return _TAGS.sub(b" ", body[begin : begin + 8 * _SCORED])[:_SCORED]


_HIGH, _TAGS = re.compile(rb"[\x80-\xff]"), re.compile(rb"<[^<>]*>")
_SCORED = 4096
"""Bytes that are scored; two thousand characters change no verdict of one thousand."""


def _score(sample: bytes, codec: str) -> float:
    """Points a character above ASCII: what a language uses often counts for, what no page holds counts against."""
    codes = np.frombuffer(sample.decode(codec, "replace").encode("utf-32-le", "surrogatepass"), np.uint32)
    high = codes[codes > 0x7F]
    return float(_points(codec)[np.minimum(high, 0xFFFF)].mean()) if high.size else 0.0


@lru_cache(maxsize=8)
def _points(codec: str) -> NDArray[np.float32]:
    """What each character of the basic plane counts if the text is of this codec; all beyond it count as the plane's last."""
    table = np.zeros(0x10000, np.float32)
    table[_HAN], table[_KANA], table[_HANGUL] = _LANGUAGE.get(codec, (0.0, -0.5, 0.0))
    table[[ord(one) for one in FREQUENT]] += 3.0
    table[[ord(one) for one in _SOUND]] += 0.5
    for first, last in _ODD:
        table[first : last + 1] -= 4.0
    return table


def _unmangled(text: str, why: str) -> Decoded:
    """UTF-8 that somebody read as Latin-1 or as GBK and wrote again as UTF-8 (ä¸\xad or 涓 for 中) is turned back where that works."""
    sample = text[:_SAMPLE]
    codecs_tried = ("latin-1", "cp1252") if _is_dense(_MANGLED, sample, 4) else ("gb18030",) if _is_dense(_MANGLED_GBK, sample, 20) else ()
    for codec in codecs_tried:
        try:
            turned = text.encode(codec).decode("utf-8", "strict" if codec != "gb18030" else "replace")
        except UnicodeError:
            continue
        if turned.count("\ufffd") * _NEAR < len(turned):
            return Decoded(text=turned, codec="utf-8", why=f"UTF-8 written twice through {codec}, turned back")
    return Decoded(text=text, codec="utf-8", why=f"{why}, but it looks mangled" if codecs_tried else why)


def _is_dense(mangled: re.Pattern[str], sample: str, times: int) -> bool:
    """Whether one character above ASCII in `times` is of those that mangled text is full of."""
    return bool(mangled.search(sample)) and len(mangled.findall(sample)) * times >= sum(1 for character in sample if character > "\x7f")
