"""Secrets planted in every setting, and nothing that leaves the house carries one: logs, errors, tracebacks, notices, pages, metrics."""

import io
import json
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

from pipelines.config import Settings
from pipelines.heartbeat import ping
from pipelines.hiding import Hiding, hidden, known
from pipelines.metrics import exposition
from pipelines.ops import Notice, tell_ops
from portalwatch import logs
from portalwatch.airflow import wiring
from portalwatch.cli import app
from portalwatch.web import app as web
from tests.alerts.conftest import Receiver
from tests.watcher.conftest import HOOK_SECRET, ask

PLANTED = {
    "PORTALWATCH_CONTACT": "desk@example.org",
    "PORTALWATCH_SMTP_PASSWORD": "pl4nted-smtp",
    "PORTALWATCH_REDIS_URL": "redis://:pl4nted-redis@127.0.0.1:1/0",
    "PORTALWATCH_HEARTBEAT_URL": "http://127.0.0.1:1/ping/pl4nted-heartbeat",
    "PORTALWATCH_METRICS_TOKEN": "pl4nted-metrics",
    "PORTALWATCH_ARCHIVE_URL": "memory://user:pl4nted-archive@bucket/pages",
    "PORTALWATCH_DATABASE_URL": "postgresql://pw:pl4nted-data%40base@127.0.0.1:1/x",
    "AIRFLOW_CONN_SMTP_DEFAULT": "smtp://me:pl4nted-connection@mail.example",
    "CHAT_APPRISE_URL": "tgram://pl4nted-apprise/12345678",
    "OPS_HOOK_SECRET": HOOK_SECRET,
}
SIGNS = ("pl4nted", HOOK_SECRET.removeprefix("whsec_"), "cGw0bnRlZ")
LEAK = " ".join(PLANTED.values())


@pytest.fixture
def planted(installed: Settings, configured: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)
    found: Settings = configured()
    return found


def _raise() -> None:
    raise RuntimeError(LEAK)


def leaks(text: str) -> list[str]:
    return [sign for sign in SIGNS if sign in text]


def test_every_planted_secret_is_known_and_hidden(planted: Settings) -> None:
    assert leaks(LEAK) == ["pl4nted", SIGNS[1], "cGw0bnRlZ"]
    assert leaks(hidden(LEAK, planted)) == []
    assert all(len(each) > 5 for each in known(planted))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("to postgresql://pw:a:b/c@db and redis://:x@r", "to postgresql://pw:•••@db and redis://:•••@r"),
        ("https://example.org/a?b=c desk@example.org", "https://example.org/a?b=c desk@example.org"),
        ("http://[::1]:80/ and 朝鮮://：@", "http://[::1]:80/ and 朝鮮://：@"),
    ],
)
def test_the_password_of_any_address_is_hidden_and_nothing_else(planted: Settings, said: str, told: str) -> None:
    assert hidden(said, planted) == told


def test_a_page_that_repeats_the_beginning_of_an_address_delays_no_log(planted: Settings) -> None:
    began = time.monotonic()
    assert hidden("://a:" * 8000 + " ://b:c@d", planted).endswith(" ://b:•••@d")
    assert time.monotonic() - began < 2


def test_a_record_whose_arguments_do_not_fit_ends_nobody_and_carries_none(planted: Settings) -> None:
    record = logging.LogRecord("library", logging.WARNING, "", 0, "%d of %s", (PLANTED["PORTALWATCH_METRICS_TOKEN"],), None)
    assert Hiding(planted).filter(record)
    assert record.getMessage() == "%d of %s ('•••',)"


@pytest.mark.parametrize("form", ["", "json"])
def test_logs_and_tracebacks_carry_none(planted: Settings, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    logs.set_up(planted.model_copy(update={"log": form}), verbose=False)
    log = logging.getLogger("portalwatch.test")
    log.warning("could not reach %s", LEAK)
    error = OperationalError(LEAK, {"password": LEAK}, Exception(LEAK))
    log.error("it broke", exc_info=(OperationalError, error, None), extra={"portal": "storm_mg", "url": LEAK})
    assert leaks(stream.getvalue()) == []
    assert "it broke" in stream.getvalue()
    if form == "json":
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        assert [(line["level"], line["logger"]) for line in lines] == [("warning", "portalwatch.test"), ("error", "portalwatch.test")]
        assert (lines[1]["portal"], lines[1]["event"]) == ("storm_mg", "it broke")
        assert "OperationalError" in lines[1]["exception"]


def test_what_nobody_foresaw_prints_a_traceback_without_any(planted: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError) as raised:
        _raise()
    logs.crashed(RuntimeError, raised.value, raised.tb)
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert leaks(told) == []


@pytest.mark.parametrize(
    "command", [["doctor"], ["portals", "list"], ["alerts", "list"], ["redis", "info"], ["db", "upgrade"], ["crawl", "dw_zh"]]
)
def test_commands_whose_database_is_away_tell_none(planted: Settings, command: list[str]) -> None:
    done = CliRunner().invoke(app, command)
    assert leaks(done.output + hidden(str(done.exception), planted)) == []
    assert leaks(str(done.exception)) == []
    assert done.output or done.exception


def test_with_a_database_doctor_and_metrics_carry_none(
    planted: Settings, configured: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PORTALWATCH_DATABASE_URL")
    settings = configured(archive="false")
    assert leaks(CliRunner().invoke(app, ["doctor"]).output) == []
    assert leaks(exposition(settings, ["storm_mg"]).decode()) == []
    for path in ("/metrics", "/health", "/nonsense"):
        assert leaks(ask(web(settings), path, client="127.0.0.1").text) == []
    assert leaks(str(ping(settings, "deliver", LEAK))) == []


def test_a_notice_to_ops_carries_none(planted: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    tell_ops(planted, Notice(key="ops.test", subject=f"it broke: {LEAK}", text=LEAK))
    assert receiver.seen
    assert leaks(receiver.seen[0].body.decode()) == []


def test_a_task_fails_without_any_and_a_dags_source_and_doc_hold_none(planted: Settings) -> None:
    from airflow.sdk.exceptions import AirflowException

    with pytest.raises(AirflowException) as raised, wiring.plainly():
        raise OperationalError("SELECT 1", {}, Exception(LEAK))
    assert leaks(str(raised.value)) == []
    assert raised.value.__suppress_context__
    sources = [path.read_text(encoding="utf-8") for path in sorted(Path("dags").glob("*.py"))]
    assert sources
    assert leaks("".join(sources) + wiring.documented("x")) == []


def test_settings_print_none(planted: Settings) -> None:
    assert leaks(repr(planted) + planted.model_dump_json()) == []
