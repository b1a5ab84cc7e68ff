"""Makes the tables that folding rests on, so that an OpenCC upgrade never silently moves what is already stored.

`python -m pipelines.watch.tables` writes pipelines/characters.txt (one pair a line: a character, what it folds to),
pipelines/combining.txt (ranges of code points that NFC may join with what stands before, or take apart) and
pipelines/watch/phrases.txt (two folded spellings of one word a line, such as 计划 计画, which no character table can join).
Sources: OpenCC's own dictionaries, Python's Unicode tables, and the variants below.
"""

import subprocess
import tempfile
import unicodedata
from functools import cache
from pathlib import Path

import opencc

PACKAGE = Path(__file__).resolve().parents[1]
CHARACTERS, COMBINING, PHRASES = PACKAGE / "characters.txt", PACKAGE / "combining.txt", PACKAGE / "watch" / "phrases.txt"

# Pairs that OpenCC's t2s leaves apart: variants of one character, and typographic twins of one mark.
_VARIANTS = (
    "著着 衞卫 敍叙 衹只 粧妆 枱台 糭粽 痺痹 簷檐 锺钟 麽么 喫吃 牀床 祕秘 菸烟 煙烟 妳你 牠它 歎叹 鑒鉴 墻墙 蹟迹 舖铺 "
    "敎教 靑青 値值 戸户 呉吴 産产 卽即 旣既 眞真 爲为 羣群 峯峰 綫线 裡里 啓启 銹锈 汙污 洩泄 兇凶 佈布 週周 佔占 "
    "砲炮 慾欲 讚赞 嚐尝 唸念 遊游 跡迹 蹤踪 証证 溼湿 鉤钩 麪面 粦磷 甦苏 〇零 ςσ "
    "馀余 ⺠民 ⻄西 ⻅见 ⻆角 ⻉贝 ⻋车 ⻓长 ⻔门 ⻘青 ⻚页 ⻛风 ⻜飞 ⻝食 ⻢马 ⻣骨 ⻤鬼 ⻥鱼 ⻦鸟 ⻨麦 ⻩黄 ⻬齐 ⻮齿 ⻰龙 "
    "‘' ’' ʼ' ′' “\" ”\" ‐- ‑- ‒- –- −- ‧· •· ・· ･· ∙· ⋅·"
)
VARIANTS = {pair[0]: pair[1] for pair in _VARIANTS.split()}


def character_table() -> dict[str, str]:
    """Every code point that folds to another one: one to one, and folding twice changes nothing more."""
    letters = [char for char in map(chr, range(0x80, 0x32000)) if unicodedata.category(char)[0] in "LNSP" and _is_single(char)]
    simple = {
        **_wide(letters),
        **_converted("t2s", [char for char in letters if _is_han(char)]),
        **_japanese(letters),
        **_radicals(),
        **VARIANTS,
    }
    table = {char: _settled(char, simple) for char in [*map(chr, range(0x41, 0x5B)), *letters, *VARIANTS]}
    return {char: target for char, target in sorted(table.items()) if target != char}


def combining_ranges() -> list[tuple[int, int]]:
    """First and last code point of every run that is no safe place to cut a text before normalising it."""
    unsafe = [code for code in range(0x80, 0x110000) if not 0xD800 <= code < 0xE000 and _joins(chr(code))]
    starts = [code for index, code in enumerate(unsafe) if not index or unsafe[index - 1] != code - 1]
    ends = [code for index, code in enumerate(unsafe) if index + 1 == len(unsafe) or unsafe[index + 1] != code + 1]
    return list(zip(starts, ends, strict=True))


def _joins(char: str) -> bool:
    return bool(unicodedata.combining(char)) or not _is_single(char) or char in _seconds()


@cache
def _seconds() -> frozenset[str]:
    """Characters that NFC may melt into the one before them: the last of a canonical decomposition, and Hangul vowels and tails."""
    parts = (unicodedata.decomposition(chr(code)) for code in range(0x80, 0x110000))
    pairs = (part.split() for part in parts if part and part[0] != "<")
    return frozenset([chr(int(pair[1], 16)) for pair in pairs if len(pair) == 2] + [chr(code) for code in range(0x1161, 0x11C3)])


