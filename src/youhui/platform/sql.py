"""Statements as the driver takes them, for the few places where SQLAlchemy's work for each would be most of the time.

A text is written once for all databases: `?` is a value, `{lock}` and its like are put as each database wants them.
Lists of values are padded to a few lengths, so that servers and drivers see few different texts.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from sqlalchemy import Connection, Dialect, String, Table
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.types import TypeEngine

from youhui.platform import statements
from youhui.platform.db import MYSQL

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")

_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
_CHECK_FAILED = 4025
"""of MariaDB, for which its driver has no class of its own: any other database would call it an integrity error"""
MOST = _SIZES[-1]
"""values, or tuples of values, of one list"""


def dialect_of(connection: Connection) -> str:
    """ "sqlite", "postgresql" or "mysql" (MariaDB too)."""
    name = connection.dialect.name
    return "mysql" if name in MYSQL else name


def fetch(connection: Connection, text: str, values: Sequence[object] = ()) -> Sequence[Any]:
    """The rows of a query."""
    written = _written(text, dialect_of(connection))

    def fetched(cursor: Any) -> Sequence[Any]:
        cursor.execute(written, tuple(values))
        rows: Sequence[Any] = cursor.fetchall()
        return rows

    return _driven(connection, written, fetched)


def run(connection: Connection, text: str, rows: Iterable[Sequence[object]]) -> None:
    """A statement that writes, once for each row of values."""
    values = [tuple(row) for row in rows]
    if values:
        written = _written(text, dialect_of(connection))
        _driven(connection, written, lambda cursor: cursor.executemany(written, values))


def insert(
    connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """New rows, with the values of these columns."""
    _at_once(connection, _Written(table, tuple(columns)), rows)


def insert_new(
    connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> int:
    """The same of those whose key is not there yet; how many these were."""
    what = _Written(table, tuple(columns))
    if dialect_of(connection) == "postgresql":
        text, bound = _listed(connection, what, list(zip(*rows, strict=True)))
        text += " ON CONFLICT DO NOTHING"
        return _driven(connection, text, lambda cursor: int(cursor.execute(text, bound).rowcount))
    written = _written(_one_by_one(what).replace("INSERT", "{new}", 1), dialect_of(connection))
    values = [tuple(row) for row in rows]

    def inserted(cursor: Any) -> int:
        cursor.executemany(written, values)
        return int(cursor.rowcount)

    return _driven(connection, written, inserted)


def update(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    keys: Sequence[str],
    rows: Iterable[Sequence[object]],
) -> None:
    """Writes columns over where keys are as given: a row has the values of the columns, then of the keys."""
    _at_once(connection, _Written(table, tuple(columns), tuple(keys)), rows)


class _Written(NamedTuple):
    """What is written: new rows, if there are no keys."""

    table: Table
    columns: tuple[str, ...]
    keys: tuple[str, ...] = ()


def _at_once(connection: Connection, what: _Written, rows: Iterable[Sequence[object]]) -> None:
    """PostgreSQL takes a list for each column, or the value that is in all rows: one statement, and few values."""
    if dialect_of(connection) != "postgresql":
        return run(connection, _one_by_one(what), rows)
    columns = list(zip(*rows, strict=True))
    if columns:
        text, bound = _listed(connection, what, columns)
        _driven(connection, text, lambda cursor: cursor.execute(text, bound))
    return None


def _listed(
    connection: Connection, what: _Written, columns: Sequence[Sequence[object]]
) -> tuple[str, dict[str, object]]:
    values = [_same_or_list(column) for column in columns]
    text = _in_lists(connection.dialect, what, tuple([isinstance(value, list) for value in values]))
    return text, dict(zip(what.columns + what.keys, values, strict=True))


def _same_or_list(column: Sequence[object]) -> object:
    return column[0] if column.count(column[0]) == len(column) else list(column)


@functools.lru_cache(64)
def _one_by_one(what: _Written) -> str:
    table, names = what.table.name, ", ".join(what.columns)
    if not what.keys:
        return f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(what.columns))})"
    changes = ", ".join([f"{name} = ?" for name in what.columns])
    same = " AND ".join([f"{name} = ?" for name in what.keys])
    return f"UPDATE {table} SET {changes} WHERE {same}"


@functools.lru_cache(256)
def _in_lists(dialect: Dialect, what: _Written, listed: Sequence[bool]) -> str:
    """Of rows that differ in the columns that are listed; if none is, it is one row."""
    table, names = what.table.name, what.columns + what.keys
    types = {name: _type_in_lists(what.table.c[name].type, dialect) for name in names}
    lists = list(itertools.compress(names, listed))
    value = {name: f"new.{name}" if name in lists else f"%({name})s::{types[name]}" for name in names}
    unnested = ", ".join([f"%({name})b::{types[name]}[]" for name in lists])
    source = f"FROM unnest({unnested}) AS new ({', '.join(lists)})" if lists else ""
    if not what.keys:
        return f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(value.values())} {source}"
    changes = ", ".join([f"{name} = {value[name]}" for name in what.columns])
    same = " AND ".join([f"{table}.{name} = {value[name]}" for name in what.keys])
    return f"UPDATE {table} SET {changes} {source} WHERE {same}"


def _type_in_lists(type_: TypeEngine[Any], dialect: Dialect) -> str:
    """PostgreSQL's, without a length: the column refuses what is too long, a cast would cut it off."""
    return "text" if isinstance(type_, String) else type_.compile(dialect=dialect)


