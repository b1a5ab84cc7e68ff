"""What the canary meets on loopback: its portal, a mail server and a webhook receiver, which note when each was reached."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from portalwatch.canary.pages import article, listing

HOOK = "/hook"
LARGEST = 2 * 2**20  # bytes of a request or mail


@dataclass(slots=True, kw_only=True)
class Cage:
    """What came, in seconds since `began`: `fetched` the article's page, `mail`, `webhook`.

    Only what carries the token counts; what came without it, or unsigned, is told in `strangers`.
    """

    token: str
    secret: str
    began: float
    reached: dict[str, float] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)
    web_port: int = 0
    smtp_port: int = 0

    @property
    def gateway(self) -> str:
        """Through which the crawl reaches the portal."""
        return f"http://127.0.0.1:{self.web_port}"

    def note(self, what: str) -> None:
        """It was reached now; the first time counts."""
        self.reached.setdefault(what, round(time.monotonic() - self.began, 3))

    def page(self, path: str) -> bytes | None:
        """The portal's page at a path that ends as one of its own, None where it has none."""
        if path.endswith(f"/{self.token}.html"):
            self.note("fetch")
            return article(self.token)
        return listing(self.token) if path.endswith("/latest") else None

    def post(self, body: bytes, headers: dict[str, str]) -> int:
        """The status of the webhook's receiver."""
        try:
            Webhook(self.secret).verify(body, headers)
        except (WebhookVerificationError, ValueError) as error:
            self.strangers.append(f"a webhook that does not verify: {error}")
            return 401
        return self._took("webhook", body)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd looks for this name
        """The mail server's answer to a mail."""
        self._took("mail", _text(envelope.original_content or b""))
        return "250 the canary is back"

    def _took(self, what: str, body: bytes) -> int:
        if self.token.encode() in body:
            self.note(what)
        else:
            self.strangers.append(f"a {what} without the token")
        return 200


@contextmanager
def opened(token: str, secret: str, began: float) -> Iterator[Cage]:
    """The cage with its servers on free ports of 127.0.0.1, closed after the block. `began`: of the flight, by the monotonic clock."""
    cage = Cage(token=token, secret=secret, began=began)
    web = ThreadingHTTPServer(("127.0.0.1", 0), _handler(cage))
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    mail = _Mail(cage, hostname="127.0.0.1", port=0, data_size_limit=LARGEST)
    thread.start()
    try:
        mail.start()
        try:
            cage.web_port, cage.smtp_port = web.server_address[1], mail.port
            yield cage
        finally:
            mail.stop()
    finally:
        web.shutdown()
        web.server_close()
        thread.join()


class _Mail(Controller):
    """A controller that takes any free port: the library's own start-up check would connect to port 0."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


def _text(raw: bytes) -> bytes:
    from email import message_from_bytes
    from email.policy import default

    part = message_from_bytes(raw, policy=default).get_body(preferencelist=("plain", "html"))
    return part.get_content().encode() if part is not None else raw


def _handler(cage: Cage) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20

        def do_GET(self) -> None:
            body = cage.page(self.path.partition("?")[0])
            self._answer(404 if body is None else 200, body or b"")

        def do_POST(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), LARGEST)
            body = self.rfile.read(length)
            self._answer(cage.post(body, dict(self.headers.items())) if self.path == HOOK else 404, b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    return Handler
