"""The dead man inside: a scheduler that stopped is told by the age of what it did last."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pipelines.pulse import silences
from pipelines.sheet import read_sheet
from pipelines.store import beats
from pipelines.store.database import writing
from pipelines.store.tables import Run
from tests.extract.shared import SHEETS

EVERY = {"storm_mg": read_sheet(SHEETS / "storm_mg.yaml").model_copy(update={"schedule": "*/20 * * * *"})}
TOO_LONG = timedelta(minutes=3 * 20 + 10)


def quiet(store: Engine, now: datetime) -> dict[str, str]:
    with writing(store) as session:
        return {each.part: each.how for each in silences(session, EVERY, now)}


def ran(store: Engine, at: datetime, **values: object) -> None:
    with writing(store) as session:
        session.add(Run(portal="storm_mg", started_at=at, learning=False, **values))


@pytest.mark.parametrize(("late", "is_told"), [(timedelta(seconds=-1), False), (timedelta(seconds=1), True)])
def test_no_crawl_for_three_ticks_and_ten_minutes_is_told(store: Engine, now: datetime, late: timedelta, is_told: bool) -> None:
    ran(store, now - TOO_LONG - late)
    assert ("crawls" in quiet(store, now)) is is_told
    if is_told:
        assert "every 20 minutes is usual" in quiet(store, now)["crawls"]


def test_a_backfill_is_no_sign_of_the_scheduler(store: Engine, now: datetime) -> None:
    ran(store, now - timedelta(hours=9))
    ran(store, now, history=now.date())
    assert "crawls" in quiet(store, now)


def test_nothing_is_missed_before_it_ever_was(store: Engine, now: datetime) -> None:
    assert quiet(store, now) == {}


def test_a_round_that_stopped_or_fails_is_told_with_since_when(store: Engine, now: datetime) -> None:
    with writing(store) as session:
        beats.beat(session, "deliver", now - timedelta(minutes=17), ok=True)
        beats.beat(session, "upkeep", now - timedelta(hours=2), ok=False, told={"why": "the disk is full"})
        beats.beat(session, "upkeep", now - timedelta(hours=1), ok=False, told={"why": "the disk is full"})
        beats.beat(session, "canary", now, ok=True)
    told = quiet(store, now)
    assert set(told) == {"deliver", "upkeep"}
    assert "did no round since 2026-11-22 15:43:00+08:00" in told["deliver"]
    assert told["upkeep"] == "fails since 2026-11-22 14:00:00+08:00: the disk is full"


def test_a_long_name_of_a_part_fits_its_key_and_stays_its_own(store: Engine, now: datetime) -> None:
    names = [f"ops.dag.backfill_{'x' * 40}{end}" for end in "ab"]
    with writing(store) as session:
        for name in names:
            beats.beat(session, name, now, ok=True, told={"why": name})
        assert [beat.told["why"] for name in names if (beat := beats.known(session, name))] == names


def test_doctor_says_so_and_exits_with_1(configured, tmp_path: Path, now: datetime) -> None:  # type: ignore[no-untyped-def]
    from typer.testing import CliRunner

    from pipelines.store.database import open_store
    from portalwatch.cli import app

    settings = configured(home=tmp_path / "home", config=tmp_path, contact="desk@example.org")
    (tmp_path / "watchlist.yaml").write_text("topics: {}\n", encoding="utf-8")
    assert CliRunner().invoke(app, ["doctor", "--exit-code"]).exit_code == 0
    with writing(open_store(settings)) as session:
        beats.beat(session, "deliver", now - timedelta(days=400), ok=True)
    found = CliRunner().invoke(app, ["doctor", "--exit-code"])
    assert (found.exit_code, "FAIL deliver: did no round since" in found.stdout) == (1, True)
    assert found.stderr.endswith("deliver\n")
