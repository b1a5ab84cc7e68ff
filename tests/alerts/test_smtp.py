"""Handing the mail over: a real SMTP server with every answer that one meets."""

import asyncio
import base64
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from pipelines.alerts.lines import send_mail
from pipelines.alerts.mail import Sender, compose
from pipelines.alerts.smtp import Smtp
from pipelines.models import Answer
from tests.alerts.conftest import Certificate
from tests.alerts.messages import NEW

PASSWORD = "pl4nted-Secret-of-smtp"
SENDER = Sender(address="alerts@watch.example.org", name="港口監看")
MAIL = compose(NEW, SENDER, now=datetime(2024, 6, 18, 15, 0, tzinfo=UTC))


class Box:
    """A mailbox whose server gives the replies it is told to."""

    def __init__(self, **replies: str) -> None:
        self.replies, self.mails = replies, list[Envelope]()

    async def handle_MAIL(self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        envelope.mail_from = address
        return self.replies.get("sender", "250 OK")

    async def handle_RCPT(self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        envelope.rcpt_tos.append(address)
        return self.replies.get("recipient", "250 OK")

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.mails.append(envelope)
        return self.replies.get("data", "250 taken")

    async def handle_QUIT(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return self.replies.get("quit", "221 bye")


def _login(server: Any, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"desk", PASSWORD.encode())
    return AuthResult(success=True) if right else AuthResult(success=False, handled=False, message=f"535 5.7.8 no, {PASSWORD} is wrong")


class AnyPort(Controller):
    """A controller that knows which port the system gave it."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def serving(box: Box, **options: Any) -> Iterator[Smtp]:
    controller = AnyPort(box, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        yield Smtp(host="127.0.0.1", port=controller.port, security="none", timeout=20)
    finally:
        controller.stop()


@contextmanager
def talking(script: Callable[[socket.socket], None]) -> Iterator[Smtp]:
    """A server that speaks by a script of its own, for what no decent server does."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        line, _ = listener.accept()
        with line:
            script(line)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield Smtp(host="127.0.0.1", port=listener.getsockname()[1], security="none", timeout=0.3)
    finally:
        thread.join()
        listener.close()


def tls(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.chain, certificate.key)
    return context


def test_a_mail_arrives_as_it_was_composed() -> None:
    box = Box()
    with serving(box) as smtp:
        answer = send_mail(MAIL, smtp)
    assert answer == Answer(ok=True, detail="accepted by 127.0.0.1")
    assert box.mails[0].rcpt_tos == ["desk@example.org"]
    assert box.mails[0].mail_from == "alerts@watch.example.org"
    assert box.mails[0].content is not None
    assert b"Message-ID: <m-0001@watch.example.org>\r\n" in bytes(box.mails[0].content)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("replies", "told", "permanent"),
    [
        ({"recipient": "450 mailbox busy"}, "recipient refused: 450 mailbox busy", False),
        ({"recipient": "550 no such user"}, "recipient refused: 550 no such user", True),
        ({"sender": "451 try later"}, "sender refused: 451 try later", False),
        ({"sender": "553 not yours"}, "sender refused: 553 not yours", False),
        ({"sender": "530 log in first"}, "sender refused: 530 log in first", False),
        ({"data": "452 disk full"}, "mail refused: 452 disk full", False),
        ({"data": "554 looks like spam"}, "mail refused: 554 looks like spam", True),
    ],
)
def test_each_refusal_is_told_and_only_a_final_one_is_permanent(replies: dict[str, str], told: str, permanent: bool) -> None:
    with serving(Box(**replies)) as smtp:
        assert send_mail(MAIL, smtp) == Answer(ok=False, detail=told, permanent=permanent, only_this="recipient" in replies)


def test_a_mail_that_was_taken_stays_taken_when_the_farewell_goes_wrong() -> None:
    box = Box(quit="421 going down")
    with serving(box) as smtp:
        assert send_mail(MAIL, smtp).ok
    assert len(box.mails) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # loopback; TLS has a test of its own
def test_login_is_done_where_a_user_is_named() -> None:
    box = Box()
    with serving(box, authenticator=_login, auth_required=True, auth_require_tls=False) as smtp:
        assert send_mail(MAIL, replace(smtp, user="desk", password=PASSWORD)).ok
        assert not send_mail(MAIL, smtp).permanent
    assert len(box.mails) == 1


def test_a_refused_login_can_be_mended_and_repeats_no_password() -> None:
    with serving(Box(), authenticator=_login, auth_require_tls=False) as smtp:
        answer = send_mail(MAIL, replace(smtp, user="other", password=PASSWORD))
    assert not answer.ok
    assert not answer.permanent
    assert "login refused: 535" in answer.detail
    assert "•••" in answer.detail
    assert PASSWORD not in answer.detail


def test_a_login_question_that_is_no_base64_is_said() -> None:
    def ask(line: socket.socket) -> None:
        line.sendall(b"220 here\r\n")
        for reply in (b"250-here\r\n250 AUTH CRAM-MD5\r\n", b"334 abc\r\n"):
            line.recv(1000)
            line.sendall(reply)

    with talking(ask) as smtp:
        answer = send_mail(MAIL, replace(smtp, user="desk", password=PASSWORD))
    assert (answer.ok, answer.permanent) == (False, False)
    assert "no base64" in answer.detail


def test_a_login_in_other_letters_is_refused_before_it_can_fail_with_the_password_in_hand() -> None:
    answer = send_mail(MAIL, Smtp(host="127.0.0.1", port=1, user="desk", password="密碼-pl4nted"))
    assert "not ASCII" in answer.detail
    assert "pl4nted" not in answer.detail


def test_the_password_is_in_no_repr() -> None:
    assert PASSWORD not in repr(Smtp(host="h", user="desk", password=PASSWORD))


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_tls_is_spoken_and_the_certificate_checked(security: Any, certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"tls_context": tls(certificate)} if security == "starttls" else {"ssl_context": tls(certificate)}
    with encrypted(options) as (box, smtp):
        untrusted = send_mail(MAIL, replace(smtp, security=security))
        assert untrusted.detail.endswith("its certificate is not trusted")
        assert not untrusted.permanent
        assert box.mails == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.chain))
        assert send_mail(MAIL, replace(smtp, security=security)).ok
    assert len(box.mails) == 1


