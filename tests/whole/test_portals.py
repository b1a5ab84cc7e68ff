"""Every shipped sheet crawls its replica portal: the ledger balances, all that is listed is kept, and once only."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from demo.world import WIDER
from pipelines.store.database import reading
from pipelines.store.tables import ArticleRow
from tests.extract.shared import SHEETS
from tests.whole.conftest import House, house


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory, valkey: str) -> Iterator[House]:
    """A house and a world at phase 0."""
    with house(tmp_path_factory.mktemp("wide"), valkey) as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("portal", [portal for portal in WIDER if (SHEETS / f"{portal}.yaml").exists()])
def test_every_replica_portal_is_crawled_whole_with_a_balanced_ledger(wide: House, portal: str) -> None:
    wide.sheet(portal)
    wide.world.set_phase(0)
    first = wide.crawl(portal)
    wide.world.set_phase(1)
    second, third = wide.crawl(portal), wide.crawl(portal)
    for told in (first, second, third):
        assert told["exit"] == 0, told
        assert sum(told["outcomes"].values()) == told["discovered"]
        assert set(told["outcomes"]) <= {"new", "known", "unchanged"}, told
    listed = [piece for piece in wide.world.world.scene.wider if piece.portal == portal]
    assert first["outcomes"]["new"] == sum(piece.phase == 0 for piece in listed) >= 1
    assert second["outcomes"]["new"] == sum(piece.phase == 1 for piece in listed) >= 1
    assert "new" not in third["outcomes"]
    with reading(wide.database) as session:
        rows = session.scalars(select(ArticleRow).where(ArticleRow.portal == portal)).all()
        assert {row.title for row in rows} == {piece.title for piece in listed}
