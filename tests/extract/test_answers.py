"""`portalwatch extract` answers every input in its place, a bad one included."""

import gzip
import json
from pathlib import Path

import pytest

from pipelines.extract.answers import Input, answers
from pipelines.sheet import Sheet
from tests.extract.shared import PAGES, sheet

KEYS = (
    "file outcome why title text published_at published_from modified_at publisher author section rights language script captions"
    " comment_count reactions comments url images publisher_from rung quality codec codec_why portal identity"
)


def _sheet_for(url: str) -> Sheet | None:
    return sheet("storm_mg") if "storm.mg" in url else None


def test_a_bad_input_is_answered_in_its_place(tmp_path: Path) -> None:
    broken, packed = tmp_path / "broken.html.gz", tmp_path / "good.html.gz"
    broken.write_bytes(b"\x1f\x8b not gzip")
    packed.write_bytes(gzip.compress((PAGES / "storm_new.html").read_bytes()))
    inputs: list[Input] = [
        {"file": str(packed), "url": "https://www.storm.mg/article/11200001", "colour": "red"},
        {"file": str(broken)},
        {"file": str(tmp_path / "none.html")},
        {"url": "https://www.storm.mg/article/1"},
        {"file": str(packed), "url": 7},
        "{not json",
        "[1]",
        json.dumps({"file": str(PAGES / "general_hans.html")}),
        PAGES / "general_latin.html",
    ]
    got = list(answers(inputs, _sheet_for))
    assert [each["outcome"] for each in got] == [
        "article",
        "failed",
        "failed",
        "failed",
        "failed",
        "failed",
        "failed",
        "article",
        "article",
    ]
    assert all(tuple(each) == tuple(KEYS.split()) for each in got)
    assert all(each["why"] for each in got)
    assert json.loads(json.dumps(got)) == got


def test_the_sheet_is_chosen_by_address() -> None:
    file = str(PAGES / "storm_old.html")
    with_sheet, without = answers([{"file": file, "url": "https://www.storm.mg/article/4100001"}, {"file": file}], _sheet_for)
    assert with_sheet["published_from"].endswith("from the sheet")
    assert without["published_from"].endswith("from the script Hant")


def test_files_are_relative_to_the_working_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PAGES)
    (got,) = answers(['{"file": "general_hant.html"}'], _sheet_for)
    assert (got["file"], got["outcome"]) == ("general_hant.html", "article")


def test_a_page_without_an_address_is_read_by_the_sheet_that_it_names() -> None:
    from pipelines.extract.whose import whose
    from spiders.loader import SHIPPED, read_sheet

    sheets = [read_sheet(path, base=SHIPPED) for path in sorted(SHIPPED.glob("*.yaml"))]
    by_title = "<html><title>渡轮复航(图) -6park.com</title></html>".encode("gb18030")
    by_link = b"<link href='https://www.storm.mg/article/12' rel=canonical><title>x</title>"
    stranger = "<title>渡輪復航 - 海岬日報</title>".encode()
    told = [whose(body, "", sheets) for body in (by_title, by_link, stranger)]
    assert [(sheet.slug if sheet else None, address) for sheet, address in told] == [
        ("park6", ""), ("storm_mg", "https://www.storm.mg/article/12"), (None, ""),
    ]  # fmt: skip