def phrase_pairs() -> list[tuple[str, str]]:
    """(folded spelling by t2s, folded spelling by the character table) where the two differ; the shortest that explain the rest."""
    table = character_table()
    pairs: dict[tuple[str, str], None] = {}
    for traditional, simplified in _dictionary("TSPhrases"):
        one, other = (("".join(table.get(char, char) for char in word)) for word in (simplified, traditional))
        if one != other and len(one) == len(other) and len(one) > 1:
            pairs[one, other] = None
    ordered = sorted(pairs, key=lambda pair: (len(pair[0]), pair))
    return [pair for index, pair in enumerate(ordered) if not any(_explains(short, pair) for short in ordered[:index])]


def _explains(short: tuple[str, str], pair: tuple[str, str]) -> bool:
    return pair[0].replace(short[0], short[1]) == pair[1]


def _settled(char: str, simple: dict[str, str]) -> str:
    for _ in range(6):
        normal = unicodedata.normalize("NFC", char)
        lower = normal.lower() if len(normal.lower()) == 1 else {"İ": "i"}.get(normal, normal)
        following = simple.get(lower, lower)
        if following == char:
            break
        char = following
    return char


def _is_single(char: str) -> bool:
    return len(unicodedata.normalize("NFC", char)) == 1


def _is_han(char: str) -> bool:
    return "CJK" in unicodedata.name(char, "")


def _radicals() -> dict[str, str]:
    """Radicals as characters: text that comes out of a PDF has ⽇ for 日."""
    found = ((chr(code), unicodedata.decomposition(chr(code)).split()) for code in range(0x2E80, 0x2FE0))
    return {char: chr(int(parts[1], 16)) for char, parts in found if parts[:1] == ["<compat>"]}


def _wide(letters: list[str]) -> dict[str, str]:
    marked = ("<wide>", "<narrow>")
    found = {char: unicodedata.decomposition(char).split() for char in letters}
    return {char: chr(int(parts[1], 16)) for char, parts in found.items() if len(parts) == 2 and parts[0] in marked}


def _converted(config: str, letters: list[str]) -> dict[str, str]:
    convert = opencc.OpenCC(config).convert
    results = {char: convert(char) for char in letters}
    return {char: result for char, result in results.items() if len(result) == 1 and result != char}


def _japanese(letters: list[str]) -> dict[str, str]:
    """Shinjitai that no Chinese character set knows (黒, 沢), so that they cannot be taken for a Chinese character."""
    return _converted("jp2t", [char for char in letters if "一" <= char <= "鿿" and _is_foreign(char)])


def _is_foreign(char: str) -> bool:
    return not any(char.encode(codec, "ignore") for codec in ("gb2312", "big5"))


def _dictionary(name: str) -> list[tuple[str, str]]:
    home = Path(str(opencc.__file__)).parent / "clib"
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "words.txt"
        source = home / "share" / "opencc" / f"{name}.ocd2"
        command = [str(home / "bin" / "opencc_dict"), "-i", str(source), "-o", str(target), "-f", "ocd2", "-t", "text"]
        subprocess.run(command, check=True)  # noqa: S603  our own arguments, run by a developer only
        rows = [line.split("\t") for line in target.read_text(encoding="utf-8").splitlines()]
    return [(key, values.split(" ")[0]) for key, values in rows]


def main() -> None:
    """Write the tables."""
    CHARACTERS.write_text("".join(f"{char}{target}\n" for char, target in character_table().items()), encoding="utf-8")
    COMBINING.write_text("".join(f"{first:04X} {last:04X}\n" for first, last in combining_ranges()), encoding="ascii")
    PHRASES.write_text("".join(f"{one} {other}\n" for one, other in phrase_pairs()), encoding="utf-8")


if __name__ == "__main__":
    main()
