"""Tables to which rows are added and never changed: the database itself refuses UPDATE and DELETE.

The one home of the statements. A migration that makes such a table calls `protect`; one that alters it on SQLite, where
the table is made anew without its triggers, need not: `migrate.upgrade` ends with `restore`.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, inspect, text

from youhui.platform.db import MYSQL

APPEND_ONLY = ("ledger",)

_ACTIONS = ("update", "delete")


def protect(connection: Connection, table: str) -> None:
    """Makes its triggers, or those that are missing."""
    there = _there(connection)
    for name in _names(connection, table):
        if name not in there:
            for statement in _statements(connection, table, name):
                connection.exec_driver_sql(statement)


def remove(connection: Connection, table: str) -> None:
    """Lifts the protection, for a migration that must change what is there."""
    for name in _names(connection, table):
        on = f" ON {table}" if connection.dialect.name == "postgresql" else ""
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{on}")


def forget(connection: Connection, table: str) -> None:
    """Removes what is left of its triggers when the table is dropped."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {table}_is_append_only()")


def restore(connection: Connection) -> None:
    """Makes the missing triggers of the tables that are there."""
    if missing(connection):
        for table in _present(connection):
            protect(connection, table)


def wanted(connection: Connection) -> list[str]:
    """The names of all that the tables should have."""
    return [name for table in _present(connection) for name in _names(connection, table)]


def missing(connection: Connection) -> list[str]:
    """The names of those that are not there; one that is switched off is not."""
    there = _there(connection)
    return [name for name in wanted(connection) if name not in there]


def _present(connection: Connection) -> Iterable[str]:
    return sorted(set(APPEND_ONLY) & set(inspect(connection).get_table_names()))


def _names(connection: Connection, table: str) -> list[str]:
    """PostgreSQL has one trigger for everything, TRUNCATE too; the others need one for each action."""
    if connection.dialect.name == "postgresql":
        return [f"{table}_is_append_only"]
    return [f"{table}_refuses_{action}" for action in _ACTIONS]


def _there(connection: Connection) -> set[str]:
    if connection.dialect.name == "postgresql":
        query = (
            "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE tgenabled IN ('O', 'A') AND pg_table_is_visible(tgrelid)"
        )
    elif connection.dialect.name in MYSQL:
        query = "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
    else:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    return set(connection.scalars(text(query)))


def _statements(connection: Connection, table: str, name: str) -> list[str]:
    says = f"{table} is append-only: rows are added and never changed or removed"
    if connection.dialect.name == "postgresql":
        function = (
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{says}' USING ERRCODE = 'restrict_violation'; END $$"
        )
        trigger = (
            f"CREATE OR REPLACE TRIGGER {name} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )
        return [function, trigger]
    action = name.rpartition("_")[2].upper()
    refuses = f"SELECT RAISE(ABORT, '{says}')"
    if connection.dialect.name in MYSQL:
        # "Cannot delete or update a row": by the usual state, 45000, the driver would report a server in trouble.
        refuses = f"SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1451, MESSAGE_TEXT = '{says}'"
    return [f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW BEGIN {refuses}; END"]
