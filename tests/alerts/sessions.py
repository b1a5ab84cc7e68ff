"""An SMTP server that counts its sessions, and leaves or drips when it is told to."""

import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pipelines.alerts.smtp import Smtp

GREETING, DRIP = "220 here", 0.02  # seconds between two bytes


@dataclass
class Office:
    """`leaves(verb, mails of the session so far)` gives what the server answers instead, closing upon 421, `close` without a word, or None.

    `drips(verb)`: whether the answer to it comes byte by byte, without an end. `carried` has the number of mails of each session."""

    leaves: Callable[[str, int], str | None] = lambda _verb, _mails: None
    drips: Callable[[str], bool] = lambda _verb: False
    port: int = 0
    carried: list[int] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def smtp(self) -> Smtp:
        """How it is reached."""
        return Smtp(host="127.0.0.1", port=self.port, security="none", timeout=10)

    def took(self, session: int, text: bytes) -> None:
        """Keep the Message-ID of a mail."""
        found = re.search(rb"(?mi)^Message-ID: <(.*?)@", text)
        assert found
        with self.lock:
            self.mails.append(found[1].decode())
            self.carried[session] += 1


def _handler(office: Office) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with office.lock:
                session = len(office.carried)
                office.carried.append(0)
            if office.drips("GREETING"):
                self.drip(b"220-2")
            self.say(GREETING)
            for line in self.rfile:
                verb = line[:4].decode().upper()
                if not self.answered(verb, session):
                    return

        def answered(self, verb: str, session: int) -> bool:
            refusal = office.leaves(verb, office.carried[session])
            if refusal:
                self.say("" if refusal == "close" else refusal)
                return not (refusal == "close" or refusal.startswith("421"))
            if office.drips(verb):
                self.drip(b"2")
            if verb == "DATA":
                return self.text(session)
            self.say("221 bye" if verb == "QUIT" else "250 fine")
            return verb != "QUIT"

        def drip(self, what: bytes) -> None:
            while not office.over.wait(DRIP):
                self.wfile.write(what)

        def text(self, session: int) -> bool:
            self.say("354 go on")
            office.took(session, b"".join(iter(self.rfile.readline, b".\r\n")))
            if office.leaves("TEXT", office.carried[session]) == "close":
                return False
            self.say("250 taken")
            return office.leaves("DONE", office.carried[session]) != "close"

        def say(self, reply: str) -> None:
            if reply:
                self.wfile.write(reply.encode() + b"\r\n")

    return Handler


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads, allow_reuse_address = True, True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was cut hangs up."""


@contextmanager
def opened(office: Office) -> Iterator[Office]:
    """The office is open inside the block."""
    with _Server(("127.0.0.1", 0), _handler(office)) as server:
        office.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield office
        finally:
            office.over.set()
            server.shutdown()
            thread.join()
