"""Airflow's own backfill, through its scheduler: a run a day of the past, and never one by itself."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from pipelines.config import settings
from pipelines.store import runs
from pipelines.store.database import reading
from portalwatch.stack import Stack, running
from tests.conftest import wait_for
from tests.whole.conftest import house
from tests.whole.portal import portal, write_sheet
from tests.whole.test_backfill import HISTORY, WATCH, a_day, kept, published

ROOT = Path(__file__).resolve().parents[2]
DAYS = [date(2026, 10, day) for day in (1, 2, 3)]


def airflow(stack: Stack, *command: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | dict(stack.env)
    return subprocess.run([sys.executable, "-m", "airflow", *command], env=env, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_airflows_backfill_reads_a_run_a_day_and_nothing_begins_by_itself(
    tmp_path: Path, valkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house(tmp_path / "house", valkey) as made, portal() as cape:
        write_sheet(made.home / "config", cape.url, history=HISTORY)
        (made.home / "config" / "watchlist.yaml").write_text(WATCH, encoding="utf-8")
        for number, day in enumerate(DAYS, 31):
            a_day(cape, day, (number,))
            published(cape, number, day)
        cape.lists(50)
        cape.article(50)
        for name, value in (made.env | {"PORTALWATCH_PORTALS": "cape"}).items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        made.learned("cape")
        with running(settings(), ROOT / "dags", port=8300) as stack:
            asked = ("backfill", "create", "--dag-id", "backfill_cape", "--from-date", "2026-10-01", "--to-date", "2026-10-03")
            conf = ("--dag-run-conf", '{"alerts": "late"}')
            wait_for(lambda: airflow(stack, *asked, *conf).returncode == 0, 120)

            def done() -> bool:
                with reading(made.database) as session:
                    return runs.read_days(session, "cape") == set(DAYS)

            wait_for(done, 200)
            assert set(kept(made)) >= {"31", "32", "33"}
            airflow(stack, "dags", "reserialize")
            found = create_engine(f"sqlite:///{made.home / 'airflow' / 'airflow.db'}")
            with found.connect() as connection:
                query = "SELECT next_dagrun_create_after, is_paused FROM dag WHERE dag_id = 'backfill_cape'"
                following, paused = connection.execute(text(query)).one()
                states = connection.execute(text("SELECT run_type, count(*) FROM dag_run WHERE dag_id = 'backfill_cape' GROUP BY 1")).all()
            found.dispose()
        assert str(following).startswith("2200-01-02")
        assert (paused, states) == (0, [("backfill", 3)])
        told = [mail for mail in made.world.inbox() if "第50號" not in mail["subject"]]
        assert len(told) == len(DAYS)
