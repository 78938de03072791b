"""Where the center's rows live: an engine for SQLite or PostgreSQL, migrated, and its errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.sql.schema import Table

from edge_agent.center import troubles
from edge_agent.core.secret import Credential
from edge_agent.store.database import load_migrations, open_database, statements

_LOCK = 0x71_63_61_6D  # "qcam": whoever migrates holds this advisory lock
_READING = "reading"
_COUNTED = {"preserve_rowcount": True}
_IN_POSTGRES = (
    ("INTEGER PRIMARY KEY AUTOINCREMENT", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
    (" INTEGER", " BIGINT"),
    (" BLOB", " BYTEA"),
    (") STRICT", ")"),
)


class Unstorable(Exception):
    """The database will never take these rows: their contents are at fault, not its state."""


def open_engine(
    url: str, folder: Path, credential: Credential | None = None, *, check: bool = False
) -> Engine:
    """The engine of `storage.database`, its schema the newest; '' is SQLite in `folder`.

    `check` reads the whole of an SQLite file once. Raises Trouble: `store.damaged`,
    `store.newer`, `store.unavailable`, `center.database`.
    """
    return _postgres(url, credential) if url else _sqlite(folder / "center.db", check)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction, all or nothing, durable when this returns.

    Raises Trouble `center.database` when the database cannot take it now (full, away, locked) and
    Unstorable when it never will.
    """
    with _told(engine), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent look that holds up no writer. Raises Trouble `center.database`."""
    with _told(engine), engine.connect() as connection:
        yield connection.execution_options(**{_READING: True})


def insert_new(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> int:
    """Insert what no unique key forbids; how many rows were new."""
    if not rows:
        return 0
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    insert = dialect.insert(table).on_conflict_do_nothing()
    return connection.execute(insert, rows, execution_options=_COUNTED).rowcount


@contextmanager
def _told(engine: Engine) -> Iterator[None]:
    where = engine.url.render_as_string(hide_password=True)
    try:
        yield
    except OperationalError as error:
        raise troubles.database(where, _first_line(error)) from error
    except DBAPIError as error:
        # SQLite says "malformed" as a plain DatabaseError; a lost line invalidates the connection
        if error.connection_invalidated or type(error) is DatabaseError:
            raise troubles.database(where, _first_line(error)) from error
        raise Unstorable(_first_line(error)) from error
    except SQLAlchemyError as error:
        raise troubles.database(where, _first_line(error)) from error


def _first_line(error: SQLAlchemyError) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().partition("\n")[0][:200]


def _sqlite(path: Path, check: bool) -> Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    open_database(path, "center", check=check).close()
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 10.0})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    plain = connection.get_execution_options().get(_READING)
    connection.exec_driver_sql("BEGIN" if plain else "BEGIN IMMEDIATE")


def _postgres(url: str, credential: Credential | None) -> Engine:
    place = make_url(url).set(drivername="postgresql+psycopg")
    if credential:
        place = place.set(username=credential.user, password=credential.password)
    # a server that hangs must not hang us: the batch is tried again on a new connection
    patience = {"connect_timeout": 10, "options": "-c statement_timeout=30000"}
    engine = create_engine(place, connect_args=patience, pool_size=2, max_overflow=3)
    with ExitStack() as failed:
        failed.callback(engine.dispose)
        with writing(engine) as connection:
            _migrate(connection)
        failed.pop_all()
    return engine


def _migrate(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    connection.exec_driver_sql(
        "CREATE TABLE IF NOT EXISTS schema_version (one BIGINT PRIMARY KEY, version BIGINT)"
    )
    found = connection.exec_driver_sql("SELECT version FROM schema_version").scalar() or 0
    scripts = load_migrations("center")
    if found > len(scripts):
        raise troubles.newer(found, len(scripts))
    for script in scripts[found:]:
        for statement in statements(script):
            connection.exec_driver_sql(_in_postgres(statement))
    connection.execute(
        text(
            "INSERT INTO schema_version (one, version) VALUES (1, :version) "
            "ON CONFLICT (one) DO UPDATE SET version = :version"
        ),
        {"version": len(scripts)},
    )


def _in_postgres(statement: str) -> str:
    for ours, theirs in _IN_POSTGRES:
        statement = statement.replace(ours, theirs)
    return statement
