"""What a person who starts the monitor reads first, and what is refused before anything is started."""

import socket
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipelines.config import Settings
from pipelines.errors import PortalwatchError, WrongUseError
from portalwatch import network
from portalwatch.cli import app
from spiders import loader
from spiders.crawl import RunFailed

WATCH = """
topics: {ferry: {query: 渡輪, channels: [desk, crm]}}
channels:
  desk: {type: mail, to: [reader@demo.localhost]}
  crm: {type: webhook, url: "https://crm.example.org/hook/pl4nted-token", secret_env: CRM_SECRET}
"""
FAILED = {
    "portal": "dw_zh",
    "discovered": 0,
    "outcomes": {},
    "bytes": 0,
    "finish_reason": "finished",
    "reason": "unreachable: name not resolved",
}


class StartedError(Exception):
    """In the place of a stack."""


@pytest.fixture
def up(configured: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    def started(*_: object, **__: object) -> None:
        raise StartedError

    def begin(**values: object) -> Result:
        configured(config=tmp_path, home=tmp_path / "home", **values)
        return CliRunner().invoke(app, ["up"])

    (tmp_path / "watchlist.yaml").write_text(WATCH, encoding="utf-8")
    monkeypatch.setattr("portalwatch.stack.running", started)
    monkeypatch.setattr("portalwatch.network.is_away", lambda sheets: False)
    return begin


def test_an_unknown_portal_is_told_before_anything_is_started(up: Callable[..., Result]) -> None:
    done = up(portals="storm_mgg,dw_zh")
    assert isinstance(done.exception, WrongUseError)
    assert "did you mean `storm_mg`" in str(done.exception)


def test_a_start_says_what_is_read_by_which_watchlist_and_who_hears(up: Callable[..., Result], tmp_path: Path) -> None:
    done = up(portals="storm_mg,dw_zh", smtp_host="mail.demo.localhost")
    assert isinstance(done.exception, StartedError)
    assert done.stderr.splitlines() == [
        "Portals    2 portals: dw_zh, storm_mg",
        f"Watchlist  {tmp_path / 'watchlist.yaml'}, 1 topic",
        "Alerts     mail to reader@demo.localhost by mail.demo.localhost:25; crm (webhook)",
    ]


def test_a_start_says_how_to_read_fewer_portals_and_which_sheet_is_broken(up: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "portals").mkdir()
    (tmp_path / "portals" / "cape.yaml").write_text("nonsense", encoding="utf-8")
    first, second, *_ = up().stderr.splitlines()
    assert first.endswith("; PORTALWATCH_PORTALS=slug,slug chooses fewer")
    assert second.startswith("           cape is not read: ")


def test_a_start_without_anybody_to_tell_or_a_network_says_so(
    up: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "watchlist.yaml").write_text("topics: {ferry: {query: 渡輪}}", encoding="utf-8")
    monkeypatch.setattr("portalwatch.network.is_away", lambda sheets: True)
    assert up().stderr.splitlines()[-2:] == ["Alerts     go to nobody: no topic names a channel", f"Network    {network.AWAY}"]


def test_a_running_stack_says_where_its_pages_are_and_how_it_ends(up: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    class Stack:
        airflow_url, env = "http://127.0.0.1:8090", {}

        def password(self) -> str:
            return "xyz"

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("portalwatch.stack.running", lambda *_, **__: nullcontext(Stack()))
    monkeypatch.setattr("portalwatch.airflow.pools.Keeper.look", interrupted)
    assert up().stderr.splitlines()[-4:] == [
        "Airflow    http://127.0.0.1:8090   user admin, password xyz",
        "Figures    http://127.0.0.1:8090/portalwatch/metrics and …/portalwatch/health, once logged in there",
        "Ctrl-C stops everything. In another terminal, `portalwatch doctor` tells what is wrong.",
        "stopped; nothing is left running",
    ]


@pytest.fixture
def crawl(configured: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    def failed(*_: object, **__: object) -> None:
        raise RunFailed(FAILED)

    configured(config=tmp_path, home=tmp_path / "home", portals="dw_zh")
    monkeypatch.setattr("spiders.crawl.crawl", failed)
    return lambda *options: CliRunner().invoke(app, ["crawl", "dw_zh", *options])


def answering(*names: str) -> Callable[..., list[Any]]:
    def asked(host: str, *_: object, **__: object) -> list[Any]:
        if host not in names:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [host]

    return asked


def test_a_crawl_without_a_network_says_that_and_nothing_of_discoveries(
    crawl: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answering())
    done = crawl()
    assert (done.stdout, str(done.exception), type(done.exception)) == ("", f"dw_zh: {network.AWAY}", PortalwatchError)
    assert '"discovered": 0' in crawl("--json").stdout


def test_a_crawl_of_a_portal_that_is_gone_says_that_one_alone(crawl: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answering("www.dw.com"))
    assert str(crawl().exception) == "dw_zh: unreachable: name not resolved"


def test_a_name_server_that_does_not_answer_is_no_network_and_a_proxy_needs_none(
    configured: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: time.sleep(0.3))
    sheets = list(loader.shelf(configured(portals="dw_zh")).sheets.values())
    assert network.is_away(sheets, seconds=0.1)
    assert not network.is_away([])
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert not network.is_away(sheets, seconds=0.1)
