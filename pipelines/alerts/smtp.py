"""Handing one mail to an SMTP server, and its answer in words that an operator can act on."""

import smtplib
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from typing import Literal

from pipelines.alerts.excerpt import clipped
from pipelines.alerts.guard import redacted
from pipelines.models import Answer

SECONDS, EXCHANGE_SECONDS = 30.0, 50.0
"""How long each step with the server may take (RFC 5321 4.5.3.2 allows minutes; a crawl's task cannot wait that long), and the mail in
all once we are logged in: with that it ends before its sender's claim does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """The server that takes our mail. `tls` speaks TLS from the first byte (465), `starttls` insists on it later (587).
    Certificates are checked against the system's and SSL_CERT_FILE's authorities."""

    host: str
    port: int = 587
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    security: Literal["none", "starttls", "tls"] = "starttls"
    timeout: float = SECONDS


def send_mail(email: EmailMessage, smtp: Smtp) -> Answer:
    """One attempt for the one recipient in `To`. A refusal of this mail with 5xx is permanent; what an operator can mend
    (sender, certificate, login) and what passes (4xx, a broken line) is not. The password is in no answer."""
    if not (smtp.password or "").isascii() or not (smtp.user or "").isascii():
        return Answer(ok=False, detail="the SMTP user or password has characters that are not ASCII; SMTP logins here cannot carry them")
    try:
        server = _connected(smtp)
    except OSError as error:
        return Answer(ok=False, detail=_in_words(error, smtp))
    guard = threading.Timer(EXCHANGE_SECONDS, _cut, [server])
    guard.start()
    try:
        answer = _handed_over(server, email, smtp)
        is_cut = guard.finished.is_set() and not answer.ok
        return replace(answer, detail=f"{smtp.host}:{smtp.port}: no end in time; it may have been taken") if is_cut else answer
    finally:
        _leave(server)
        guard.cancel()


def _connected(smtp: Smtp) -> smtplib.SMTP:
    """A session that is encrypted as asked and logged in; OSError, which SMTPException is too, where it cannot be had."""
    server = (
        smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=smtp.timeout, context=ssl.create_default_context())
        if smtp.security == "tls"
        else smtplib.SMTP(smtp.host, smtp.port, timeout=smtp.timeout)
    )
    try:
        if smtp.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if smtp.user:
            server.login(smtp.user, smtp.password or "")
    except OSError:
        server.close()
        raise
    return server


def _handed_over(server: smtplib.SMTP, email: EmailMessage, smtp: Smtp) -> Answer:
    try:
        server.send_message(email)
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        permanent, only_this = code >= 500, code != _LEAVING
        return Answer(ok=False, detail=f"recipient refused: {_reply(code, said, smtp)}", permanent=permanent, only_this=only_this)
    except smtplib.SMTPResponseException as error:
        is_ours = isinstance(error, smtplib.SMTPSenderRefused)  # of all mail: an operator mends it, none may die of it
        detail = f"{'sender' if is_ours else 'mail'} refused: {_reply(error.smtp_code, error.smtp_error, smtp)}"
        is_said = isinstance(error.smtp_error, bytes)  # smtplib calls a line that is too long a 500 of its own
        return Answer(
            ok=False, detail=detail, permanent=error.smtp_code >= 500 and is_said and not is_ours and error.smtp_code not in _LOGIN_CODES
        )
    except smtplib.SMTPNotSupportedError:
        return Answer(ok=False, detail=f"{smtp.host} takes no addresses outside ASCII (SMTPUTF8)", permanent=True)
    except OSError as error:
        return Answer(ok=False, detail=_in_words(error, smtp))
    return Answer(ok=True, detail=f"accepted by {smtp.host}")


def _cut(server: smtplib.SMTP) -> None:
    """End the exchange from beside it, however slowly the server drips: whoever waits for an answer finds the line closed."""
    with suppress(OSError):
        if server.sock is not None:
            server.sock.shutdown(socket.SHUT_RDWR)


def _leave(server: smtplib.SMTP) -> None:
    """Say good-bye; a server that does not answer to that has still taken, or refused, the mail."""
    try:
        server.quit()
    except OSError:
        server.close()


_LEAVING = 421
"""RFC 5321, 3.8: the server closes the connection, whatever it was asked."""

_LOGIN_CODES = {530, 534, 535, 538}
"""RFC 4954: log in first, or otherwise; about our settings, not about this mail."""

_FAULTS: tuple[tuple[type[OSError], str], ...] = (
    (socket.gaierror, "name not resolved"),
    (ConnectionRefusedError, "connection refused"),
    (TimeoutError, "no answer in time"),
    (ssl.SSLCertVerificationError, "its certificate is not trusted"),
    (ssl.SSLError, "TLS failed; is `security` right for this port?"),
    (smtplib.SMTPNotSupportedError, "the server does not offer what the settings ask for (STARTTLS or a login)"),
    (smtplib.SMTPServerDisconnected, "the server closed the connection"),
    (ConnectionError, "the connection broke"),
)


def _in_words(error: OSError, smtp: Smtp) -> str:
    place = f"{smtp.host}:{smtp.port}"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"{place}: login refused: {_reply(error.smtp_code, error.smtp_error, smtp)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{place}: {_reply(error.smtp_code, error.smtp_error, smtp)}"
    if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(error.__context__, TimeoutError):
        return f"{place}: no answer in time"  # smtplib calls every silence a closed connection
    return f"{place}: " + next((words for kind, words in _FAULTS if isinstance(error, kind)), type(error).__name__)


def _reply(code: int, said: bytes | str, smtp: Smtp) -> str:
    """The server's own words, without our password, which some repeat."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    secrets = (smtp.password, f"\0{smtp.user}\0{smtp.password}") if smtp.password else ()
    return f"{code} {clipped(redacted(text, secrets), 200)}".strip()