@contextmanager
def together(connection: Connection) -> Iterator[None]:
    """PostgreSQL gets statements without each being waited for: what one raises is raised at the end at the latest."""
    if dialect_of(connection) != "postgresql":
        yield
        return
    driver = cast("psycopg.Connection[Any]", connection.connection.dbapi_connection)
    try:
        with driver.pipeline():
            yield
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(connection, "several statements", error) from error


def _driven(connection: Connection, written: str, work: Callable[[Any], T]) -> T:
    """Works with a cursor of the driver; what the driver raises is raised as SQLAlchemy would."""
    statements.add()
    cursor = connection.connection.cursor()
    try:
        return work(cursor)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(connection, written, error) from error
    finally:
        cursor.close()


def _wrapped(connection: Connection, text: str, error: Any) -> BaseException:
    if error.args[:1] == (_CHECK_FAILED,):
        return IntegrityError(text, None, error)
    dialect = connection.dialect
    lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
    if lost:
        connection.invalidate(error)
    told: BaseException = DBAPIError.instance(
        text, None, error, dialect.loaded_dbapi.Error, connection_invalidated=lost, dialect=dialect
    )
    return told


def among(connection: Connection, column: str, values: Sequence[object]) -> tuple[str, Sequence[object]]:
    """The condition that a column has one of these texts, at most MOST, and what is bound in it."""
    if dialect_of(connection) == "postgresql":
        return f"{column} = ANY({{list}})", [list(values)]
    size = _size(len(values))
    return f"{column} IN ({', '.join('?' * size)})", [*values, *[values[-1]] * (size - len(values))]


def among_rows(
    connection: Connection, columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> tuple[str, Sequence[object]]:
    """The same of several columns together."""
    dialect, names = dialect_of(connection), ", ".join(columns)
    if dialect == "postgresql":
        lists = ", ".join(["{list}::text[]"] * len(columns))
        text = f"({names}) IN (SELECT * FROM unnest({lists}))"
        return text, [list(column) for column in zip(*rows, strict=True)]
    size = _size(len(rows))
    bound = [value for row in (*rows, *[rows[-1]] * (size - len(rows))) for value in row]
    if dialect == "sqlite":  # which may read a whole index for a list of several columns
        row = f"({' AND '.join([f'{name} = ?' for name in columns])})"
        return f"({' OR '.join([row] * size)})", bound
    row = f"({', '.join('?' * len(columns))})"
    return f"({names}) IN ({', '.join([row] * size)})", bound


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
    sqlite, postgres = dialect == "sqlite", dialect == "postgresql"
    text = text if sqlite else text.replace("%", "%%").replace("?", "%s")
    for place, written in (
        ("{lock}", "" if sqlite else "FOR UPDATE"),
        ("{text}", "::text" if postgres else ""),
        ("{list}", "%b"),
        ("{new}", "INSERT OR IGNORE" if sqlite else "INSERT" if postgres else "INSERT IGNORE"),
        ("{unless_there}", "ON CONFLICT DO NOTHING" if postgres else ""),
    ):
        text = text.replace(place, written)
    return text
