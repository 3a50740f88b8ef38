"""The tables come and go by migrations, and are then what the code describes."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import inspect

from youhui.platform import migrate
from youhui.platform.db import Database, metadata

importlib.import_module("youhui.bootstrap")  # so that every table is known


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.close()


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


def test_up_down_and_up_again(database: Database) -> None:
    with pytest.raises(migrate.TablesDiffer):
        migrate.check(database)
    for _ in range(2):
        migrate.upgrade(database)
        migrate.check(database)
        assert tables(database) == set(metadata.tables)
        migrate.upgrade(database)
        migrate.downgrade(database, "base")
        assert tables(database) == set()


def test_a_process_of_this_version_starts_on_the_tables_of_a_newer_one(database: Database) -> None:
    """While nodes are replaced one by one, one of those that are not yet may be killed and started anew."""
    migrate.upgrade(database)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    migrate.upgrade(database)
    with database.reading() as connection:
        assert migrate.current(connection) == "9999"
    with pytest.raises(migrate.TablesDiffer) as refused:
        migrate.check(database)
    assert "newer version" in refused.value.told("en")[0]


def test_several_processes_may_start_at_once(database: Database, database_url: str) -> None:
    others = [Database(database_url) for _ in range(3)]
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(migrate.upgrade, others)) == [None] * 3
    migrate.check(database)
    for other in others:
        other.close()
