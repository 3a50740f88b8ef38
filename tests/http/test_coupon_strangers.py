"""What somebody who knows the documents alone, somebody who means ill, and somebody in a hurry came upon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.http import serving
from tests.http.couponing import COUPONS, TEMPLATES, Shop, opened, template
from tests.http.ordering import outcome
from tests.http.serving import PROMOTIONS, cart, promotion

BLOCKED, BREAKERS, EVENTS = (f"/api/admin/{name}" for name in ("blocked", "breakers", "events"))
FLASH: dict[str, Any] = {
    "type": "flash_sale", "id": "flash",
    "products": [{"sku": "MUG", "price": "9.90"}, {"sku": "TEA", "price": "1.00"}],
}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened(tmp_path) as shop:
        yield shop


# -- numbers of orders


def test_an_order_cannot_take_the_number_of_a_direct_use(shop: Shop) -> None:
    """Such a number would keep a coupon from being used, or let its use be undone by whoever may only place orders."""
    coupon = shop.coupon()
    shop.has(promotion("p1"), promotion("p2"))
    placed = shop.place(f"use:{coupon}:A1")
    assert (outcome(placed), placed.json()["details"][0]["code"]) == (
        "400 VALIDATION_ERROR",
        "reserved_order_no",
    )
    assert shop.use(coupon, "A1").status_code == 200
    assert shop.cancel_use(coupon, "A1").json()["returned"] is True


@pytest.mark.parametrize(
    ("step", "body"), [("pay", {}), ("cancel", {}), ("refunds", {"refund_no": "R1", "all": True})]
)
def test_a_direct_use_is_undone_by_its_own_route_only(shop: Shop, step: str, body: dict[str, Any]) -> None:
    """A key for orders is none for coupons."""
    coupon = shop.coupon()
    shop.use(coupon, "A1")
    answer = shop.post(f"/use:{coupon}:A1/{step}", body)
    assert outcome(answer) == "404 ORDER_NOT_FOUND"
    assert shop.status(coupon)[0] == "used"


# -- what a shopper is told


@pytest.mark.parametrize("hidden", [{"status": "draft"}, {"code": "SECRET"}])
@pytest.mark.parametrize("question", ["eligibility", "calculate"])
def test_a_shopper_is_not_told_of_drafts_and_codes(shop: Shop, hidden: dict[str, Any], question: str) -> None:
    """Neither that there is one, nor what it is called."""
    shop.has(promotion("hidden", name="内部折扣", **hidden))
    shopper = serving.shopper(shop.client, "ann")
    for name in ("hidden", "unknown"):
        url = f"{PROMOTIONS}/{name}/{question}"
        answer = (
            shop.client.post(url, json={"order_amount": "100.00"}, headers=shopper)
            if question == "calculate"
            else shop.client.get(f"{url}?product_id=1", headers=shopper)
        )
        assert outcome(answer) == "404 PROMOTION_NOT_FOUND"


def test_a_shopper_is_not_told_of_draft_templates(shop: Shop) -> None:
    shopper = serving.shopper(shop.client, "ann")
    draft = shop.client.post(TEMPLATES, json=template()).json()["id"]
    for name in (draft, 99):
        answer = shop.client.post(f"{TEMPLATES}/{name}/claim", headers=shopper)
        assert outcome(answer) == "404 COUPON_TEMPLATE_NOT_FOUND"
    told = shop.client.post(f"{TEMPLATES}/{draft}/claim", json={"user_id": "ann"}, headers=shop.key)
    assert outcome(told) == "409 COUPON_NOT_CLAIMABLE"


def test_coupons_of_others_are_as_none(shop: Shop) -> None:
    """In the same words, but for the number that was asked for."""
    coupon = shop.coupon()
    ben = serving.shopper(shop.client, "ben")

    def told(number: object) -> tuple[int, str, str, list[Any]]:
        answer = shop.client.get(f"{COUPONS}/{number}", headers=ben)
        said = answer.json()
        return answer.status_code, said["error"], said["message"].replace(str(number), "…"), said["details"]

    assert told(coupon) == told(99999)
    quoted = shop.client.post("/api/quotes", json=cart(coupons=[coupon, 99999]), headers=ben)
    assert {one["reason"] for one in quoted.json()["rejected_coupons"].values()} == {"unknown"}


# -- what is against abuse


def test_a_breaker_of_a_flash_sale_watches_all_its_products(shop: Shop) -> None:
    """Orders know the sale as flash#1 and flash#2; who sets the breaker knows it as flash."""
    shop.client.post(PROMOTIONS, json=FLASH)
    assert shop.client.post(f"{PROMOTIONS}/flash/publish", json={"confirm": True}).status_code == 200
    set_ = shop.client.put(f"{BREAKERS}/flash", json={"amount_per_order": "100.00"})
    assert set_.status_code == 200, set_.text
    lines = [serving.line(), serving.line(id="2", sku="TEA", unit_price="60.00", quantity=1)]
    assert shop.place("o1", lines=lines[:1], customer={"id": "ann"}).status_code == 201
    shop.client.service.guards.watch.look()
    assert shop.client.get(f"{PROMOTIONS}/flash").json()["state"] == "running", "100.20 less"
