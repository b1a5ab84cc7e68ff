"""The web app of the demo world: portals, inbox and webhook receiver, and the controls that move and break them."""

import asyncio
import base64
import contextlib
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo import pages
from demo.failures import Failures
from demo.hooks import Hooks
from demo.inbox import Inbox, listening
from demo.journal import Journal
from demo.portals import Asked, answer
from demo.world import World

MAX_HOOK = 2**20  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the world is served. Without `smtp_port` no mail server starts, 0 takes a free port; `advance` is seconds a phase.

    Without `hook_secret` ("whsec_…") the one in the state directory serves, made at the first start.
    """

    hook_secret: str | None = None
    smtp_port: int | None = None
    advance: float | None = None


class WrongUseError(ValueError):
    """A control request that makes no sense; its sentence is the answer."""


class Demo:
    """The parts behind the routes."""

    def __init__(self, world: World, state_dir: Path, options: Options) -> None:
        self.world, self.options = world, options
        self.secret = options.hook_secret or _secret(state_dir)
        self.failures = Failures()
        self.inbox = Inbox(Journal(state_dir / "inbox.jsonl"), self.failures)
        self.hooks = Hooks(Journal(state_dir / "hooks.jsonl"), self.failures, self.secret)
        self.smtp_port: int | None = None

    async def portal(self, request: Request) -> Response:
        """The real portal's answer under /HOST/PATH."""
        host, path = request.path_params["host"], "/" + request.path_params.get("path", "")
        order = self.failures.take("portal", host=host)
        if order is not None:
            again = {"Retry-After": str(order["retry_after"])} if "retry_after" in order else {}
            return Response(status_code=order["status"], headers=again)
        try:
            posted = await _posted(request) if request.method == "POST" else {}
        except ValueError as error:
            return _wrong_use(error)
        reply = answer(Asked(host=host, path=path, query=request.query_params, posted=posted), self.world.scene)
        headers = reply.validators()
        if reply.is_known_to(request.headers):
            return Response(status_code=304, headers=headers)
        return Response(reply.body, reply.status, {**headers, "Content-Type": reply.content_type})

    async def home(self, request: Request) -> Response:
        """The page that links everything."""
        values = {
            "mails": len(self.inbox.journal.entries),
            "events": len(self.hooks.journal.entries),
            "base": str(request.base_url).rstrip("/"),
        }
        return pages.page("home.html", "The demo world", {"world": self.world, "portals": pages.ENTRANCES, **values})

    async def world_state(self, request: Request) -> Response:
        """GET tells the phase, POST {"phase": n} sets it."""
        if request.method == "POST":
            try:
                self.world.set_phase(_phase(await _posted(request)))
            except ValueError as error:
                return _wrong_use(error)
        return JSONResponse({"phase": self.world.phase, "phases": self.world.phases, "started_at": self.world.started_at.isoformat()})

    async def fail(self, request: Request) -> Response:
        """POST what is to fail next, see Failures."""
        try:
            self.failures.order(await _posted(request))
        except ValueError as error:
            return _wrong_use(error)
        return JSONResponse({"ok": True})

    async def inbox_page(self, _request: Request) -> Response:
        """All mails, newest first."""
        return pages.page("inbox.html", "Inbox", {"mails": self.inbox.journal.entries[::-1]})

    async def inbox_json(self, _request: Request) -> Response:
        """All mails, oldest first."""
        return JSONResponse(self.inbox.summaries())

    async def mail_page(self, request: Request) -> Response:
        """One mail."""
        mail = self.inbox.mail(request.path_params["number"])
        if mail is None:
            return Response("no such mail", 404)
        return pages.page("mail.html", mail["subject"] or "(no subject)", {"mail": mail}, policy="mail")

    async def hook(self, request: Request) -> Response:
        """A delivery by webhook."""
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_HOOK:
                return JSONResponse({"error": "too large"}, 413)
        status, answered, headers = self.hooks.receive(request.path_params["name"], bytes(body), request.headers)
        return JSONResponse(answered, status, headers)

    async def hooks_page(self, _request: Request) -> Response:
        """All events, newest first."""
        report = self.hooks.report()
        return pages.page("hooks.html", "Webhooks", {**report, "events": report["events"][::-1]})

    async def hooks_json(self, _request: Request) -> Response:
        """All events and the counts."""
        return JSONResponse(self.hooks.report())

    async def style(self, _request: Request) -> Response:
        """The style sheet of the pages above."""
        return pages.style()

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """The mail server and the clock run as long as the app does."""
        async with contextlib.AsyncExitStack() as stack:
            if self.options.smtp_port is not None:
                server = await stack.enter_async_context(await listening(self.inbox, self.options.smtp_port))
                self.smtp_port = server.sockets[0].getsockname()[1]
            if self.options.advance is not None:
                ticking = asyncio.create_task(self._advancing(self.options.advance))
                stack.callback(ticking.cancel)
            yield

    async def _advancing(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            self.world.set_phase(self.world.phase + 1)


def build_app(world: World, state_dir: Path, options: Options | None = None) -> Starlette:
    """The app that serves `world`; what arrives is kept in `state_dir`. `app.state.demo` is the Demo behind it."""
    demo = Demo(world, state_dir, options or Options())
    routes = [
        Route("/", demo.home),
        Route("/_style.css", demo.style),
        Route("/_world", demo.world_state, methods=["GET", "POST"]),
        Route("/_fail", demo.fail, methods=["POST"]),
        Route("/_inbox", demo.inbox_page),
        Route("/_inbox.json", demo.inbox_json),
        Route("/_inbox/{number:int}", demo.mail_page),
        Route("/_hooks", demo.hooks_page),
        Route("/_hooks.json", demo.hooks_json),
        Route("/_hook/{name}", demo.hook, methods=["POST"]),
        Route("/{host}", demo.portal),
        Route("/{host}/{path:path}", demo.portal, methods=["GET", "POST"]),
    ]
    # Only this machine's own names: a page from elsewhere must not reach the controls through a name of its own.
    middleware = [Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"], www_redirect=False)]
    app = Starlette(routes=routes, middleware=middleware, lifespan=demo.lifespan)
    app.state.demo = demo
    return app


async def _posted(request: Request) -> dict[str, Any]:
    """The JSON object of a control request. Its content type keeps other sites' forms out."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise WrongUseError("send Content-Type: application/json")
    value = await request.json()
    if not isinstance(value, dict):
        raise WrongUseError("send a JSON object")
    return value


def _phase(wanted: dict[str, Any]) -> int:
    phase = wanted.get("phase")
    if not isinstance(phase, int) or isinstance(phase, bool):
        raise WrongUseError('send {"phase": 1}')
    return phase


def _wrong_use(error: ValueError) -> Response:
    return JSONResponse({"error": str(error)}, 400)


def _secret(state_dir: Path) -> str:
    """The state directory's own secret, made once, readable to its owner only."""
    path = state_dir / "hook_secret"
    if not path.exists():
        state_dir.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("whsec_" + base64.b64encode(secrets.token_bytes(24)).decode())
    return path.read_text(encoding="utf-8").strip()
