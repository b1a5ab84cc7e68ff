"""One whole cycle over the replica portals, crawled without Airflow, shared by the tests that look at its outcome."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from demo.serve import Running, running
from pipelines.store.database import engine

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
        return engine(f"sqlite:///{self.home / 'portalwatch.db'}")

    def sheet(self, portal: str, **keys: Any) -> None:
        """Write the operator's own sheet of a portal, over the shipped one."""
        values = {
            "extends": portal, "gateway": self.world.url, "looks": ["1 s", "1 s", "1 s", "1 s"],
            "pace": {"delay": 0, "concurrency": 2, "budget": 100000},
        } | keys
        path = self.home / "config" / "portals" / f"{portal}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")

    def start(self, *command: str, **env: str) -> subprocess.Popen[str]:
        """Start a command of ours."""
        return subprocess.Popen(
            [sys.executable, "-m", "portalwatch.cli", *command], env=self.env | env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def run(self, *command: str, stdin: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ours to its end."""
        return subprocess.run(
            [sys.executable, "-m", "portalwatch.cli", *command], env=self.env | env, text=True, capture_output=True, input=stdin, check=False
        )

    def crawl(self, portal: str, **env: str) -> dict[str, Any]:
        """The summary of one crawl, whatever became of it."""
        done = self.run("crawl", portal, "--json", **env)
        assert done.stdout, done.stderr
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return told | {"exit": done.returncode, "stderr": done.stderr}

    def crawl_all(self) -> dict[str, dict[str, Any]]:
        """All four portals at once."""
        started = {portal: self.start("crawl", portal, "--json") for portal in PORTALS}
        told = {}
        for portal, process in started.items():
            out, err = process.communicate(timeout=90)
            assert out, err
            told[portal] = json.loads(out.splitlines()[-1]) | {"exit": process.returncode, "stderr": err}
        return told


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
        "PORTALWATCH_HOME": str(made.home), "PORTALWATCH_CONFIG": str(made.home / "config"), "PORTALWATCH_REDIS_URL": made.valkey,
        "PORTALWATCH_SMTP_HOST": "127.0.0.1", "PORTALWATCH_SMTP_PORT": str(made.world.smtp_port), "PORTALWATCH_ALLOW_HOSTS": "127.0.0.1",
        "PORTALWATCH_CONTACT": "desk@example.org", "DEMO_HOOK_SECRET": SECRET, "PYTHONWARNINGS": "default",
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
