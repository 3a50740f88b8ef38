"""Rows by the thousand, past what SQLAlchemy does for each: a statement and the columns' forms are found once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Table, insert


class _Prepared(NamedTuple):
    """An INSERT as the driver takes it. `forms`: by place, how a value is written where not as it is."""

    statement: str
    names: Sequence[str]
    forms: Sequence[tuple[int, Callable[[Any], Any]]]
    positional: bool


def add(connection: Connection, table: Table, rows: Iterable[Iterable[object]]) -> None:
    """Adds rows, each with the values of all columns in the table's order."""
    how = _prepared(table, connection.dialect)
    written = [_written(how, row) for row in rows]
    if written:
        connection.exec_driver_sql(how.statement, written)


def _written(how: _Prepared, row: Iterable[object]) -> Any:
    values = list(row)
    for place, form in how.forms:
        values[place] = form(values[place])
    return tuple(values) if how.positional else dict(zip(how.names, values, strict=True))


@functools.lru_cache(64)
def _prepared(table: Table, dialect: Dialect) -> _Prepared:
    names = [column.name for column in table.columns]
    compiled = insert(table).compile(dialect=dialect, column_keys=names)
    return _Prepared(str(compiled), names, tuple(_forms(table, dialect)), dialect.positional)


def _forms(table: Table, dialect: Dialect) -> Iterable[tuple[int, Callable[[Any], Any]]]:
    for place, column in enumerate(table.columns):
        form = column.type.dialect_impl(dialect).bind_processor(dialect)
        if form is not None:
            yield place, form
