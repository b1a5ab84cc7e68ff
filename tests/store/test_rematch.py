"""Matching again: late, one message a recipient, nothing that somebody heard of, nothing of learning runs; a dry run foretells it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from opencc import OpenCC
from sqlalchemy import Engine, select

from pipelines import flow, rematch
from pipelines.config import Settings
from pipelines.desk import Desk
from pipelines.rematch import wanted_of
from pipelines.store.database import engine, reading
from pipelines.store.pages import Found
from pipelines.store.tables import AlertRow, Match
from pipelines.store.watchlists import activate
from pipelines.watch.watchlist import compile_watchlist
from tests.store.articles import TEXT, article

OTHER = "鋼索吊橋在強風中受損,省道工程處連夜封閉人行道,並派出無人機檢查主纜。工程師初步判斷,橋面第三節的抗風支座鬆動,需要更換十二組螺栓,工期約三週。"
FERRY = "topics:\n  ferry: {query: 渡輪, channels: [desk]}\n"
CHANNELS = "channels:\n  desk: {type: mail, to: [desk@example.org]}\n  other: {type: mail, to: [other@example.org]}\n"
BRIDGE = "  bridge: {query: 吊橋 OR 漁會, channels: [desk, other]}\n"
HOUR = timedelta(hours=1)


@pytest.fixture
def house(configured: Callable[..., Settings], store: Engine, database_url: str, tmp_path: Path) -> Settings:
    """Settings of a store and a folder for its watchlist."""
    return configured(database_url=database_url, config=tmp_path, smtp_port=1)


def desk(settings: Settings, text: str, at: datetime, **changes: Any) -> Desk:
    settings.watchlist.write_text(text, encoding="utf-8")
    watchlist = activate(engine(settings.database), settings.watchlist, settings.aliases, at).watchlist
    values = {
        "engine": engine(settings.database),
        "fast": None,
        "watchlist": watchlist,
        "matcher": compile_watchlist(watchlist),
        "learning": False,
    }
    return Desk(**(values | {"looks": ()} | changes))


def keep(on: Desk, at: datetime, number: int, portal: str = "dw_zh", **changes: object) -> None:
    found = Found(portal=portal, identity=str(number), url=f"https://{portal}.example/{number}")
    flow.keep(on, found, article(url=found.url, **changes), at)


def again(settings: Settings, **params: Any) -> dict[str, int]:
    told = rematch.rematch(settings, wanted_of(params), {})
    return {name: told[name] for name in ("new_matches", "alerts", "messages")}


def late(settings: Settings) -> list[tuple[str, str, int]]:
    with reading(engine(settings.database)) as session:
        rows = session.scalars(select(AlertRow).where(AlertRow.late.is_not(None)).order_by(AlertRow.id)).all()
    return sorted((row.topic, row.recipient, row.story_id) for row in rows)


def test_a_new_topic_finds_what_was_there_and_tells_it_once(house: Settings) -> None:
    at = rematch.now() - HOUR
    watching = desk(house, FERRY + CHANNELS, at)
    keep(watching, at, 1)
    keep(watching, at, 2, "storm_mg", text=OpenCC("tw2s").convert(TEXT))
    keep(watching, at, 3, title="吊橋封閉", text=OTHER)
    house.watchlist.write_text(FERRY + BRIDGE + CHANNELS, encoding="utf-8")
    # Desk heard of story 1 as a ferry's already; nobody heard of story 2, which article 3 tells.
    expected = {"new_matches": 3, "alerts": 3, "messages": 2}
    assert again(house, dry_run=True) == expected
    assert late(house) == []
    assert again(house) == expected
    assert late(house) == [("bridge", "desk@example.org", 2), ("bridge", "other@example.org", 1), ("bridge", "other@example.org", 2)]
    assert again(house) == {"new_matches": 0, "alerts": 0, "messages": 0}


def test_what_a_learning_run_found_is_matched_and_not_told_nor_is_its_copy(house: Settings) -> None:
    at = rematch.now() - HOUR
    keep(desk(house, FERRY + CHANNELS, at, learning=True), at, 1)
    keep(desk(house, FERRY + CHANNELS, at), at, 2, "storm_mg", title="另一個標題")
    house.watchlist.write_text(FERRY + BRIDGE + CHANNELS, encoding="utf-8")
    expected = {"new_matches": 2, "alerts": 0, "messages": 0}
    assert again(house, dry_run=True) == again(house) == expected


def test_what_matched_before_stays_with_its_version(house: Settings) -> None:
    at = rematch.now() - HOUR
    watching = desk(house, FERRY + CHANNELS, at)
    keep(watching, at, 1)
    house.watchlist.write_text(FERRY.replace("渡輪", "吊橋") + BRIDGE + CHANNELS, encoding="utf-8")
    again(house)
    with reading(engine(house.database)) as session:
        kept = {row.topic: row.watchlist for row in session.scalars(select(Match))}
    assert kept["ferry"] == watching.watchlist.version
    assert kept["bridge"] != watching.watchlist.version


def test_only_the_topic_and_the_days_that_were_asked_for(house: Settings) -> None:
    at = rematch.now() - 3 * 24 * HOUR
    keep(desk(house, "topics: {}\n" + CHANNELS, at), at, 1)
    keep(desk(house, "topics: {}\n" + CHANNELS, at), rematch.now() - HOUR, 2, title="吊橋封閉", text=OTHER)
    house.watchlist.write_text(FERRY + BRIDGE + CHANNELS, encoding="utf-8")
    assert again(house, topic="bridge", days=1)["new_matches"] == 1
    assert again(house, topic="bridge", days=4)["new_matches"] == 1
    assert again(house, days=4)["new_matches"] == 1
