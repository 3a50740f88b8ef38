"""Statements as the driver takes them, for the few places where SQLAlchemy's work for each would be most of the time.

A text is written once for all databases: `?` is a value, `{lock}` and its like are put as each database wants them.
Lists of values are padded to a few lengths, so that servers and drivers see few different texts.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from youhui.platform import statements
from youhui.platform.db import MYSQL

T = TypeVar("T")

_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
MOST = _SIZES[-1]
"""values, or tuples of values, of one list"""


def dialect_of(connection: Connection) -> str:
    """ "sqlite", "postgresql" or "mysql" (MariaDB too)."""
    name = connection.dialect.name
    return "mysql" if name in MYSQL else name


def fetch(connection: Connection, text: str, values: Sequence[object] = ()) -> Sequence[Any]:
    """The rows of a query."""
    with _cursor(connection, text) as (cursor, written):
        cursor.execute(written, tuple(values))
        rows: Sequence[Any] = cursor.fetchall()
        return rows


def run(connection: Connection, text: str, rows: Iterable[Sequence[object]]) -> None:
    """A statement that writes, once for each row of values."""
    values = [tuple(row) for row in rows]
    if values:
        with _cursor(connection, text) as (cursor, written):
            cursor.executemany(written, values)


@contextmanager
def _cursor(connection: Connection, text: str) -> Iterator[tuple[Any, str]]:
    """The driver's own, and the text as it takes it; what the driver raises is raised as SQLAlchemy would."""
    driver = connection.connection
    written = _written(text, dialect_of(connection))
    statements.add()
    cursor = driver.cursor()
    try:
        yield cursor, written
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(connection, written, error) from error
    finally:
        cursor.close()


def _wrapped(connection: Connection, text: str, error: Any) -> BaseException:
    dialect = connection.dialect
    lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
    if lost:
        connection.invalidate(error)
    told: BaseException = DBAPIError.instance(
        text, None, error, dialect.loaded_dbapi.Error, connection_invalidated=lost, dialect=dialect
    )
    return told


def listed(values: Sequence[object]) -> tuple[str, Sequence[object]]:
    """The inside of `IN (…)` and its values: at most MOST of them, at least one."""
    size = _size(len(values))
    return ", ".join("?" * size), [*values, *[values[-1]] * (size - len(values))]


def tupled(connection: Connection, rows: Sequence[Sequence[object]]) -> tuple[str, Sequence[object]]:
    """The inside of `(a, b) IN (…)` and its values: at most MOST tuples, at least one."""
    size = _size(len(rows))
    padded = [*rows, *[rows[-1]] * (size - len(rows))]
    marks = ", ".join([f"({', '.join('?' * len(rows[0]))})"] * size)
    text = f"VALUES {marks}" if dialect_of(connection) == "sqlite" else marks
    return text, [value for row in padded for value in row]


def instant(connection: Connection, at: datetime | None) -> object:
    """An instant as it is bound (see `db.UTCDateTime`)."""
    return None if at is None else _instant(at, connection.dialect.name == "sqlite")


@functools.lru_cache(256)
def _instant(at: datetime, as_text: bool) -> object:
    """A batch has the same few again and again."""
    naive = at.astimezone(UTC).replace(tzinfo=None)
    return naive.isoformat(" ", "microseconds") if as_text else naive


def read_instant(value: object) -> datetime | None:
    """An instant as it was fetched."""
    if value is None:
        return None
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return at.replace(tzinfo=UTC)


def read_at(value: object) -> datetime:
    """The same of a column that is never null."""
    at = read_instant(value)
    assert at is not None
    return at


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """In order, at most MOST at once."""
    for start in range(0, len(values), MOST):
        yield values[start : start + MOST]


def _size(count: int) -> int:
    return next(size for size in _SIZES if size >= count)


@functools.lru_cache(2048)
def _written(text: str, dialect: str) -> str:
    sqlite, postgresql = dialect == "sqlite", dialect == "postgresql"
    for place, written in (
        ("{lock}", "" if sqlite else "FOR UPDATE"),
        ("{text}", "::text" if postgresql else ""),
        ("{new}", "INSERT OR IGNORE" if sqlite else "INSERT" if postgresql else "INSERT IGNORE"),
        ("{unless_there}", "ON CONFLICT DO NOTHING" if postgresql else ""),
    ):
        text = text.replace(place, written)
    return text if sqlite else text.replace("%", "%%").replace("?", "%s")
