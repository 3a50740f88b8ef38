"""What somebody who knows the documents alone, somebody who means ill, and somebody in a hurry came upon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.http import serving
from tests.http.couponing import COUPONS, TEMPLATES, Shop, opened, template
from tests.http.ordering import outcome
from tests.http.serving import PROMOTIONS, promotion

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
        "reserved_id",
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
    shop.has({**promotion("hidden", **hidden), "name": "内部折扣"})
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


# -- what is against abuse


def test_a_breaker_of_a_flash_sale_watches_all_its_products(shop: Shop) -> None:
    """Orders know the sale as flash#1 and flash#2; who sets the breaker knows it as flash. Here 51.00 + 59.00 less."""
    shop.has(FLASH)
    shop.client.post(f"{PROMOTIONS}/flash/publish", json={"confirm": True})
    assert shop.client.put(f"{BREAKERS}/flash", json={"amount_per_order": "100.00"}).status_code == 200
    mug = serving.line(quantity=1)
    tea = serving.line(id="2", sku="TEA", quantity=1)
    state = {"o1": [mug], "o2": [mug, tea]}
    seen = []
    for number, lines in state.items():
        assert shop.place(number, lines=lines).status_code == 201
        shop.client.service.guards.watch.look()
        seen.append(shop.client.get(f"{PROMOTIONS}/flash").json()["state"])
    assert seen == ["running", "paused"]
    (event,) = shop.client.get(EVENTS).json()["results"]
    assert (event["object"], event["payload"]["actual"]) == ("flash", 10910)


@pytest.mark.parametrize("value", ["300.1.1.1", "localhost", "198.51.100.0/24", "198.51.100.1:80"])
def test_what_is_no_address_is_not_blocked_as_one(shop: Shop, value: str) -> None:
    """Nobody would be, and nobody would notice."""
    answer = shop.client.post(BLOCKED, json={"kind": "ip", "value": value, "reason": "why"})
    assert (outcome(answer), answer.json()["details"][0]["code"]) == (
        "400 VALIDATION_ERROR",
        "not_an_address",
    )
