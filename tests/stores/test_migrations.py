"""The tables come and go by migrations, and are then what the code describes."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import inspect, text

from youhui.platform import migrate
from youhui.platform.db import Database, metadata
from youhui.promotions import store

importlib.import_module("youhui.bootstrap")  # so that every table is known


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    made = Database(empty_database_url)
    yield made
    made.close()


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


def test_a_prepared_database_is_as_the_migrations_make_it(database_url: str) -> None:
    """What nearly all other tests begin with."""
    with closing(Database(database_url)) as copy:
        migrate.check(copy)
        assert tables(copy) == set(metadata.tables)


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


def test_what_a_promotion_stated_of_its_use_gives_way_to_counters(database: Database) -> None:
    """0007: what was left of a limit is the limit, and is counted from the first order on."""
    actions = [{"kind": "amount_off", "amount": "1.00", "target": "order"}]
    migrate.upgrade(database)
    migrate.downgrade(database, "0006")
    old = {"id": "p", "actions": actions, "usage_limit": 9, "used": 3, "budget": "60.00", "units_left": 5}
    column = {"promotion": "p", "at": "2026-11-11 12:00:00", "document": json.dumps(old)}
    row = text(
        "INSERT INTO promotions (id, currency, active, priority, lane, document, position, version, created_at, "
        "updated_at) VALUES (:promotion, 'CNY', :active, 0, 'order', :document, 1, 1, :at, :at)"
    )
    with database.writing() as connection:
        connection.execute(row, {**column, "active": True})
    migrate.upgrade(database)
    with database.reading() as connection:
        (found,) = connection.execute(text("SELECT * FROM counters"))
        terms = store.get(connection, "p").document
    assert terms == {"id": "p", "actions": actions, "usage_limit": 6, "budget": "60.00", "stock": 5}
    assert tuple(found) == ("p", "", "", None, None, 6, 6000, 5, 0, 0, 0, 0, 0, 0)
    migrate.downgrade(database, "0006")
    with database.reading() as connection:
        (terms,) = connection.execute(text("SELECT document FROM promotions")).scalars()
    terms = json.loads(terms) if isinstance(terms, str) else terms
    assert terms == {"id": "p", "actions": actions, "usage_limit": 6, "budget": "60.00", "units_left": 5}


def test_promotions_get_types_and_states(database: Database) -> None:
    """0009: what there was are free rules, published or paused; back again, flash sales are gone."""
    migrate.upgrade(database)
    migrate.downgrade(database, "0008")
    row = text(
        "INSERT INTO promotions (id, currency, active, priority, lane, document, position, version, created_at, "
        "updated_at) VALUES (:id, 'CNY', :active, 0, 'order', :document, 1, 1, :at, :at)"
    )
    actions = [{"kind": "amount_off", "amount": "1.00", "target": "order"}]
    with database.writing() as connection:
        for name, active in (("on", True), ("off", False)):
            document = json.dumps({"id": name, "actions": actions})
            connection.execute(
                row, {"id": name, "active": active, "document": document, "at": "2026-11-11 12:00:00"}
            )
    migrate.upgrade(database)
    with database.writing() as connection:
        found = {name: store.get(connection, name) for name in ("on", "off")}
        assert {name: (one.type, one.status, one.form) for name, one in found.items()} == {
            "on": ("rule", "published", None),
            "off": ("rule", "paused", None),
        }
        rules = {"rules": [{"of": "sku:MUG", "position": 2, "document": found["on"].document}]}
        store.add(
            connection,
            replace(found["on"], id="sale", type="flash_sale", document=rules, form={"id": "sale"}),
        )
        newer = {**found["on"].document, "units_per_customer": 2, "units_per_order": 1}
        store.replace(connection, replace(found["on"], document=newer))
    migrate.downgrade(database, "0008")
    with database.reading() as connection:
        left = connection.execute(text("SELECT id, active, document FROM promotions ORDER BY id")).all()
    assert [(name, bool(active)) for name, active, _ in left] == [("off", False), ("on", True)]
    assert "units_per" not in str(left[1]), "terms that the version before could not read"


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


def test_several_processes_may_start_at_once(database: Database, empty_database_url: str) -> None:
    others = [Database(empty_database_url) for _ in range(3)]
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(migrate.upgrade, others)) == [None] * 3
    migrate.check(database)
    for other in others:
        other.close()
