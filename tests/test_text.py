"""Folding: what compares equal, what does not, and the way back to the original's offsets."""

import timeit
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.text import fold, fold_all, is_han, letters

MIXED = st.text(
    alphabet=st.sampled_from(
        "北韓韩俄羅斯裏里AIaiＡ９ \n\r\t\u3000\u200b\u00ad\ufe0fe\u0301\u0327각ᄀ\u1161\u11a8豈😀𠮷著，。,.\u2028\u2029\ud800\0"
    ),
    max_size=30,
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("臺灣", "台湾"),
        ("台灣", "台湾"),
        ("著名", "着名"),
        ("裏裡里", "里里里"),
        ("衞生為", "卫生为"),
        ("ＡＩ１２", "ai12"),
        ("（，）", "(,)"),
        ("İstanbul ΣΑΣ", "istanbul σασ"),
        ("豈有", "岂有"),
        ("黒沢", "黑泽"),
        ("川普・川普‧", "川普·川普·"),
        ("North Korea’s", "north korea's"),
        ("計畫", "计画"),
        ("𠮷野家", "𠮷野家"),
        ("", ""),
    ],
)
def test_spellings_of_one_character_fold_together(text: str, folded: str) -> None:
    assert fold(text).text == folded


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("北 韓", "北韩"),
        ("北\u3000 \t韓", "北韩"),
        ("北\n韓", "北韩"),
        ("北\r\n韓", "北韩"),
        ("北\n\n韓", "北\n韩"),
        ("北\r\n\r\n韓", "北\n韩"),
        ("北 \n \n 韓", "北\n韩"),
        ("北\u2029韓", "北韩"),
        ("北\u2029\u2029韓", "北\n韩"),
        ("export  \n control", "export control"),
        ("export\n\ncontrol", "export\ncontrol"),
        ("韓。\n俄", "韩。 俄"),
        ("AI 公司", "ai 公司"),
        (" 北 ", " 北 "),
        ("  ", " "),
    ],
)
def test_white_space_is_ignored_between_han_and_a_blank_line_never(text: str, folded: str) -> None:
    assert fold(text).text == folded


@pytest.mark.parametrize("invisible", ["\u200b", "\u200d", "\ufeff", "\u00ad", "\ufe0f", "\U000e0101", "\u2060", "\0"])
def test_invisible_characters_are_dropped_and_counted(invisible: str) -> None:
    folded = fold(f"北{invisible}韓")
    assert folded.text == "北韩"
    assert folded.original(0, 2) == (0, 3)
    assert folded.original(1, 2) == (2, 3)


def test_offsets_are_the_originals_own_where_nothing_is_dropped() -> None:
    folded = fold("😀俄羅斯總統Putin。\n北韓")
    assert folded.places is None
    assert folded.original(1, 4) == (1, 4)


def test_a_composed_letter_maps_to_all_of_its_parts() -> None:
    folded = fold("😀e\u0301te\u0301 北韓")
    assert folded.text == "😀été 北韩"
    assert folded.original(1, 4) == (1, 6)
    assert folded.original(5, 7) == (7, 9)


def test_hangul_jamo_compose() -> None:
    folded = fold("\u1100\u1161\u11a8북한")
    assert folded.text == "각북한"
    assert folded.original(0, 1) == (0, 3)


def test_a_lone_surrogate_keeps_its_place() -> None:
    assert fold("a\ud800b").text == "a\ufffdb"
    assert fold("e\u0301\ud800").text == "é\ufffd"


def test_letters_keeps_letters_and_digits_of_any_script() -> None:
    assert letters(fold("北韓，AI_2024！\n\nÉté 😀𠮷")) == "北韩ai2024été𠮷"


def test_han_is_han_only() -> None:
    assert [is_han(char) for char in "韓𠮷々あA，"] == [True, True, True, False, False, False]


def slow_fold(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The definition, one character after the other; each folded character with its place in the original."""
    kept = [(simple(char), (at, at + 1)) for at, char in enumerate(text) if char not in "\u200b\u00ad\ufe0f\0"]
    clusters: list[tuple[str, tuple[int, int]]] = []
    for char, place in kept:
        joins = unicodedata.combining(char) or "\u1161" <= char <= "\u11ff"
        if clusters and joins:
            clusters[-1] = (clusters[-1][0] + char, (clusters[-1][1][0], place[1]))
        else:
            clusters.append((char, place))
    out: list[tuple[str, tuple[int, int]]] = []
    for cluster, place in clusters:
        composed = unicodedata.normalize("NFC", cluster)
        if composed == cluster:
            at = [found for found in kept if place[0] <= found[1][0] < place[1]]
            out += at
        else:
            out += [(char, place) for char in composed]
    return spaced(out)


def simple(char: str) -> str:
    return char if char.isspace() or unicodedata.combining(char) else fold(char).text


def spaced(chars: list[tuple[str, tuple[int, int]]]) -> tuple[str, list[tuple[int, int]]]:
    text, places, index = "", [], 0
    while index < len(chars):
        end = index
        while end < len(chars) and chars[end][0].isspace():
            end += 1
        if end == index:
            text, places, index = text + chars[index][0], [*places, chars[index][1]], index + 1
            continue
        run = "".join(char for char, _ in chars[index:end]).replace("\r\n", "\n")
        breaks = sum({"\n": 1, "\r": 1, "\u2028": 1, "\u2029": 1}.get(char, 0) for char in run)
        between = index > 0 and end < len(chars) and is_han(chars[index - 1][0]) and is_han(chars[end][0])
        if breaks > 1 or not between:
            text, places = text + ("\n" if breaks > 1 else " "), [*places, (chars[index][1][0], chars[end - 1][1][1])]
        index = end
    return text, places


@given(MIXED)
@settings(max_examples=400, deadline=None)
def test_folding_and_its_offsets_agree_with_the_definition(text: str) -> None:
    folded = fold(text)
    expected, places = slow_fold(text)
    assert folded.text == expected
    assert [folded.original(at, at + 1) for at in range(len(expected))] == places


@given(MIXED)
@settings(max_examples=200, deadline=None)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = fold(text).text
    assert fold(once.replace("\n", "\n\n")).text == once


def test_a_tower_of_marks_is_no_trap() -> None:
    assert timeit.timeit(lambda: fold("a" + "\u0301\u0327" * 100_000), number=1) < 5


@given(st.lists(MIXED, max_size=6))
@settings(max_examples=200, deadline=None)
def test_texts_that_are_folded_together_fold_as_each_alone(texts: list[str]) -> None:
    together, alone = fold_all(texts), [fold(text) for text in texts]
    assert [each.text for each in together] == [each.text for each in alone]
    offsets = [[[each.original(at, at + 1) for at in range(len(each.text))] for each in some] for some in (together, alone)]
    assert offsets[0] == offsets[1]


def test_folding_beats_opencc_by_far() -> None:
    import opencc

    article = ("俄羅斯總統普丁與北韓領導人會晤，雙方簽署了條約。\n" * 60)[:1500]
    convert = opencc.OpenCC("t2s").convert
    ours, theirs = (min(timeit.repeat(lambda work=work: work(article), number=200, repeat=5)) for work in (fold, convert))
    assert theirs > 2.5 * ours
