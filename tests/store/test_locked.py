"""Who holds the database for long is waited for; who never lets go is told in one sentence, nowhere in a traceback."""

import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from pipelines.config import Settings, settings
from pipelines.errors import StoreAway
from pipelines.store import database
from pipelines.store.database import engine, in_one_transaction, open_store, reading, upgrade, writing
from pipelines.store.tables import Meta, Portal
from portalwatch.cli import main

PATIENCE = 0.2  # seconds that stand for the 20 of BUSY_TIMEOUT


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The store of this process' settings, where nobody waits long."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT", PATIENCE)
    engine.cache_clear()
    made = open_store(settings())
    yield made
    made.dispose()
    engine.cache_clear()


@pytest.fixture
def holder(impatient: Engine) -> Iterator[sqlite3.Connection]:
    """Another writer, in the middle of its transaction."""
    connection = sqlite3.connect(str(impatient.url.database), isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


def test_a_writer_that_holds_longer_than_we_wait_at_a_time_is_waited_for_again(impatient: Engine, holder: sqlite3.Connection) -> None:
    letting_go = threading.Timer(PATIENCE * 1.6, lambda: holder.execute("COMMIT"))
    letting_go.start()
    in_one_transaction(impatient, lambda session: session.add(Portal(slug="cape")))
    letting_go.join()
    with reading(impatient) as session:
        assert session.get(Portal, "cape") is not None


def test_one_that_never_lets_go_is_told_and_nothing_is_half_done(impatient: Engine, holder: sqlite3.Connection) -> None:
    with pytest.raises(StoreAway, match="locked by another process"):
        in_one_transaction(impatient, lambda session: session.add(Portal(slug="cape")))
    holder.execute("COMMIT")
    with reading(impatient) as session:
        assert session.scalar(select(func.count()).select_from(Portal)) == 0


@pytest.mark.parametrize(
    ("pragma", "told"), [("max_page_count = 1", "disk is full; what it holds is whole"), ("query_only = on", "readonly")]
)
def test_a_database_that_takes_nothing_more_is_told_at_once_and_takes_again_later(impatient: Engine, pragma: str, told: str) -> None:
    with impatient.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA {pragma}")  # stays with the one pooled connection
    rows = [Portal(slug=f"cape-{number}-{'x' * 3000}") for number in range(50)]
    with pytest.raises(StoreAway, match=told):
        in_one_transaction(impatient, lambda session: session.add_all(rows))
    impatient.dispose()
    in_one_transaction(impatient, lambda session: session.add(Portal(slug="cape")))
    with reading(impatient) as session:
        assert session.scalars(select(Portal.slug)).all() == ["cape"]


@pytest.mark.parametrize("command", ["alerts replay", "forget somebody", "alerts deliver", "crawl storm_mg", "stories list"])
def test_a_command_says_so_in_one_sentence_or_does_not_need_the_lock(
    holder: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["portalwatch", *command.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert ended.value.code in (0, 1)
    assert ended.value.code == 0 or ("portalwatch: the database is locked by another process" in told and len(told.splitlines()) == 1), told


def test_the_embedded_database_lies_in_home_whatever_its_path_holds(tmp_path: Path, configured: Callable[..., Settings]) -> None:
    home = tmp_path / "a b%20?x=1#;&漢'\"字"
    open_store(configured(home=home)).dispose()
    assert (home / "portalwatch.db").exists()
    assert [path.name for path in tmp_path.iterdir()] == [home.name]


def test_many_who_open_a_fresh_store_at_once_make_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'fresh.db'}"

    def opened(_: int) -> str:
        on = database.create_engine(url, **database._options("sqlite"))
        database.event.listen(on, "connect", database._prepare_sqlite)
        database.event.listen(on, "begin", database._begin_sqlite)
        upgrade(on)
        with reading(on) as session:
            store = database.store_id(session)
        on.dispose()
        return store

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(opened, range(6)))) == 1
    with writing(engine(url)) as session:
        assert session.get(Meta, "store") is not None
    engine(url).dispose()
