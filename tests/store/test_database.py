"""Opening a store: migrations, versions, waiting for a lock, and times."""

import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, MetaData, Table, func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import Session

from pipelines.config import Settings
from pipelines.errors import ConfigError, SchemaError, StoreAway
from pipelines.store import columns
from pipelines.store.database import engine, in_one_reading, in_one_transaction, open_store, reading, store_id, upgrade, version, writing
from pipelines.store.tables import AlertRow, Base, HostDay, Portal, Telling
from tests.conftest import wait_for


def test_the_migrations_make_the_tables_of_this_release(store: Engine) -> None:
    with store.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Base.metadata) == []


def test_upgrading_twice_changes_nothing(store: Engine) -> None:
    with reading(store) as session:
        before = store_id(session)
    upgrade(store)
    with reading(store) as session:
        assert store_id(session) == before


def filled(table: Table, at: datetime) -> dict[str, object]:
    """A row of a table that is known by its columns alone."""
    kinds: dict[type, object] = {int: 1, float: 1.0, str: "x", datetime: at, bool: False, dict: {}, object: {}}
    return {column.name: kinds[column.type.python_type] for column in table.columns if not column.nullable}


def test_an_upgrade_keeps_what_is_owed(database_url: str) -> None:
    on, at, config = engine(database_url), datetime(2026, 11, 22, 8, 0, tzinfo=UTC), Config()
    config.set_main_option("script_location", str(Path(columns.__file__).with_name("migrations")))
    with on.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for name in ("pages", "articles", "stories", "tellings", "alerts"):
            before = Table(name, MetaData(), autoload_with=connection)
            connection.execute(before.insert().values(filled(before, at)))
    upgrade(on)
    with reading(on) as session:
        alert = session.scalars(select(AlertRow)).one()
        assert (alert.id, alert.topic, alert.development, alert.owed_at) == (1, "x", 0, at)
        assert session.scalars(select(Telling.role)).all() == ["x"]
    on.dispose()


def test_the_embedded_store_migrates_by_itself(configured: Callable[..., Settings], tmp_path: Path) -> None:
    on = open_store(configured(home=tmp_path / "new"))
    present, wanted = version(on)
    assert present == wanted
    on.dispose()


def test_another_database_is_refused_until_it_is_upgraded(configured: Callable[..., Settings], database_url: str) -> None:
    settings = configured(database_url=database_url)
    with pytest.raises(SchemaError, match="portalwatch db upgrade"):
        open_store(settings)
    upgrade(engine(database_url))
    open_store(settings).dispose()


def test_a_schema_of_a_later_release_is_told_and_left_as_it_is(configured: Callable[..., Settings], store: Engine) -> None:
    with writing(store) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaError, match="is 9999, which a later release made"):
        upgrade(store)
    assert version(store)[0] == "9999"


@pytest.mark.parametrize("at", [0, 5 * 4096], ids=["its head", "its middle"])
def test_a_damaged_database_is_told_in_one_sentence_wherever_it_is_met(at: int, migrated_sqlite: Path, tmp_path: Path) -> None:
    damaged = bytearray(migrated_sqlite.read_bytes())
    damaged[at : at + 10 * 4096] = b"?" * (10 * 4096)
    path = tmp_path / "damaged.db"
    path.write_bytes(damaged)
    on = engine(f"sqlite:///{path}")
    with pytest.raises(StoreAway, match="the database is damaged, or its file is none"):
        in_one_transaction(on, lambda session: [session.execute(select(table)).all() for table in Base.metadata.sorted_tables])
    on.dispose()
    assert path.read_bytes() == damaged


def test_a_bad_url_is_told_without_its_password(configured: Callable[..., Settings]) -> None:
    with pytest.raises(ConfigError) as told:
        open_store(configured(database_url="nonsense://user:hunter2@host/db"))
    assert "hunter2" not in str(told.value)


def test_times_come_back_aware_and_naive_ones_are_refused(store: Engine) -> None:
    taipei = datetime(2026, 11, 22, 16, 0, tzinfo=timezone(timedelta(hours=8)))
    with writing(store) as session:
        session.add(Portal(slug="a", learned_at=taipei))
    with reading(store) as session:
        read = session.get_one(Portal, "a").learned_at
        assert read == taipei
        assert read is not None
        assert read.tzinfo is UTC
    with pytest.raises(StatementError, match="without a zone"), writing(store) as session:
        session.add(Portal(slug="b", learned_at=datetime(2026, 11, 22)))  # noqa: DTZ001 - the point


def test_writers_wait_for_each_other(store: Engine) -> None:
    def add_one(_number: int) -> None:
        def work(session):  # type: ignore[no-untyped-def]
            row = session.get(HostDay, ("h", datetime(2026, 1, 1, tzinfo=UTC).date()), with_for_update=True)
            row.requests += 1

        in_one_transaction(store, work)

    with writing(store) as session:
        session.add(HostDay(host="h", day=datetime(2026, 1, 1, tzinfo=UTC).date(), requests=0))
    threads = [threading.Thread(target=add_one, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(store) as session:
        assert session.scalar(select(func.sum(HostDay.requests))) == 20


def test_a_lock_that_passes_is_waited_for(tmp_path: Path) -> None:
    on = engine(f"sqlite:///{tmp_path / 'locked.db'}")
    upgrade(on)
    holder = sqlite3.connect(tmp_path / "locked.db", isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, lambda: holder.execute("COMMIT"))
    release.start()
    in_one_transaction(on, lambda session: session.add(Portal(slug="a")))
    with reading(on) as session:
        assert session.get(Portal, "a") is not None
    release.join()
    holder.close()
    on.dispose()


def test_two_who_write_the_same_row_at_once_write_it_once(store: Engine) -> None:
    """The first waits in its transaction until the second waits for it (PostgreSQL), or is already refused entry (SQLite)."""
    met = threading.Event()

    def slowly(session: Session) -> None:
        session.add(Portal(slug="cape"))
        session.flush()
        met.set()
        if store.dialect.name == "postgresql":
            wait_for(lambda: _waits(store))

    def unless_known(session: Session) -> str:
        if session.get(Portal, "cape") is not None:
            return "known"
        session.add(Portal(slug="cape"))
        session.flush()
        return "written"

    first = threading.Thread(target=in_one_transaction, args=(store, slowly))
    first.start()
    assert met.wait(20)
    assert in_one_transaction(store, unless_known) == "known"
    first.join()


def _waits(store: Engine) -> bool:
    with store.connect() as connection:
        return bool(
            connection.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"))
        )


def test_a_row_that_is_there_for_good_is_still_an_error(store: Engine) -> None:
    in_one_transaction(store, lambda session: session.add(Portal(slug="cape")))
    with pytest.raises(IntegrityError):
        in_one_transaction(store, lambda session: session.add(Portal(slug="cape")))


def test_a_question_whose_connection_is_dropped_is_asked_again(store: Engine) -> None:
    asked = []

    def question(session: Session) -> int:
        asked.append(session)
        if len(asked) == 1:
            raise OperationalError("SELECT 7", {}, Exception("server closed the connection"), connection_invalidated=True)
        return int(session.scalars(text("SELECT 7")).one())

    assert (in_one_reading(store, question), len(asked)) == (7, 2)
