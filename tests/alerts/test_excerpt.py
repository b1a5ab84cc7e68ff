"""The excerpt: capped, around the hits, in the original script, with offsets that hold."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.alerts.excerpt import ELLIPSIS, EXCERPT_CAP, Passage, clipped, excerpt, headline, printable, segments, web_link
from pipelines.models import Hit
from tests.alerts.messages import NEW, TEXT, hits_in

LONG_HANT = "港口的早晨很安靜。" * 40
LONG_HANS = "码头的早晨很安静。" * 40


def lit(passage: Passage) -> list[str]:
    return [text for text, highlighted in passage.segments if highlighted]


@pytest.mark.parametrize(
    ("filler", "word"),
    [
        (LONG_HANT, "國會"),
        (LONG_HANS, "国会"),
        ("The quay was calm. " * 30, "Putin"),
        (LONG_HANT + LONG_HANS, "AI"),
        ("😀" * 300, "𠮷野家"),
    ],
)
def test_the_word_is_shown_with_its_surroundings_wherever_it_stands(filler: str, word: str) -> None:
    for text in (word + filler, filler + word + filler, filler + word):
        found = excerpt(text, hits_in(text, "text", {"w": (word,)}))
        assert lit(found) == [word]
        assert len(found.text) <= EXCERPT_CAP
        assert len(found.text) > 100


def test_ellipses_stand_only_where_something_was_left_out() -> None:
    text = LONG_HANT + "國會" + LONG_HANT
    assert excerpt(text, ()).text.startswith("港口")
    assert excerpt(text, ()).text.endswith(ELLIPSIS)
    middle = excerpt(text, hits_in(text, "text", {"w": ("國會",)})).text
    assert middle.startswith(ELLIPSIS)
    assert middle.endswith(ELLIPSIS)
    tail = LONG_HANT + "國會。"
    assert excerpt(tail, hits_in(tail, "text", {"w": ("國會",)})).text.endswith("國會。")


def test_the_passage_with_most_different_terms_wins_over_the_first_and_the_most_frequent() -> None:
    text = "普京。" + LONG_HANT + "朝鮮朝鮮朝鮮朝鮮" + LONG_HANT + "朝鮮與俄羅斯與普京" + LONG_HANT
    assert set(lit(excerpt(text, hits_in(text, "text")))) == {"朝鮮", "俄羅斯", "普京"}


def test_of_equal_passages_the_first_is_taken() -> None:
    text = LONG_HANT + "甲：普京" + LONG_HANT + "乙：普京" + LONG_HANT
    assert "甲：普京" in excerpt(text, hits_in(text, "text")).text


def test_it_begins_at_a_sentence_where_one_begins_near() -> None:
    text = LONG_HANT + "（完）」船夫說，國會明天開會。" + LONG_HANT
    found = excerpt(text, hits_in(text, "text", {"w": ("國會",)})).text
    assert found.startswith(ELLIPSIS + "港口的早晨很安靜。")


def test_no_latin_word_number_or_accent_is_cut_in_two() -> None:
    text = ("internationalization 1234567890 cafe\u0301s " * 40) + "國會" + (" internationalization 1234567890 cafe\u0301s" * 40)
    words = excerpt(text, hits_in(text, "text", {"w": ("國會",)})).text.strip(ELLIPSIS).split()
    assert set(words) == {"internationalization", "1234567890", "cafe\u0301s", "國會"}


def test_hits_that_overlap_or_touch_are_one_highlight_and_stay_separate_hits() -> None:
    text = "北京大學生" + LONG_HANT
    hits = (
        Hit(term="a", as_written="北京大學", start=0, end=4, field="text"),
        Hit(term="b", as_written="大學生", start=2, end=5, field="text"),
    )
    found = excerpt(text, hits)
    assert lit(found) == ["北京大學生"]
    assert [hit.as_written for hit in found.hits] == ["北京大學", "大學生"]
    assert lit(excerpt(text, (replace(hits[0], end=2), replace(hits[1], start=2)))) == ["北京大學生"]


def test_a_hit_longer_than_the_excerpt_is_cut_to_it() -> None:
    text = "長" * 1000
    found = excerpt(text, (Hit(term="/長+/", as_written=text, start=0, end=1000, field="text"),))
    assert len(found.text) <= EXCERPT_CAP
    assert lit(found) == ["長" * (EXCERPT_CAP - 2)]


def test_hits_of_other_fields_and_hits_outside_the_text_light_nothing() -> None:
    hits = [
        Hit(term="x", as_written="x", start=start, end=end, field=field)
        for start, end, field in ((0, 2, "title"), (9999, 10002, "text"), (5, 5, "text"), (0, 2, "comments[0]"))
    ]
    assert lit(excerpt(LONG_HANT, hits)) == []
    assert excerpt(LONG_HANT, hits).hits == ()


@pytest.mark.parametrize("text", ["", "短", "兩字", "普京到了。", "普京到了，朝鮮也到了，俄羅斯人在等。"])
def test_a_short_flash_is_never_quoted_whole(text: str) -> None:
    found = excerpt(text, hits_in(text, "text"))
    assert text == "" or text not in found.text
    assert len(found.text.strip(ELLIPSIS)) <= len(text) * 0.6


@pytest.mark.parametrize(("length", "quoted"), [(10, 5), (466, 278), (467, 279), (468, 279), (100_000, 279)])
def test_the_cap_holds_on_both_sides_of_the_length_from_which_it_counts(length: int, quoted: int) -> None:
    assert len(excerpt("字" * length, ()).text) == quoted


def test_a_long_title_is_cut_and_its_hits_with_it() -> None:
    title = "普京" + "字" * 400 + "普京"
    found = headline(title, hits_in(title, "title"))
    assert len(found.text) == 300
    assert found.text.endswith(ELLIPSIS)
    assert lit(found) == ["普京"]
    assert headline("字" * 300, ()).text == "字" * 300


def test_dangerous_characters_are_replaced_one_for_one() -> None:
    assert printable("a\x00b\r\nc\u202ed\ud800e\u2028f\x9fg😀\u3000") == "a\ufffdb  c d\ufffde f g😀\u3000"


def test_clipping_gives_one_line_of_at_most_the_cap() -> None:
    assert clipped(" 一\n二  三 ", 10) == "一 二 三"
    assert clipped("一二三四五", 5) == "一二三四五"
    assert clipped("一二三四五六", 5) == "一二三四…"


def test_segments_rebuild_the_text() -> None:
    assert segments("abcdef", [(3, 5), (0, 2)]) == (("ab", True), ("c", False), ("de", True), ("f", False))
    assert segments("", []) == ()


@pytest.mark.parametrize("url", ["https://a.example/x?y=1&z=%E4%B8%AD#f", "http://[2001:db8::1]:8080/", "HTTPS://A.example"])
def test_web_addresses_are_links(url: str) -> None:
    assert web_link(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//a.example/",
        "https://",
        "https:///x",
        "https://u:p@a.example/",
        "https://a.example/\nx",
        "https://a.example/\u202e",
        'https://a.example/"x',
        "https://a.example/<x>",
        "https://[::1",
        "https://a.example/" + "x" * 2048,
        "",
        "https://a.example/中",
    ],
)
def test_anything_else_is_no_link(url: str) -> None:
    assert web_link(url) is None


def test_the_story_of_the_tests_is_quoted_around_its_terms() -> None:
    found = excerpt(TEXT, NEW.hits)
    assert {"朝鮮", "俄羅斯", "普京"} <= set(lit(found))


texts = st.text(alphabet=st.sampled_from("普京朝鮮港口。，\n ab1.😀𠮷\u0301\u200d\x00\u202e\ud800"), max_size=900)
spans = st.lists(st.tuples(st.integers(-5, 950), st.integers(-5, 950), st.sampled_from("abc")), max_size=30)


@given(texts, spans, st.integers(3, 300))
def test_for_any_text_and_hits_the_parts_fit_together(text: str, places: list[tuple[int, int, str]], cap: int) -> None:
    hits = [Hit(term=term, as_written="?", start=start, end=end, field="text") for start, end, term in places]
    found = excerpt(text, hits, cap)
    assert len(found.text) <= cap
    assert "".join(piece for piece, _ in found.segments) == found.text
    assert all(found.text[hit.start : hit.end] == hit.as_written != "" for hit in found.hits)
    assert found.text.strip(ELLIPSIS) in printable(text)
    found.text.encode()
    if any(max(start, 0) < min(end, len(text)) for start, end, _ in places) and cap >= 5 and len(text) >= 5:
        assert found.hits
