"""The Chinese query card: every row finds what it says, and does not find what it says."""

from pathlib import Path

import pytest

from tests.watch.test_card import hits

CARD = Path(__file__).parents[2] / "docs" / "card.zh.md"
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]] for line in CARD.read_text(encoding="utf-8").splitlines() if line.startswith("| `")
]


@pytest.mark.parametrize(("query", "meaning", "found", "missed"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row_of_the_chinese_card_holds(query: str, meaning: str, found: str, missed: str) -> None:
    query = query.strip("`")
    assert meaning
    assert hits(query, title=found) if query.startswith("title:") else hits(query, found) is not None
    assert hits(query, missed) is None


def test_the_chinese_card_fits_one_screen() -> None:
    assert len(CARD.read_text(encoding="utf-8").splitlines()) <= 30
    assert len(ROWS) >= 15
