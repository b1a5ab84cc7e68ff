"""Airflow's own services on loopback: a run that is late is told to ops, and a task that fails says why in its first line."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.config import Settings
from portalwatch.children import free_port
from portalwatch.stack import running
from tests.whole.conftest import House

DAGS = Path(__file__).resolve().parents[2] / "dags"
SECONDS = 120.0  # of a busy machine; some 40 in all on an idle one
LATE = """
from datetime import timedelta
from pathlib import Path
import time
from airflow.sdk import task
from portalwatch.airflow import wiring
with wiring.dag("late_one", "Waits.", "house", schedule="@once", late=timedelta(seconds=3)) as dag:
    @task
    def wait():
        while not Path({over!r}).exists():
            time.sleep(0.1)
    wait()
"""


def waited(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not (true := condition()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return true


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_late_run_is_told_while_it_lasts_and_a_blind_crawl_begins_its_log_with_the_reason(fresh: House, tmp_path: Path) -> None:
    fresh.sheet("dw_zh", gateway="http://127.0.0.1:9")  # nobody answers
    watchlist = fresh.home / "config" / "watchlist.yaml"
    watchlist.write_text("ops: [desk]\n" + watchlist.read_text(encoding="utf-8"), encoding="utf-8")
    dags, over = tmp_path / "dags", tmp_path / "over"
    dags.mkdir()
    settings = Settings(home=fresh.home, config=fresh.home / "config", redis_url=fresh.valkey)  # type: ignore[arg-type]
    env = {name: value for name, value in fresh.env.items() if name.startswith(("PORTALWATCH_", "DEMO_"))}
    env |= {"PORTALWATCH_PORTALS": "dw_zh", "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "1"}

    def told() -> list[str]:
        return [mail["subject"] for mail in fresh.world.inbox()]

    def said() -> list[dict[str, str]]:
        logs = fresh.home.glob("airflow/logs/dag_id=crawl_dw_zh/**/*.log")
        return [json.loads(line) for path in logs for line in path.read_text(encoding="utf-8").splitlines()]

    with running(settings, dags, port=free_port(0), extra=env):
        (dags / "crawl.py").write_bytes((DAGS / "crawl.py").read_bytes())
        (dags / "late_one.py").write_text(LATE.format(over=str(over)), encoding="utf-8")
        assert waited(lambda: any("late_one is late" in subject for subject in told()), SECONDS), told()
        over.touch()
        assert waited(lambda: any("late_one works again" in subject for subject in told()), SECONDS), told()
        assert waited(lambda: any(line["event"] == "Task failed with exception" for line in said()), SECONDS), said()
    ours = [line for line in said() if line["logger"] != "task" and not line["logger"].startswith("airflow.")]
    assert ours[0]["event"].startswith("dw_zh: unreachable: ")
