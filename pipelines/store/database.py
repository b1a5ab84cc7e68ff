"""Opening the database: engines, transactions, and the schema's version."""

import contextlib
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from pipelines.config import Settings
from pipelines.errors import ConfigError, SchemaError, StoreAway, WrongUseError
from pipelines.store.tables import Meta

T = TypeVar("T")
BUSY_TIMEOUT = 20.0  # seconds that SQLite waits for another writer before it says "locked"
TRIES_WHEN_LOCKED = 3
URL_EXAMPLE = "write one such as postgresql://user:password@host:5432/portalwatch, special characters as %XX"
UNIQUE_VIOLATION = "23505"
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_REFUSALS = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
STORY_LOCK = 0x506F7274  # key of PostgreSQL's advisory lock: one writer at a time decides which story an article joins
CLAIM_LOCK = STORY_LOCK + 2  # the one between is the migration's


@lru_cache(maxsize=4)
def engine(url: str) -> Engine:
    """The process' engine for `url`; WrongUseError where SQLAlchemy cannot read it (the password is not repeated)."""
    try:
        parsed = _parsed(url)
        if parsed.get_backend_name() == "postgresql" and parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        made = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite", **_options(parsed.get_backend_name()))
    except (SQLAlchemyError, ImportError, ValueError) as error:
        raise WrongUseError(f"PORTALWATCH_DATABASE_URL: cannot be used ({type(error).__name__}); {URL_EXAMPLE}") from None
    if parsed.get_backend_name() == "sqlite":
        event.listen(made, "connect", _prepare_sqlite)
        event.listen(made, "begin", _begin_sqlite)
        event.listen(made, "handle_error", _tell_damage)
    return made


def _parsed(url: str) -> URL:
    parsed = make_url(url)
    if "@" in (parsed.host or ""):
        raise ValueError("an @ in the host: it belongs to the password, where it is written %40")
    return parsed


