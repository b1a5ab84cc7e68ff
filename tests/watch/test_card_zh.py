"""The Chinese query card: every row finds what it says, and does not find what it says."""

from pathlib import Path

import pytest

from pipelines.watch.watchlist import Watchlist
from tests.watch.test_card import hits

CARD = Path(__file__).parents[2] / "docs" / "card.zh.md"
ALIASES = Path(__file__).parents[2] / "config" / "aliases.yaml"
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
    assert len(CARD.read_text(encoding="utf-8").splitlines()) <= 40
    assert len(ROWS) >= 15


def test_the_watchlist_of_the_chinese_card_is_good_in_both_scripts() -> None:
    text = CARD.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]
    assert [topic.title for topic in Watchlist.from_text(text, aliases_text=ALIASES.read_text(encoding="utf-8")).topics.values()] == [
        "俄朝鐵路",
        "台风停航",
    ]
