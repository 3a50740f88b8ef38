"""Counters follow the terms of a promotion, in each kind of database, and say what orders took whatever is changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.checked import assert_sound
from tests.http.serving import promotion
from tests.stores.discount_worlds import NOON, Clock
from tests.stores.test_placing import MINUTE, Node, ann, opened, sent
from youhui.checkout.orders.problems import LimitBelowUse, QuoteChanged
from youhui.checkout.orders.requests import AskedRefund
from youhui.checkout.orders.terms import store
from youhui.platform.principals import SYSTEM
from youhui.promotions.model import Counted
from youhui.promotions.problems import CurrencyFixed
from youhui.promotions.rules import read_terms

Row = tuple[Any, ...]
DAY, HOLD = timedelta(days=1), timedelta(minutes=15)
TODAY = "2026-11-10T16:00Z/day"
"""noon of 11 November, UTC, in Shanghai"""
DAILY = {"usage_limit": 3, "usage_window": "day", "timezone": "Asia/Shanghai"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(database_url: str, clock: Clock) -> Iterator[Node]:
    """At the end what `youhui check` proves is proved."""
    with opened(database_url, clock) as node:
        yield node
    assert_sound(database_url)


def counters(shop: Node, name: str = "p1") -> dict[tuple[str, str], Row]:
    """By customer and period: the limits of uses, money and units; used of each; held of each."""
    columns = ", ".join(
        f"{what}_{kind}" for kind in ("limit", "used", "held") for what in ("uses", "amount", "units")
    )
    found = select(shop, f"SELECT customer, period, {columns} FROM counters WHERE promotion = '{name}'")
    return {(row[0], row[1]): (row[2:5], row[5:8], row[8:]) for row in found}


def holds(shop: Node) -> list[Row]:
    return sorted(select(shop, "SELECT order_no, customer, period, uses, amount, units FROM holds"))


def select(shop: Node, query: str) -> list[Row]:
    with shop.service.database.reading() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def save(shop: Node, **terms: Any) -> None:
    shop.save(promotion(**terms))


def buy(shop: Node, *orders: str, by: str = "ann", **more: Any) -> None:
    """Orders of 110.00, 10.00 being taken off."""
    for order_no in orders:
        shop.place(order_no, "110.00", customer=ann(by), **more)


def counted(shop: Node, name: str = "p1") -> Counted:
    (found,) = shop.service.promotions.counted([shop.service.promotions.get(name)])
    return found


NONE = (None, None, None)
ZERO = (0, 0, 0)


def test_a_limit_makes_its_counter(shop: Node) -> None:
    """Those with the same scope share one; of a customer there is none before the first use."""
    save(shop, usage_limit=5, budget="60.00", stock=7, usage_limit_per_customer=2)
    assert counters(shop) == {("", ""): ((5, 6000, 7), ZERO, ZERO)}
    buy(shop, "n1", "n2")
    shop.pay("n1")
    # Both mugs of an order bear a part of the 10.00, so both come out of the stock.
    assert counters(shop) == {
        ("", ""): ((5, 6000, 7), (1, 1000, 2), (1, 1000, 2)),
        ("ann", ""): ((2, None, None), (1, 1000, 2), (1, 1000, 2)),
    }


def test_a_limit_without_anything_else_changed_keeps_what_was_counted(shop: Node) -> None:
    save(shop, usage_limit=5)
    buy(shop, "n1", "n2")
    shop.pay("n1")
    save(shop, usage_limit=9, budget="60.00")
    assert counters(shop) == {("", ""): ((9, 6000, None), (1, 1000, 0), (1, 1000, 0))}
    save(shop, usage_limit=2)
    assert counters(shop) == {("", ""): ((2, None, None), (1, 1000, 0), (1, 1000, 0))}
    with pytest.raises(QuoteChanged):
        buy(shop, "n3")


@pytest.mark.parametrize(
    ("terms", "limit", "taken"),
    [
        ({"usage_limit": 1, "budget": "50.00", "stock": 9}, "usage_limit", 2),
        ({"usage_limit": 5, "budget": "19.99", "stock": 9}, "budget", "20.00"),
        ({"usage_limit": 5, "budget": "50.00", "stock": 3}, "stock", 4),
        ({"usage_limit": 1, "usage_window": "day", "budget": "50.00", "stock": 9}, "usage_limit", 2),
        ({"budget": "19.99"}, "budget", "20.00"),
    ],
)
def test_a_limit_is_not_lowered_below_what_is_taken(
    shop: Node, terms: dict[str, Any], limit: str, taken: object
) -> None:
    """Also where it counts anew in other windows; a refusal changes nothing."""
    save(shop, usage_limit=5, budget="50.00", stock=9)
    buy(shop, "n1", "n2")
    shop.pay("n1")
    before = counters(shop), holds(shop), shop.service.promotions.get("p1")
    with pytest.raises(LimitBelowUse) as refused:
        save(shop, **terms)
    assert refused.value.params == {"limit": limit, "taken": taken}
    assert (counters(shop), holds(shop), shop.service.promotions.get("p1")) == before
    save(shop, usage_limit=2, budget="20.00", stock=4)


def test_what_is_held_past_its_deadline_is_free(shop: Node, clock: Clock) -> None:
    save(shop, usage_limit=5)
    buy(shop, "n1", "n2")
    clock.at += HOLD
    save(shop, usage_limit=0)
    assert counters(shop) == {("", ""): ((0, None, None), ZERO, ZERO)}
    assert select(shop, "SELECT DISTINCT state FROM orders") == [("expired",)]


def test_a_limit_counts_what_was_taken_before_it(shop: Node, clock: Clock) -> None:
    """Paid, unpaid, too late, cancelled and refunded orders, when there was no limit."""
    save(shop)
    buy(shop, "late")
    clock.at += HOLD
    buy(shop, "paid", "unpaid", "cancelled", "refunded", by="bob")
    for order_no in ("paid", "refunded"):
        shop.pay(order_no)
    shop.cancel("cancelled")
    refund(shop, "refunded")
    assert counters(shop) == {}
    assert counted(shop).numbers == ((1, 1000, 0), (1, 1000, 0)), "as the ledger sums to"
    save(shop, usage_limit=2, usage_limit_per_customer=5)
    assert counters(shop) == {
        ("", ""): ((2, None, None), (1, 1000, 0), (1, 1000, 0)),
        ("ann", ""): (NONE, ZERO, ZERO),
        ("bob", ""): (NONE, (1, 1000, 0), (1, 1000, 0)),
    }
    assert holds(shop) == [("unpaid", "", "", 1, 1000, 0), ("unpaid", "bob", "", 1, 1000, 0)]
    shop.pay("unpaid")
    assert counters(shop)["bob", ""] == (NONE, (2, 2000, 0), ZERO)
    assert holds(shop) == []
    with pytest.raises(QuoteChanged):
        buy(shop, "one-too-many")


def refund(shop: Node, order_no: str) -> None:
    asked = AskedRefund(refund_no="r1")
    shop.run(shop.service.orders.refund(order_no, asked, sent(b"refund")))


def test_a_limit_is_removed_and_introduced_again(shop: Node) -> None:
    save(shop, usage_limit=5)
    buy(shop, "n1", "n2")
    shop.pay("n1")
    save(shop)
    assert (counters(shop), holds(shop)) == ({}, [])
    shop.pay("n2")
    buy(shop, "n3")
    save(shop, usage_limit=5)
    assert counters(shop) == {("", ""): ((5, None, None), (2, 2000, 0), (1, 1000, 0))}
    assert holds(shop) == [("n3", "", "", 1, 1000, 0)]


def test_a_window_begins_with_what_was_taken_in_it(shop: Node, clock: Clock) -> None:
    """Yesterday's uses are not today's; an order held over midnight is of the day on which it was placed."""
    save(shop, usage_limit=9)
    buy(shop, "yesterday")
    shop.pay("yesterday")
    clock.at = NOON + timedelta(hours=4) - HOLD / 2
    buy(shop, "over-midnight")
    clock.at = NOON + timedelta(hours=4) + MINUTE
    buy(shop, "n1")
    save(shop, **DAILY)
    day = "2026-11-11T16:00Z/day"
    assert counters(shop) == {("", day): ((3, None, None), ZERO, (1, 1000, 0))}
    assert holds(shop) == [("n1", "", day, 1, 1000, 0)]
    shop.pay("over-midnight")
    buy(shop, "n2", "n3")
    with pytest.raises(QuoteChanged):
        buy(shop, "n4")
    clock.at += DAY - MINUTE
    buy(shop, "n4")
    ((claim, numbers),) = counted(shop).windows
    assert (claim.starts_at, claim.ends_at) == (clock.at, clock.at + DAY)
    assert numbers == (ZERO, (1, 1000, 0))
    assert counted(shop).numbers == ((2, 2000, 0), (1, 1000, 0)), "in all, what is overdue aside"


@pytest.mark.parametrize(
    "other",
    [
        {**DAILY, "timezone": "America/New_York"},
        {**DAILY, "usage_window": "month"},
        {"budget": "50.00", "budget_window": "week"},
    ],
)
def test_another_window_or_zone_counts_anew(shop: Node, other: dict[str, Any]) -> None:
    save(shop, **DAILY)
    buy(shop, "n1", "n2")
    shop.pay("n1")
    assert list(counters(shop)) == [("", TODAY)]
    save(shop, **other)
    ((key, (_, used, held)),) = counters(shop).items()
    assert key != ("", TODAY)
    assert (used, held) == ((1, 1000, 0), (1, 1000, 0))
    shop.pay("n2")
    save(shop, **DAILY)
    assert counters(shop) == {("", TODAY): ((3, None, None), (2, 2000, 0), ZERO)}


def test_who_has_had_more_than_a_new_limit_gets_no_more(shop: Node) -> None:
    """Nobody could ever introduce a limit per customer if that were refused."""
    save(shop)
    buy(shop, "n1", "n2", by="ann")
    buy(shop, "n3", by="bob")
    save(shop, usage_limit_per_customer=1)
    for customer in ("ann", "bob"):
        with pytest.raises(QuoteChanged):
            buy(shop, "n4", by=customer)
    save(shop, usage_limit_per_customer=2)
    with pytest.raises(QuoteChanged):
        buy(shop, "n4", by="ann")
    buy(shop, "n4", by="bob")
    buy(shop, "n5", by="col")


def test_an_order_of_a_guest_is_counted_for_all(shop: Node) -> None:
    save(shop)
    shop.place("n1", "110.00")
    save(shop, usage_limit=5, usage_limit_per_customer=1)
    assert counters(shop) == {("", ""): ((5, None, None), ZERO, (1, 1000, 0))}
    shop.pay("n1")


def test_a_promotion_goes_with_its_counters_and_comes_back_with_its_past(shop: Node) -> None:
    save(shop, usage_limit=5)
    buy(shop, "n1", "n2")
    shop.service.promotions.remove("p1", SYSTEM)
    assert (counters(shop), holds(shop)) == ({}, [])
    shop.pay("n1")
    save(shop, usage_limit=2)
    assert counters(shop) == {("", ""): ((2, None, None), (1, 1000, 0), (1, 1000, 0))}
    shop.service.promotions.remove("p1", SYSTEM)
    with pytest.raises(LimitBelowUse):
        save(shop, usage_limit=1)


def test_the_currency_stays_once_there_are_orders(shop: Node) -> None:
    save(shop, usage_limit=5)
    save(shop, usage_limit=5, currency="EUR")
    save(shop, usage_limit=5, currency="CNY")
    buy(shop, "n1")
    for _ in range(2):
        with pytest.raises(CurrencyFixed):
            save(shop, currency="EUR")
    shop.service.promotions.remove("p1", SYSTEM)
    with pytest.raises(CurrencyFixed):
        save(shop, currency="EUR")
    save(shop)


def test_terms_that_limit_nothing_leave_counters_alone(shop: Node) -> None:
    """Not a query of the ledger, however long it is."""
    save(shop, usage_limit=5)
    buy(shop, "n1")
    before = counters(shop), holds(shop)
    save(shop, usage_limit=5, priority=3, give_back="never", timezone="Asia/Shanghai")
    assert (counters(shop), holds(shop)) == before


def test_what_a_promotion_without_a_limit_says_is_free_of_what_is_overdue(shop: Node, clock: Clock) -> None:
    save(shop)
    buy(shop, "n1")
    clock.at += HOLD / 3
    buy(shop, "n2")
    assert counted(shop).numbers == (ZERO, (2, 2000, 0))
    clock.at += HOLD * 2 / 3
    assert counted(shop).numbers == (ZERO, (1, 1000, 0))


def test_nobody_waits_for_a_long_history_to_be_summed(shop: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """A counter says it at once; of what has no limit nothing is said."""
    monkeypatch.setattr(store, "MOST_SUMMED", 1)
    save(shop)
    buy(shop, "o1")
    assert counted(shop).numbers == (ZERO, (1, 1000, 0))
    shop.pay("o1")
    assert counted(shop).numbers is None
    save(shop, usage_limit=5)
    assert counted(shop).numbers == ((1, 1000, 0), ZERO)


def test_one_whose_kind_is_gone_can_be_replaced(shop: Node) -> None:
    """Its old limits are not known, so its counters are made anew."""
    save(shop, usage_limit=5)
    buy(shop, "n1")
    with shop.service.database.writing() as connection:
        spoilt = '{"id": "p1", "usage_limit": 5, "actions": [{"kind": "gone"}]}'
        connection.execute(text("UPDATE promotions SET document = :document"), {"document": spoilt})
    (found,) = shop.service.promotions.counted([shop.service.promotions.get("p1")])
    assert found.numbers == (ZERO, (1, 1000, 0))
    read = read_terms(promotion(usage_limit=5), "CNY", shop.service.registry)
    shop.service.promotions.replace(read, SYSTEM)
    assert counters(shop) == {("", ""): ((5, None, None), ZERO, (1, 1000, 0))}


FLASH = [{"kind": "fixed_price", "price": "50.00", "target": "each_unit", "selector": {"skus": ["MUG"]}}]
CUPS = [{"kind": "gift", "sku": "CUP", "quantity": 2}]


def mugs(count: int) -> list[dict[str, Any]]:
    return [{"id": "m", "sku": "MUG", "unit_price": "60.00", "quantity": count}]


def test_a_customer_buys_only_so_many_at_the_price(shop: Node) -> None:
    """限购 3 件, 每单 2 件: what unpaid orders hold counts, what is cancelled does not."""
    save(shop, actions=FLASH, stock=100, units_per_customer=3, units_per_order=2)
    shop.place("n1", "160.00", customer=ann(), lines=mugs(3))
    assert counters(shop)["ann", ""] == ((None, None, 3), ZERO, (1, 2000, 2))
    assert shop.changed("n2", "100.00", customer=ann(), lines=mugs(2)) == 11000, "one is left for her"
    shop.place("n2", "110.00", customer=ann(), lines=mugs(2))
    assert shop.changed("n3", "50.00", customer=ann(), lines=mugs(1)) == 6000, "she has had hers"
    shop.place("n3", "50.00", customer=ann("bob"), lines=mugs(1))
    shop.cancel("n1")
    shop.place("n4", "100.00", customer=ann(), lines=mugs(2))
    shop.pay("n4")
    assert counters(shop) == {
        ("", ""): ((None, None, 100), (1, 2000, 2), (2, 2000, 2)),
        ("ann", ""): ((None, None, 3), (1, 2000, 2), (1, 1000, 1)),
        ("bob", ""): ((None, None, 3), ZERO, (1, 1000, 1)),
    }


def test_a_guest_does_not_get_what_is_limited_for_each(shop: Node) -> None:
    save(shop, actions=FLASH, units_per_customer=3)
    shop.place("n1", "60.00", lines=mugs(1))
    assert counters(shop) == {}


def test_uses_of_a_day_and_units_for_ever(shop: Node, clock: Clock) -> None:
    """Two counters of one customer."""
    daily = {"usage_limit_per_customer": 1, "usage_window_per_customer": "day", "timezone": "Asia/Shanghai"}
    save(shop, actions=FLASH, units_per_customer=3, **daily)
    shop.place("n1", "100.00", customer=ann(), lines=mugs(2))
    shop.pay("n1")
    assert counters(shop) == {
        ("ann", TODAY): ((1, None, None), (1, 2000, 2), ZERO),
        ("ann", ""): ((None, None, 3), (1, 2000, 2), ZERO),
    }
    assert shop.changed("n2", "50.00", customer=ann(), lines=mugs(1)) == 6000
    clock.at += DAY
    shop.place("n2", "110.00", customer=ann(), lines=mugs(2))
    assert counters(shop)["ann", ""] == ((None, None, 3), (1, 2000, 2), (1, 1000, 1))


def test_units_limited_for_each_later_count_what_came_out_of_the_stock(shop: Node) -> None:
    """Nothing is refused: who has had more gets no more."""
    save(shop, actions=FLASH, stock=9)
    shop.place("n1", "150.00", customer=ann(), lines=mugs(3))
    save(shop, actions=FLASH, stock=9, units_per_customer=2)
    assert counters(shop)["ann", ""] == (NONE, ZERO, (1, 3000, 3))
    assert shop.changed("n2", "50.00", customer=ann(), lines=mugs(1)) == 6000
    shop.place("n2", "50.00", customer=ann("bob"), lines=mugs(1))


@pytest.mark.parametrize("policy", ["never", "full_refund", "pro_rata"])
def test_gifts_run_out(shop: Node, policy: str) -> None:
    """Pieces are held, used, and given back with the refund that completes an order."""
    save(shop, actions=CUPS, stock=3, give_back=policy)
    shop.place("n1", "120.00", customer=ann())
    shop.place("n2", "120.00", customer=ann("bob"))
    assert counters(shop) == {("", ""): ((None, None, 3), ZERO, (2, 0, 3))}
    shop.pay("n1")
    shop.cancel("n2")
    assert counters(shop) == {("", ""): ((None, None, 3), (1, 0, 2), ZERO)}
    units = {"1": 1}
    for number in ("r1", "r2"):
        asked = AskedRefund(refund_no=number, lines=units)
        shop.run(shop.service.orders.refund("n1", asked, sent(number.encode())))
        after_part = {"r1": (1, 0, 2), "r2": (1, 0, 2) if policy == "never" else ZERO}[number]
        assert counters(shop) == {("", ""): ((None, None, 3), after_part, ZERO)}


def test_a_stock_of_gifts_is_not_lowered_below_what_is_taken(shop: Node) -> None:
    save(shop, actions=CUPS, stock=3)
    shop.place("n1", "120.00", customer=ann())
    with pytest.raises(LimitBelowUse) as refused:
        save(shop, actions=CUPS, stock=1)
    assert refused.value.params == {"limit": "stock", "taken": 2}
