"""A crawl of a portal whose sheet names no zone learns the portal's own lines, and the next crawl reads without them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from pipelines.extract.learned import PAGES, STORIES
from pipelines.store import learned
from pipelines.store.database import reading
from pipelines.store.tables import ArticleRow
from tests.whole.conftest import House
from tests.whole.portal import Portal, page, portal, write_sheet

OWN = "海岬日報提醒您，颱風季節出海請留意氣象署最新公告。"


@pytest.fixture
def cape(fresh: House) -> Iterator[Portal]:
    """A portal without a zone, all of whose pages say the same at their end."""
    with portal() as up:
        write_sheet(fresh.home / "config", up.url)
        fresh.learned("cape")
        yield up


def _publish(cape: Portal, *numbers: int) -> None:
    for number in numbers:
        cape.article(number, body=page(f"第{number}號渡輪復航").replace("</div></body>", f"<p>{OWN}</p></div></body>").encode())
    cape.lists(*numbers)


def _texts(house: House) -> dict[str, str]:
    with reading(house.database) as session:
        return {row.title: row.text for row in session.scalars(select(ArticleRow))}


def test_a_portal_s_own_line_goes_once_its_pages_have_taught_it(fresh: House, cape: Portal) -> None:
    _publish(cape, *range(1, STORIES + 1))
    assert fresh.crawl("cape")["outcomes"] == {"new": STORIES}
    assert OWN in _texts(fresh)["第1號渡輪復航"]
    with reading(fresh.database) as session:
        assert len(learned.recall(session, "cape").pages) == STORIES <= PAGES
        assert learned.recall(session, "dw_zh").pages == ()
    _publish(cape, *range(1, STORIES + 2))
    assert fresh.crawl("cape")["outcomes"]["new"] == 1
    assert OWN not in _texts(fresh)[f"第{STORIES + 1}號渡輪復航"]
    assert "渡輪消息" in _texts(fresh)[f"第{STORIES + 1}號渡輪復航"]
