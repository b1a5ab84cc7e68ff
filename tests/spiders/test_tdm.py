"""The TDM Reservation Protocol: what a file reserves, and that a hostile one reserves nothing by accident."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from spiders.tdm import FRESH, RULES, is_fresh, is_reserved, reservations, told

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
POLICY = "https://p.example/policy.json"


def kept(*rules: object) -> dict[str, object]:
    return reservations(200, json.dumps(rules).encode(), NOW)


def test_the_longest_matching_location_decides() -> None:
    file = kept({"location": "/", "tdm-reservation": 1, "tdm-policy": POLICY}, {"location": "/free/", "tdm-reservation": 0})
    assert is_reserved(file, "https://p.example/article/1")
    assert not is_reserved(file, "https://p.example/free/1")
    assert told({"https://p.example": file}) == [f"https://p.example reserves text and data mining ({POLICY})"]


def test_a_location_may_hold_the_wildcards_of_robots_txt() -> None:
    file = kept({"location": "/*.pdf$", "tdm-reservation": 1})
    assert is_reserved(file, "https://p.example/a/b.pdf")
    assert not is_reserved(file, "https://p.example/a/b.pdf.html")


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[" * 100_000, b"5", b'{"location": "/"}', b'[5, null, {"location": 5, "tdm-reservation": 1}]', b"\xff\xfe"]
)
def test_what_is_no_such_file_reserves_nothing(body: bytes) -> None:
    file = reservations(200, body, NOW)
    assert told({"https://p.example": file}) == []
    assert not is_reserved(file, "https://p.example/article/1")


def test_a_file_cannot_smuggle_in_lines_nor_be_endless() -> None:
    file = kept({"location": "/a\nDisallow: /", "tdm-reservation": 1}, *({"location": f"/{n}", "tdm-reservation": 0} for n in range(999)))
    assert not is_reserved(file, "https://p.example/article/1")
    assert len(file["rules"]) == RULES  # type: ignore[arg-type]


def test_characters_that_no_address_has_reserve_nothing_and_reach_no_terminal() -> None:
    file = kept({"location": "/a\ud800\0", "tdm-reservation": 1, "tdm-policy": "x\ud800\x1b[31m"})
    assert is_reserved(file, "https://p.example/a")
    assert told({"https://p.example": file})[0].isprintable()


def test_a_missing_file_reserves_nothing_and_is_asked_for_once_a_day() -> None:
    file = reservations(404, b"[]", NOW)
    assert told({"https://p.example": file}) == []
    assert is_fresh(file, NOW + FRESH - timedelta(seconds=1))
    assert not is_fresh(file, NOW + FRESH)
    assert not is_fresh(None, NOW)


def test_a_header_reserves_too() -> None:
    assert told({"https://p.example": reservations(404, b"", NOW) | {"header": ""}}) == ["https://p.example reserves text and data mining"]
