"""One database, three dialects: SQLite, PostgreSQL, MariaDB/MySQL. Transactions begin and end here and nowhere else."""

from __future__ import annotations

import math
import os
import time
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
from sqlalchemy.types import TypeEngine

from youhui.platform import statements
from youhui.platform.problems import Unavailable
from youhui.platform.troubles import translated
from youhui.platform.watchdog import Watchdog

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
HURRIED = 2.0
"""seconds for a server, a connection or a locked row where many wait for one unit of work"""
LONG = 60.0
"""seconds that a unit of work may take that writes"""
PING, CONNECT = 1.0, 3.0
"""seconds in which a connection from the pool must show that it is alive, and a new one be made: together less than
PATIENCE
"""
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=2000",
    "foreign_keys=ON",
    "recursive_triggers=ON",  # else INSERT OR REPLACE removes a row past the trigger that refuses it
)


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
        self._watchdog = Watchdog()
        self.engine = self._made(_engine(url, patience, pool_timeout=patience))
        self._hurried = self._made(_engine(url, min(patience, HURRIED), hurried=True, pool_timeout=HURRIED))
        self._unpooled = _engine(url, patience, poolclass=NullPool)

    def _made(self, engine: Engine) -> Engine:
        """With a limit to its ping: a connection that has gone silent is not found out otherwise."""
        ping = engine.dialect.do_ping

        def limited(dbapi_connection: Any) -> bool:
            with self._watchdog.watching(dbapi_connection, time.monotonic() + PING):
                return ping(dbapi_connection)

        engine.dialect.do_ping = limited  # type: ignore[method-assign]
        return engine

    @contextmanager
    def reading(self, within: float | None = PATIENCE) -> Iterator[Connection]:
        """One transaction that only reads. Its connection is cut if it takes longer; None: it may take its time."""
        with self._unit(self.engine, within) as connection:
            yield connection

    @contextmanager
    def writing(self, within: float | None = LONG) -> Iterator[Connection]:
        """One transaction that writes: committed at the end of the block, rolled back if it raises.

        As `reading`; whether it was committed is unknown if it is cut at the end.
        """
        with self._unit(self.engine, within, writes=True) as connection:
            yield connection

    @contextmanager
    def hurried(self, within: float) -> Iterator[Connection]:
        """As `writing`, for what many wait for: a locked row is waited for HURRIED seconds at most.

        Its connections are its own, so that no other work keeps it waiting. The server ends its transaction if it hears
        nothing of it for as long: what a lost connection had locked does not stay locked.
        """
        with self._unit(self._hurried, within, writes=True) as connection:
            yield connection

    @contextmanager
    def beside(self) -> Iterator[Connection]:
        """One transaction that only reads, on a connection of its own, however many are in use."""
        with self._unit(self._unpooled, PATIENCE) as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """One transaction that only reads, all of it as of its beginning, for as long as it takes."""
        name = self.engine.dialect.name
        options: dict[str, Any] = {} if name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        if name == "postgresql":
            options["postgresql_readonly"] = True
        with self._unit(self._unpooled, None, **options) as connection:
            if name in MYSQL:
                connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            yield connection

    @contextmanager
    def _unit(self, engine: Engine, within: float | None, **options: Any) -> Iterator[Connection]:
        until = math.inf if within is None else time.monotonic() + within
        with (
            translated(),
            engine.connect().execution_options(**options) as connection,
            self._watchdog.watching(connection.connection.dbapi_connection, until),
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        """Closes the connections that are not in use."""
        self._watchdog.stop()
        self._hurried.dispose()
        self.engine.dispose()


def _engine(url: str, patience: float, *, hurried: bool = False, **pool: Any) -> Engine:
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
            connect_args={k: v for k, v in _waits(kind, patience, hurried).items() if k not in parsed.query},
            **pool,
        )
        if kind in MYSQL and "read_timeout" not in parsed.query:
            event.listen(engine, "connect", _wait_for_answers)
    event.listen(engine, "before_cursor_execute", _count)
    return engine


_JSON: dict[str, Any] = {
    "json_serializer": lambda value: msgspec.json.encode(value).decode(),
    "json_deserializer": msgspec.json.decode,
}
"""several times as fast as the standard library's, which counts where a million rows come in"""


def _waits(kind: str, patience: float, hurried: bool) -> dict[str, Any]:
    """Without these a request may wait for minutes, or for ever, for a row that someone else has locked."""
    seconds, connect = max(1, round(patience)), max(1, round(min(patience, CONNECT)))
    if kind in MYSQL:
        wait = f"SET SESSION innodb_lock_wait_timeout={seconds}"
        idle = f" /*M!100300 , idle_transaction_timeout={seconds} */" if hurried else ""  # not MySQL's
        return {"connect_timeout": connect, "read_timeout": connect, "init_command": wait + idle}
    milliseconds = round(patience * 1000)
    options = f"-c lock_timeout={milliseconds}"
    if hurried:
        options += f" -c idle_in_transaction_session_timeout={milliseconds} {_BY_KEYS}"
    return {"connect_timeout": connect, "options": options}


_BY_KEYS = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
"""Hurried work names its rows by keys. PostgreSQL keeps a plan that it made while a table was small, or unknown to it,
and would read all of the table when it has grown.
"""


def _wait_for_answers(connection: Any, _record: object) -> None:
    """PyMySQL's `read_timeout` is meant for the greeting only: statements may take their time."""
    connection._read_timeout = None


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
