"""One database, three dialects: SQLite, PostgreSQL, MariaDB/MySQL. Transactions begin and end here and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from sqlite3 import Connection as SQLiteConnection
from typing import Any

from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    TypeDecorator,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.types import TypeEngine

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
    """An engine and its two kinds of unit of work. Raises Unavailable where the database cannot be used now."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)

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
        if error.connection_invalidated:
            raise Unavailable from error
        raise


def _engine(url: str) -> Engine:
    write_json = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(
            url, json_serializer=write_json, isolation_level="READ COMMITTED", pool_pre_ping=True
        )
    path = make_url(url).database
    if not path or path == ":memory:":
        raise ValueError("a SQLite database needs a file: sqlite:///var/youhui.db")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, json_serializer=write_json)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: SQLiteConnection, _record: object) -> None:
    """The driver begins transactions by itself, and too late; `_begin_sqlite` does it instead."""
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Who is going to write takes the lock at once: one that reads first and then writes may be refused."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
