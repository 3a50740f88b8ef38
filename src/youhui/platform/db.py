"""One database, three dialects: SQLite, PostgreSQL, MariaDB/MySQL. Transactions begin and end here and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection as SQLiteConnection
from typing import Any

import msgspec
from sqlalchemy import (
    URL,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    NullPool,
    TypeDecorator,
    create_engine,
    event,
    make_url,
)
from sqlalchemy import (
    Connection as Connection,  # what a transaction is passed on as, also by who speaks no SQL
)
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.types import TypeEngine

from youhui.platform import statements
from youhui.platform.problems import Unavailable

MYSQL = ("mysql", "mariadb")
"""Both names are one family: which of them a dialect has depends on how the URL begins."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Ids and codes are compared exactly, as the other two databases do; MariaDB's own default folds case and accents.
_BINARY = {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_bin"}
TABLE_OPTIONS: dict[str, Any] = {
    f"{name}_{option}": value for name in MYSQL for option, value in _BINARY.items()
}

PATIENCE = 5.0
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=2000", "foreign_keys=ON")


class UTCDateTime(TypeDecorator[datetime]):
    """An instant to the microsecond: aware in Python, UTC in the database. A naive one is a ValueError."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """MySQL drops the microseconds unless it is told."""
        return dialect.type_descriptor(DATETIME(fsp=6) if dialect.name in MYSQL else DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


class Database:
    """An engine and its kinds of unit of work. They raise Unavailable where the database cannot be used now.

    `patience`: for how many seconds they wait for a server, for a connection that is in use, or for a locked row
    (SQLite's one lock: 2 s).
    """

    def __init__(self, url: str, patience: float = PATIENCE) -> None:
        self.engine = _engine(url, patience, pool_timeout=patience)
        self._unpooled = _engine(url, patience, poolclass=NullPool)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that only reads."""
        with _translated(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that writes: committed at the end of the block, rolled back if it raises."""
        with (
            _translated(),
            self.engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def beside(self) -> Iterator[Connection]:
        """One transaction that only reads, on a connection of its own, however many are in use."""
        with _translated(), self._unpooled.begin() as connection:
            yield connection

    def close(self) -> None:
        """Closes the connections that are not in use."""
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise Unavailable from error
    except DBAPIError as error:
        # A file that is no database, or a broken one, is of the base class itself.
        if error.connection_invalidated or type(error) is DatabaseError:
            raise Unavailable from error
        raise


def _engine(url: str, patience: float, **pool: Any) -> Engine:
    parsed = make_url(url)
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        engine = create_engine(_with_folder(parsed), **_JSON, **pool)
        event.listen(engine, "do_connect", _make_private)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(
            url,
            **_JSON,
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            connect_args={k: v for k, v in _waits(kind, patience).items() if k not in parsed.query},
            **pool,
        )
    event.listen(engine, "before_cursor_execute", _count)
    return engine


_JSON: dict[str, Any] = {
    "json_serializer": lambda value: msgspec.json.encode(value).decode(),
    "json_deserializer": msgspec.json.decode,
}
"""several times as fast as the standard library's, which counts where a million rows come in"""


def _waits(kind: str, patience: float) -> dict[str, Any]:
    """Without these a request may wait for minutes, or for ever, for a row that someone else has locked."""
    seconds = max(1, round(patience))
    if kind in MYSQL:
        return {"connect_timeout": seconds, "init_command": f"SET SESSION innodb_lock_wait_timeout={seconds}"}
    return {"connect_timeout": seconds, "options": f"-c lock_timeout={round(patience * 1000)}"}


def _with_folder(url: URL) -> URL:
    """The URL of a file whose folder is there. Raises ValueError where it names no file, Unavailable."""
    if not url.database or url.database == ":memory:":
        raise ValueError("a SQLite database needs a file: sqlite:///var/youhui.db")
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable from error
    return url


def _count(
    _connection: Connection,
    _cursor: object,
    statement: str,
    _parameters: object,
    _context: object,
    _many: bool,
) -> None:
    if not statement.startswith("BEGIN"):  # SQLite's transactions are begun by a statement of ours
        statements.add()


def _make_private(
    _dialect: Dialect, _record: object, arguments: Sequence[str], options: Mapping[str, object]
) -> None:
    """Makes a new file for its owner only, since it holds personal data; the driver would go by the umask.

    What stands in the way the driver says better.
    """
    if not options.get("uri"):
        with suppress(OSError):
            os.close(os.open(arguments[0], os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _prepare_sqlite(connection: SQLiteConnection, _record: object) -> None:
    """The driver begins transactions by itself, and too late; `_begin_sqlite` does it instead."""
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Who is going to write takes the lock at once: one that reads first and then writes may be refused."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
