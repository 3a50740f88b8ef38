"""Gifts after payment, and writing down what is over: each effect once, wherever it is broken off."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.stores.couponing import BEGAN, TERMS, Node, nodes_on
from youhui.checkout.ports import Settled
from youhui.coupons import store
from youhui.coupons.issuing import jobs
from youhui.coupons.issuing.commands import Facts
from youhui.coupons.model import Terms, Validity
from youhui.platform import failpoints

HOUR = timedelta(hours=1)
PAYMENT: dict[str, Any] = {"ways": frozenset({"payment"}), "payment_from": 10_000}


@pytest.fixture
def node(database_url: str) -> Iterator[Node]:
    with nodes_on(database_url) as (node,):
        yield node


@pytest.fixture
def two(database_url: str) -> Iterator[list[Node]]:
    with nodes_on(database_url, 2) as nodes:
        yield nodes


# -- gifts after payment


def paid(node: Node, *orders: tuple[str, str, int], currency: str = "CNY") -> None:
    """Number, customer, money; as the orders' transaction leaves them."""
    with node.database.writing() as connection:
        store.add_gifts(
            connection, [Settled(number, customer, currency, money, False) for number, customer, money in orders],
            node.now,
        )  # fmt: skip


def refunded(node: Node, number: str) -> None:
    with node.database.writing() as connection:
        store.take_back_gifts(connection, [Settled(number, None, "CNY", 0, True)], node.now)


def give(node: Node, facts: Facts | None = None) -> int:
    return jobs.issue_gifts(node.database, lambda customer: facts or Facts(), lambda: node.now)


def given(node: Node) -> list[tuple[Any, ...]]:
    return node.rows(
        "SELECT template_id, customer, source_id, status FROM coupons ORDER BY source_id, template_id"
    )


def test_who_paid_enough_is_given_what_there_is(node: Node) -> None:
    first = node.template(**PAYMENT)
    second = node.template(**{**PAYMENT, "payment_from": 20_000})
    node.template(**{**PAYMENT, "currency": "USD"})
    node.template(**{**PAYMENT, "status": "paused"})
    node.template(**{**PAYMENT, "ways": frozenset({"claim"})})
    node.template(**{**PAYMENT, "total": 0})
    paid(node, ("A1", "ann", 9_999), ("A2", "ann", 10_000), ("A3", "ben", 20_000))
    paid(node, ("A4", "ben", 20_000), currency="JPY")
    assert give(node) == 4
    assert given(node) == [
        (first, "ann", "A2", "unused"), (first, "ben", "A3", "unused"), (second, "ben", "A3", "unused")
    ]  # fmt: skip
    assert give(node) == 0, "all are settled"
    assert node.rows("SELECT issued_by FROM coupons") == [("admin:system",)] * 3


def test_the_window_is_that_of_the_payment(node: Node) -> None:
    id_ = node.template(**PAYMENT, claim_from=BEGAN, claim_until=BEGAN + HOUR)
    node.now -= timedelta(seconds=1)
    paid(node, ("early", "ann", 10_000))
    node.now += HOUR
    paid(node, ("in time", "ann", 10_000))
    node.now += timedelta(seconds=1)
    paid(node, ("late", "ann", 10_000))
    assert give(node) == 3
    assert given(node) == [(id_, "ann", "in time", "unused")]


def test_audiences_of_gifts(node: Node) -> None:
    vip = node.template(**PAYMENT, audience="groups", groups=("vip",))
    new = node.template(**PAYMENT, audience="new_customers")
    paid(node, ("A1", "ann", 10_000))
    give(node, Facts(frozenset({"vip"})))
    paid(node, ("A2", "ben", 10_000))
    give(node, Facts(has_ordered=True))
    assert given(node) == [(vip, "ann", "A1", "unused"), (new, "ann", "A1", "unused")]


def test_what_was_given_goes_with_the_order(node: Node) -> None:
    """Unless it was used, or the order was given back before anything was given."""
    node.template(**PAYMENT)
    paid(node, ("A1", "ann", 10_000), ("A2", "ann", 10_000))
    assert give(node) == 2
    with node.database.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE coupons SET status = 'used', order_no = 'B1' WHERE source_id = 'A2'"
        )
    paid(node, ("A3", "ann", 10_000))
    for number in ("A1", "A2", "A3"):
        refunded(node, number)
    assert give(node) == 3
    assert [row[2:] for row in given(node)] == [("A1", "void"), ("A2", "used")]
    assert node.rows("SELECT kind, actor, order_no, reason FROM coupon_steps") == [
        ("void", "admin:system", "A1", "order_refunded")
    ]
    assert give(node) == 0


