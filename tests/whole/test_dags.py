"""Every DAG through Airflow's own machinery, and what importing a DAG file costs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from pipelines.store.database import writing
from pipelines.store.tables import AlertRow
from tests.extract.shared import SHEETS
from tests.whole.conftest import PORTALS, SECRET, House, house

pytestmark = pytest.mark.timeout(300)  # all DAGs are played once, before the first test: two minutes on a busy machine

ROOT = Path(__file__).resolve().parents[2]
CRAWLS = [f"crawl_{portal}" for portal in PORTALS]
REPLAY = 'deliver?{"replay": true}'
BY_AIRFLOW = {"PORTALWATCH_SMTP_CONN": "Mail_Out", "PORTALWATCH_SMTP_PORT": "1"}
"""The environment names a mail server that only Airflow's database knows."""


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, valkey: str) -> Iterator[tuple[House, dict[str, Any], dict[str, Any]]]:
    """A house, what its DAG folder holds, and the state of every DAG's run."""
    with house(tmp_path_factory.mktemp("dags"), valkey) as made:
        (made.home / "config" / "portals" / "broken.yaml").write_text("name: x\nhots: []\n", encoding="utf-8")
        made.sheet("dw_zh", owner="外語組")
        make_dead_letters(made)
        env = (
            {name: value for name, value in made.env.items() if name != "DEMO_HOOK_SECRET"}
            | BY_AIRFLOW
            | {
                "PORTALWATCH_HEARTBEAT_URL": "http://127.0.0.1:1/ping/pl4nted-heartbeat",
                "PORTALWATCH_SMTP_PASSWORD": "pl4nted-password",  # nobody logs in, it is only known
                "AIRFLOW_HOME": str(made.home / "airflow"),
                "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
                "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            }
        )
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
                REPLAY,
            ],
            cwd=ROOT,
            env=env,
            input=json.dumps(connections(made)),
            capture_output=True,
            text=True,
            check=False,
        )
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        assert lines, done.stderr[-3000:]
        yield (
            made,
            lines[0] | {"log": done.stderr + done.stdout.partition('{"played": "left"')[0]},
            {line["played"]: line for line in lines[1:]},
        )


def make_dead_letters(made: House) -> None:
    """Alerts of one portal that neither the mail server nor the webhook took, since nobody knows their secrets outside of Airflow."""
    path = made.home / "config" / "watchlist.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("DEMO_HOOK_SECRET", "AIRFLOW_CONN_CRM_HOOK"), encoding="utf-8")
    for phase in (0, 1):
        made.world.set_phase(phase)
        made.crawl("bbc_zh", **BY_AIRFLOW)
    with writing(made.database) as session:
        assert set(session.scalars(select(AlertRow.state))) == {"retrying"}
        session.execute(update(AlertRow).values(state="dead"))


def connections(made: House) -> dict[str, dict[str, Any]]:
    """What Airflow's database keeps of the house's mail server and webhook."""
    extra = json.dumps({"disable_ssl": True, "disable_tls": True, "from_email": "kept@airflow.example"})
    mail = {"conn_type": "smtp", "host": "127.0.0.1", "port": made.world.smtp_port, "password": "pl4nted-in-airflow", "extra": extra}
    return {"Mail_Out": mail, "crm_hook": {"conn_type": "generic", "password": SECRET}}


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


def test_dead_letters_are_replayed_by_the_form_and_go_by_the_connections_that_airflow_keeps(
    played: tuple[House, dict[str, Any], dict[str, Any]],
) -> None:
    assert (played[2]["deliver"]["gave"]["replayed"], played[2][REPLAY]["state"]) == (0, "success")
    gave = played[2][REPLAY]["gave"]
    assert (gave["replayed"], gave["sent"], gave["dead"]) == (4, 4, 0)
    assert (len(played[0].world.inbox()), len(played[0].world.hooks())) == (2, 2)


def test_a_connection_of_airflows_is_in_no_log_no_xcom_and_no_environment(played: tuple[House, dict[str, Any], dict[str, Any]]) -> None:
    left = json.dumps(played[2]["left"])
    assert "replayed" in left
    for secret in (SECRET, SECRET.removeprefix("whsec_"), "pl4nted-in-airflow", str(played[0].world.smtp_port)):
        assert secret not in left
    assert SECRET.removeprefix("whsec_") not in played[1]["log"]


def test_a_portals_dag_belongs_to_whom_its_sheet_names_and_others_to_ops(played: tuple[House, dict[str, Any], dict[str, Any]]) -> None:
    owners = played[1]["owners"]
    assert {name for name, owner in owners.items() if owner == "外語組"} >= {"crawl_dw_zh"}
    assert {owners[name] for name in ("crawl_park6", "crawl_broken", "deliver", "canary", "backfill", "rematch")} == {"ops"}


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


YARDSTICKS = 12  # of 0.08 s on an idle core of ours: a second, and the same share of a busy one
IMPORT = """
import argparse, inspect, json, socket, sys, time
import airflow.sdk, pydantic, yaml
def refuse(*_): raise AssertionError("a DAG file opened a connection")
socket.socket.connect = refuse
sys.path.insert(0, {dags!r})
def compiled():
    began = time.process_time()
    for _ in range(5):
        compile(source, "argparse", "exec")
    return time.process_time() - began
source = inspect.getsource(argparse)
before, began = compiled(), time.process_time()
import crawl
took = time.process_time() - began
yardstick = (before + compiled()) / 2
print(json.dumps({{"took": took, "yardstick": yardstick, "dags": sum(name.startswith("crawl_") for name in vars(crawl)), "heavy": sorted({{"scrapy", "twisted.internet.reactor", "trafilatura", "redis", "pipelines.store"}} & set(sys.modules))}}))
"""


def test_importing_fifty_portals_takes_less_than_a_second_of_an_idle_core_and_no_scrapy(tmp_path: Path) -> None:
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
    assert told["took"] < YARDSTICKS * told["yardstick"]
