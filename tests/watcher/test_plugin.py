"""Our pages in Airflow's: for whoever is logged in there, and for programs by their tokens."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.config import Settings
from portalwatch.airflow import pools
from portalwatch.airflow.plugin import application
from spiders import loader
from tests.watcher.conftest import ask

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what Airflow imports complains about what it imports
    from airflow.api_fastapi.core_api.security import get_user


def test_without_a_login_nothing_is_shown(configured: Callable[..., Settings]) -> None:
    configured()
    web = application()
    assert {path: ask(web, path, client="127.0.0.1").status_code for path in ("/metrics", "/health", "/anything")} == {
        "/metrics": 401, "/health": 401, "/anything": 401,
    }  # fmt: skip


def test_a_login_or_the_token_opens_the_figures(configured: Callable[..., Settings]) -> None:
    configured(metrics_token="pl4nted-metrics")
    web = application()
    assert [ask(web, "/metrics", token).status_code for token in (None, "pl4nted-metrics")] == [401, 200]
    assert ask(web, "/health").json() == {"status": "ok"}
    configured(metrics_token="")
    web = application()
    web.dependency_overrides[get_user] = lambda: "somebody"
    assert ask(web, "/nonsense").status_code == 404
    assert (ask(web, "/").status_code, ask(web, "/").headers["location"]) == (307, "health")  # where Airflow's navigation leads


def test_a_logged_in_reader_sees_metrics_from_anywhere(configured: Callable[..., Settings]) -> None:
    configured()
    web = application()
    web.dependency_overrides[get_user] = lambda: "somebody"
    assert ask(web, "/metrics").status_code == 200


def test_a_crawl_runs_in_its_hosts_pool_once_that_was_made(configured: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    settings = configured()
    sheets = loader.shelf(settings).sheets
    assert pools.chosen(settings, sheets["storm_mg"]) == "default_pool"
    asked: list[list[str]] = []

    def airflow(command: list[str], **_: object) -> object:
        asked.append([*command[2:5], *json.loads(Path(command[5]).read_text(encoding="utf-8"))])
        return type("Done", (), {"returncode": 0})

    monkeypatch.setattr(pools.subprocess, "run", airflow)
    made = pools.make(settings, sheets.values())
    assert asked == [["airflow", "pools", "import", *made]]
    assert pools.chosen(settings, sheets["storm_mg"]) == pools.pool_of(sheets["storm_mg"]) == "host_storm.mg"


def test_two_sheets_of_one_host_share_its_one_slot(configured: Callable[..., Settings]) -> None:
    sheet = loader.shelf(configured()).sheets["storm_mg"]
    found = pools.wanted([sheet, sheet.model_copy(update={"slug": "storm_en"})])
    assert {name: (pool["slots"], pool["description"]) for name, pool in found.items()} == {
        "host_storm.mg": (1, "portalwatch: one crawler at a time for storm_en, storm_mg")
    }
