"""Who takes our messages in the tests: an SMTP server and HTTP receivers that fail as real ones do, and the desk that owes them."""

import asyncio
import base64
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zoneinfo import ZoneInfo

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope, Session
from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session as Sql

from pipelines.alerts.channels import Sender, Sending, Sends, Smtp
from pipelines.alerts.lines import Lines
from pipelines.alerts.outbox import Delivered, Post, deliver
from pipelines.models import Outcome
from pipelines.store import alerts
from pipelines.store.articles import add
from pipelines.store.database import reading, writing
from pipelines.store.pages import Found, settle
from pipelines.store.tables import AlertRow, ArticleRow, Story, Telling
from pipelines.watch.watchlist import Watchlist
from tests.store.articles import article

SECRET = "whsec_" + base64.b64encode(b"a secret that tests may know").decode()
ROUND = timedelta(minutes=2)
"""How often the DAG `deliver` runs."""
Refusal = str | tuple[int, dict[str, str]] | None


@dataclass
class Mailbox:
    """An SMTP server. `refuse(recipient, number of its tries so far)` gives a reply, or None where the mail is taken."""

    refuse: Callable[[str, int], str | None] = lambda _recipient, _tries: None
    port: int = 0
    mails: list[tuple[str, str]] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    _controller: Controller | None = None

    async def handle_RCPT(self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        refusal = self.refuse(address, self.tries[address])
        self.tries[address] += 1
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content or b"", policy=policy.default)  # type: ignore[arg-type]
        self.mails.append((envelope.rcpt_tos[0], str(mail["Message-ID"])))
        return "250 taken"

    def up(self) -> None:
        """Listen, on the same port as before."""
        self._controller = _AnyPort(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()
        self.port = self._controller.port

    def down(self) -> None:
        """Refuse connections."""
        if self._controller:
            self._controller.stop()
            self._controller = None


class _AnyPort(Controller):
    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@dataclass
class Hook:
    """A receiver that honours `webhook-id`. `answer(number of the request)` gives (status, headers), or `cut` after taking, `drop` before."""

    answer: Callable[[int], Refusal] = lambda _number: None
    seconds: float = 0.0
    url: str = ""
    took: list[str] = field(default_factory=list)
    repeated: int = 0
    requests: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, message: str) -> None:
        """Keep a message once."""
        with self.lock:
            self.repeated += message in self.took
            self.took += [message] if message not in self.took else []


def _handler(hook: Hook) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            with hook.lock:
                hook.requests += 1
                refusal = hook.answer(hook.requests)
            if hook.seconds:
                time.sleep(hook.seconds)
            if refusal in (None, "cut"):
                hook.take(self.headers["webhook-id"])
            self.close_connection = True
            if isinstance(refusal, str):
                return
            status, headers = refusal or (200, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the name is http.server's
            """Keep quiet."""

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads, request_queue_size = True, 128


@contextmanager
def receiving(**hooks: Hook) -> Iterator[None]:
    """The hooks listen inside the block."""
    servers = []
    for name, hook in hooks.items():
        server = _Server(("127.0.0.1", 0), _handler(hook))
        hook.url = f"http://127.0.0.1:{server.server_address[1]}/{name}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
    try:
        yield
    finally:
        for server, thread in servers:
            server.shutdown()
            thread.join()
            server.server_close()


@dataclass
class Town:
    """A store that owes messages through `mail` and `hooks`, and its rounds, two minutes apart by a clock of its own."""

    store: Engine
    now: datetime
    mail: Mailbox
    hooks: dict[str, Hook]
    readers: tuple[str, ...] = ("a@example.org", "b@example.org")
    stories: int = 0

    def post(self) -> Post:
        """As a round has it."""
        smtp = Smtp(host="127.0.0.1", port=self.mail.port, security="none", timeout=20)
        sending = Sending(
            smtp=smtp, sender=Sender(address="alerts@watch.example.org"), zone=ZoneInfo("Asia/Taipei"), secrets={"HOOK": SECRET}, allow=frozenset({"127.0.0.1"}),
            lines=Lines(smtp),
        )  # fmt: skip
        return Post(
            engine=self.store, watchlist=self.watchlist, portal_names={}, send=Sends(sending),
            clock=lambda: self.now,
        )  # fmt: skip

    @cached_property
    def watchlist(self) -> Watchlist:
        """One topic, to everybody."""
        hooks = "".join(f'  {name}: {{type: webhook, url: "{hook.url}", secret_env: HOOK}}\n' for name, hook in self.hooks.items())
        names = ", ".join(["desk", *self.hooks])
        return Watchlist.from_text(
            f"topics:\n  ferry: {{title: 渡輪, query: 渡輪, channels: [{names}]}}\nchannels:\n"
            f"  desk: {{type: mail, to: [{', '.join(self.readers)}]}}\n{hooks}"
        )

    @property
    def everybody(self) -> list[tuple[str, str]]:
        """(channel, recipient) of all."""
        return [*(("desk", reader) for reader in self.readers), *((name, name) for name in self.hooks)]

    def owes(self, stories: int, to: list[tuple[str, str]] | None = None) -> None:
        """As many new stories are owed to these, or to everybody."""
        with writing(self.store) as session:
            for _ in range(stories):
                self.stories += 1
                self._owe(session, self.stories, 0, to or self.everybody)

    def revises(self, story: int) -> None:
        """A revision of that story is owed to everybody."""
        with writing(self.store) as session:
            self._owe(session, story, 1, self.everybody)

    def round(self, times: int = 1, after: timedelta = ROUND) -> Delivered:
        """A while later, deliver; gives what came of the last time."""
        done = Delivered()
        for _ in range(times):
            self.now += after
            done = deliver(self.post())
        return done

    def rows(self, state: str | None = None) -> list[AlertRow]:
        """The alerts that are in that state, or all."""
        query = select(AlertRow).order_by(AlertRow.id)
        with reading(self.store) as session:
            return list(session.scalars(query if state is None else query.where(AlertRow.state == state)))

    def _owe(self, session: Sql, story: int, revision: int, to: list[tuple[str, str]]) -> None:
        row = session.scalar(select(ArticleRow).where(ArticleRow.digest == str(story))) or self._article(session, story)
        for each in to:
            alerts.owe(session, row, alerts.Due(topic="ferry", story_id=story, to=each, revision=revision), self.now)

    def _article(self, session: Sql, story: int) -> ArticleRow:
        page = settle(session, Found(portal="p", identity=str(story), url=f"https://p.example/{story}"), Outcome.NEW, self.now, ())
        row = add(session, page, article(title=f"第{story}號渡輪復航"), digest=str(story), learned=False, now=self.now)
        session.execute(insert(Story).values(id=story, article_id=row.id, title="", first_seen_at=self.now))
        session.add(Telling(story_id=story, article_id=row.id, role="first", containment=1.0, why=""))
        return row