def test_many_orders_at_two_nodes(two: list[Node], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MOST_GIFTS", 10)
    two[0].template(**PAYMENT, per_customer=2)
    paid(two[0], *((f"A{n:03}", f"c{n % 20}", 10_000) for n in range(100)))
    with ThreadPoolExecutor(2) as pool:
        done = sum(pool.map(give, two))
    assert done == 100
    assert two[0].rows("SELECT issued FROM coupon_templates") == [(40,)]
    assert two[0].rows("SELECT COUNT(*) FROM coupon_gifts WHERE settled_at IS NULL") == [(0,)]


@pytest.mark.parametrize("point", ["gifts.issued", "gifts.commit"])
def test_a_gift_that_was_broken_off_is_given_once(
    node: Node, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.template(**PAYMENT)
    paid(node, ("A1", "ann", 10_000))
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "reach", failpoints.armed(f"{point}=raise"))
        with pytest.raises(failpoints.Reached):
            give(node)
    assert given(node) == []
    assert give(node) == 1
    assert [row[2] for row in given(node)] == ["A1"]


def test_an_order_that_is_refunded_while_its_gift_is_given_has_its_turn_later(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.template(**PAYMENT)
    paid(node, ("A1", "ann", 10_000))
    found = jobs._due

    def refunded_meanwhile(database: Any) -> Any:
        due = found(database)
        if not due[0].refunded:
            refunded(node, "A1")
        return due

    monkeypatch.setattr(jobs, "_due", refunded_meanwhile)
    assert give(node) == 0
    assert give(node) == 1
    assert given(node) == []


# -- what is over


def test_what_is_over_is_written_down(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MOST_ENDED", 4)
    monkeypatch.setattr(jobs, "sleep", lambda seconds: None)
    short = Terms(type="shipping", validity=Validity(ends_at=BEGAN + HOUR))
    over, lasts, void = node.template(terms=short), node.template(terms=TERMS), node.template(terms=TERMS)
    for id_ in (over, lasts, void):
        for n in range(5):
            node.issue(id_, f"c{n}")
    used = f"WHERE customer = 'c0' AND template_id IN ({over}, {void})"
    with node.database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE coupons SET status = 'locked', order_no = 'A1' {used}")
    node.now += HOUR
    node.change(void, "status = 'void', voided_at = '2026-11-22 09:00:00'")
    assert jobs.expire_coupons(node.database, lambda: node.now) == 8
    statuses = "SELECT status, COUNT(*) FROM coupons WHERE template_id = {} GROUP BY status ORDER BY status"
    assert node.rows(statuses.format(over)) == [("expired", 4), ("locked", 1)]
    assert node.rows(statuses.format(void)) == [("locked", 1), ("void", 4)]
    assert node.rows(statuses.format(lasts)) == [("unused", 5)]
    assert node.rows("SELECT DISTINCT kind, reason FROM coupon_steps") == [("void", "template_void")]
    assert jobs.expire_coupons(node.database, lambda: node.now) == 0


def test_sweeping_at_two_nodes(two: list[Node], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MOST_ENDED", 7)
    id_ = two[0].template()
    for n in range(40):
        two[0].issue(id_, f"c{n}")
    both = threading.Barrier(2)

    def sweep(node: Node) -> int:
        both.wait(30)
        return jobs.expire_coupons(node.database, lambda: BEGAN + timedelta(days=400))

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(sweep, two)) == 40


CRONS = {0: "*/1 * * * *", 59: "*/1 * * * *", 300: "*/5 * * * *", 420: "*/6 * * * *", 3599: "*/30 * * * *",
         3600: "0 */1 * * *", 5 * 3600: "0 */4 * * *", 86_400: "0 */24 * * *"}  # fmt: skip


@pytest.mark.parametrize(("seconds", "cron"), CRONS.items())
def test_the_interval_as_cron_says_it(seconds: int, cron: str) -> None:
    assert jobs.cron_of(seconds) == cron
