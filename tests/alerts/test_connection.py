"""A mail server out of an Airflow connection: as Airflow itself reads it, without Airflow."""

import email
import email.policy
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.alerts.connection import MailServer, Passwords, mail_server
from pipelines.alerts.sending import sender_of
from pipelines.alerts.smtp import Smtp
from pipelines.config import Settings
from pipelines.errors import ConfigError
from tests.alerts.messages import NEW
from tests.alerts.test_smtp import Box, serving

EXTRA = {"disable_ssl": True, "disable_tls": False, "from_email": "watch@example.org"}


def read(text: str) -> MailServer:
    return mail_server("mail_out", {"AIRFLOW_CONN_MAIL_OUT": text})


@pytest.mark.parametrize(
    "text",
    [
        "smtp://desk%40example.org:p%2Fw%3A@mail.example.org:2587/?disable_ssl=True&disable_tls=False&from_email=watch%40example.org",
        "smtp://desk%40example.org:p%2Fw%3A@mail.example.org:2587/?__extra__=" + json.dumps(EXTRA).replace(" ", "%20"),
        json.dumps(
            {"conn_type": "smtp", "host": "mail.example.org", "port": 2587, "login": "desk@example.org", "password": "p/w:", "extra": EXTRA}
        ),
        json.dumps(
            {"host": "mail.example.org", "port": "2587", "login": "desk@example.org", "password": "p/w:", "extra": json.dumps(EXTRA)}
        ),
    ],
)
def test_both_forms_say_the_same(text: str) -> None:
    smtp = Smtp(host="mail.example.org", port=2587, user="desk@example.org", password="p/w:", security="starttls")
    assert read(text) == MailServer(smtp=smtp, sender="watch@example.org")


@pytest.mark.parametrize(
    ("query", "security", "port"),
    [
        ("", "tls", 465),
        ("?disable_ssl=false", "tls", 465),
        ("?disable_ssl=true", "starttls", 587),
        ("?disable_ssl=true&disable_tls=true", "none", 25),
    ],
)
def test_encryption_is_what_airflow_would_use(query: str, security: str, port: int) -> None:
    found = read(f"smtp://mail.example.org{query}").smtp
    assert (found.security, found.port, found.user) == (security, port, None)


@pytest.mark.parametrize(
    "text", ["", "  ", "{", "[]", "smtp://", "smtp://h:port", "{}", '{"host": "h", "extra": 3}', "smtp://h?__extra__={"]
)
def test_what_is_no_connection_is_named_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError, match="AIRFLOW_CONN_MAIL_OUT") as told:
        read(text)
    assert "pl4nted" not in str(told.value)


def test_a_mail_goes_by_the_connection_that_the_settings_name(configured: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box()
    with serving(box) as smtp:
        monkeypatch.setenv(
            "AIRFLOW_CONN_MAIL_OUT", f"smtp://127.0.0.1:{smtp.port}/?disable_ssl=1&disable_tls=1&from_email=watch@example.org"
        )
        channel = type("Mail", (), {"type": "mail", "zone": "Europe/Berlin"})()
        assert sender_of(configured(smtp_conn="mail_out", smtp_port=1))(channel, NEW).ok
    assert box.mails[0].mail_from == "watch@example.org"
    mail = email.message_from_bytes(bytes(box.mails[0].content or b""), policy=email.policy.default)
    text = mail.get_body(("plain",))
    assert text is not None
    assert "2024-06-18 16:30 (Europe/Berlin)" in text.get_content()


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("generic://:tgram%3A%2F%2F1%3Aab%2F2@/", "tgram://1:ab/2"),
        ('{"conn_type": "generic", "password": "whsec_QQ=="}', "whsec_QQ=="),
        ("generic://host", ""),
        ("{", ""),
    ],
)
def test_a_channels_secret_is_the_password_of_the_connection_that_it_names(text: str, secret: str) -> None:
    held = Passwords({"AIRFLOW_CONN_ROOM": text, "ROOM_URL": text})
    assert (held["AIRFLOW_CONN_ROOM"], held["ROOM_URL"], held.get("AIRFLOW_CONN_OTHER", "")) == (secret, text, "")


def test_an_unknown_mail_server_stops_no_other_channel(configured: Callable[..., Settings], tmp_path: Path) -> None:
    settings = configured(smtp_conn="mail_out", config=str(tmp_path))
    (tmp_path / "channels").mkdir()
    (tmp_path / "channels" / "yes.py").write_text(
        "from pipelines.models import Answer\ndef send(channel, message, context): return Answer(ok=True, detail='')\n", encoding="utf-8"
    )
    own = type("Own", (), {"type": "own", "file": "yes", "options": {}})()
    assert sender_of(settings)(own, NEW).ok


def test_a_connection_that_is_missing_is_told_by_the_variable(configured: Callable[..., Settings]) -> None:
    answer = sender_of(configured(smtp_conn="mail_out"))(type("Mail", (), {"type": "mail"})(), NEW)
    assert not answer.ok
    assert answer.detail.startswith("AIRFLOW_CONN_MAIL_OUT is not set, and no connection `mail_out` of Airflow's serves in its place")
