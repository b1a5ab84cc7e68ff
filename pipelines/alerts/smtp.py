"""The SMTP server that takes our mail: a session with it, and its answer to one mail in words that an operator can act on."""

import binascii
import os
import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import lru_cache
from typing import Any, BinaryIO, Literal

from pipelines.alerts.excerpt import clipped
from pipelines.alerts.redaction import redacted
from pipelines.models import Answer

SECONDS = 30.0
"""How long each step with the server may take (RFC 5321 4.5.3.2 allows minutes; a crawl's task cannot wait that long)."""


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


LONGEST_REPLY = 64 * 1024
"""Bytes of one reply; a greeting of a kilobyte is long."""


class Talk(smtplib.SMTP):
    """A session that knows how far its last mail came, and ends where a reply never does. `opened` gets it before it connects."""

    reached: Literal["sender", "recipient", "text"] = "sender"
    file: "_Replies | None"

    def __init__(self, *args: Any, opened: Callable[["Talk"], None], **options: Any) -> None:
        self.sock = None
        opened(self)
        super().__init__(*args, **options)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Replies(self.sock.makefile("rb"))
        if self.file is not None:
            self.file.left = LONGEST_REPLY
        return super().getreply()

    def rcpt(self, recip: str, options: Any = ()) -> tuple[int, bytes]:
        self.reached = "recipient"
        return super().rcpt(recip, options)

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.reached = "text"
        return super().data(msg)


class TlsTalk(Talk, smtplib.SMTP_SSL):
    """The same, in TLS from the first byte."""


class _Replies:
    """What the server says, line by line, `left` bytes of it at most."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.left = file, LONGEST_REPLY

    def readline(self, size: int) -> bytes:
        line = self._file.readline(size)
        self.left -= len(line)
        if self.left < 0:
            raise OSError(f"a reply of more than {LONGEST_REPLY} bytes")
        return line

    def close(self) -> None:
        self._file.close()


def connected(smtp: Smtp, opened: Callable[[Talk], None] = lambda talk: None) -> Talk:
    """A session, encrypted as asked and logged in; OSError, which SMTPException is too, where it cannot be had. `opened`: see Talk."""
    server = (
        TlsTalk(
            smtp.host,
            smtp.port,
            timeout=smtp.timeout,
            context=_tls(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")),
            opened=opened,
        )
        if smtp.security == "tls"
        else Talk(smtp.host, smtp.port, timeout=smtp.timeout, opened=opened)
    )
    try:
        if smtp.security == "starttls":
            server.starttls(context=_tls(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")))
        if smtp.user:
            server.login(smtp.user, smtp.password or "")
    except binascii.Error:
        server.close()
        raise smtplib.SMTPResponseException(334, b"the server's question for a login is no base64") from None
    except OSError:
        server.close()
        raise
    return server


@lru_cache(maxsize=4)
def _tls(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """Made once for what the environment names: reading the authorities takes longer than a mail."""
    return ssl.create_default_context()


def hand_over(server: Talk, email: EmailMessage, smtp: Smtp) -> Answer:
    """The answer to one mail, for which the session is new or clean; `server.reached` tells how far it came."""
    server.reached = "sender"
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
        return Answer(ok=False, detail=in_words(error, smtp))
    return Answer(ok=True, detail=f"accepted by {smtp.host}")


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
    (
        smtplib.SMTPException,
        "the server takes no password, only another way to log in, such as OAuth; use a relay that takes one",
    ),
)


def in_words(error: OSError, smtp: Smtp) -> str:
    """What went wrong on the way to the server, or what it said, without our password."""
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
