"""Statements that go to the driver as they are: what they find and write, and that they find it by an index."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from youhui.checkout.orders import tables
from youhui.checkout.orders.book import Request
from youhui.checkout.orders.model import Key
from youhui.platform import migrate, sql
from youhui.platform.db import Database

AT = datetime(2026, 11, 22, tzinfo=UTC)
COLUMNS = (*Request._fields, "at")


def _keys(connection: Connection, numbers: range, caller: str = "key:1") -> None:
    at = sql.instant(connection, AT)
    rows = [(caller, f"k{n}", "place", f"order {n}", "", "0" * 32, at) for n in numbers]
    sql.insert(connection, tables.request_keys, COLUMNS, rows)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 200])
def test_rows_of_any_number_are_written_and_found(database_url: str, count: int) -> None:
    database = Database(database_url)
    migrate.upgrade(database)
    with database.writing() as connection:
        _keys(connection, range(count))
        _keys(connection, range(1), caller="key:2")
        asked = [("key:1", f"k{n}") for n in range(max(count, 1))]
        those, values = sql.among_rows(connection, ("caller", "idempotency_key"), asked)
        found = sql.fetch(connection, f"SELECT order_no, at FROM request_keys WHERE {those}", values)
        assert sorted(row[0] for row in found) == sorted(f"order {n}" for n in range(count))
        assert {sql.read_at(row[1]) for row in found} == ({AT} if count else set())
        one, values = sql.among(connection, "idempotency_key", [key for _, key in asked])
        ((all_,),) = sql.fetch(connection, f"SELECT COUNT(*) FROM request_keys WHERE {one}", values)
        assert all_ == count + 1
    database.close()


def test_rows_are_changed_where_their_keys_are(database_url: str) -> None:
    """One column is the same in all rows, one differs; the key too has both kinds."""
    database = Database(database_url)
    migrate.upgrade(database)
    names = ("promotion", "customer", "period", "uses_limit", "uses_used", "amount_used", "units_used",
             "uses_held", "amount_held", "units_held")  # fmt: skip
    with database.writing() as connection:
        rows = [("p", who, "", None, 0, 0, 0, 0, 0, 0) for who in ("a", "b", "c")]
        sql.insert(connection, tables.counters, names, rows)
        changes = [(9, n, "p", who, "") for n, who in enumerate(("a", "b"), start=1)]
        sql.update(connection, tables.counters, ("uses_limit", "uses_used"), Key._fields, changes)
        sql.update(
            connection, tables.counters, ("uses_limit", "uses_used"), Key._fields, [(5, 5, "p", "c", "")]
        )
        found = sql.fetch(
            connection, "SELECT customer, uses_limit, uses_used FROM counters ORDER BY customer"
        )
        assert [tuple(row) for row in found] == [("a", 9, 1), ("b", 9, 2), ("c", 5, 5)]
    database.close()


def test_keys_are_found_by_the_index_when_there_are_many(database_url: str) -> None:
    """SQLite read all of it once it had statistics: 0.4 s among a million keys."""
    database = Database(database_url)
    migrate.upgrade(database)
    with database.writing() as connection:
        _keys(connection, range(2_000))
    with database.writing() as connection:
        connection.exec_driver_sql("ANALYZE" + (" TABLE request_keys" if _mysql(connection) else ""))
    with database.hurried(5) as connection:
        those, values = sql.among_rows(
            connection, ("caller", "idempotency_key"), [("key:1", f"k{n}") for n in range(64)]
        )
        explain = "EXPLAIN QUERY PLAN" if sql.dialect_of(connection) == "sqlite" else "EXPLAIN"
        text = f"{explain} SELECT order_no FROM request_keys WHERE {those}"
        plan = "\n".join(str(tuple(row)) for row in sql.fetch(connection, text, values))
    assert "SCAN request_keys" not in plan
    assert "Seq Scan" not in plan
    assert "'ALL'" not in plan
    assert "'index'" not in plan
    database.close()


def _mysql(connection: Connection) -> bool:
    return sql.dialect_of(connection) == "mysql"
