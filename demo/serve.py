"""One process for the whole demo world: HTTP on one port, mail on another, loopback only, or in a thread for tests."""

import contextlib
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette

from demo.app import Demo, Options, build_app
from demo.world import World

__all__ = ["Options", "Running", "World", "build_app", "running", "serve"]

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A demo world that answers at `url` (no slash at its end) and takes mail at `smtp_port`."""

    url: str
    demo: Demo

    @property
    def world(self) -> World:
        """The world that is served."""
        return self.demo.world

    @property
    def smtp_port(self) -> int:
        """The mail server's port on 127.0.0.1."""
        assert self.demo.smtp_port is not None
        return self.demo.smtp_port

    @property
    def hook_secret(self) -> str:
        """What a sender must sign its webhooks with."""
        return self.demo.secret

    def set_phase(self, phase: int) -> None:
        """Go to `phase` at once."""
        self.world.set_phase(phase)

    def fail(self, **orders: dict[str, Any]) -> None:
        """Make the next answers fail, as POST /_fail does: `fail(hook={"status": 500, "times": 3})`."""
        self.demo.failures.order(orders)

    def inbox(self) -> list[dict[str, Any]]:
        """What GET /_inbox.json answers."""
        return self.demo.inbox.summaries()

    def hooks(self) -> list[dict[str, Any]]:
        """The events of GET /_hooks.json."""
        return self.demo.hooks.journal.entries


class _Server(uvicorn.Server):
    """uvicorn that tells when it listens, or that it never will."""

    def __init__(self, app: Starlette, ready: Callable[[], None]) -> None:
        super().__init__(uvicorn.Config(app, log_level="warning", access_log=False, ws="none", timeout_graceful_shutdown=2))
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then tell."""
        await super().startup(sockets)
        self._ready()


def serve(world: World, state_dir: Path, options: Options, *, port: int, ready: Callable[[Running], None]) -> None:
    """Serve until a signal ends the process; OSError where the port is taken. `ready` is told the addresses."""
    app = build_app(world, state_dir, options)
    with _listening(port) as listener:
        _Server(app, lambda: ready(_running(app, listener))).run(sockets=[listener])


@contextlib.contextmanager
def running(
    port: int = 0, smtp_port: int = 0, *, state_dir: Path | None = None, hook_secret: str | None = None, **world: Any
) -> Iterator[Running]:
    """The world in a thread, on free ports where they are 0, with `World`'s own keywords (now, articles, phase)."""
    with contextlib.ExitStack() as stack:
        directory = state_dir or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="demo-")))
        app = build_app(World(**world), directory, Options(hook_secret=hook_secret, smtp_port=smtp_port))
        listener = stack.enter_context(_listening(port))
        told = threading.Event()
        server = _Server(app, told.set)
        thread = threading.Thread(target=_run, args=(server, listener, told), name="demo world", daemon=True)
        thread.start()
        stack.callback(_stop, server, thread)
        told.wait(30)
        if not server.started:
            raise OSError("the demo world did not start; see the log")
        yield _running(app, listener)


def _run(server: _Server, listener: socket.socket, told: threading.Event) -> None:
    try:
        server.run(sockets=[listener])
    finally:
        told.set()


def _stop(server: _Server, thread: threading.Thread) -> None:
    server.should_exit = True
    thread.join(10)


def _listening(port: int) -> socket.socket:
    listener = socket.create_server((LOOPBACK, port), backlog=512)
    listener.setblocking(False)
    return listener


def _running(app: Starlette, listener: socket.socket) -> Running:
    return Running(url=f"http://{LOOPBACK}:{listener.getsockname()[1]}", demo=app.state.demo)


def moment(text: str) -> datetime:
    """An ISO time with its zone; ValueError for one without."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"`{text}` has no zone; write one such as 2026-11-22T08:00:00+00:00")
    return found