@contextmanager
def encrypted(options: dict[str, ssl.SSLContext]) -> Iterator[tuple[Box, Smtp]]:
    box = Box()
    with serving(box, **options) as smtp:
        yield box, smtp


def test_a_server_without_starttls_gets_neither_login_nor_mail() -> None:
    box = Box()
    with serving(box, authenticator=_login, auth_require_tls=False) as smtp:
        answer = send_mail(MAIL, replace(smtp, security="starttls", user="desk", password=PASSWORD))
    assert "does not offer what the settings ask for (STARTTLS" in answer.detail
    assert not answer.permanent
    assert box.mails == []


def test_a_login_that_the_server_does_not_offer_is_said() -> None:
    with serving(Box()) as smtp:
        assert "does not offer" in send_mail(MAIL, replace(smtp, user="desk", password=PASSWORD)).detail


class TokensOnly(Box):
    """A server as some large providers run it: OAuth, and no password."""

    async def auth_XOAUTH2(self, server: Any, arguments: list[bytes]) -> AuthResult:  # noqa: N802
        return AuthResult(success=False, handled=False)


def test_a_server_that_wants_another_login_than_a_password_is_told_with_what_to_do() -> None:
    with serving(TokensOnly(), auth_require_tls=False, auth_exclude_mechanism=["LOGIN", "PLAIN"]) as smtp:
        answer = send_mail(MAIL, replace(smtp, user="desk", password=PASSWORD))
    assert "takes no password, only another way to log in, such as OAuth; use a relay" in answer.detail
    assert (answer.permanent, PASSWORD in answer.detail) == (False, False)


def test_nobody_listening_is_said(unused_port: int) -> None:
    answer = send_mail(MAIL, Smtp(host="127.0.0.1", port=unused_port, security="none"))
    assert answer == Answer(ok=False, detail=f"127.0.0.1:{unused_port}: connection refused")


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.usefixtures("no_name_server")
def test_a_name_that_does_not_resolve_is_said() -> None:
    answer = send_mail(MAIL, Smtp(host="mail.invalid", port=25, security="none"))
    assert answer == Answer(ok=False, detail="mail.invalid:25: name not resolved")


Script = Callable[[socket.socket], Any]


def _greet_and_hang_up(line: socket.socket) -> None:
    line.sendall(b"220 hello\r\n")


def _say_nothing(line: socket.socket) -> None:
    line.recv(1)


def _refuse_service(line: socket.socket) -> None:
    line.sendall(b"554 no service\r\n")


def _babble(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (_greet_and_hang_up, r"the server closed the connection|the connection broke"),
        (_say_nothing, r"no answer in time"),
        (_refuse_service, r"554 no service"),
        (_babble, r"."),
    ],
)
def test_a_server_that_misbehaves_is_a_passing_fault(script: Script, told: str) -> None:
    with talking(script) as smtp:
        answer = send_mail(MAIL, smtp)
    assert not answer.ok
    assert not answer.permanent
    assert re.search(told, answer.detail)


def test_speaking_tls_to_a_plain_port_is_said() -> None:
    with talking(_babble) as smtp:
        assert "TLS failed" in send_mail(MAIL, replace(smtp, security="tls")).detail


def test_an_address_outside_ascii_needs_a_server_that_takes_it() -> None:
    mail = compose(replace(NEW, recipient="編輯@example.org"), SENDER)
    with serving(Box(), enable_SMTPUTF8=False) as smtp:
        assert send_mail(mail, smtp).permanent
    box = Box()
    with serving(box, enable_SMTPUTF8=True) as smtp:
        assert send_mail(mail, smtp).ok
    assert box.mails[0].rcpt_tos == ["編輯@example.org"]


def test_the_password_is_not_told_in_the_form_in_which_it_was_sent() -> None:
    sent = base64.b64encode(f"\0desk\0{PASSWORD}".encode()).decode()

    def echo(*arguments: Any) -> AuthResult:
        return AuthResult(success=False, handled=False, message=f"535 you sent {sent}")

    with serving(Box(), authenticator=echo, auth_require_tls=False) as smtp:
        answer = send_mail(MAIL, replace(smtp, user="desk", password=PASSWORD))
    assert "you sent" in answer.detail
    assert sent not in answer.detail
