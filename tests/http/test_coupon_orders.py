"""Coupons in quotes and orders: what is locked, used, released and returned, and by whom, on every database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.checked import assert_sound
from tests.http import couponing, serving
from tests.http.couponing import Shop
from tests.http.ordering import outcome
from tests.http.serving import cart, line

ANN = {"customer": {"id": "ann"}}


@pytest.fixture
def shop(tmp_path: Path, database_url: str) -> Iterator[Shop]:
    with couponing.opened(tmp_path, database_url=database_url) as made:
        yield made
    assert_sound(database_url)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Shop]:
    """On SQLite: for what is the same on all."""
    with couponing.opened(tmp_path) as made:
        yield made
    assert_sound(f"sqlite:///{tmp_path / 'youhui.db'}")


def rejected(quote: dict[str, Any]) -> dict[str, str]:
    return {name: one["reason"] for name, one in quote["rejected_coupons"].items()}


def test_a_quote_takes_the_coupons_that_it_names(here: Shop) -> None:
    coupon = here.coupon()
    named = here.quote(**ANN, coupons=[coupon])
    assert named["total"] == "100.00"
    assert [one["promotion"] for one in named["applied"]] == [f"coupon:{coupon}"]
    assert here.quote(**ANN)["total"] == "120.00", "what is not named is not used"
    assert here.quote(**ANN, coupons=[str(coupon)])["total"] == "100.00", "its number may be a text"


def test_a_quote_says_why_a_coupon_cannot_be_used(here: Shop) -> None:
    mine, others = here.coupon(), here.claimed(here.template(), "bob")
    later = here.coupon(valid={"starts_at": "2026-12-01T00:00:00Z", "ends_at": couponing.LATER})
    dollars = here.coupon(currency="USD")
    asked = [mine, others, later, dollars, 999, "no-number"]
    found = here.quote(**ANN, coupons=asked)
    assert rejected(found) == {
        str(others): "unknown", str(later): "not_started", str(dollars): "other_currency", "999": "unknown",
        "no-number": "unknown",
    }  # fmt: skip
    assert found["total"] == "100.00"
    assert rejected(here.quote(coupons=[mine])) == {str(mine): "unknown"}, "a guest has none"


def test_a_coupon_that_falls_short_says_how_much_is_missing(here: Shop) -> None:
    coupon = here.coupon(min_amount="200.00")
    (verdict,) = here.quote(**ANN, coupons=[coupon])["verdicts"]
    assert (verdict["reason"], verdict["gap"]["missing"]) == ("conditions", "80.00")


def test_a_coupon_for_other_goods_says_so(here: Shop) -> None:
    coupon = here.coupon(scope={"skus": ["TEA"]}, min_amount="0.00")
    (verdict,) = here.quote(**ANN, coupons=[coupon])["verdicts"]
    assert (verdict["promotion"], verdict["reason"]) == (f"coupon:{coupon}", "conditions")


def test_auto_takes_the_best(here: Shop) -> None:
    ten, twenty = here.coupon(value="10.00"), here.coupon(value="20.00")
    here.claimed(here.template(value="90.00"), "bob")
    found = here.quote(**ANN, coupons="auto")
    assert found["strategy"] == "best_for_customer"
    assert [one["promotion"] for one in found["applied"]] == [f"coupon:{twenty}"]
    (beaten,) = [one for one in found["verdicts"] if one["promotion"] == f"coupon:{ten}"]
    assert (beaten["reason"], beaten["rival"], beaten["margin"]) == (
        "not_best", f"coupon:{twenty}", "10.00"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("together", "total"),
    [
        ({}, "100.00"),  # only one in an order
        ({"combines_with_coupons": True}, "80.00"),
    ],
)
def test_coupons_of_two_templates(here: Shop, together: dict[str, Any], total: str) -> None:
    named = [here.coupon(**together), here.coupon(**together)]
    assert here.quote(**ANN, coupons=named)["total"] == total


@pytest.mark.parametrize(("several", "total"), [(False, "100.00"), (True, "80.00")])
def test_coupons_of_one_template(shop: Shop, several: bool, total: str) -> None:
    template = shop.template(several_per_order=several)
    named = [shop.claimed(template), shop.claimed(template)]
    assert shop.quote(**ANN, coupons=named)["total"] == total
    placed = shop.place("A1", customer={"id": "ann"}, coupons=named)
    assert (placed.status_code, placed.json()["actual_amount"]) == (201, total)
    assert shop.pay("A1").status_code == 200


def test_the_life_of_a_coupon(shop: Shop) -> None:
    coupon = shop.coupon()
    placed = shop.place("A1", customer={"id": "ann"}, coupons=[coupon])
    assert (placed.status_code, placed.json()["actual_amount"]) == (201, "100.00")
    assert shop.status(coupon) == ("locked", "A1")
    assert rejected(shop.quote(**ANN, coupons=[coupon])) == {str(coupon): "locked"}
    assert (
        shop.place("A1", customer={"id": "ann"}, coupons=[coupon], expected_payable="100.00").json()
        == placed.json()
    )
    assert shop.pay("A1").status_code == 200
    assert shop.status(coupon) == ("used", "A1")
    assert rejected(shop.quote(**ANN, coupons=[coupon])) == {str(coupon): "used"}
    refunded = shop.refund("A1", "R1", lines=[{"id": "1", "quantity": 1}])
    assert refunded.json()["refunds"][0]["amount"] == "50.00"
    assert shop.status(coupon) == ("used", "A1"), "a part of the order is no reason to return it"
    assert shop.refund("A1", "R2").json()["state"] == "refunded"
    assert shop.status(coupon) == ("unused", None)
    assert shop.quote(**ANN, coupons=[coupon])["total"] == "100.00"
    assert shop.steps(coupon) == ["lock", "use", "return"]


def test_a_cancelled_order_releases_it(here: Shop) -> None:
    coupon = here.coupon()
    here.place("A1", customer={"id": "ann"}, coupons=[coupon])
    assert here.cancel("A1").status_code == 200
    assert here.status(coupon) == ("unused", None)
    assert here.place("A2", customer={"id": "ann"}, coupons=[coupon]).status_code == 201
    assert here.steps(coupon) == ["lock", "release", "lock"]


def test_an_order_that_was_not_paid_in_time_keeps_nothing(shop: Shop) -> None:
    """No job has run: the next order ends the hold that is over (P7)."""
    coupon = shop.coupon()
    shop.place("A1", customer={"id": "ann"}, coupons=[coupon])
    shop.clock.turn(minutes=16)
    assert shop.quote(**ANN, coupons=[coupon])["total"] == "100.00"
    assert shop.place("A2", customer={"id": "ann"}, coupons=[coupon]).status_code == 201
    assert shop.status(coupon) == ("locked", "A2")
    assert shop.get("A1")["state"] == "expired"
    assert outcome(shop.pay("A1")) == "409 HOLD_EXPIRED", "its coupon is in another order"
    assert shop.steps(coupon) == ["lock", "expire", "lock"]


def test_a_late_payment_takes_it_again(shop: Shop) -> None:
    coupon = shop.coupon(budget="20.00")
    shop.place("A1", customer={"id": "ann"}, coupons=[coupon])
    shop.clock.turn(minutes=16)
    assert shop.pay("A1").status_code == 200
    assert shop.status(coupon) == ("used", "A1")


def test_a_late_payment_is_refused_once_the_coupon_is_over(here: Shop) -> None:
    coupon = here.coupon(expire_at="2026-11-11T04:10:00Z")
    here.place("A1", customer={"id": "ann"}, coupons=[coupon])
    here.clock.turn(minutes=16)
    assert outcome(here.pay("A1")) == "409 HOLD_EXPIRED"


def test_an_order_keeps_a_coupon_whose_time_ends_before_it_is_paid(here: Shop) -> None:
    coupon = here.coupon(expire_at="2026-11-11T04:10:00Z")
    here.place("A1", customer={"id": "ann"}, coupons=[coupon])
    here.clock.turn(minutes=12)
    assert here.pay("A1").status_code == 200
    assert here.refund("A1", "R1").status_code == 201
    assert rejected(here.quote(**ANN, coupons=[coupon])) == {str(coupon): "expired"}


@pytest.mark.parametrize(
    ("policy", "after_part", "after_all"),
    [("never", "used", "used"), ("full_refund", "used", "unused"), ("pro_rata", "used", "unused")],
)
def test_a_refund_gives_back_what_the_terms_say(
    here: Shop, policy: str, after_part: str, after_all: str
) -> None:
    coupon = here.coupon(give_back=policy)
    here.place("A1", customer={"id": "ann"}, coupons=[coupon])
    here.pay("A1")
    here.refund("A1", "R1", lines=[{"id": "1", "quantity": 1}])
    assert here.status(coupon)[0] == after_part
    here.refund("A1", "R2")
    assert here.status(coupon)[0] == after_all


def test_all_coupons_of_a_template_share_its_budget(shop: Shop) -> None:
    template = shop.template(budget="50.00")
    for n, who in enumerate(["ann", "bob"]):
        coupon = shop.claimed(template, who)
        assert shop.place(f"A{n}", customer={"id": who}, coupons=[coupon]).status_code == 201
    third = shop.claimed(template, "cid")
    (verdict,) = shop.quote(customer={"id": "cid"}, coupons=[third])["verdicts"]
    assert verdict["reason"] == "budget"
    shop.cancel("A0")
    assert shop.quote(customer={"id": "cid"}, coupons=[third])["total"] == "100.00"


def test_two_of_one_template_do_not_take_more_than_its_budget_together(shop: Shop) -> None:
    template = shop.template(budget="30.00", several_per_order=True)
    named = [shop.claimed(template), shop.claimed(template)]
    placed = shop.place("A1", customer={"id": "ann"}, coupons=named, expected_payable="80.00")
    assert outcome(placed) == "409 QUOTE_CHANGED"
    assert shop.rows("SELECT COUNT(*) FROM orders") == [(0,)]


def test_voiding_a_template_voids_what_is_out_but_not_what_an_order_holds(shop: Shop) -> None:
    template = shop.template()
    free, held = shop.claimed(template), shop.claimed(template)
    shop.place("A1", customer={"id": "ann"}, coupons=[held])
    shop.admin(template, "void", reason="a mistake")
    assert rejected(shop.quote(**ANN, coupons=[free])) == {str(free): "void"}
    assert shop.pay("A1").status_code == 200
    shop.refund("A1", "R1")
    assert rejected(shop.quote(**ANN, coupons=[held])) == {str(held): "void"}, "it came back to nothing"


def test_closing_a_template_leaves_what_is_out(here: Shop) -> None:
    template = here.template()
    coupon = here.claimed(template)
    here.admin(template, "close")
    assert here.place("A1", customer={"id": "ann"}, coupons=[coupon]).status_code == 201


def test_other_terms_are_for_coupons_to_come(here: Shop) -> None:
    template = here.template()
    old = here.claimed(template)
    changed = here.client.patch(f"{couponing.TEMPLATES}/{template}", json={"value": "50.00"})
    assert changed.status_code == 200, changed.text
    new = here.claimed(template)
    assert here.quote(**ANN, coupons=[old])["total"] == "100.00"
    assert here.quote(**ANN, coupons=[new])["total"] == "70.00"


def test_shipping_and_gifts(here: Shop) -> None:
    free, gift = (
        here.coupon(type="shipping", value=None),
        here.coupon(type="gift", value=None, gift={"sku": "CUP", "quantity": 2}),
    )
    shipped = here.quote(**ANN, coupons=[free], shipping={"price": "12.00"})
    assert shipped["shipping"]["total"] == "0.00"
    assert here.quote(**ANN, coupons=[gift])["gifts"] == [{"sku": "CUP", "quantity": 2}]
    assert here.place("A1", customer={"id": "ann"}, coupons=[gift]).status_code == 201
    assert here.status(gift) == ("locked", "A1")


def test_an_order_of_a_coupon_that_is_gone_is_told_the_price_without_it(here: Shop) -> None:
    coupon = here.coupon()
    body = {**cart(**ANN, coupons=[coupon]), "expected_payable": "100.00"}
    assert here.post("", {**body, "order_no": "A1"}).status_code == 201
    second = here.post("", {**body, "order_no": "A2"})
    assert outcome(second) == "409 QUOTE_CHANGED"
    quote = second.json()["quote"]
    assert (quote["total"], rejected(quote)) == ("120.00", {str(coupon): "locked"})


def test_a_shopper_uses_its_own_only(here: Shop) -> None:
    coupon = here.coupon()
    product = {"id": "MUG", "sku": "MUG", "name": "Mug", "price": "60.00", "currency": "CNY"}
    headers = {"content-type": "application/x-ndjson"}
    stored = here.client.put("/api/directory/products", content=json.dumps(product), headers=headers)
    assert (stored.status_code, stored.json()["created"]) == (200, 1), stored.text
    body = {"currency": "CNY", "lines": [line()], "coupons": [coupon]}
    for who, total, expected in (("ann", "100.00", {}), ("bob", "120.00", {str(coupon): "unknown"})):
        answer = here.client.post("/api/quotes", json=body, headers=serving.shopper(here.client, who))
        assert answer.status_code == 200, answer.text
        assert (answer.json()["total"], rejected(answer.json())) == (total, expected)
