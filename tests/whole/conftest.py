"""One whole cycle over the replica portals, crawled without Airflow, shared by the tests that look at its outcome."""

import base64
import contextlib
import json
import multiprocessing
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from sqlalchemy import Engine

from demo.serve import Running, running
from pipelines.config import settings
from pipelines.rounds import upkeep_round
from pipelines.store.database import engine, upgrade, writing
from pipelines.store.tables import Portal as PortalRow
from pipelines.store.tables import Source
from spiders.job import now
from tests.whole.portal import Portal, portal, write_sheet

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["portalwatch.cli", "spiders.crawl", "tests.whole.conftest"])
PORTALS = ("storm_mg", "park6", "dw_zh", "bbc_zh")
SECRET = "whsec_" + base64.b64encode(b"a secret that tests may know").decode()
DEMO = Path(__file__).resolve().parents[2] / "demo"


@dataclass(slots=True, kw_only=True)
class House:
    """A portalwatch of its own in `home`, pointed at a running world."""

    home: Path
    world: Running
    valkey: str
    env: dict[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Engine:
        """Its store."""
        return engine(self.env.get("PORTALWATCH_DATABASE_URL") or f"sqlite:///{self.home / 'portalwatch.db'}")

    def sheet(self, portal: str, **keys: Any) -> None:
        """Write the operator's own sheet of a portal, over the shipped one."""
        values = {
            "extends": portal,
            "gateway": self.world.url,
            "looks": ["1 s", "1 s", "1 s", "1 s"],
            "pace": {"delay": 0, "concurrency": 2, "budget": 100000},
        } | keys
        path = self.home / "config" / "portals" / f"{portal}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")

    def learned(self, *portals: str) -> None:
        """As if these portals' learning runs were over."""
        upgrade(self.database)
        with writing(self.database) as session:
            session.add_all(PortalRow(slug=portal, learned_at=now()) for portal in portals)
            session.add_all(Source(portal=portal, url=f"http://{portal}.example/list", cut=False, read_at=now()) for portal in portals)

    def forget_heartbeats(self) -> None:
        """As if the time had passed after which a killed crawl counts as dead."""
        with redis.Redis.from_url(self.valkey) as client:
            for key in client.scan_iter("pw:*:alive:*"):
                client.delete(key)

    def start(self, *command: str, **env: str) -> "Started":
        """Start a command of ours, in a process of its own that has the imports behind it."""
        return Started(list(command), self.env | env, self.home)

    def run(self, *command: str, stdin: str | None = None, timeout: float = 90.0, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ours to its end."""
        started = Started(list(command), self.env | env, self.home, stdin)
        out, err = started.communicate(timeout)
        return subprocess.CompletedProcess(list(command), started.returncode, out, err)

    def crawl(self, portal: str, **env: str) -> dict[str, Any]:
        """The summary of one crawl, whatever became of it."""
        done = self.run("crawl", portal, "--json", **env)
        assert done.stdout, done.stderr
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return told | {"exit": done.returncode, "stderr": done.stderr}

    def crawl_all(self) -> dict[str, dict[str, Any]]:
        """All four portals at once."""
        started = {name: self.start("crawl", name, "--json") for name in PORTALS}
        told = {}
        for name, process in started.items():
            out, err = process.communicate(timeout=90)
            assert out, err
            told[name] = json.loads(out.splitlines()[-1]) | {"exit": process.returncode, "stderr": err}
        return told


class Started:
    """A command of ours in a forked process: what Popen would be, without a second's imports."""

    def __init__(self, command: list[str], env: dict[str, str], home: Path, stdin: str | None = None) -> None:
        self._out, self._err, given = (home / f"{kind}-{secrets.token_hex(4)}" for kind in ("out", "err", "in"))
        given.write_text(stdin or "", encoding="utf-8")
        self._process = FORKS.Process(target=_command, args=(command, env, given, self._out, self._err))
        self._process.start()
        self.kill, self.terminate = self._process.kill, self._process.terminate

    @property
    def pid(self) -> int:
        """Its number."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int:
        """Its exit code, once it ended."""
        return self._process.exitcode if self._process.exitcode is not None else -1

    def halts(self, seconds: float = 180.0) -> bool:
        """Wait until it halts at the point that its environment names; False where it ended without coming there."""
        deadline = time.monotonic() + seconds
        while self._process.exitcode is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                if psutil.Process(self._process.pid).status() == psutil.STATUS_STOPPED:
                    return True
            assert time.monotonic() < deadline, "neither halted nor ended in time"
            time.sleep(0.01)
        return False

    def go_on(self) -> None:
        """Let it go on from where it halts, unless it was killed there."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGCONT)

    def interrupt(self) -> None:
        """Ctrl-C."""
        os.kill(self.pid, signal.SIGINT)

    def communicate(self, timeout: float = 90.0) -> tuple[str, str]:
        """Wait for its end; (stdout, stderr)."""
        self._process.join(timeout)
        assert self._process.exitcode is not None, "did not end in time"
        return tuple(path.read_text(encoding="utf-8") if path.exists() else "" for path in (self._out, self._err))  # type: ignore[return-value]


def _command(command: list[str], env: dict[str, str], given: Path, out: Path, err: Path) -> None:
    for number, path, flags in ((0, given, os.O_RDONLY), (1, out, os.O_WRONLY | os.O_CREAT), (2, err, os.O_WRONLY | os.O_CREAT)):
        os.dup2(os.open(path, flags, 0o600), number)
    sys.stdin, sys.stdout, sys.stderr = open(0, encoding="utf-8"), open(1, "w", encoding="utf-8"), open(2, "w", encoding="utf-8")  # noqa: SIM115
    os.environ.clear()
    os.environ.update(env)
    if command == ["upkeep"]:
        print(upkeep_round(settings()))
        return
    sys.argv = ["portalwatch", *command]
    from portalwatch.cli import main

    main()


@contextmanager
def house(home: Path, valkey: str, **world: Any) -> Iterator[House]:
    """A house and its world."""
    with running(hook_secret=SECRET, state_dir=home / "world", **world) as up:
        made = House(home=home, world=up, valkey=valkey)
        made.env = {name: value for name, value in os.environ.items() if not name.startswith("PORTALWATCH_")} | environment(made)
        for portal in PORTALS:
            made.sheet(portal)
        watchlist = (DEMO / "watchlist.yaml").read_text(encoding="utf-8").replace("http://127.0.0.1:8700", up.url)
        (home / "config" / "watchlist.yaml").write_text(watchlist, encoding="utf-8")
        (home / "config" / "aliases.yaml").write_bytes((DEMO / "aliases.yaml").read_bytes())
        yield made


def environment(made: House) -> Mapping[str, str]:
    """What a house's commands see."""
    return {
        "PORTALWATCH_HOME": str(made.home),
        "PORTALWATCH_CONFIG": str(made.home / "config"),
        "PORTALWATCH_EXTRACTORS": "1",
        "PORTALWATCH_REDIS_URL": made.valkey,
        "PORTALWATCH_SMTP_HOST": "127.0.0.1",
        "PORTALWATCH_SMTP_PORT": str(made.world.smtp_port),
        "PORTALWATCH_ALLOW_HOSTS": "127.0.0.1",
        "PORTALWATCH_CONTACT": "desk@example.org",
        "DEMO_HOOK_SECRET": SECRET,
        "PYTHONWARNINGS": "default",
    }


@dataclass(slots=True, kw_only=True)
class Cycle:
    """A house after phases 0 to 3, and what each crawl of each phase told."""

    house: House
    phases: list[dict[str, dict[str, Any]]]


@pytest.fixture(scope="session")
def cycle(tmp_path_factory: pytest.TempPathFactory, valkey: str) -> Iterator[Cycle]:
    """A learning run and three phases of news."""
    with house(tmp_path_factory.mktemp("cycle"), valkey) as made:
        phases = []
        for phase in range(4):
            made.world.set_phase(phase)
            phases.append(made.crawl_all())
        yield Cycle(house=made, phases=phases)


@pytest.fixture
def fresh(tmp_path: Path, valkey: str) -> Iterator[House]:
    """A house before its first crawl, the world at phase 0."""
    with house(tmp_path / "house", valkey) as made:
        yield made


@pytest.fixture
def cape(fresh: House, request: pytest.FixtureRequest) -> Iterator[Portal]:
    """A portal that does what a test tells it to, and the topics of the module's WATCH on it, as if its learning run were over."""
    with portal() as up:
        write_sheet(fresh.home / "config", up.url)
        (fresh.home / "config" / "watchlist.yaml").write_text(request.module.WATCH, encoding="utf-8")
        fresh.learned("cape")
        yield up
