"""The guard for libraries that open their connections themselves: inside a Fence, this context reaches the open Internet only.

Python reports every connection to its audit hooks (PEP 578) when it is made, with the very address; an exception there prevents it.
So neither a second answer of a name server nor a redirect changes anything.
"""

import contextlib
import logging
import socket
import sys
import threading
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from pipelines.alerts.guard import RefusedAddressError, is_allowed, why_refused

_present: ContextVar["Fence | None"] = ContextVar("fence", default=None)


class Fence:
    """A block whose connections are checked, and cut when `seconds` are over, however slowly an answer drips.

    `allow` as in guard.is_allowed; `host` is the name that is meant to be reached. Afterwards `refused` is the refusal, if there was
    one, `is_over` whether it was cut, and `heard` what the loggers of `listen_to` had to say: it may hold tokens, and goes into no log."""

    def __init__(self, allow: frozenset[str], seconds: float, host: str = "") -> None:
        self._allow, self._host = allow, host
        self._open: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self.heard: list[logging.LogRecord] = []
        self.refused: RefusedAddressError | None = None
        self.is_over = False

    def __enter__(self) -> "Fence":
        _watch()
        self._timer.start()
        self._token = _present.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _present.reset(self._token)
        self._timer.cancel()
        self._timer.join()
        for each in self._open:
            each.close()

    def passes(self, sock: socket.socket, address: Any) -> None:
        """Keep the connection that is about to be made; PermissionError, upon which libraries close theirs, where it must not be."""
        if self.refused:
            raise PermissionError(str(self.refused))
        if sock.family not in (socket.AF_INET, socket.AF_INET6):
            self._refuse("refused: a socket of this very machine")
        self._check(str(address[0]), int(address[1]))
        # A descriptor of our own: TLS takes the socket itself away, and a connection ends by whichever descriptor shuts it.
        self._open.append(sock.dup())
        if self.is_over:
            self._cut()

    def _check(self, found: str, port: int) -> None:
        reason = why_refused(found)
        if reason and not any(is_allowed(name, port, self._allow) for name in (found, self._host) if name):
            where = f"{self._host} leads to {found}," if self._host and self._host != found else found
            name = self._host or found
            self._refuse(f"refused: {where} a {reason} address; where that is meant, name `{name}` in PORTALWATCH_ALLOW_HOSTS")

    def _refuse(self, why: str) -> None:
        self.refused = RefusedAddressError(why)
        raise PermissionError(why)

    def _cut(self) -> None:
        self.is_over = True
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


def listen_to(*names: str) -> None:
    """What these loggers say inside a Fence goes to its `heard`, whatever its level, and nowhere else. Children need names of their own."""
    for name in names:
        logger = logging.getLogger(name)
        if not any(isinstance(each, _Ear) for each in logger.filters):
            logger.addFilter(_Ear())
            logger.setLevel(logging.DEBUG)


class _Ear(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        fence = _present.get()
        if fence is not None:
            fence.heard.append(record)
        return fence is None and record.levelno >= logging.WARNING


@lru_cache(maxsize=1)
def _watch() -> None:
    """Once a process: such a hook cannot be taken back, and does nothing outside a Fence."""
    sys.addaudithook(_heard)


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect":
        return
    fence = _present.get()
    if fence is not None:
        fence.passes(*arguments)
