"""What a task fails with, and so whether Airflow tries it again; and what each DAG is given."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowTaskTimeout
from airflow.sdk.execution_time.context import set_current_context
from sqlalchemy.exc import OperationalError

from pipelines.config import Settings
from pipelines.errors import ConfigError, PortalwatchError, StoreAway
from portalwatch.airflow import wiring


class Ti:
    """Keeps what a task pushes."""

    def __init__(self) -> None:
        self.pushed: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


@pytest.fixture
def ti(installed: Settings) -> Iterator[Ti]:
    made = Ti()
    with set_current_context({"ti": made}):  # type: ignore[typeddict-item]
        yield made


def failing(error: BaseException, **options: Any) -> BaseException:
    with pytest.raises(AirflowException) as raised, wiring.plainly(**options):
        raise error
    return raised.value


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConfigError("sheet.yaml:2:1: no"), "sheet.yaml:2:1: no"),
        (PortalwatchError("dw_zh: nobody answers"), "dw_zh: nobody answers"),
        (KeyError("nid"), "KeyError: 'nid'"),
        (ZeroDivisionError(), "ZeroDivisionError: "),
        (AirflowTaskTimeout("Timeout, PID: 7"), "Timeout, PID: 7"),
    ],
)
def test_what_does_not_pass_fails_at_once_with_its_reason(
    ti: Ti, error: BaseException, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        raised = failing(error)
    assert isinstance(raised, AirflowFailException)
    assert (str(raised), ti.pushed["reason"], caplog.messages) == (reason, reason, [reason])
    assert (raised.__cause__ is error) == (type(error).__module__ == "builtins")


@pytest.mark.parametrize("error", [OperationalError("SELECT 1", {}, Exception("gone")), StoreAway("it does not answer")])
def test_a_database_that_is_away_is_tried_again(ti: Ti, error: Exception) -> None:
    assert not isinstance(failing(error), AirflowFailException)
    assert ti.pushed == {}


def test_what_may_pass_for_a_task_is_tried_again_and_nothing_else(ti: Ti) -> None:
    def passes(error: BaseException) -> bool:
        return isinstance(error, AirflowTaskTimeout)

    assert not isinstance(failing(AirflowTaskTimeout("late"), passes=passes), AirflowFailException)
    assert isinstance(failing(KeyError("x"), passes=passes), AirflowFailException)


def test_what_airflow_itself_raises_goes_through(ti: Ti) -> None:
    raised = AirflowException("tried again")
    assert failing(raised) is raised


@pytest.mark.parametrize(
    ("tell", "kind", "heard"),
    [("house", "house", True), ("house", "manual", True), ("house", "crawl", False), ("all", "crawl", True), ("off", "house", False)],
)
def test_ops_hear_of_the_kinds_of_dags_that_the_settings_name(
    tell: str, kind: Any, heard: bool, monkeypatch: pytest.MonkeyPatch, installed: Settings
) -> None:
    monkeypatch.setattr(wiring, "settings", lambda: installed.model_copy(update={"tell_failures": tell}))
    made = wiring.dag("one", "What it does.", kind, late=timedelta(minutes=5), tags=["zh"])
    assert (bool(made.deadline), "on_failure_callback" in made.default_args) == (heard, heard)
    assert (made.max_active_runs, made.catchup, made.tags) == (1, False, {"portalwatch", kind, "zh"})
    assert (made.doc_md or "").startswith("What it does.\n\n[")
    assert "on_failure_callback" not in wiring.dag("two", "", kind, told=False).default_args
