"""Limits through HTTP: what quotes say is left, and how many orders a customer has placed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.http import serving
from tests.http.serving import PROMOTIONS, QUOTES, Client, cart, promotion
from tests.stores.discount_worlds import Clock, bring
from youhui.bootstrap import Service

ORDERS = "/api/orders"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with serving.client(tmp_path, Clock()) as made:
        yield made


@pytest.fixture
def shop(client: Client) -> Shop:
    return Shop(client)


class Shop:
    """What the shop's own system does."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._admin = dict(client.headers)
        self._key = serving.key(client, "quote", "orders")

    @property
    def service(self) -> Service:
        return self.client.service

    def save(self, *documents: dict[str, Any]) -> None:
        for document in documents:
            answer = self.client.post(PROMOTIONS, json=document, headers=self._admin)
            assert answer.status_code == 201, answer.text

    def quote(self, headers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
        answer = self.client.post(QUOTES, json=cart(**more), headers=headers or self._key)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def place(self, order_no: str, payable: str, **more: Any) -> None:
        body = cart(order_no=order_no, expected_payable=payable, **more)
        answer = self.client.post(ORDERS, json=body, headers=self._key)
        assert answer.status_code == 201, answer.text

    def refuse(self, order_no: str, payable: str, **more: Any) -> dict[str, Any]:
        """The new quote."""
        body = cart(order_no=order_no, expected_payable=payable, **more)
        answer = self.client.post(ORDERS, json=body, headers=self._key)
        assert (answer.status_code, answer.json()["error"]) == (409, "QUOTE_CHANGED"), answer.text
        found: dict[str, Any] = answer.json()["quote"]
        return found

    def then(self, order_no: str, what: str, body: dict[str, Any] | None = None) -> None:
        answer = self.client.post(f"{ORDERS}/{order_no}/{what}", json=body or {}, headers=self._key)
        assert answer.status_code in (200, 201), answer.text


def of(customer: str, **more: Any) -> dict[str, Any]:
    return {"customer": {"id": customer, **more}}


# -- what is used


def test_a_quote_knows_what_was_just_taken_and_given_back(shop: Shop) -> None:
    shop.save(promotion(usage_limit=2, usage_limit_per_customer=1))

    def totals() -> list[str]:
        return [shop.quote(**of(name))["total"] for name in ("ann", "bob")]

    assert totals() == ["110.00", "110.00"]
    shop.place("n1", "110.00", **of("ann"))
    assert totals() == ["120.00", "110.00"], "once for each"
    shop.place("n2", "110.00", **of("col"))
    assert totals() == ["120.00", "120.00"], "none are left"
    shop.then("n1", "pay")
    assert totals() == ["120.00", "120.00"]
    shop.then("n2", "cancel")
    assert totals() == ["120.00", "110.00"]
    shop.then("n1", "refunds", {"refund_no": "r1", "all": True})
    assert totals() == ["110.00", "110.00"]


@pytest.mark.parametrize("strategy", ["priority", "best_for_customer"])
@pytest.mark.parametrize(
    ("limit", "reason", "gap"),
    [
        ({"usage_limit": 1}, "usage_limit", (1, 1, "uses")),
        ({"usage_limit": 1, "usage_window": "day"}, "usage_limit", (1, 1, "uses")),
        ({"usage_limit_per_customer": 1}, "usage_limit_per_customer", (1, 1, "uses")),
        ({"budget": "10.00"}, "budget", ("10.00", "10.00", "money")),
        ({"stock": 2}, "sold_out", None),
    ],
)
def test_a_quote_says_which_limit_is_reached(
    shop: Shop, limit: dict[str, Any], reason: str, gap: tuple[Any, ...] | None, strategy: str
) -> None:
    off = [{"kind": "amount_off", "amount": "5.00", "target": "each_unit"}]
    shop.save(promotion(actions=off, code="SAVE5", **limit))
    more: dict[str, Any] = {"codes": ["save5"], "strategy": strategy, **of("ann")}
    shop.place("n1", "110.00", **more)
    given = shop.quote(**more)
    (verdict,) = given["verdicts"]
    assert (given["total"], verdict["reason"]) == ("120.00", reason)
    assert given["rejected_codes"]["save5"]["reason"] == reason
    if gap is not None:
        assert tuple(verdict["gap"][key] for key in ("needed", "actual", "unit")) == gap


def test_what_is_left_of_a_stock_or_a_budget_is_given(shop: Shop) -> None:
    off = [{"kind": "amount_off", "amount": "10.00", "target": "each_unit"}]
    shop.save(promotion("flash", actions=off, stock=3))
    shop.save(promotion("fund", actions=off, budget="25.00", over_budget="cap", priority=-1))
    shop.place("n1", "80.00")
    given = shop.quote()
    assert [(one["promotion"], one["amount"]) for one in given["applied"]] == [
        ("flash", "10.00"),
        ("fund", "5.00"),
    ]
    assert given["verdicts"][0]["units"] == [1, 2]
    shop.place("n2", "105.00")
    assert shop.quote()["total"] == "120.00"
    assert shop.refuse("n3", "105.00")["total"] == "120.00"


def test_an_exhausted_promotion_leaves_its_place_to_the_next(shop: Shop) -> None:
    """The counter of the next is asked for only now: it is priced once more."""
    group = {"stacking": "best_in_group", "group": "one of us"}
    shop.save(promotion("first", usage_limit=1, **group))
    less = [{"kind": "amount_off", "amount": "5.00", "target": "order"}]
    shop.save(promotion("second", actions=less, usage_limit=1, **group))
    assert shop.quote()["total"] == "110.00"
    shop.place("n1", "110.00")
    assert shop.quote()["total"] == "115.00"
    shop.place("n2", "115.00")
    assert shop.quote()["total"] == "120.00"


def test_a_guest_is_told_that_a_customer_is_needed(shop: Shop) -> None:
    shop.save(promotion(usage_limit_per_customer=1, code="ONCE"))
    given = shop.quote(codes=["once"])
    assert (given["total"], given["rejected_codes"]["once"]["reason"]) == ("120.00", "customer_required")
    changed = shop.refuse("n1", "110.00", codes=["once"])
    assert changed["rejected_codes"]["once"]["reason"] == "customer_required"
    shop.place("n1", "120.00", codes=["once"])
    shop.place("n2", "110.00", codes=["once"], **of("ann"))


def test_a_quote_asks_the_database_once_and_then_no_more(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("youhui.checkout.orders.pricing.SECONDS", 3600.0)
    shop.save(promotion(usage_limit=9, usage_limit_per_customer=2), promotion("open", code="OPEN"))
    asked = []
    for name in ("ann", "ann", "bob", "bob", "ann"):
        before = statements(shop)
        shop.quote(**of(name, groups=[], attributes={}))
        asked.append(statements(shop) - before)
    directory_and_discounts = asked[0] - 2
    assert asked == [directory_and_discounts + 2, 0, asked[2], 0, 0], "counters, and holds that have ended"
    assert 0 < asked[2] <= asked[0]


def statements(shop: Shop) -> float:
    page = shop.client.get("/metrics", headers=shop._admin).text
    return (
        next(
            sample.value
            for family in text_string_to_metric_families(page)
            for sample in family.samples
            if sample.name == "youhui_request_queries_sum" and sample.labels["route"] == QUOTES
        )
        if QUOTES in page
        else 0.0
    )


# -- how many orders a customer has placed


FIRST: dict[str, Any] = {"conditions": [{"kind": "first_order"}]}


def test_orders_are_counted_where_nothing_is_stated(shop: Shop) -> None:
    shop.save(promotion(**FIRST))
    assert shop.quote(**of("ann"))["total"] == "110.00"
    shop.place("n1", "110.00", **of("ann"))
    assert shop.quote(**of("ann"))["total"] == "120.00"
    assert shop.quote(**of("bob"))["total"] == "110.00"
    assert shop.refuse("n2", "110.00", **of("ann"))["total"] == "120.00"


@pytest.mark.parametrize(
    ("became", "total"),
    [
        (["cancel"], "110.00"),
        ([], "120.00"),
        (["pay"], "120.00"),
        (["pay", "refunds"], "120.00"),
        (["wait"], "110.00"),
        (["wait", "pay"], "120.00"),
    ],
    ids=" ".join,
)
def test_an_order_counts_unless_it_was_cancelled_or_has_expired(
    shop: Shop, became: list[str], total: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("youhui.checkout.orders.counts.SECONDS", 0.0)
    shop.save(promotion(**FIRST))
    shop.place("n1", "110.00", hold_seconds=60, **of("ann"))
    clock = shop.service.clock
    assert isinstance(clock, Clock)
    for what in became:
        if what == "wait":
            clock.at = clock.at.replace(minute=2)
        else:
            shop.then("n1", what, {"refund_no": "r1", "all": True} if what == "refunds" else None)
    assert shop.quote(**of("ann"))["total"] == total


def test_a_shop_may_state_it_and_a_shopper_may_not(shop: Shop) -> None:
    bring(
        shop.service,
        "products",
        {"id": "MUG", "sku": "MUG", "name": "mug", "price": "60.00", "currency": "CNY"},
    )
    shop.save(promotion(**FIRST))
    shop.place("n1", "110.00", **of("ann"))
    assert shop.quote(**of("ann", orders_count=0))["total"] == "110.00"
    assert shop.quote(**of("bob", orders_count=3))["total"] == "120.00"
    shopper = serving.shopper(shop.client, "ann")
    assert shop.quote(shopper, **of("ann", orders_count=0))["total"] == "120.00"
    assert shop.quote(shopper)["total"] == "120.00"


def test_where_no_rule_looks_at_it_nothing_is_counted(shop: Shop) -> None:
    shop.save(promotion("yen", currency="JPY", actions=[{"kind": "free_shipping"}], **FIRST))
    known = of("ann", groups=["vip"], attributes={})
    shop.quote(**known)
    before = statements(shop)
    shop.quote(**known)
    assert statements(shop) == before
