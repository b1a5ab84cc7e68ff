"""A pool of one slot a host, so that one crawler at a time visits it, whatever number of sheets and backfills read from there.

A task whose pool does not exist waits for ever and tells nobody. So DAGs name only pools that were made, as a file in HOME says.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pipelines.config import Settings
from pipelines.errors import PortalwatchError
from pipelines.sheet import Sheet

FILE = "pools.json"
DEFAULT = "default_pool"
LOOK = 30.0  # seconds


def pool_of(sheet: Sheet) -> str:
    """The name of the pool of the sheet's first host."""
    return f"host_{sheet.hosts[0]}"


def chosen(settings: Settings, sheet: Sheet) -> str:
    """The pool that the sheet's tasks run in: its host's where that was made, else the default one."""
    wanted = pool_of(sheet)
    return wanted if wanted in made_before(settings) else DEFAULT


def made_before(settings: Settings) -> frozenset[str]:
    """The pools that were made."""
    try:
        return frozenset(json.loads((settings.home / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return frozenset()


def wanted(sheets: Iterable[Sheet]) -> dict[str, dict[str, object]]:
    """The pools of these sheets, in the form of `airflow pools import`."""
    named: dict[str, list[str]] = {}
    for sheet in sheets:
        named.setdefault(pool_of(sheet), []).append(sheet.slug)
    told = "portalwatch: one crawler at a time for {}"
    return {
        name: {"slots": 1, "description": told.format(", ".join(sorted(slugs))), "include_deferred": True}
        for name, slugs in sorted(named.items())
    }


def make(settings: Settings, sheets: Iterable[Sheet], env: Mapping[str, str] | None = None) -> list[str]:
    """Create or correct the pools by Airflow's own command, then note them; gives their names. PortalwatchError where it refuses."""
    pools = wanted(sheets)
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(pools, file)
        file.flush()
        command = [sys.executable, "-m", "airflow", "pools", "import", file.name]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603 - Airflow's own command
    if done.returncode:
        raise PortalwatchError(f"the pools could not be made: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    _note(settings.ensure_home() / FILE, list(pools))
    return list(pools)


class Keeper:
    """Makes pools beside a running stack, as soon as a sheet names a host that has none."""

    def __init__(self, settings: Settings, env: Mapping[str, str]) -> None:
        self._settings, self._env = settings, env
        self._next, self._process = 0.0, None  # type: tuple[float, subprocess.Popen[bytes] | None]

    def look(self, sheets: Callable[[], Iterable[Sheet]]) -> None:
        """Look whether one is missing, twice a minute, and have it made; never waits."""
        if time.monotonic() < self._next or (self._process is not None and self._process.poll() is None):
            return
        self._next = time.monotonic() + LOOK
        if set(wanted(sheets())) - made_before(self._settings):
            command = [sys.executable, "-m", "portalwatch.cli", "airflow", "pools"]
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
            self._process = subprocess.Popen(command, env={**os.environ, **self._env}, **quiet)  # type: ignore[call-overload]  # noqa: S603

    def stop(self) -> None:
        """Leave nothing running."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def _note(path: Path, names: list[str]) -> None:
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(names), encoding="utf-8")
    draft.replace(path)
