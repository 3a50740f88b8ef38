"""What is tidied in the background, and what is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.stores.test_orders import Shop, placing, shop, taking
from youhui.checkout.orders.jobs import end_all_expired, end_expired, forget_request_keys
from youhui.checkout.orders.model import Limits
from youhui.checkout.orders.problems import KeyReused

__all__ = ["shop"]


def test_the_holds_of_some_promotions_can_be_ended_within_a_transaction(shop: Shop) -> None:
    for number in range(3):
        shop.place(f"p{number}", taking("p", Limits(uses=9)))
        shop.place(f"q{number}", taking("q", Limits(uses=9)))
    shop.now += timedelta(minutes=15)
    with shop.database.writing() as connection:
        end_expired(connection, shop.now, ["p"], None)
    assert shop.rows("SELECT state, COUNT(*) FROM orders GROUP BY state ORDER BY state") == [
        ("expired", 3),
        ("pending", 3),
    ]
    assert end_all_expired(shop.database, lambda: shop.now) == 3
    assert shop.rows("SELECT * FROM holds") == []


def test_the_job_goes_by_the_databases_clock(shop: Shop) -> None:
    """The orders of this test are placed in its own past or future: it says nothing of them but that they are ended."""
    shop.place("o1", hold_for=timedelta(seconds=1))
    ended = end_all_expired(shop.database)
    assert ended in (0, 1)
    assert end_all_expired(shop.database, lambda: shop.now + timedelta(days=1)) == 1 - ended


def test_keys_are_forgotten_when_they_are_old(shop: Shop) -> None:
    shop.place("o1", idempotency_key="k1")
    shop.now += timedelta(hours=72)
    forget_request_keys(shop.database, timedelta(hours=72), lambda: shop.now)
    with pytest.raises(KeyReused):
        shop.place("o2", idempotency_key="k1")
    shop.now += timedelta(microseconds=1)
    forget_request_keys(shop.database, timedelta(hours=72), lambda: shop.now)
    assert shop.place("o2", idempotency_key="k1").order.order_no == "o2"
    assert shop.committer.wait(placing("o1", versions=shop.versions())).replayed, "orders are known for ever"
