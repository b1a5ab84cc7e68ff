"""Every charset that Chinese, Japanese and Korean pages arrive in, under true labels, wrong labels and none, whole and damaged."""

import pytest

from pipelines.extract.decode import decode

HANS = "<p>市政厅星期三宣布，老城区的十七座石桥将分三批修缮，第一批从河口的两座开始。</p>"
HANT = "<p>港務公司週二表示，新設的候船室將於下月啟用，旅客不必再於碼頭露天等候。</p>"
HONG_KONG = "<p>佢哋話嗰間候船室下個月先開，唔使再企喺碼頭度等；啲位都唔係好多，有嘢食。</p>"
JAPANESE = "<p>港の新しい待合室は来月から使えるようになり、雨の中で船を待つことはなくなります。</p>"
KOREAN = "<p>항만 공사는 다음 달부터 새 대합실을 연다고 밝혔다. 승객은 더 이상 비를 맞지 않아도 된다.</p>"
MIXED = "<p>BBC中文網報導，DeepMind公司在倫敦舉行說明會，與會者超過三百人。</p>"
LABELS = ("gb2312", "gbk", "utf-8", "big5", "euc-jp", "shift_jis", "euc-kr", "iso-8859-1", "no-such-charset", "")
ENCODED = [
    pytest.param(HANS, "gb18030", "gb18030", id="gb18030"),
    pytest.param(HANS, "utf-8", "utf-8", id="hans-utf8"),
    pytest.param(HANT, "big5", "big5hkscs", id="big5"),
    pytest.param(HANT, "gb18030", "gb18030", id="hant-gb18030"),
    pytest.param(HANT, "utf-8", "utf-8", id="hant-utf8"),
    pytest.param(HONG_KONG, "big5hkscs", "big5hkscs", id="big5hkscs"),
    pytest.param(MIXED, "big5", "big5hkscs", id="mixed-big5"),
    pytest.param(JAPANESE, "euc_jp", "euc_jp", id="euc-jp"),
    pytest.param(JAPANESE, "cp932", "cp932", id="shift-jis"),
    pytest.param(KOREAN, "cp949", "cp949", id="euc-kr"),
]


def _page(text: str, label: str) -> str:
    return f'<html><head><meta charset="{label}"><title>x</title></head><body>{text * 4}</body></html>'


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize(("text", "written", "read"), ENCODED)
def test_a_page_survives_its_label(text: str, written: str, read: str, label: str) -> None:
    page = _page(text, label)
    decoded = decode(page.encode(written), f"text/html; charset={label}" if label else "text/html")
    assert (decoded.text, decoded.codec) == (page, read)


@pytest.mark.parametrize(("text", "written", "read"), ENCODED)
def test_a_page_cut_inside_its_last_character_survives(text: str, written: str, read: str) -> None:
    whole = _page(text, "").split("</body>")[0].removesuffix("</p>")
    body = whole.encode(written)
    decoded = decode(body[:-1])
    assert decoded.codec == read
    assert decoded.text[: len(whole) - 2] == whole[:-2]


@pytest.mark.parametrize(("text", "written", "read"), ENCODED)
def test_a_byte_lost_in_the_middle_costs_a_sentence_and_not_the_page(text: str, written: str, read: str) -> None:
    page = _page(text * 5, "")
    body = page.encode(written)
    decoded = decode(body[: len(body) // 2] + body[len(body) // 2 + 1 :])
    assert decoded.codec == read
    assert decoded.text.count(text) >= 18


def test_a_byte_order_mark_outranks_every_label() -> None:
    assert decode("﻿標題".encode(), "text/html; charset=big5").text == "標題"
    assert decode("標題".encode("utf-16"), "text/html; charset=big5").codec == "utf-16"


def test_the_sheet_speaks_where_the_page_is_silent() -> None:
    decoded = decode("<p>石桥</p>".encode("gb18030"), "text/html", "gb2312")
    assert decoded.text == "<p>石桥</p>"
    assert "by sheet" in decoded.why


def test_characters_beyond_gb2312_are_read_under_its_label() -> None:
    text = _page("<p>朱镕基与喆、瑄、镕、囧，见于昇平街。" + "的是不了在" * 5 + "</p>", "gb2312")
    assert decode(text.encode("gb18030")).text == text


def test_utf8_written_twice_through_latin_1_is_turned_back() -> None:
    twice = HANT.encode().decode("latin-1").encode()
    assert decode(twice).text == HANT


@pytest.mark.parametrize("text", [HANS * 5, HANT * 5])
def test_utf8_written_twice_through_gbk_is_turned_back(text: str) -> None:
    decoded = decode(text.encode().decode("gb18030", "ignore").encode())
    assert "turned back" in decoded.why
    assert sum(character in decoded.text for character in text) >= 0.95 * len(text)


def test_text_about_mangled_characters_is_left_alone() -> None:
    text = HANS * 3 + "<p>乱码“锟斤拷”与“涓浗”从何而来？</p>"
    assert decode(text.encode()).text == text


def test_french_in_utf8_is_left_alone() -> None:
    text = "<p>L’été dernier, la préfète a inauguré la gare rénovée.</p>"
    assert decode(text.encode()).text == text


def test_western_text_under_a_western_label_is_read_as_such() -> None:
    text = "<p>L'été dernier, la préfète a inauguré la gare rénovée.</p>"
    assert decode(text.encode("cp1252"), "text/html; charset=iso-8859-1").text == text


@pytest.mark.parametrize("body", [b"", b"\x00", b"\xff" * 50, b"\x80", b"\xfe\xff", bytes(range(256)) * 20])
def test_no_bytes_raise(body: bytes) -> None:
    assert isinstance(decode(body, "text/html; charset=\x00", "utf-16").text, str)