def _options(backend: str) -> dict[str, Any]:
    return {"connect_args": {"timeout": BUSY_TIMEOUT, "check_same_thread": False}} if backend == "sqlite" else {"pool_size": 4}


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    _write_ahead(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn a new database's journal over; SQLite itself does not wait for others who do the same at that moment."""
    ends = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > ends:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: Any) -> None:
    # A transaction that will write takes the lock at once: upgrading later fails with "locked" however long it waits.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def _tell_damage(context: ExceptionContext) -> None:
    """Whoever meets a damaged file, at whatever statement, says so in one sentence."""
    if getattr(context.original_exception, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
        raise StoreAway(
            f"the database is damaged, or its file is none ({context.original_exception}); "
            "stop everything, keep the file, and put a backup in its place"
        ) from None


@contextlib.contextmanager
def reading(on: Engine) -> Iterator[Session]:
    """A session for questions."""
    with Session(on) as session:
        yield session


@contextlib.contextmanager
def writing(on: Engine) -> Iterator[Session]:
    """A session whose block is one transaction: committed at its end, rolled back on any error."""
    with Session(_writer(on)) as session, session.begin():
        yield session


@lru_cache(maxsize=8)
def _writer(on: Engine) -> Engine:
    """Made once an engine: every one of them copies all that listens to it."""
    return on.execution_options(writes=True)


def in_one_transaction(on: Engine, work: Callable[[Session], T]) -> T:
    """`work(session)` in a transaction, again from its start when the database was locked, dropped the connection, or another one
    wrote the same row first.

    StoreAway where that does not pass, and at once where the database takes nothing more: its disk is full, say.
    """
    return _tried(partial(writing, on), work)


def in_one_reading(on: Engine, question: Callable[[Session], T]) -> T:
    """`question(session)`, which writes nothing, again from its start as `in_one_transaction`."""
    return _tried(partial(reading, on), question)


def _tried(opened: Callable[[], contextlib.AbstractContextManager[Session]], work: Callable[[Session], T]) -> T:
    for attempt in range(1, TRIES_WHEN_LOCKED + 1):
        try:
            with opened() as session:
                return work(session)
        except DBAPIError as error:
            if _takes_nothing(error):
                raise StoreAway(in_words(error)) from None
            if not _can_pass(error) or (attempt == TRIES_WHEN_LOCKED and isinstance(error, IntegrityError)):
                raise
            if attempt == TRIES_WHEN_LOCKED:
                raise StoreAway(in_words(error)) from None
            time.sleep(0.2 * attempt)
    raise AssertionError("unreachable")


def _can_pass(error: DBAPIError) -> bool:
    sqlstate = getattr(error.orig, "sqlstate", None) or ""
    return (
        error.connection_invalidated
        or "locked" in str(error.orig)
        or sqlstate in ("40001", "40P01", UNIQUE_VIOLATION)
        or sqlstate.startswith(("08", "57P"))
    )


def _takes_nothing(error: DBAPIError) -> bool:
    code, sqlstate = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF, getattr(error.orig, "sqlstate", None) or ""
    return code in _REFUSALS or sqlstate.startswith(("53", "58")) or sqlstate == "25006"


def _is_full(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL or getattr(error.orig, "sqlstate", None) == "53100"


def in_words(error: DBAPIError) -> str:
    """What the database refused, in one sentence that a person can act on."""
    if _is_full(error):
        return (
            "the database's disk is full; what it holds is whole, and what was not kept comes again: make room, then start the same again"
        )
    if "locked" in str(error.orig):
        return "the database is locked by another process for longer than we wait; nothing was changed, try again when that one is done"
    place = "; PORTALWATCH_DATABASE_URL says where it is" if type(error.orig).__module__.startswith("psycopg") else ""
    return f"the database does not answer: {str(error.orig).strip().splitlines()[0]}{place}"


def said_of(error: Exception) -> str:
    """What went wrong where a command worked with the database, in one sentence."""
    return in_words(error) if isinstance(error, DBAPIError) else str(error).partition("\n")[0]


def serialize_stories(session: Session) -> None:
    """Let one transaction at a time decide on stories; SQLite's write lock does it already."""
    _serialize(session, STORY_LOCK)


def serialize_claims(session: Session) -> None:
    """Let one transaction at a time take a message to send it."""
    _serialize(session, CLAIM_LOCK)


def _serialize(session: Session, key: int) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def upgrade(on: Engine) -> None:
    """Bring the schema to this release's, and give a new store its id."""
    with on.execution_options(writes=True).begin() as connection:
        if on.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": STORY_LOCK + 1})
        config = _alembic()
        config.attributes["connection"] = connection
        _refuse_a_later_one(connection, config)
        command.upgrade(config, "head")
        with Session(connection) as session:
            if session.get(Meta, "store") is None:
                session.add(Meta(key="store", value=secrets.token_hex(6)))
                session.flush()


def _refuse_a_later_one(connection: Connection, config: Config) -> None:
    present = MigrationContext.configure(connection).get_current_revision()
    if present not in (None, *(each.revision for each in ScriptDirectory.from_config(config).walk_revisions())):
        raise SchemaError(f"the database's schema is {present}, which a later release made: start that one, or put a backup in its place")


def version(on: Engine) -> tuple[str | None, str]:
    """(the database's schema version, this release's)."""
    with on.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    return present, _head()


@lru_cache(maxsize=1)
def _head() -> str:
    wanted = ScriptDirectory.from_config(_alembic()).get_current_head()
    assert wanted is not None
    return wanted


def open_store(settings: Settings) -> Engine:
    """The engine of a store whose schema fits. The embedded SQLite is brought up to date; elsewhere SchemaError says how."""
    if settings.database_url is None:
        settings.ensure_home()
    on = engine(settings.database)
    try:
        present, wanted = version(on)
    except OperationalError as error:
        raise ConfigError(in_words(error)) from None
    if present != wanted and settings.database_url is None:
        upgrade(on)
    elif present != wanted:
        raise SchemaError(f"the database's schema is {present or 'empty'}, this release needs {wanted}: run `portalwatch db upgrade`")
    return on


def has_store(settings: Settings) -> bool:
    """Whether there may be a store; the embedded one is made by the first who opens it."""
    return settings.database_url is not None or (settings.home / "portalwatch.db").exists()


def store_id(session: Session) -> str:
    """The random id of this store; Redis keys carry it, so that a new database never meets an old one's keys."""
    return session.execute(select(Meta.value).where(Meta.key == "store")).scalar_one()


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config
