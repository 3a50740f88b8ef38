"""`youhui check` finds coupons that contradict orders, the ledger or their numbers, on every database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checked import checked
from tests.http import couponing
from tests.http.couponing import Shop

ANN = {"id": "ann"}

BROKEN = {
    # what someone writes by hand: the rules that it breaks
    "UPDATE coupon_templates SET issued = 7": ["issued"],
    "UPDATE coupon_claims SET issued = 1": ["claimed"],
    "UPDATE coupons SET status = 'unused', order_no = NULL WHERE status = 'locked'": ["coupon"],
    "UPDATE coupons SET status = 'unused', order_no = NULL WHERE status = 'used'": ["coupon"],
    "UPDATE coupons SET order_no = 'A2' WHERE status = 'used'": ["coupon"],
    "UPDATE coupons SET status = 'used' WHERE status = 'locked'": ["coupon"],
    "UPDATE orders SET state = 'cancelled', pending_until = NULL WHERE order_no = 'A2'": ["coupon"],
    "INSERT INTO ledger (at, taken_at, kind, order_no, number, promotion, coupon, customer, currency, uses, amount, "
    "units, discount, by_line) SELECT at, taken_at, kind, 'A9', number, promotion, coupon, customer, currency, uses, "
    "amount, units, discount, by_line FROM ledger WHERE kind = 'commit'": ["used_twice"],
}


@pytest.fixture
def shop(tmp_path: Path, database_url: str) -> Iterator[Shop]:
    """One coupon is used, one is locked, one is free."""
    with couponing.opened(tmp_path, database_url=database_url) as made:
        template = made.template(per_customer=9)
        used, locked, _ = [made.claimed(template) for _ in range(3)]
        made.place("A1", customer=ANN, coupons=[used])
        made.pay("A1")
        made.place("A2", customer=ANN, coupons=[locked])
        yield made


def test_each_contradiction_is_found(shop: Shop, database_url: str) -> None:
    assert checked(database_url).sound
    for statement, rules in BROKEN.items():
        with shop.client.service.database.writing() as connection:
            before = [
                tuple(row) for row in connection.exec_driver_sql("SELECT id, status, order_no FROM coupons")
            ]
            connection.exec_driver_sql(statement)
        (proof,) = [one for one in checked(database_url).proofs if one.promise == "coupons"]
        assert sorted({drift.rule for drift in proof.drifts}) == rules, statement
        with shop.client.service.database.writing() as connection:
            connection.exec_driver_sql("UPDATE coupon_templates SET issued = 3")
            connection.exec_driver_sql("UPDATE coupon_claims SET issued = 3 WHERE period = ''")
            for id_, status, order_no in before:
                number = "NULL" if order_no is None else f"'{order_no}'"
                connection.exec_driver_sql(
                    f"UPDATE coupons SET status = '{status}', order_no = {number} WHERE id = {id_}"
                )
            connection.exec_driver_sql(
                "UPDATE orders SET state = 'pending', pending_until = hold_until WHERE order_no = 'A2'"
            )
