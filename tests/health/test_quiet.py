"""Topics that fall quiet: told once by their own past, explained by portals that are blind, over when something matches."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from pipelines.config import Settings
from pipelines.health.quiet import is_silent
from pipelines.health.round import health_round
from pipelines.store import incidents
from pipelines.store.database import reading, writing
from pipelines.store.tables import ArticleRow, Incident, Match, Notice, PageRow
from pipelines.watch.watchlist import Watchlist
from tests.health.test_round import DAY, HOUR, NOW, TEXT, runs

WATCHLIST = Watchlist.from_text(TEXT)
PORTALS = {"cape": "海岬日報", "port": "港口郵報"}
EVERY_SIX_HOURS = [NOW - 3 * DAY - 6 * HOUR * back for back in range(80, -1, -1)]


@pytest.fixture(autouse=True)
def running(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The round looks at this store, by this watchlist."""
    monkeypatch.setattr("pipelines.health.round.open_store", lambda _settings: store)
    monkeypatch.setattr("pipelines.health.round.running", lambda _engine, _shelf: WATCHLIST)


def matched(store: Engine, portal: str, times: list[datetime]) -> None:
    """An article of the portal that the topic `ferry` met, at each of these times."""
    with writing(store) as session:
        for at in times:
            page = PageRow(
                portal=portal, identity=f"{portal} {at}", url="u", marks={}, outcome="new", looks=0, failures=0, learned=False,
                first_seen_at=at, looked_at=at,
            )  # fmt: skip
            session.add(page)
            session.flush()
            row = ArticleRow(
                page_id=page.id, portal=portal, url="u", title="t", text="t", publisher=[], captions=[], reactions={}, comments=[],
                rung="", codec="", digest="", learned=False, first_seen_at=at,
            )  # fmt: skip
            session.add(row)
            session.flush()
            session.add(Match(article_id=row.id, revision=0, topic="ferry", watchlist="v", hits=[], learned=False, matched_at=at))


def look(now: datetime = NOW) -> dict[str, int]:
    """One round; the roll-up apart."""
    done = health_round(Settings(), PORTALS, now)
    return {event: done[event] for event in ("incident", "mended")}


def test_a_topic_that_falls_quiet_is_told_once_and_when_it_is_over(store: Engine) -> None:
    matched(store, "cape", EVERY_SIX_HOURS)
    assert look() == {"incident": 1, "mended": 0}
    assert look(NOW + HOUR) == {"incident": 0, "mended": 0}
    matched(store, "cape", [NOW + 2 * HOUR])
    assert look(NOW + 3 * HOUR) == {"incident": 0, "mended": 1}
    with reading(store) as session:
        first, *_, last = session.scalars(select(Notice).order_by(Notice.id))
        row = session.scalars(select(Incident)).one()
    assert (row.what, row.name, row.kind, row.since) == ("topic", "ferry", "quiet", EVERY_SIX_HOURS[-1])
    assert first.body["title"] == "The topic 渡輪 is quiet."
    assert "Quiet for 3 days, usually 4 a day; no portal is watched" in first.body["lines"]
    assert last.body["title"] == "Mended: The topic 渡輪 is quiet."


def test_a_topic_as_quiet_as_ever_is_not_told(store: Engine) -> None:
    matched(store, "cape", [NOW - 3 * DAY * back for back in range(18, 0, -1)])
    assert look() == {"incident": 0, "mended": 0}


def test_a_blind_portal_explains_the_silence_of_its_topics(store: Engine) -> None:
    matched(store, "cape", EVERY_SIX_HOURS)
    runs(store, failed=3)
    look()
    with reading(store) as session:
        assert [row.what for row in incidents.open_incidents(session)] == ["portal"]


def test_a_silence_that_was_told_outlives_the_past_that_it_was_told_by(store: Engine) -> None:
    matched(store, "cape", EVERY_SIX_HOURS)
    look()
    assert look(NOW + 80 * DAY) == {"incident": 1, "mended": 0}


def test_a_young_topic_has_no_silence() -> None:
    assert not is_silent([NOW - 9 * DAY + HOUR * number for number in range(9)], NOW)
    assert not is_silent([], NOW + timedelta(days=9))
