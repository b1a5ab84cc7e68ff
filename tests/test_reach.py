"""What `doctor` says of the channels: what would keep a message from its reader, and nothing that a reader would notice."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from demo.serve import running
from pipelines.config import Settings
from pipelines.watch.watchlist import Watchlist
from portalwatch.cli import app
from portalwatch.reach import is_reserved, looked_at

DESK = "topics: {ferry: {query: 渡輪, channels: [desk]}}\nchannels: {desk: {type: mail, to: [reader@demo.localhost]}}\n"
SECRET = "whsec_cGw0bnRlZC1TZWNyZXQ="


def said(text: str, settings: Settings) -> list[str]:
    return [f"{'ok' if each.ok else 'FAIL'} {each.what}: {each.how}" for each in looked_at(Watchlist.from_text(text), settings)]


@pytest.fixture
def nobody() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def mute() -> Iterator[int]:
    """The port of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def test_a_mail_server_where_nothing_listens_is_told_once_with_what_to_set(configured: Callable[..., Settings], nobody: int) -> None:
    both = DESK.replace("[desk]", "[desk, night]").replace(
        "channels: {desk", "channels: {night: {type: mail, to: [b@demo.localhost]}, desk"
    )
    assert said(both, configured(smtp_port=nobody)) == [
        f"FAIL mail server: localhost:{nobody}: connection refused; PORTALWATCH_SMTP_HOST names another",
        "ok channel desk: mail to 1 recipient",
        "ok channel night: mail to 1 recipient",
    ]


def test_a_mail_server_that_answers_is_greeted_and_gets_no_mail(configured: Callable[..., Settings], tmp_path: Path) -> None:
    with running(hook_secret=SECRET, state_dir=tmp_path) as world:
        given = configured(smtp_host="127.0.0.1", smtp_port=world.smtp_port, smtp_user="desk", smtp_password="pl4nted")
        assert said(DESK, given) == [f"ok mail server: 127.0.0.1:{world.smtp_port} answers", "ok channel desk: mail to 1 recipient"]
        assert world.inbox() == []
        assert "does not offer what the settings ask for (STARTTLS or a login)" in said(DESK, configured(smtp_security="starttls"))[0]


