"""Editions of a portal: discovery addresses that a sheet knows and reads only where an operator asks for them."""

from pathlib import Path

import pytest

from pipelines.errors import ConfigError
from pipelines.sheet import read_sheet
from tests.extract.shared import SHEETS


def own(folder: Path, also: str) -> Path:
    path = folder / "park6.yaml"
    path.write_text(f"extends: park6\n{also}\n", encoding="utf-8")
    return path


def test_the_shipped_sheet_reads_the_edition_that_lists_them_all_and_no_other() -> None:
    shipped = read_sheet(SHEETS / "park6.yaml")
    assert [source.url for source in shipped.discovery if "type_id" in source.url] == [
        "https://local.6parknews.com/index.php?type_id=11&p=1"
    ]
    assert len(shipped.editions) == 10


def test_an_operator_adds_editions_by_name(tmp_path: Path) -> None:
    shipped, extended = read_sheet(SHEETS / "park6.yaml"), read_sheet(own(tmp_path, "also: [local_us, local_jp, local_us]"), base=SHEETS)
    added = ["https://local.6parknews.com/index.php?type_id=1&p=1", "https://local.6parknews.com/index.php?type_id=8&p=1"]
    assert [source.url for source in extended.discovery] == [*(source.url for source in shipped.discovery), *added]
    assert all(extended.serves(url) for url in added)


def test_an_unknown_edition_is_refused_with_its_place_and_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"park6\.yaml:2:7: also: no edition is called `local_usa`; .*; did you mean `local_us`"):
        read_sheet(own(tmp_path, "also: [local_usa]"), base=SHEETS)
