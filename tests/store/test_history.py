"""What the store knows of a portal's past: the days that were read, the crawl that has the way, the identities that were met."""

from datetime import date, datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from pipelines.models import Outcome
from pipelines.store import pages, runs
from pipelines.store.database import reading, writing
from pipelines.store.pages import Found
from pipelines.store.tables import Portal, Run

DAY = date(2026, 10, 1)


def run(session: Session, now: datetime, **values: object) -> Run:
    made = Run(**({"portal": "park6", "started_at": now, "learning": False, "outcomes": {}, "evidence": []} | values))
    session.add(made)
    session.flush()
    return made


def test_a_day_is_read_when_a_run_of_it_succeeded_and_no_page_failed(store: Engine, now: datetime) -> None:
    with writing(store) as session:
        run(session, now, history=DAY, succeeded=True, outcomes={"new": 3})
        run(session, now, history=DAY + timedelta(days=1), succeeded=True, outcomes={"new": 3, "failed": 1})
        run(session, now, history=DAY + timedelta(days=2), succeeded=False)
        run(session, now, history=DAY + timedelta(days=3), succeeded=True, portal="dw_zh")
        run(session, now, succeeded=True)
    with reading(store) as session:
        assert runs.read_days(session, "park6") == {DAY}


def test_a_run_of_the_past_is_no_portals_last_and_learns_nothing(store: Engine, now: datetime) -> None:
    with writing(store) as session:
        session.add(Portal(slug="park6"))
        present = run(session, now)
        past = runs.open_run(session, "park6", None, now, DAY)
        assert (past.learning, past.history) == (False, DAY)
        assert [each.id for each in runs.latest_runs(session)] == [present.id]


def test_the_present_has_the_way_while_its_newest_run_is_open_and_not_forgotten(store: Engine, now: datetime) -> None:
    with writing(store) as session:
        run(session, now, history=DAY)
        assert not runs.is_crawled(session, "park6", now)
        newest = run(session, now)
        assert runs.is_crawled(session, "park6", now)
        assert not runs.is_crawled(session, "dw_zh", now)
        assert not runs.is_crawled(session, "park6", now + runs.ABANDONED + timedelta(seconds=1))
        newest.finished_at = now
        session.flush()
        assert not runs.is_crawled(session, "park6", now)


def test_what_was_ever_settled_was_met(store: Engine, now: datetime) -> None:
    found = [Found(portal="park6", identity=str(number), url=f"https://p.example/{number}") for number in range(900)]
    with writing(store) as session:
        pages.settle(session, found[0], Outcome.NEW, now, ())
        pages.settle(session, found[899], Outcome.NOT_ARTICLE, now, ())
        pages.settle(session, Found(portal="dw_zh", identity="5", url="https://d.example/5"), Outcome.NEW, now, ())
    with reading(store) as session:
        assert pages.met(session, found) == {"0", "899"}
        assert pages.met(session, []) == frozenset()
