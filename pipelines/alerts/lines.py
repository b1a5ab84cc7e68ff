"""SMTP sessions that are kept open from one mail to the next, so that a thousand mails do not cost a thousand logins."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from email.message import EmailMessage
from queue import Empty, LifoQueue
from typing import Protocol, runtime_checkable

from pipelines.alerts.smtp import Smtp, Talk, connected, hand_over, in_words
from pipelines.models import Answer

EXCHANGE_SECONDS = 50.0
"""How long a session may take to open, and then one mail, however slowly the server drips: together less than the sender's claim."""
MOST_MAILS = 100
"""Mails of a session; servers that want fewer say so, and get the next one in a new session."""
IDLE_SECONDS = 10.0
"""How long a session may wait for its next mail; far less than any server or router grants."""
FAREWELL_SECONDS = 1.0
GREETING_SECONDS = 5.0
"""How long a server may take to open a session that only asks whether it is there."""


@dataclass(slots=True, kw_only=True)
class _Line:
    """A session, how many mails it carried, and when it ended the last one (monotonic seconds)."""

    server: Talk
    mails: int = 0
    since: float = 0.0

    @property
    def is_open(self) -> bool:
        return self.server.sock is not None

    @property
    def was_left(self) -> bool:
        """Whether the server ended a session that carried mails before it had anything of this one: it wants a new session."""
        reached = self.server.reached
        return self.mails > 0 and (reached == "sender" or (reached == "recipient" and not self.is_open))


class Lines:
    """Sessions with one mail server, each in the hands of one thread at a time. They are kept only inside `keeping()`.

    `limit`: see EXCHANGE_SECONDS; `most`: see MOST_MAILS."""

    def __init__(self, smtp: Smtp, *, limit: float = EXCHANGE_SECONDS, most: int = MOST_MAILS) -> None:
        self._smtp, self._limit, self._most = smtp, limit, most
        self._idle, self._is_kept = LifoQueue[_Line](), False

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Sessions are kept for the next mail inside the block, and closed at its end."""
        self._is_kept = True
        try:
            yield
        finally:
            self._is_kept, ends = False, time.monotonic() + FAREWELL_SECONDS
            for line in self._all_idle():
                _leave(line.server, ends)

    def send(self, email: EmailMessage) -> Answer:
        """One attempt for the one recipient in `To`. A refusal of this mail with 5xx is permanent; what an operator can mend
        (sender, certificate, login) and what passes (4xx, a broken line) is not. The password is in no answer.

        A session that the server had enough of is no attempt: a new one is asked."""
        if not (self._smtp.password or "").isascii() or not (self._smtp.user or "").isascii():
            return Answer(
                ok=False, detail="the SMTP user or password has characters that are not ASCII; SMTP logins here cannot carry them"
            )
        ends = time.monotonic() + self._limit
        if (line := self._rested()) is not None and (answer := self._carried(line, email, ends)):
            return answer
        met, opens_until = list[Talk](), time.monotonic() + self._limit
        try:
            with _guarded(met, opens_until):
                fresh = _Line(server=connected(self._smtp, met.append))
        except OSError as error:
            is_late = time.monotonic() >= opens_until
            return Answer(ok=False, detail=in_words(TimeoutError() if is_late else error, self._smtp))
        answer = self._carried(fresh, email, time.monotonic() + self._limit if line is None else ends)
        assert answer is not None
        return answer

    def _carried(self, line: _Line, email: EmailMessage, ends: float) -> Answer | None:
        """The answer to the mail; None where there is time for a new session, which the server wants for it."""
        try:
            with _guarded([line.server], ends):
                answer = hand_over(line.server, email, self._smtp)
            is_cut, is_final = time.monotonic() >= ends, answer.ok or answer.permanent or not line.was_left
        finally:
            self._put_back(line, ends)
        if not (is_cut or is_final):
            return None
        where = f"{self._smtp.host}:{self._smtp.port}"
        return replace(answer, detail=f"{where}: no end in time; it may have been taken") if is_cut and not answer.ok else answer

    def _put_back(self, line: _Line, ends: float) -> None:
        line.mails, line.since = line.mails + 1, time.monotonic()
        if self._is_kept and line.is_open and line.mails < self._most and line.since < ends:
            self._idle.put(line)
        else:
            _leave(line.server, line.since + FAREWELL_SECONDS)

    def _rested(self) -> _Line | None:
        """The session that ended a mail last; those that waited too long are ended."""
        for line in self._all_idle():
            if time.monotonic() - line.since < IDLE_SECONDS:
                return line
            _leave(line.server, time.monotonic())
        return None

    def _all_idle(self) -> Iterator[_Line]:
        with suppress(Empty):
            while True:
                yield self._idle.get_nowait()


@runtime_checkable
class Keeps(Protocol):
    """A sender that can keep something open from one message to the next."""

    def keeping(self) -> AbstractContextManager[None]:
        """Inside the block it does."""


def keeping(send: object) -> AbstractContextManager[None]:
    """What `send` can keep open stays open inside the block."""
    return send.keeping() if isinstance(send, Keeps) else nullcontext()


def send_mail(email: EmailMessage, smtp: Smtp) -> Answer:
    """One attempt in a session of its own, see Lines.send."""
    return Lines(smtp).send(email)


def unreachable(smtp: Smtp, seconds: float = GREETING_SECONDS) -> str | None:
    """Why no session with the server can be had, without login or mail; None where one was opened, and left with a good-bye."""
    met, ends = list[Talk](), time.monotonic() + seconds
    try:
        with _guarded(met, ends):
            server = connected(replace(smtp, user=None, password=None, timeout=seconds), met.append)
    except OSError as error:
        return in_words(TimeoutError() if time.monotonic() >= ends else error, smtp)
    _leave(server, time.monotonic() + FAREWELL_SECONDS)
    return None


@contextmanager
def _guarded(servers: Sequence[Talk], ends: float) -> Iterator[None]:
    """What the block waits for ends then, from beside it, however slowly a server drips: whoever waits finds the line closed."""
    guard = threading.Timer(max(0.0, ends - time.monotonic()), _cut, [servers])
    guard.start()
    try:
        yield
    finally:
        guard.cancel()


def _cut(servers: Sequence[Talk]) -> None:
    for server in servers:
        with suppress(OSError):
            if server.sock is not None:
                server.sock.shutdown(socket.SHUT_RDWR)


def _leave(server: Talk, ends: float) -> None:
    """Say good-bye, and wait for a word of answer at most until then: whatever it is, the mails were taken or refused before."""
    with suppress(OSError):
        if server.sock is not None:
            server.sock.settimeout(max(0.01, ends - time.monotonic()))
            server.putcmd("quit")
            server.sock.recv(1)
    server.close()
