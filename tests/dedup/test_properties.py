"""Shingles of texts that hypothesis makes up: both scripts, Latin, digits, and what stands between letters."""

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dedup.shingles import SHINGLE, runs, shared, shingles, sketch
from pipelines.text import fold

BETWEEN = st.sampled_from([" ", "\n", "，", "。", "\u200b", "🚢", "「", "-"])
LETTER = st.sampled_from("臺台灣湾北韓朝鲜計畫划渡輪船AaＡ7７あéя")
LETTERS = st.text(LETTER | st.characters(categories=["Lo"], min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=80)
PAIRS = {"臺": "台", "灣": "湾", "韓": "韩", "鮮": "鲜", "畫": "画", "輪": "轮", "Ａ": "a", "A": "a", "７": "7"}
TO_SIMPLIFIED = str.maketrans(PAIRS)


@given(LETTERS)
def test_there_is_a_hash_a_run_and_equal_runs_have_equal_hashes(body: str) -> None:
    grams = [body[at : at + SHINGLE] for at in range(max(len(body) - SHINGLE + 1, bool(body)))]
    hashes = runs(body).tolist()
    assert len(hashes) == len(grams)
    assert len(set(hashes)) == len(set(grams)) == len(set(zip(hashes, grams, strict=True)))
    assert all(0 <= each < 2**63 for each in hashes)


@given(LETTERS, st.integers(0, 80), st.integers(SHINGLE, 80))
def test_a_part_of_a_text_is_wholly_held_by_it(body: str, start: int, length: int) -> None:
    part = body[start : start + length]
    held = shingles(part)
    assert len(part) < SHINGLE or shared(held, shingles(body)) == len(held)


@given(LETTERS, LETTERS, st.lists(BETWEEN, max_size=80))
def test_script_width_case_and_what_stands_between_letters_change_no_sketch(title: str, text: str, between: list[str]) -> None:
    filled = "".join(letter + gap for letter, gap in zip(text, [*between, *[""] * len(text)], strict=False))
    one, other = sketch(title, text), sketch(title.translate(TO_SIMPLIFIED), filled.translate(TO_SIMPLIFIED))
    assert one.digest == other.digest
    assert np.array_equal(one.runs, other.runs)


@given(LETTERS, LETTERS, LETTER)
def test_a_title_or_a_text_with_a_letter_more_is_another_state(title: str, text: str, letter: str) -> None:
    digests = {sketch(title, text).digest, sketch(title + letter, text).digest, sketch(title, text + letter).digest}
    assert len(digests) == 3


@given(st.text(LETTER, min_size=1, max_size=3000))
def test_what_is_posted_is_asked_for_and_both_are_shingles_of_the_text(text: str) -> None:
    drawn = sketch("", text)
    posted, asked, every = ({int(each) for each in hashes} for hashes in (drawn.sample, drawn.asked, drawn.shingles))
    assert posted <= asked <= every
    assert {int(each) for each in drawn.lead} <= every
    assert bool(fold(text).text) == bool(every)


@given(st.integers(0, 2**32), st.integers(0, 60), st.integers(0, 60), st.sampled_from([200, 2000]))
def test_a_stretch_that_two_beginnings_share_is_asked_for_and_posted(seed: int, one: int, other: int, length: int) -> None:
    letters_of = Random(seed)
    stretch, *rest = ("".join(chr(letters_of.randrange(0x4E00, 0x9FA6)) for _ in range(count)) for count in (19, 80, length))
    short = sketch("", rest[0][:one] + stretch + rest[0][one:])
    long = sketch("", rest[1][:other] + stretch + rest[1][other:])
    assert np.intersect1d(short.sample, long.asked).size
    assert np.intersect1d(long.sample, short.asked).size
