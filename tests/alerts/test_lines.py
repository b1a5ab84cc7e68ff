"""Sessions with a mail server that serve many mails: none lost, none doubled, whenever the server has enough of one."""

import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult

from pipelines.alerts import lines, smtp
from pipelines.alerts.lines import Lines
from pipelines.alerts.mail import Sender, compose
from pipelines.models import Answer
from tests.alerts.conftest import Certificate
from tests.alerts.messages import NEW
from tests.alerts.sessions import Office, opened
from tests.alerts.test_smtp import Box, serving, tls

SENDER = Sender(address="alerts@watch.example.org")


def mail(number: int = 0) -> EmailMessage:
    return compose(replace(NEW, id=f"m-{number}"), SENDER)


@contextmanager
def kept(office: Office, **options: Any) -> Iterator[Lines]:
    with opened(office):
        kept_open = Lines(office.smtp, **options)
        with kept_open.keeping():
            yield kept_open


def test_many_mails_go_in_one_session_that_ends_with_its_round() -> None:
    office = Office()
    with opened(office):
        kept_open = Lines(office.smtp)
        with kept_open.keeping():
            assert [kept_open.send(mail(number)).ok for number in range(5)] == [True] * 5
        assert office.carried == [5]
        assert kept_open.send(mail(5)).ok
        assert kept_open.send(mail(6)).ok
    assert office.carried == [5, 1, 1]
    assert office.mails == [f"m-{number}" for number in range(7)]


@pytest.mark.parametrize(
    ("verb", "says"),
    [
        ("MAIL", "421 4.7.0 too long idle"),
        ("MAIL", "452 4.5.3 too many mails in this session"),
        ("MAIL", "close"),
        ("RCPT", "421 4.7.0 going down"),
        ("RCPT", "close"),
        ("DONE", "close"),
    ],
)
def test_a_server_that_has_enough_of_a_session_gets_the_next_mail_in_a_new_one_and_every_mail_once(verb: str, says: str) -> None:
    enough = 1 if verb == "DONE" else 2
    office = Office(leaves=lambda said, mails: says if said == verb and mails >= enough + (verb == "DONE") else None)
    with kept(office) as kept_open:
        assert [kept_open.send(mail(number)).ok for number in range(6)] == [True] * 6
    assert office.mails == [f"m-{number}" for number in range(6)]
    assert office.carried == [2, 2, 2]


def test_what_a_new_session_refuses_too_is_told() -> None:
    office = Office(leaves=lambda verb, _mails: "553 5.7.1 not yours" if verb == "MAIL" and office.mails else None)
    with kept(office) as kept_open:
        assert kept_open.send(mail()).ok
        assert kept_open.send(mail(1)) == Answer(ok=False, detail="sender refused: 553 5.7.1 not yours")
    assert office.carried == [1, 0]


def test_a_recipient_that_is_refused_costs_no_session() -> None:
    office = Office(leaves=lambda verb, mails: "450 later" if verb == "RCPT" and mails == 1 and not later else None)
    later: list[bool] = []
    with kept(office) as kept_open:
        assert kept_open.send(mail()).ok
        assert kept_open.send(mail(1)) == Answer(ok=False, detail="recipient refused: 450 later", only_this=True)
        later.append(True)
        assert kept_open.send(mail(1)).ok
    assert office.carried == [2]


def test_a_session_that_breaks_when_the_text_is_out_is_an_attempt_that_may_have_arrived() -> None:
    office = Office(leaves=lambda verb, mails: "close" if verb == "TEXT" and mails == 2 else None)
    with kept(office) as kept_open:
        assert kept_open.send(mail()).ok
        assert not kept_open.send(mail(1)).ok
        assert office.mails == ["m-0", "m-1"]
        assert kept_open.send(mail(2)).ok
    assert office.carried == [2, 1]


def test_a_session_carries_only_so_many_mails_and_waits_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office()
    with kept(office, most=2) as kept_open:
        for number in range(3):
            assert kept_open.send(mail(number)).ok
        monkeypatch.setattr(lines, "IDLE_SECONDS", 0.0)
        assert kept_open.send(mail(3)).ok
    assert office.carried == [2, 1, 1]


@pytest.mark.parametrize("verb", ["MAIL", "DATA", "QUIT"])
def test_a_server_that_drips_is_cut_at_the_limit(verb: str) -> None:
    office = Office(drips=lambda said: said == verb and (verb != "MAIL" or bool(office.mails)))
    with kept(office, limit=2.0) as kept_open:
        began = time.monotonic()
        first, second = kept_open.send(mail()), kept_open.send(mail(1))
    assert time.monotonic() - began < 8
    assert (first.ok, second.ok) == (verb != "DATA", verb == "QUIT")
    assert second.ok or second.detail == f"127.0.0.1:{office.port}: no end in time; it may have been taken"


def test_a_greeting_that_drips_is_cut_at_the_limit_and_was_no_answer_in_time() -> None:
    with kept((office := Office(drips=lambda said: said == "GREETING")), limit=0.3) as kept_open:
        began = time.monotonic()
        told = kept_open.send(mail())
    assert time.monotonic() - began < 5
    assert (told.ok, told.permanent, told.detail) == (False, False, f"127.0.0.1:{office.port}: no answer in time")


def test_a_reply_without_an_end_takes_no_memory_and_closes_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "LONGEST_REPLY", 10_000)
    endless = "\r\n".join(["250-more"] * 2000)
    with kept(Office(leaves=lambda verb, _mails: endless if verb == "EHLO" else None)) as kept_open:
        told = kept_open.send(mail())
    assert (told.ok, told.permanent, "closed the connection" in told.detail) == (False, False, True)


def test_threads_never_share_a_session_at_the_same_time() -> None:
    office = Office()
    with kept(office) as kept_open, ThreadPoolExecutor(4) as pool:
        assert all(answer.ok for answer in pool.map(kept_open.send, [mail(number) for number in range(40)]))
    assert sorted(office.mails) == sorted(f"m-{number}" for number in range(40))
    assert sum(office.carried) == 40
    assert len(office.carried) <= 4


def test_a_login_in_tls_serves_many_mails(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.chain))
    logins: list[Any] = []

    def login(*arguments: Any) -> AuthResult:
        logins.append(arguments[-1])
        return AuthResult(success=True)

    context: ssl.SSLContext = tls(certificate)
    with serving(box := Box(), tls_context=context, authenticator=login, auth_required=True) as smtp:
        kept_open = Lines(replace(smtp, security="starttls", user="desk", password="right"))
        with kept_open.keeping():
            assert [kept_open.send(mail(number)).ok for number in range(3)] == [True] * 3
    assert (len(logins), len(box.mails)) == (1, 3)