def test_a_mail_server_that_says_nothing_is_not_waited_for(
    configured: Callable[..., Settings], mute: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.alerts.lines.unreachable.__defaults__", (0.2,))
    assert said(DESK, configured(smtp_port=mute))[0].startswith(f"FAIL mail server: localhost:{mute}: no answer in time; ")


def test_the_good_bye_is_said(configured: Callable[..., Settings]) -> None:
    heard = []

    def serve(server: socket.socket) -> None:
        client, _ = server.accept()
        with client, client.makefile("rwb", 0) as talk:
            talk.write(b"220 here\r\n")
            heard.extend(iter(talk.readline, b""))

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        assert said(DESK, configured(smtp_port=server.getsockname()[1]))[0].startswith("ok mail server")
        thread.join()
    assert heard == [b"quit\r\n"]


def test_placeholders_of_the_documentation_are_told_where_they_stand(
    configured: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
topics: {ferry: {query: 渡輪, channels: [desk, crm, room]}}
channels:
  desk: {type: mail, to: [desk@example.org, desk@Newsroom.Example.COM, desk@demo.localhost]}
  crm: {type: webhook, url: "https://crm.example.org/hook/pl4nted-token", secret_env: CRM_SECRET}
  room: {type: chat, url_env: ROOM_URL}
  unused: {type: mail, to: [other@example.org]}
"""
    monkeypatch.setenv("CRM_SECRET", SECRET)
    monkeypatch.setenv("ROOM_URL", "ntfys://pl4nted@ntfy.example.net/topic")
    nobody_has = "a placeholder from the documentation, which nobody has"
    assert said(text, configured(smtp_host="mail.example.org", smtp_port=587, mail_from="watch@example.org")) == [
        f"FAIL mail server: mail.example.org:587: {nobody_has}; PORTALWATCH_SMTP_HOST names another",
        f"FAIL sender of mails: watch@example.org: {nobody_has}; PORTALWATCH_MAIL_FROM names yours",
        f"FAIL channel desk: desk@example.org: {nobody_has}; put your own into the watchlist",
        f"FAIL channel desk: desk@Newsroom.Example.COM: {nobody_has}; put your own into the watchlist",
        f"FAIL channel crm: crm.example.org: {nobody_has}; put your receiver's into the watchlist",
        f"FAIL channel room: ntfy.example.net: {nobody_has}; put your service's into ROOM_URL",
    ]


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("example.org", True),
        ("a.b.example.net.", True),
        ("x.test", True),
        ("localhost", False),
        ("myexample.org", False),
        ("example.org.tw", False),
    ],
)
def test_only_the_names_of_rfc_2606_are_placeholders(host: str, is_one: bool) -> None:
    assert is_reserved(host) is is_one


HOOK = 'topics: {ferry: {query: 渡輪, channels: [crm]}}\nchannels: {crm: {type: webhook, url: "http://127.0.0.1:9/pl4nted-token", secret_env: CRM_SECRET}}\n'


def test_a_webhook_on_a_private_address_is_told_with_the_setting_that_allows_it_and_never_asked(
    configured: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_SECRET", SECRET)
    assert said(HOOK, configured()) == [
        "FAIL channel crm: refused: 127.0.0.1 a loopback address; where that is meant, name `127.0.0.1` in PORTALWATCH_ALLOW_HOSTS"
    ]
    assert said(HOOK, configured(allow_hosts="127.0.0.1:9")) == ["ok channel crm: webhook at 127.0.0.1, which may be reached"]


def test_a_webhook_whose_name_leads_nowhere_is_told(configured: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setenv("CRM_SECRET", SECRET)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    gone = HOOK.replace("127.0.0.1:9", "crm.gone")
    assert said(gone, configured()) == ["FAIL channel crm: crm.gone: name not resolved; is the address right?"]


def test_what_is_missing_in_the_environment_is_told_and_what_only_airflow_sees_is_no_failure(
    configured: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = configured(allow_hosts="127.0.0.1", smtp_conn="mail_out")
    assert said(HOOK, allowed) == ["FAIL channel crm: needs the environment variable CRM_SECRET, which is not set"]
    monkeypatch.setenv("CRM_SECRET", "pl4nted, no secret of a webhook")
    assert said(HOOK, allowed) == ["FAIL channel crm: CRM_SECRET holds no webhook secret; one is `whsec_` and then base64"]
    assert [line[:69] for line in said(DESK, allowed)] == ["ok channel desk: needs the environment variable AIRFLOW_CONN_MAIL_OUT"]


def test_ops_and_channels_of_ones_own_are_looked_at_too(configured: Callable[..., Settings], tmp_path: Path) -> None:
    text = "ops: [pager]\ntopics: {}\nchannels: {pager: {type: own, file: pager}}\n"
    path = tmp_path / "channels" / "pager.py"
    assert said(text, configured(config=tmp_path)) == [f"FAIL channel pager: there is no {path}"]
    path.parent.mkdir()
    path.write_text("raise SystemExit('is not run')", encoding="utf-8")
    assert said(text, configured(config=tmp_path)) == [f"ok channel pager: {path}"]


def test_doctor_looks_at_the_channels_of_the_running_watchlist(configured: Callable[..., Settings], tmp_path: Path, nobody: int) -> None:
    configured(config=tmp_path, contact="https://desk.example.org/", smtp_port=nobody)
    (tmp_path / "watchlist.yaml").write_text(DESK.replace("demo.localhost", "example.org"), encoding="utf-8")
    done = CliRunner().invoke(app, ["doctor", "--exit-code"])
    assert f"FAIL mail server: localhost:{nobody}: connection refused; " in done.stdout
    assert "FAIL channel desk: reader@example.org: a placeholder" in done.stdout
    assert (done.exit_code, done.stderr) == (1, "wrong: mail server, channel desk\n")
