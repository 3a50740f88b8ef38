"""What was used before orders were counted, and what they used when one goes back: none of it is given away again."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.checked import assert_sound
from tests.http import ordering
from tests.http.serving import promotion
from youhui.platform import migrate
from youhui.platform.db import Database

importlib.import_module("youhui.bootstrap")  # so that every table is known

ACTIONS = [{"kind": "amount_off", "amount": "1.00", "target": "order"}]


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    """As the version before orders left it."""
    made = Database(empty_database_url)
    migrate.upgrade(made, "0006")
    yield made
    made.close()


def _add(database: Database, documents: Sequence[dict[str, Any]]) -> None:
    row = text(
        "INSERT INTO promotions (id, currency, active, priority, lane, document, position, version, created_at, "
        "updated_at) VALUES (:id, 'CNY', :active, 0, 'order', :document, :position, 1, :at, :at)"
    )
    with database.writing() as connection:
        for position, document in enumerate(documents):
            whole = {"id": f"p{position}", "actions": ACTIONS, **document}
            values = {"id": whole["id"], "document": json.dumps(whole), "position": position}
            connection.execute(row, {**values, "active": True, "at": "2026-11-11 12:00:00"})


def _documents(database: Database) -> list[dict[str, Any]]:
    """In list order, whatever else the table of a version has."""
    with database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT document FROM promotions ORDER BY position").scalars()
        documents = [json.loads(row) if isinstance(row, str) else row for row in rows]
    return [{key: one[key] for key in one if key not in ("id", "actions")} for one in documents]


BEFORE_AND_AFTER: Sequence[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"usage_limit": 9, "used": 3}, {"usage_limit": 6}),
    ({"usage_limit": 9, "used": 9}, {"usage_limit": 0}),
    ({"usage_limit": 9, "used": 12}, {"usage_limit": 0}),
    ({"usage_limit": 9}, {"usage_limit": 9}),
    ({"used": 3, "budget_used": "1.00"}, {}),
    ({"budget": "60.00", "budget_used": "59.99"}, {"budget": "0.01"}),
    ({"budget": "60.00", "budget_used": "60.01"}, {"budget": "0.00"}),
    ({"units_left": 0}, {"stock": 0}),
    ({"usage_limit_per_customer": 1}, {"usage_limit_per_customer": 1}),
]


def test_what_was_left_of_a_limit_is_the_limit(database: Database, empty_database_url: str) -> None:
    """The ledger knows nothing of what was used before: what was used up would be given away once more."""
    _add(database, [before for before, _ in BEFORE_AND_AFTER])
    migrate.upgrade(database)
    assert _documents(database) == [after for _, after in BEFORE_AND_AFTER]
    assert_sound(empty_database_url)


TAKEN = "uses_used = 2, uses_held = 1, amount_used = 200, amount_held = 100, units_used = 2, units_held = 1"
NOW_AND_THEN: Sequence[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"usage_limit": 9}, {"usage_limit": 9, "used": 3}),
    ({"budget": "60.00"}, {"budget": "60.00", "budget_used": "3.00"}),
    ({"stock": 5}, {"units_left": 2}),
    ({"usage_limit": 9, "usage_window": "day", "stock": 5}, {"usage_limit": 9, "units_left": 2}),
    ({"code": "A", "more_codes": ["B"], "timezone": "Asia/Shanghai", "give_back": "never"}, {"code": "A"}),
    ({"usage_limit_per_customer": 1, "usage_window_per_customer": "day"}, {"usage_limit_per_customer": 1}),
]


def test_what_orders_took_is_stated_where_one_goes_back(database: Database) -> None:
    """And nothing that the version before cannot read."""
    _add(database, [{**now, "units_left": now.get("stock")} for now, _ in NOW_AND_THEN])
    migrate.upgrade(database)
    with database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE counters SET {TAKEN} WHERE customer = '' AND period = ''")
    migrate.downgrade(database, "0006")
    assert _documents(database) == [then for _, then in NOW_AND_THEN]


def test_orders_are_lost_and_limits_are_kept(tmp_path: Path) -> None:
    """There and back: two of three uses were taken, and one is left."""
    with ordering.opened(tmp_path) as shop:
        shop.has(promotion("p", usage_limit=3, stock=10, budget="50.00"))
        assert shop.place("A1").status_code == shop.place("A2").status_code == 201
        assert shop.pay("A1").status_code == 200
    database = Database(url := f"sqlite:///{tmp_path / 'youhui.db'}")
    migrate.downgrade(database, "0006")
    assert _documents(database) == [
        {"usage_limit": 3, "used": 2, "budget": "50.00", "budget_used": "20.00", "units_left": 6}
    ]
    migrate.upgrade(database)
    migrate.check(database)
    assert _documents(database) == [{"usage_limit": 1, "budget": "30.00", "stock": 6}]
    assert_sound(url)
    database.close()
