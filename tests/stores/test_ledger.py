"""The ledger is only added to: the databases themselves refuse everything else."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, Integer, String, inspect
from sqlalchemy.exc import IntegrityError

from youhui.checkout.orders import store
from youhui.checkout.orders.model import Entry, Vector
from youhui.platform import migrate, triggers
from youhui.platform.db import Database

importlib.import_module("youhui.bootstrap")  # so that every table is known

NOW = datetime(2026, 11, 11, tzinfo=UTC)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    migrate.upgrade(made)
    with made.writing() as connection:
        store.add_entries(connection, [entry("o1"), entry("o2")])
    yield made
    made.close()


def entry(order_no: str) -> Entry:
    return Entry(
        at=NOW,
        taken_at=NOW,
        kind="hold",
        order_no=order_no,
        promotion="p",
        customer=None,
        currency="CNY",
        moved=Vector(1, 100, 0),
        discount=100,
    )


def entries(database: Database) -> list[tuple[str, int]]:
    with database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT order_no, amount FROM ledger ORDER BY id")
        return [(row[0], row[1]) for row in rows]


def execute(database: Database, statement: str) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql(statement)


REFUSED = {
    "one changed": "UPDATE ledger SET amount = 0 WHERE order_no = 'o1'",
    "all changed": "UPDATE ledger SET kind = kind",
    "one removed": "DELETE FROM ledger WHERE order_no = 'o1'",
    "all removed": "DELETE FROM ledger",
}
_SAME = (
    "INTO ledger (id, at, taken_at, kind, order_no, number, promotion, coupon, customer, currency, uses, amount, "
    "units, discount, by_line) SELECT id, at, taken_at, kind, order_no, number, promotion, coupon, customer, currency, "
    "uses, 0, units, discount, by_line FROM ledger"
)
ONLY_HERE = {
    "sqlite": {"replaced": f"INSERT OR REPLACE {_SAME}"},
    "postgresql": {
        "truncated": "TRUNCATE ledger",
        "replaced": f"INSERT {_SAME} ON CONFLICT (id) DO UPDATE SET uses = 0",
    },
    "mysql": {"replaced": f"REPLACE {_SAME}"},
}


def test_what_is_in_it_stays_as_it_is(database: Database) -> None:
    for what, statement in (REFUSED | ONLY_HERE[database.engine.dialect.name]).items():
        with pytest.raises(IntegrityError, match="append-only"):
            execute(database, statement)
        assert entries(database) == [("o1", 100), ("o2", 100)], what


def test_more_can_be_added(database: Database) -> None:
    with database.writing() as connection:
        store.add_entries(connection, [entry("o3")])
    assert [order_no for order_no, _ in entries(database)] == ["o1", "o2", "o3"]


def test_a_trigger_that_was_dropped_is_reported_and_made_anew(database: Database) -> None:
    with database.reading() as connection:
        name = triggers.wanted(connection)[-1]
    of_table = " ON ledger" if database.engine.dialect.name == "postgresql" else ""
    execute(database, f"DROP TRIGGER {name}{of_table}")
    with pytest.raises(migrate.TablesDiffer, match=name):
        migrate.check(database)
    migrate.upgrade(database)
    migrate.check(database)
    with pytest.raises(IntegrityError, match="append-only"):
        execute(database, REFUSED["all removed"])


def test_a_trigger_that_is_switched_off_is_missing(postgresql_server: object) -> None:
    with postgresql_server.database() as url:  # type: ignore[attr-defined]
        database = Database(url)
        migrate.upgrade(database)
        execute(database, "ALTER TABLE ledger DISABLE TRIGGER ALL")
        with pytest.raises(migrate.TablesDiffer, match="ledger_is_append_only"):
            migrate.check(database)
        migrate.upgrade(database)
        migrate.check(database)
        database.close()


def test_a_migration_that_alters_the_ledger_does_not_open_it(database: Database) -> None:
    """On SQLite the table is made anew, and its triggers go with the old one."""
    with database.writing() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("ledger", recreate="auto") as batch:
            batch.add_column(Column("more", Integer))
            batch.alter_column("currency", nullable=True, existing_type=String(3))
        lost = triggers.missing(connection)
    assert bool(lost) == (database.engine.dialect.name == "sqlite")
    migrate.upgrade(database)
    with database.reading() as connection:
        assert triggers.missing(connection) == []
        assert "more" in [column["name"] for column in inspect(connection).get_columns("ledger")]
    with pytest.raises(IntegrityError, match="append-only"):
        execute(database, REFUSED["one changed"])
    assert len(entries(database)) == 2
