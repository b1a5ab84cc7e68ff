"""Whose a portal is: a name in its sheet, for Airflow to show."""

from pathlib import Path

import pytest

from pipelines.errors import ConfigError
from pipelines.sheet import Sheet, read_sheet
from tests.extract.shared import SHEETS


def owned(folder: Path, owner: str) -> Sheet:
    path = folder / "park6.yaml"
    path.write_text(f"extends: park6\nowner: {owner}\n", encoding="utf-8")
    return read_sheet(path, base=SHEETS)


@pytest.mark.parametrize("owner", ["desk-asia", "亞洲組 Lin", "x" * 64])
def test_a_sheet_names_its_owner(tmp_path: Path, owner: str) -> None:
    assert owned(tmp_path, owner).owner == owner


def test_no_shipped_sheet_names_one() -> None:
    assert {read_sheet(path).owner for path in SHEETS.glob("*.yaml")} == {None}


@pytest.mark.parametrize("owner", ['"a, b"', '""', '" a"', r'"a\nb"', "x" * 65])
def test_what_airflow_would_show_as_two_or_as_nothing_is_refused_with_its_place(tmp_path: Path, owner: str) -> None:
    with pytest.raises(ConfigError, match=r"park6\.yaml:2:8: owner: `(?s:.*)` is no owner: write one name"):
        owned(tmp_path, owner)
