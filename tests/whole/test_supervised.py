"""The whole product under its own supervisor: killed children, orderly ends, a second start."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import create_engine, text

from demo.expected import missing_and_unexpected
from portalwatch.children import Child, ChildFailed, Children, free_port

ROOT = Path(__file__).resolve().parents[2]
KILLED = ("valkey-server", "demo serve", "airflow scheduler", "airflow dag-processor", "airflow api_server")


class Demo:
    """`make demo` up to the end of the cycle, in a HOME of its own."""

    def __init__(self, home: Path) -> None:
        self.home, self.ports = home, [free_port(0) for _ in range(3)]
        self.url = f"http://127.0.0.1:{self.ports[1]}"
        self.process = self.start()

    def start(self) -> "subprocess.Popen[str]":
        """Start it."""
        options = [part for pair in zip(("--port", "--world-port", "--smtp-port"), map(str, self.ports), strict=True) for part in pair]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "demo", "play", "--home", str(self.home), "--until", "3", *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return self.process

    def below(self) -> list[psutil.Process]:
        """Everything it started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self) -> float:
        """End it with SIGTERM; gives the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=30)
        return time.monotonic() - began

    def ask(self, path: str) -> Any:
        """JSON of the replica world."""
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            return json.load(answer)

    def wait(self, condition: Callable[[], bool], seconds: float) -> None:
        """Until `condition()`, while it lives."""
        deadline = time.monotonic() + seconds
        while True:
            assert self.process.poll() is None, self.process.communicate()[0][-3000:]
            assert time.monotonic() < deadline, f"not in time: {self.states()}"
            try:
                if condition():
                    return
            except OSError:
                pass
            time.sleep(0.3)

    def states(self) -> dict[str, int]:
        """Alerts by state."""
        engine = create_engine(f"sqlite:///{self.home / 'portalwatch.db'}")
        with engine.connect() as connection:
            found = dict(connection.execute(text("SELECT state, count(*) FROM alerts GROUP BY state")).all())
        engine.dispose()
        return found


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    started = Demo(tmp_path / "home")
    yield started
    if started.process.poll() is None:
        started.stop()


def called(process: psutil.Process) -> str:
    """Its command line, empty once it is gone."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.slow
@pytest.mark.timeout(700)
def test_killed_children_lose_and_double_no_alert_and_a_second_start_goes_on(demo: Demo) -> None:
    demo.wait(lambda: len(demo.ask("/_inbox.json")) > 0, 120)
    met: set[psutil.Process] = set()
    for name in KILLED:
        met |= set(demo.below())
        victim = next(process for process in demo.below() if name in called(process))
        victim.kill()
        demo.wait(lambda name=name: any(name in called(process) for process in demo.below() if lives(process)), 20)
        time.sleep(1)

    def arrived() -> bool:
        once = list({mail["message_id"]: mail for mail in demo.ask("/_inbox.json")}.values())
        return not missing_and_unexpected(once, demo.ask("/_hooks.json")["events"])[0]

    demo.wait(arrived, 240)
    demo.wait(lambda: set(demo.states()) == {"sent"}, 60)
    mails, events = demo.ask("/_inbox.json"), demo.ask("/_hooks.json")
    once = list({mail["message_id"]: mail for mail in mails}.values())
    assert missing_and_unexpected(once, events["events"]) == ([], [])
    descendants = demo.below()
    assert demo.stop() < 10
    assert [process for process in {*descendants, *met} if lives(process)] == []
    demo.start()
    runs = demo.home / "portalwatch.db"
    engine = create_engine(f"sqlite:///{runs}")

    def ran(count: int) -> bool:
        with engine.connect() as connection:
            return connection.execute(text("SELECT count(*) FROM runs WHERE succeeded")).scalar_one() >= count

    with engine.connect() as connection:
        before = connection.execute(text("SELECT count(*) FROM runs WHERE succeeded")).scalar_one()
    demo.wait(lambda: ran(before + 5), 240)
    assert len(demo.ask("/_inbox.json")) == len(mails)
    assert len(demo.ask("/_hooks.json")["events"]) == len(events["events"])
    engine.dispose()


def test_a_start_that_fails_halfway_leaves_nothing(tmp_path: Path) -> None:
    children = Children()
    sleeper = Child(name="sleeper", argv=["sleep", "600"], env={}, log=tmp_path / "sleeper.log")
    broken = Child(
        name="broken",
        argv=[sys.executable, "-c", "print('no such port'); raise SystemExit(3)"],
        env={},
        log=tmp_path / "b.log",
        ready=lambda: False,
    )
    children.add(sleeper)
    with pytest.raises(ChildFailed, match="broken did not start:\nno such port"):
        children.add(broken)
    children.stop()
    assert sleeper.process is not None
    assert sleeper.process.returncode == -signal.SIGTERM


def test_a_child_that_does_not_listen_is_killed_with_its_offspring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portalwatch.children.GRACE", 0.5)
    code = (
        "import signal,subprocess,sys,time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "p=subprocess.Popen(['sleep','600'], start_new_session=True); print(p.pid, flush=True); time.sleep(600)"
    )
    children = Children()
    child = Child(
        name="deaf",
        argv=[sys.executable, "-c", code],
        env={},
        log=tmp_path / "deaf.log",
        ready=lambda: bool((tmp_path / "deaf.log").read_text().strip()),
    )
    children.add(child)
    orphan = int((tmp_path / "deaf.log").read_text())
    children.stop()
    assert not psutil.pid_exists(orphan) or not lives(psutil.Process(orphan))


def test_a_dead_child_is_started_again_and_one_that_keeps_dying_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    children = Children()
    child = children.add(Child(name="mayfly", argv=["sleep", "600"], env={}, log=tmp_path / "m.log"))
    assert child.process is not None
    os.kill(child.process.pid, signal.SIGKILL)
    child.process.wait()
    assert children.mend() == ["mayfly"]
    assert child.running()
    children.stop()
    hopeless = Children()
    hopeless.add(Child(name="hopeless", argv=["false"], env={}, log=tmp_path / "h.log"))
    monkeypatch.setattr("portalwatch.children.time.monotonic", iter(range(0, 10**6, 30)).__next__)
    with pytest.raises(ChildFailed, match="hopeless died 5 times"):
        _mend_often(hopeless)
    hopeless.stop()


def _mend_often(children: Children) -> None:
    for _ in range(100):
        children.mend()
        for child in children.members:
            if child.process is not None:
                child.process.wait()


def test_the_supervisor_killed_outright_takes_its_children_along(tmp_path: Path) -> None:
    code = (
        "import pathlib,time,sys; from portalwatch.children import *; c=Children();"
        f"child=c.add(Child(name='s', argv=['sleep','600'], env={{}}, log=pathlib.Path({str(tmp_path / 's.log')!r})));"
        "print(child.process.pid, flush=True); time.sleep(600)"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    child = int(supervisor.stdout.readline())
    supervisor.kill()
    supervisor.communicate()
    deadline = time.monotonic() + 5
    while psutil.pid_exists(child) and lives(psutil.Process(child)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(child) or not lives(psutil.Process(child))


def test_a_taken_port_is_passed_over() -> None:
    import socket

    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        assert free_port(taken) != taken
