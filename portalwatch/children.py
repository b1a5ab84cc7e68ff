"""Child processes under one roof: each in its own group, watched, started again when it dies, and never left behind."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from pipelines.errors import PortalwatchError

GRACE = 6.0  # seconds between SIGTERM and SIGKILL; Airflow's scheduler needs about five to drain
RESTARTS = 5  # in a row, each after a longer pause
STEADY = 60.0  # seconds that a child lives before its earlier deaths are forgotten
PR_SET_PDEATHSIG = 1


class ChildFailed(PortalwatchError):
    """A child did not start, or keeps dying; the text ends with the last lines of its log."""


@dataclass(slots=True, kw_only=True)
class Child:
    """One program. `ready` tells whether it answers; None means at once."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    ready: Callable[[], bool] | None = None
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    retry_at: float = 0.0
    started_at: float = 0.0

    def start(self) -> None:
        """Start it in a group of its own, its output in `log`."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.started_at = time.monotonic()
        with self.log.open("ab") as sink:
            self.process = subprocess.Popen(  # noqa: S603 - our own programs
                list(self.argv),
                env={**os.environ, **self.env},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - see there
            )

    def running(self) -> bool:
        """Whether it lives."""
        return self.process is not None and self.process.poll() is None

    def tail(self, lines: int = 12) -> str:
        """The end of its log."""
        try:
            return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


@dataclass(slots=True)
class Children:
    """A family of children, stopped in reverse order of their start."""

    members: list[Child] = field(default_factory=list)

    def add(self, child: Child, timeout: float = 60.0) -> Child:
        """Start a child and wait until it is ready; ChildFailed where it is not in time."""
        self.members.append(child)
        child.start()
        self._await(child, timeout)
        return child

    def start(self, child: Child) -> Child:
        """Start a child without waiting; `settle` waits for all."""
        self.members.append(child)
        child.start()
        return child

    def settle(self, timeout: float = 120.0) -> None:
        """Wait until every child is ready."""
        deadline = time.monotonic() + timeout
        for child in self.members:
            self._await(child, deadline - time.monotonic())

    def mend(self) -> list[str]:
        """Start again what died; gives the names. ChildFailed where one died RESTARTS times in a row."""
        mended = []
        for child in self.members:
            if child.running():
                continue
            if child.retry_at == 0.0 and time.monotonic() - child.started_at > STEADY:
                child.deaths = 0
            if child.deaths >= RESTARTS:
                raise ChildFailed(f"{child.name} died {child.deaths} times:\n{child.tail()}")
            if child.retry_at == 0.0:
                child.deaths, child.retry_at = child.deaths + 1, time.monotonic() + 0.5 * child.deaths
                _signal(child, signal.SIGKILL)  # its group: a scheduler's workers outlive it, deaf to SIGTERM
            if time.monotonic() >= child.retry_at:
                child.retry_at = 0.0
                child.start()
                mended.append(child.name)
        return mended

    def stop(self) -> None:
        """End every child and its whole group: SIGTERM, GRACE seconds, SIGKILL."""
        offspring = [process for child in self.members for process in _offspring(child)]
        for child in reversed(self.members):
            _signal(child, signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline and any(_group_lives(child) for child in self.members):
            for child in self.members:
                child.running()
            time.sleep(0.05)
        for child in self.members:
            _signal(child, signal.SIGKILL)
            if child.process is not None:
                child.process.wait()
        for process in offspring:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(offspring, timeout=2)

    def _await(self, child: Child, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while child.ready is not None and not child.ready():
            if not child.running():
                raise ChildFailed(f"{child.name} did not start:\n{child.tail()}")
            if time.monotonic() > deadline:
                raise ChildFailed(f"{child.name} did not answer within {timeout:.0f} s:\n{child.tail()}")
            time.sleep(0.1)


def free_port(wanted: int) -> int:
    """`wanted` where nobody listens there, else a free port of the system's choice."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise PortalwatchError("no free port on 127.0.0.1")


def answers(port: int) -> Callable[[], bool]:
    """A `ready` that connects to a port on 127.0.0.1."""

    def ready() -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            return probe.connect_ex(("127.0.0.1", port)) == 0

    return ready


def _die_with_parent() -> None:
    # A supervisor that is killed outright cannot stop anybody; the kernel then ends its children.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _signal(child: Child, number: signal.Signals) -> None:
    if child.process is None:
        return
    try:
        os.killpg(child.process.pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _offspring(child: Child) -> list[psutil.Process]:
    """Everything below a child; an Airflow task leads a group of its own and would outlive its scheduler."""
    if child.process is None:
        return []
    try:
        return list(psutil.Process(child.process.pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def _group_lives(child: Child) -> bool:
    if child.process is None:
        return False
    try:
        os.killpg(child.process.pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
