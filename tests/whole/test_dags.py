"""Every DAG through Airflow's own machinery, and what importing a DAG file costs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.extract.shared import SHEETS
from tests.whole.conftest import PORTALS, House, house

ROOT = Path(__file__).resolve().parents[2]
CRAWLS = [f"crawl_{portal}" for portal in PORTALS]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, valkey: str) -> Iterator[tuple[House, dict[str, Any], dict[str, Any]]]:
    """A house, what its DAG folder holds, and the state of every DAG's run."""
    with house(tmp_path_factory.mktemp("dags"), valkey) as made:
        (made.home / "config" / "portals" / "broken.yaml").write_text("name: x\nhots: []\n", encoding="utf-8")
        env = made.env | {
            "PORTALWATCH_HEARTBEAT_URL": "http://127.0.0.1:1/ping/pl4nted-heartbeat",
            "PORTALWATCH_SMTP_PASSWORD": "pl4nted-password",  # nobody logs in, it is only known
            "AIRFLOW_HOME": str(made.home / "airflow"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        }
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.whole.dags_once",
                str(ROOT / "dags"),
                *CRAWLS,
                "crawl_broken",
                "deliver",
                "upkeep",
                "health",
                "reextract",
                "rematch",
                "digest",
            ],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        assert lines, done.stderr[-3000:]
        yield made, lines[0] | {"log": done.stderr + done.stdout}, {line["dag"]: line for line in lines[1:]}


def test_the_folder_loads_without_errors_even_with_a_broken_sheet(played: tuple[House, dict[str, Any], dict[str, Any]]) -> None:
    _, bag, _ = played
    assert bag["errors"] == {}
    assert set(bag["dags"]) >= {
        *CRAWLS,
        "crawl_broken",
        "deliver",
        "digest",
        "health",
        "upkeep",
        "reextract",
        "rematch",
        "backfill",
        "canary",
    }
    assert all(bag["docs"].values())
    assert {name for name in bag["dags"] if name.startswith("backfill_")} >= {"backfill_park6", "backfill_storm_mg"}


@pytest.mark.parametrize("dag", [*CRAWLS, "deliver", "digest", "health", "reextract", "rematch"])
def test_each_dag_succeeds(played: tuple[House, dict[str, Any], dict[str, Any]], dag: str) -> None:
    assert played[2][dag]["state"] == "success", played[2][dag]


def test_the_dag_of_a_broken_sheet_fails_and_nothing_else_does(played: tuple[House, dict[str, Any], dict[str, Any]]) -> None:
    assert played[2]["crawl_broken"]["state"] == "failed"
    assert "portals/broken.yaml:2:1" in played[1]["log"]


def test_no_task_logs_a_secret(played: tuple[House, dict[str, Any], dict[str, Any]]) -> None:
    assert "the heartbeat was not heard" in played[1]["log"]
    assert "pl4nted" not in played[1]["log"]


def test_forms_have_typed_fields_and_lineage_reads_portal_stories_alerts(played: tuple[House, dict[str, Any], dict[str, Any]]) -> None:
    params, assets = played[1]["params"], played[1]["assets"]
    assert {name: sorted(params[name]) for name in ("crawl_dw_zh", "backfill", "reextract", "rematch")} == {
        "crawl_dw_zh": ["resume"],
        "backfill": ["alerts", "from", "portal", "to"],
        "reextract": ["dry_run", "portal", "since", "until", "url"],
        "rematch": ["days", "dry_run", "portal", "topic"],
    }
    assert all(field["type"] for fields in params.values() for field in fields.values())
    assert assets["crawl_dw_zh"] == [["portal_dw_zh"], ["portalwatch_stories"]]
    assert assets["deliver"] == [["portalwatch_stories"], ["portalwatch_alerts"]]


def test_a_crawl_that_fails_leaves_its_reason_in_the_xcom(played: tuple[House, dict[str, Any], dict[str, Any]]) -> None:
    assert "broken.yaml" in played[2]["crawl_broken"]["reason"]


def test_upkeep_succeeds_where_nothing_is_wrong(played: tuple[House, dict[str, Any], dict[str, Any]]) -> None:
    assert played[2]["upkeep"]["state"] == "success", played[2]["upkeep"]


def test_the_crawls_kept_articles(played: tuple[House, dict[str, Any], dict[str, Any]]) -> None:
    listed = played[0].run("portals", "list", "--json").stdout.splitlines()
    assert {line["portal"] for line in map(json.loads, listed) if line["succeeded"]} == set(PORTALS)


IMPORT = """
import json, socket, sys, time
import airflow.sdk, pydantic, yaml
def refuse(*_): raise AssertionError("a DAG file opened a connection")
socket.socket.connect = refuse
sys.path.insert(0, {dags!r})
began = time.process_time()
import crawl
took = time.process_time() - began
print(json.dumps({{"took": took, "dags": sum(name.startswith("crawl_") for name in vars(crawl)), "heavy": sorted({{"scrapy", "twisted.internet.reactor", "trafilatura", "redis", "pipelines.store"}} & set(sys.modules))}}))
"""


def test_importing_fifty_portals_takes_less_than_a_second_and_no_scrapy(tmp_path: Path) -> None:
    portals = tmp_path / "config" / "portals"
    portals.mkdir(parents=True)
    for number in range(50 - len(list(SHEETS.glob("*.yaml")))):
        (portals / f"portal_{number}.yaml").write_text("extends: storm_mg\nschedule: '*/7 * * * *'\n", encoding="utf-8")
    env = {
        "PORTALWATCH_CONFIG": str(tmp_path / "config"),
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", IMPORT.format(dags=str(ROOT / "dags"))], env=env, capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["heavy"] == []
    assert told["dags"] - 1 == 50
    assert told["took"] < 1.0
