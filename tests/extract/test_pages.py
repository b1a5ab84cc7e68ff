"""Every page in tests/pages gives the answer that lies beside it: all layouts of the four portals, and pages without a sheet."""

import json

import pytest

from pipelines.extract.answers import answer
from pipelines.extract.ladder import extract
from pipelines.extract.opinions import of_zone
from pipelines.models import Page
from tests.extract.shared import PAGES, sheet

NAMES = sorted(path.stem for path in PAGES.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_gives_the_answer_beside_it(name: str) -> None:
    told = json.loads((PAGES / f"{name}.json").read_text(encoding="utf-8"))
    page = Page(url=told["url"], body=(PAGES / f"{name}.html").read_bytes(), content_type=told.get("content_type", "text/html"))
    got = answer(extract(page, sheet(told["sheet"]) if "sheet" in told else None), name)
    assert {key: got[key] for key in told["expect"]} == told["expect"]


def test_every_layout_that_the_sheets_know_has_a_page() -> None:
    assert {
        "storm_new",
        "storm_old",
        "park6_newscontent",
        "park6_toutiaoabc",
        "park6_local",
        "dw_new",
        "dw_old",
        "bbc_new",
        "bbc_2012",
    } <= set(NAMES)


def test_trafilatura_would_leave_out_nothing_of_a_plain_zone() -> None:
    """Which is why a sheet's zone of plain paragraphs is taken as it stands."""
    read = 0
    for name in NAMES:
        told = json.loads((PAGES / f"{name}.json").read_text(encoding="utf-8"))
        if "sheet" not in told:
            continue
        article = extract(Page(url=told["url"], body=(PAGES / f"{name}.html").read_bytes()), sheet(told["sheet"])).article
        if article and article.rung == "sheet zone":
            paragraphs = article.text.split("\n")
            assert of_zone(paragraphs) == paragraphs, name
            read += 1
    assert read >= 8
