"""The table of channels: each type reaches its sender, one bad channel stops nothing, no secret gets out."""

import logging
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipelines.alerts import channels
from pipelines.alerts.channels import Sender, Sending, Smtp, send
from pipelines.models import Answer, Message
from tests.alerts.conftest import Receiver
from tests.alerts.messages import NEW
from tests.alerts.test_smtp import Box, serving

PASSWORD = "pl4nted-Smtp-Password"
KEY = "cGw0bnRlZC1zZWNyZXQtb2YtYS1ob29rLTEyMzQ="
TOKEN = "pl4nted-token-in-the-url"
PLANTED = (PASSWORD, KEY, TOKEN, "pl4nted-bearer")


@dataclass(frozen=True)
class Mail:
    to: tuple[str, ...] = ("desk@example.org",)
    type: str = "mail"


@dataclass(frozen=True)
class Hooked:
    url: str
    secret_env: str | None = "CRM_HOOK_SECRET"
    headers: dict[str, str] = field(default_factory=lambda: {"Authorization": "Bearer pl4nted-bearer"})
    type: str = "webhook"


def sending(smtp: Smtp | None = None) -> Sending:
    return Sending(
        smtp=smtp or Smtp(host="127.0.0.1", port=1, password=PASSWORD, security="none"),
        sender=Sender(address="alerts@watch.example.org"),
        zone=ZoneInfo("Asia/Taipei"),
        secrets={"CRM_HOOK_SECRET": f"whsec_{KEY}", "OTHER": "1"},
        allow=frozenset({"127.0.0.1"}),
    )


def clean(*texts: object) -> bool:
    return not any(secret in str(text) for text in texts for secret in PLANTED)


def test_a_mail_channel_mails_in_the_readers_zone() -> None:
    box = Box()
    with serving(box) as smtp:
        assert send(Mail(), NEW, sending(smtp)).ok
    assert len(box.mails) == 1


def test_a_webhook_channel_posts_signed(receiver: Receiver) -> None:
    assert send(Hooked(url=receiver.url), NEW, sending()).ok
    seen = receiver.seen[0]
    assert seen.headers["webhook-signature"].startswith("v1,")
    assert seen.headers["authorization"] == "Bearer pl4nted-bearer"
    assert clean(seen.body)


def test_a_webhook_channel_without_a_secret_posts_unsigned(receiver: Receiver) -> None:
    assert send(Hooked(url=receiver.url, secret_env=None), NEW, sending()).ok
    assert "webhook-signature" not in receiver.seen[0].headers


@pytest.mark.parametrize("channel", [object(), Mail(type="mial"), Mail(type="")])
def test_an_unknown_type_is_answered(channel: object) -> None:
    answer = send(channel, NEW, sending())
    assert not answer.ok
    assert "no channel is of type" in answer.detail


def test_a_misspelt_type_gets_a_suggestion() -> None:
    assert "did you mean `mail`" in send(Mail(type="mial"), NEW, sending()).detail


@pytest.mark.parametrize(
    ("channel", "message", "told"),
    [
        (Mail(), replace(NEW, recipient="nobody"), "is no mail address"),
        (Hooked(url="nowhere"), NEW, "must begin with"),
        (Hooked(url="https://a.example/", secret_env="MISSING"), NEW, "MISSING is not set"),
        (Mail(), NEW, "connection refused"),
    ],
)
def test_what_an_operator_can_mend_is_said_and_not_given_up(channel: object, message: Message, told: str) -> None:
    answer = send(channel, message, sending())
    assert told in answer.detail
    assert (answer.ok, answer.permanent) == (False, False)


def test_a_fault_of_ours_stays_in_its_channel_and_is_logged_without_secrets(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(channel: Any, message: Message, context: Sending) -> Answer:
        raise RuntimeError(f"{context.smtp.password} whsec_{KEY} https://h/{TOKEN} Bearer pl4nted-bearer")

    monkeypatch.setattr(channels, "CHANNELS", {"webhook": broken})
    with caplog.at_level(logging.DEBUG):
        answer = send(Hooked(url=f"https://hooks.example/T0/{TOKEN}?x=1"), NEW, sending())
    assert answer == Answer(ok=False, detail="RuntimeError inside portalwatch; the log has the traceback")
    assert "Traceback" in caplog.text
    assert "m-0001" in caplog.text
    assert clean(caplog.text, answer)


@pytest.mark.parametrize("status", [200, 302, 410, 500])
def test_a_receiver_that_repeats_our_secrets_puts_them_nowhere(receiver: Receiver, caplog: pytest.LogCaptureFixture, status: int) -> None:
    receiver.answers.append((status, {"X-Echo": KEY}, f"{PASSWORD} {KEY} {TOKEN} pl4nted-bearer".encode()))
    with caplog.at_level(logging.DEBUG):
        answer = send(Hooked(url=f"{receiver.url}/{TOKEN}"), NEW, sending())
    assert answer.detail.startswith(f"HTTP {status}")
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("httpcore")]
    assert clean(answer, *ours)
    assert clean(*(record.getMessage() for record in caplog.records if record.levelno >= logging.INFO))


@pytest.mark.parametrize("room", range(150, 200, 3))
def test_a_secret_that_an_answer_is_cut_in_does_not_show_its_beginning(receiver: Receiver, room: int) -> None:
    receiver.answers = [(500, {}, b"x" * room + TOKEN.encode() + b" and more of it, beyond what is kept of an answer")]
    detail = send(Hooked(url=f"{receiver.url}/{TOKEN}"), NEW, sending()).detail
    assert TOKEN[:5] not in detail


@pytest.mark.parametrize("written", ["a/b+c/d0123456789", r"a\/b+c\/d0123456789", r"a/b\u002bc/d0123456789", "a%2fb%2bc%2fd0123456789"])
def test_a_secret_is_hidden_however_a_receiver_writes_it(receiver: Receiver, written: str) -> None:
    receiver.answers = [(500, {}, f'{{"authorization": "Bearer {written}"}}'.encode())]
    hooked = Hooked(url=receiver.url, headers={"Authorization": "Bearer a/b+c/d0123456789"})
    assert "d0123456789" not in send(hooked, NEW, sending()).detail


def test_no_secret_is_in_the_repr_of_the_context() -> None:
    assert clean(repr(sending()))


def test_the_table_cannot_be_changed_by_accident() -> None:
    with pytest.raises(TypeError):
        channels.CHANNELS["x"] = channels.CHANNELS["mail"]  # type: ignore[index]
