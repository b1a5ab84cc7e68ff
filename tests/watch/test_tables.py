"""The shipped tables are what their generator makes of the installed OpenCC, and keep their promises."""

from importlib.metadata import version

import pytest

from pipelines.watch import tables


@pytest.mark.skipif(version("opencc") != "1.4.2", reason="the tables were made with OpenCC 1.4.2")
def test_the_shipped_tables_are_the_generators() -> None:
    rows = tables.CHARACTERS.read_text(encoding="utf-8").splitlines()
    assert rows == [f"{char}{target}" for char, target in tables.character_table().items()]
    pairs = tables.PHRASES.read_text(encoding="utf-8").splitlines()
    assert pairs == [f"{one} {other}" for one, other in tables.phrase_pairs()]
    assert tables.REGIONAL.read_text(encoding="utf-8") == "".join(map(tables.regional_line, tables.regional_pairs()))


def test_every_pair_is_one_to_one_and_settled() -> None:
    rows = tables.CHARACTERS.read_text(encoding="utf-8").splitlines()
    table = {row[0]: row[1:] for row in rows}
    assert all(len(target) == 1 and target not in table for target in table.values())
    assert len(table) == len(rows) > 6000
