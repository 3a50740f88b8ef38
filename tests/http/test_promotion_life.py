"""Promotions from draft to closed: forms, steps, what publishing looks at, and what shops ask of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from sqlalchemy import text

from tests.checked import assert_sound
from tests.http import serving
from tests.http.serving import PROMOTIONS, QUOTES, Client, cart, promotion
from youhui.checkout.quoting import Quoting
from youhui.platform.principals import SYSTEM
from youhui.promotions.lookup import StoredRules
from youhui.promotions.problems import NeedsCart, PromotionNotActive, PromotionNotFound
from youhui.promotions.templates import TEMPLATES

NOON = datetime(2026, 11, 11, 4, tzinfo=UTC)
SALE: dict[str, Any] = {
    "type": "flash_sale",
    "id": "flash",
    "products": [{"sku": "MUG", "price": "9.90", "stock": 3}, {"sku": "TEA", "percent": "5"}],
}
BULK: dict[str, Any] = {
    "type": "bulk_discount",
    "id": "bulk",
    "kind": "amount_off_at",
    "tiers": [{"at_least": "100.00", "amount": "10.00"}],
}
PRODUCTS = """{"id": "P1", "sku": "MUG", "name": "杯", "price": "60.00", "cost": "20.00", "categories": ["mugs"]}
{"id": "P2", "sku": "TEA", "name": "茶", "price": "10.00"}
{"id": "P3", "sku": "OLD", "name": "旧", "price": "10.00", "active": false}
"""


class Clock:
    """Turned by hand."""

    now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(tmp_path: Path, clock: Clock) -> Iterator[Client]:
    with serving.client(tmp_path, clock) as client:
        headers = {"content-type": "application/x-ndjson"}
        answer = client.put("/api/directory/products", content=PRODUCTS.encode(), headers=headers)
        assert answer.status_code == 200, answer.text
        yield client


def total(client: Client, **more: Any) -> str:
    answered: str = client.post(QUOTES, json=cart(customer={"id": "ann"}, **more)).json()["total"]
    return answered


def post(client: Client, document: dict[str, Any], status: int = 201) -> Any:
    answer = client.post(PROMOTIONS, json=document)
    assert answer.status_code == status, answer.text
    return answer.json()


def step(client: Client, name: str, what: str, status: int = 200, **body: Any) -> Any:
    answer = client.post(f"{PROMOTIONS}/{name}/{what}", json=body or None)
    assert answer.status_code == status, answer.text
    return answer.json()


# -- states


def test_a_form_runs_from_its_publication_to_its_end(shop: Client, clock: Clock) -> None:
    end = (NOON + timedelta(hours=1)).isoformat()
    assert post(shop, {**BULK, "ends_at": end})["state"] == "draft"
    assert total(shop) == "120.00"
    assert step(shop, "bulk", "publish")["promotion"]["state"] == "running"
    assert total(shop) == "110.00"
    assert step(shop, "bulk", "pause")["state"] == "paused"
    assert total(shop) == "120.00"
    assert step(shop, "bulk", "publish")["promotion"]["status"] == "published"
    assert total(shop) == "110.00"
    clock.now += timedelta(hours=1)
    assert shop.get(f"{PROMOTIONS}/bulk").json()["state"] == "ended"
    assert total(shop) == "120.00"
    assert step(shop, "bulk", "close")["state"] == "closed"


@pytest.mark.parametrize(
    ("status", "steps"),
    [
        ("draft", {"publish": "published", "pause": None, "close": "closed"}),
        ("published", {"publish": "published", "pause": "paused", "close": "closed"}),
        ("paused", {"publish": "published", "pause": "paused", "close": "closed"}),
        ("closed", {"publish": None, "pause": None, "close": "closed"}),
    ],
)
def test_where_each_step_leads(shop: Client, status: str, steps: dict[str, str | None]) -> None:
    """From each status; None is refused. A step that was taken already changes nothing."""
    way = {"draft": [], "published": ["publish"], "paused": ["publish", "pause"], "closed": ["close"]}[status]
    for n, (what, leads_to) in enumerate(steps.items()):
        post(shop, {**BULK, "id": f"p{n}"})
        for before in way:
            step(shop, f"p{n}", before)
        known = shop.get(f"{PROMOTIONS}/p{n}").json()
        answer = step(shop, f"p{n}", what, 200 if leads_to else 409)
        if leads_to is None:
            assert (answer["error"], answer["state"]) == ("PROMOTION_STATE", known["state"])
        found = shop.get(f"{PROMOTIONS}/p{n}").json()
        assert found["status"] == (leads_to or status)
        assert (found["version"] == known["version"]) is (found["status"] == status)


def test_what_is_closed_stays_as_it_is(shop: Client) -> None:
    post(shop, {**BULK, "status": "published", "confirm": True})
    step(shop, "bulk", "close")
    answer = shop.put(f"{PROMOTIONS}/bulk", json=BULK, headers={"accept-language": "zh-CN"})
    assert answer.json()["message"] == "促销活动 bulk 已关闭，不能执行此操作"
    assert total(shop) == "120.00"


def test_a_change_keeps_the_status_and_active_pauses_a_rule(shop: Client) -> None:
    address = f"{PROMOTIONS}/p1"
    post(shop, promotion(status="draft"))
    for sent, state in (
        (promotion(active=True), "draft"),
        (None, "running"),
        (promotion(), "running"),
        (promotion(active=False), "paused"),
        (promotion(), "paused"),
        (promotion(status="closed"), "paused"),
        (promotion(active=True), "running"),
    ):
        if sent is None:
            step(shop, "p1", "publish")
        else:
            assert shop.put(address, json=sent).status_code == 200
        read = shop.get(address).json()
        assert read["state"] == state
        assert shop.put(address, json=read).json()["state"] == state, "as it was read"


def test_a_draft_stands_in_the_list_where_it_was_published(shop: Client) -> None:
    """On this node, which followed each change, and on one that loads all of it now."""
    post(shop, promotion("a", status="draft"))
    post(shop, SALE)
    post(shop, promotion("b"))
    step(shop, "flash", "publish", confirm=True)
    step(shop, "a", "publish", confirm=True)
    assert [one["id"] for one in shop.get(PROMOTIONS).json()["results"]] == ["b", "flash", "a"]
    shop.put(
        f"{PROMOTIONS}/flash", json={**SALE, "products": [{"sku": "NEW", "price": "1.00"}, *SALE["products"]]}
    )
    here = shop.service.quoting.priced("CNY").ruleset.promotions()
    assert [one.id for one in here] == ["b", "flash#1", "flash#2", "a", "flash#3"]
    other = Quoting(StoredRules(shop.service.database, shop.service.registry))
    other.refresh()
    assert other.priced("CNY").ruleset.promotions() == here


def test_only_its_reader_takes_a_step(shop: Client) -> None:
    post(shop, BULK)
    stale = {"if-match": '"0"'}
    for what in ("publish", "pause", "close"):
        assert shop.post(f"{PROMOTIONS}/bulk/{what}", headers=stale).status_code == 412
        assert shop.post(f"{PROMOTIONS}/nothing/{what}").status_code == 404


def test_a_form_that_runs_is_not_deleted(shop: Client) -> None:
    post(shop, {**BULK, "status": "published", "confirm": True})
    assert shop.delete(f"{PROMOTIONS}/bulk").json()["error"] == "PROMOTION_STATE"
    step(shop, "bulk", "pause")
    assert shop.delete(f"{PROMOTIONS}/bulk").status_code == 204


def test_a_copy_is_a_draft_with_the_same_terms(shop: Client) -> None:
    for document in (SALE, BULK, promotion("p1", active=False)):
        made = post(shop, document)
        copied = step(shop, document["id"], "copy", 201, id=f"{document['id']}-2")
        assert (copied["id"], copied["state"]) == (f"{document['id']}-2", "draft")
        assert {key: value for key, value in copied.items() if key in document and key != "id"} == {
            key: value for key, value in made.items() if key in document and key not in ("id", "active")
        }
        assert step(shop, document["id"], "copy", 201)["id"].startswith(f"{document['id']}-")
    assert step(shop, "bulk", "copy", 409, id="bulk")["error"] == "PROMOTION_EXISTS"
    assert step(shop, "bulk", "copy", 400, id="a b")["details"][0]["code"] == "not_an_id"
    assert step(shop, "bulk", "copy", 400, id="a#1")["details"][0]["code"] == "no_hash"


def test_lists_are_filtered(shop: Client) -> None:
    later = (NOON + timedelta(days=1)).isoformat()
    post(shop, {**BULK, "name": "满100%减"})
    post(shop, {**BULK, "id": "bulk2", "starts_at": later, "status": "published", "confirm": True})
    post(shop, {**SALE, "status": "published", "confirm": True})
    post(shop, promotion("mugs", conditions=[{"kind": "customer_group", "any_of": ["vip"]}], actions=[
        {"kind": "amount_off", "amount": "1.00", "target": "each_unit", "selector": {"categories": ["mugs"]}}
    ]))  # fmt: skip
    post(shop, promotion("over", valid_until=NOON.isoformat()))

    def ids(**query: str) -> list[str]:
        answer = shop.get(PROMOTIONS, params=query)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["results"]]

    assert ids(type="bulk_discount") == ["bulk", "bulk2"]
    assert ids(state="running") == ["flash", "mugs"]
    assert ids(state="scheduled") == ["bulk2"]
    assert ids(state="ended") == ["over"]
    assert ids(state="draft") == ["bulk"]
    assert ids(name="0%") == ["bulk"]
    assert ids(name="_") == []
    assert ids(product="P1") == ["bulk2", "flash", "mugs", "over"]
    assert ids(product="P2", type="flash_sale") == ["flash"]
    assert ids(product="P9") == []
    assert shop.get(PROMOTIONS, params={"state": "inactive"}).status_code == 400


# -- flash sales


def place(shop: Client, order_no: str, customer: str, quantity: int, status: int = 201) -> Any:
    lines = [serving.line(quantity=quantity)]
    quote = shop.post(QUOTES, json={"currency": "CNY", "lines": lines, "customer": {"id": customer}}).json()
    body = {"currency": "CNY", "lines": lines, "customer": {"id": customer}, "order_no": order_no}
    answer = shop.post(
        "/api/orders", json={**body, "expected_payable": quote["total"]}, headers=serving.key(shop, "orders")
    )
    assert answer.status_code == status, answer.text
    return quote["total"]


def test_a_flash_sale_has_stocks_and_limits_of_units(shop: Client) -> None:
    post(shop, {**SALE, "per_customer": 2, "per_order": 1, "status": "published", "confirm": True})
    assert place(shop, "n1", "ann", 2) == "69.90"
    assert place(shop, "n2", "ann", 2) == "69.90"
    assert place(shop, "n3", "ann", 2) == "120.00", "two units were hers"
    assert place(shop, "n4", "bob", 1) == "9.90"
    assert place(shop, "n5", "bob", 1) == "60.00", "three were there"
    read = shop.get(f"{PROMOTIONS}/flash").json()
    mug, tea = read["products"]
    assert {key: mug[key] for key in ("units_used", "units_held", "units_left")} == {
        "units_used": 0, "units_held": 3, "units_left": 0,
    }  # fmt: skip
    assert (tea["units_left"], read["held"], read["budget_held"]) == (None, 3, "150.30")
    assert shop.put(f"{PROMOTIONS}/flash", json=read).json()["products"] == read["products"]
    lower = shop.put(
        f"{PROMOTIONS}/flash", json={**SALE, "products": [{"sku": "MUG", "price": "9.90", "stock": 2}]}
    )
    assert lower.json()["error"] == "LIMIT_BELOW_USE"


def test_a_product_that_comes_back_comes_with_its_past(shop: Client) -> None:
    post(shop, {**SALE, "status": "published", "confirm": True})
    place(shop, "n1", "ann", 2)
    without = {**SALE, "products": SALE["products"][1:]}
    assert len(shop.put(f"{PROMOTIONS}/flash", json=without).json()["products"]) == 1
    assert total(shop) == "120.00"
    back = shop.put(f"{PROMOTIONS}/flash", json=SALE).json()
    assert back["products"][0]["units_left"] == 1
    assert total(shop) == "69.90"
    assert_sound(shop.service.settings.database_url)


def test_hours_and_audience(shop: Client, clock: Clock) -> None:
    slots = [{"days": ["wed"], "from": "12:00", "until": "13:00"}, {"from": "23:00", "until": "01:00"}]
    post(shop, {**BULK, "slots": slots, "audience": {"kind": "groups", "groups": ["vip"]}})
    step(shop, "bulk", "publish", confirm=True)
    vip = {"customer": {"id": "ann", "groups": ["vip"]}}
    for hours, expected in ((0, "110.00"), (1, "120.00"), (11, "110.00"), (12.5, "110.00"), (24, "120.00")):
        clock.now = NOON + timedelta(hours=hours)
        assert shop.post(QUOTES, json=cart(**vip)).json()["total"] == expected, hours
    clock.now = NOON
    assert total(shop) == "120.00"


# -- publishing


def test_one_product_is_in_one_flash_sale_at_a_time(shop: Client) -> None:
    morning, evening = {"from": "09:00", "until": "11:00"}, {"from": "20:00", "until": "22:00"}
    post(shop, {**SALE, "slots": [morning], "status": "published", "confirm": True})
    other = {"type": "flash_sale", "id": "other", "products": [{"sku": "MUG", "price": "30.00"}]}
    post(shop, {**other, "slots": [evening], "status": "published"})
    assert shop.put(f"{PROMOTIONS}/other", json={**other, "slots": [evening, morning]}).status_code == 409
    post(shop, {**other, "id": "third"})
    refused = step(shop, "third", "publish", 409)
    assert (refused["error"], refused["promotion"]) == ("PROMOTION_OVERLAP", "flash")
    assert shop.get(f"{PROMOTIONS}/third").json()["state"] == "draft"
    assert step(shop, "third", "publish", confirm=True)["promotion"]["state"] == "running"


def test_what_goes_below_cost_is_published_only_if_it_is_confirmed(shop: Client) -> None:
    """A mug costs 20.00: 25.00 covers it, and not together with 10 % off and then 4.00 off."""
    sale = {"type": "flash_sale", "id": "s", "products": [{"sku": "MUG", "price": "25.00"}]}
    post(shop, promotion("coupon", actions=[{"kind": "percent_off", "percent": "30", "target": "order"}]))
    post(shop, sale)
    found = shop.get(f"{PROMOTIONS}/s/check").json()
    assert found["below_cost"] == [{"product": "P1", "quantity": 1, "left": "17.50", "cost": "20.00"}]
    refused = step(shop, "s", "publish", 409)
    assert refused["error"] == "BELOW_COST"
    assert refused["details"][0]["params"]["cost"] == "20.00"
    assert post(shop, {**sale, "id": "s2", "status": "published"}, 409)["error"] == "BELOW_COST"
    assert step(shop, "s", "publish", confirm=True)["promotion"]["state"] == "running"
    post(shop, {**sale, "id": "s3", "products": [{"sku": "MUG", "price": "29.00"}], "priority": -1})
    shop.put(f"{PROMOTIONS}/s3", json={**sale, "id": "s3", "products": [{"sku": "TEA", "price": "0.01"}]})
    assert step(shop, "s3", "publish")["promotion"]["state"] == "running", "no cost is known of tea"


def test_a_cut_of_the_whole_order_counts_against_what_others_name(shop: Client) -> None:
    """A mug on sale at 25.00 costs 20.00: 8.5 折 leaves 21.25, 7 折 does not cover it. Nor does a code for all."""
    sale = {"type": "flash_sale", "id": "s", "products": [{"sku": "MUG", "price": "25.00"}]}
    post(shop, {**sale, "status": "published"})
    bulk = {**BULK, "kind": "percent_off_at"}
    for name, percent, status in (("b1", "8.5", 200), ("b2", "7", 409)):
        post(shop, {**bulk, "id": name, "tiers": [{"at_least": "1.00", "percent": percent}]})
        step(shop, name, "publish", status)
        step(shop, name, "close")
    post(shop, promotion("code", status="draft", code="ALL", actions=[
        {"kind": "percent_off", "percent": "30", "target": "order"}
    ]))  # fmt: skip
    assert step(shop, "code", "publish", 409)["details"][0]["params"]["left"] == "17.50"


def test_what_lint_finds_is_told_and_an_order_must_not_be_free(shop: Client) -> None:
    post(shop, promotion("all", actions=[{"kind": "percent_off", "percent": "60", "target": "order"}]))
    half = {"kind": "amount_off", "amount": "20.00", "target": "order"}
    post(shop, promotion("ten", status="draft", actions=[half]))
    found = shop.get(f"{PROMOTIONS}/ten/check", headers={"accept-language": "en"}).json()
    codes = {one["code"] for one in found["warnings"]}
    assert codes == {"priority_collision", "free_order"}
    assert all("ten" in one["promotions"] and one["message"] for one in found["warnings"])
    assert step(shop, "ten", "publish", 409)["error"] == "BELOW_COST"
    told = step(shop, "ten", "publish", confirm=True)
    assert {one["code"] for one in told["warnings"]} == codes


@pytest.mark.parametrize("body", [{"confirm": "yes"}, {"confirm": 1}, {"force": True}])
def test_a_confirmation_is_a_flag(shop: Client, body: dict[str, Any]) -> None:
    post(shop, BULK)
    assert step(shop, "bulk", "publish", 400, **body)["error"] == "VALIDATION_ERROR"


def test_each_template_can_be_posted_as_it_is_and_as_it_is_documented(shop: Client) -> None:
    offered = shop.get(f"{PROMOTIONS}/templates").json()
    assert [one["key"] for one in offered] == list(TEMPLATES)
    parts = shop.get("/api/openapi.json").json()["components"]
    documented = jsonschema_rs.validator_for({"$ref": "#/components/schemas/Promotion", "components": parts})
    for one in offered:
        documented.validate(one["body"])
        answer = post(shop, one["body"])
        assert answer["state"] == "draft"


# -- what shops ask


def test_eligibility(shop: Client, clock: Clock) -> None:
    post(shop, {**SALE, "audience": {"kind": "new_customers"}, "status": "published", "confirm": True})
    post(
        shop,
        {
            **BULK,
            "starts_at": (NOON + timedelta(hours=1)).isoformat(),
            "status": "published",
            "confirm": True,
        },
    )

    def asked(name: str, **query: str) -> Any:
        return shop.get(f"{PROMOTIONS}/{name}/eligibility", params=query).json()

    found = asked("flash", user_id="ann", product_id="P1")
    assert (found["eligible"], found["reason"], found["verdict"]["amount"]) == (True, None, "50.10")
    assert asked("flash", product_id="P1")["reason"] == "conditions"
    assert asked("flash", user_id="ann", product_id="P3")["reason"] == "unknown_product"
    assert asked("bulk", product_id="P1")["error"] == "PROMOTION_NOT_ACTIVE"
    assert asked("nothing", product_id="P1")["error"] == "PROMOTION_NOT_FOUND"
    place(shop, "n1", "ann", 1)
    clock.now += timedelta(seconds=5)
    shop.service.promotion_engine._orders.forget("ann")  # type: ignore[attr-defined]
    assert not asked("flash", user_id="ann", product_id="P1")["eligible"]
    engine = shop.service.promotion_engine
    assert engine.check_promotion_eligibility("bob", "P1")
    assert not engine.check_promotion_eligibility("bob", "P3")
    assert engine.check_promotion_eligibility("bob", "P1", "flash")
    assert not engine.check_promotion_eligibility("bob", "P1", "bulk")
    step(shop, "flash", "pause")
    assert not engine.check_promotion_eligibility("bob", "P1")


@pytest.mark.parametrize(
    ("document", "amount", "discount"),
    [
        (BULK, 100, "10.00"),
        (BULK, "99.99", "0.00"),
        ({**BULK, "scope": {"categories": ["mugs"], "exclude": {"skus": ["GOLD"]}}}, 100.5, "10.00"),
        ({**BULK, "audience": {"kind": "groups", "groups": ["vip"]}}, "100.00", "10.00"),
        (
            {**BULK, "kind": "percent_off_at", "tiers": [{"at_least": "0.00", "percent": "8.5"}]},
            "200.00",
            "30.00",
        ),
        ({**BULK, "kind": "every", "tiers": [{"at_least": "100.00", "amount": "10.00"}]}, "350.00", "30.00"),
        ({**BULK, "kind": "percent_off_items", "tiers": [{"at_least": 1, "percent": "8.5"}]}, "200.00", None),
        (SALE, "200.00", None),
        (TEMPLATES["second_half_price"].body, "200.00", None),
        (TEMPLATES["add_on"].body, "200.00", None),
        (TEMPLATES["gift_at_least"].body, "200.00", "0.00"),
        (TEMPLATES["gift_buy"].body, "200.00", None),
        (TEMPLATES["new_customers"].body, "200.00", "10.00"),
    ],
)
def test_what_it_takes_of_an_amount(shop: Client, document: Any, amount: Any, discount: str | None) -> None:
    post(shop, {**document, "id": "p", "status": "published", "confirm": True})
    answer = step(shop, "p", "calculate", 400 if discount is None else 200, order_amount=amount)
    engine = shop.service.promotion_engine
    if discount is None:
        assert answer["error"] == "NEEDS_CART"
        with pytest.raises(NeedsCart):
            engine.calculate_discount("p", Decimal(str(amount)))
        return
    assert answer["discount"] == discount
    assert Decimal(answer["payable"]) == Decimal(str(amount)) - Decimal(discount)
    assert engine.calculate_discount("p", Decimal(str(amount))) == Decimal(discount)


def test_what_it_takes_of_a_cart(shop: Client) -> None:
    post(shop, {**BULK, "status": "published", "confirm": True})
    post(shop, promotion("beside"))
    lines = [{"id": "1", "product": "P1", "quantity": 2}]
    found = step(shop, "bulk", "calculate", cart={"lines": lines})
    assert (found["discount"], found["payable"], found["verdict"]["promotion"]) == ("10.00", "110.00", "bulk")
    wrong = step(
        shop, "bulk", "calculate", 400, cart={"lines": [{"id": "1", "product": "P1", "quantity": 0}]}
    )
    assert wrong["details"][0]["path"] == "cart.lines[0].quantity"
    bodies: list[dict[str, Any]] = [
        {},
        {"cart": {}, "order_amount": "1.00"},
        {"order_amount": "-1"},
        {"order_amount": []},
        {"cart": 7},
    ]
    for body in bodies:
        answer = shop.post(f"{PROMOTIONS}/bulk/calculate", json=body)
        assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR"), body
    step(shop, "bulk", "pause")
    refused = step(shop, "bulk", "calculate", 400, order_amount="100.00")
    assert (refused["error"], refused["message"]) == ("PROMOTION_NOT_ACTIVE", "活动未开始或已结束")
    with pytest.raises(PromotionNotActive):
        shop.service.promotion_engine.calculate_discount("bulk", Decimal(100))


def test_what_runs_now(shop: Client, clock: Clock) -> None:
    end = (NOON + timedelta(hours=1)).isoformat()
    sale = {**SALE, "products": SALE["products"][:1], "ends_at": end}
    post(shop, {**sale, "status": "published", "confirm": True})
    post(
        shop,
        {**BULK, "audience": {"kind": "groups", "groups": ["vip"]}, "status": "published", "confirm": True},
    )
    post(shop, promotion("secret", code="SAVE"))
    post(shop, promotion("draft", status="draft"))
    ann = serving.shopper(shop, "ann")
    address = f"{PROMOTIONS}/active"

    def ids(headers: dict[str, str] | None = None, **query: str) -> list[str]:
        return [one["id"] for one in shop.get(address, params=query, headers=headers).json()["results"]]

    assert ids() == ["flash", "bulk", "secret"]
    assert ids(ann) == ["flash"]
    assert ids(product_id="P2") == ["bulk", "secret"]
    assert ids(user_id="ann", product_id="P1") == ["flash", "secret"]
    (first, *_) = shop.get(address, headers={"accept-language": "en"}).json()["results"]
    assert first == {
        "id": "flash", "type": "flash_sale", "name": None, "currency": "CNY", "text": "for ¥9.90",
        "starts_at": None, "ends_at": "2026-11-11T05:00:00Z", "units_left": 3,
    }  # fmt: skip
    assert shop.get(address, params={"user_id": "bob"}, headers=ann).status_code == 403
    place(shop, "n1", "ann", 2)
    assert shop.get(address).json()["results"][0]["units_left"] == 1
    step(shop, "secret", "pause")
    assert ids() == ["flash", "bulk"], "a change is seen at once"
    clock.now += timedelta(hours=1)
    assert ids() == ["bulk"], "an end needs none"


def test_changes_are_traced(shop: Client) -> None:
    post(shop, BULK)
    for what in ("publish", "pause", "close", "close"):
        step(shop, "bulk", what)
    entries = shop.get("/api/admin/audit", params={"object": "promotion:bulk"}).json()["results"]
    assert [(entry["action"], entry["after"]["status"]) for entry in reversed(entries)] == [
        ("promotion.create", "draft"), ("promotion.publish", "published"), ("promotion.pause", "paused"),
        ("promotion.close", "closed"),
    ]  # fmt: skip


def test_a_breaker_stops_the_promotion_of_a_rule(shop: Client) -> None:
    """As orders name it: flash#2 is a product of flash."""
    post(shop, {**SALE, "status": "published", "confirm": True})
    promotions = shop.service.promotions
    assert [promotions.stop(name, SYSTEM) for name in ("flash#2", "flash#1", "flash")] == [True, False, False]
    assert shop.get(f"{PROMOTIONS}/flash").json()["state"] == "paused"
    with pytest.raises(PromotionNotFound):
        promotions.stop("nothing#1", SYSTEM)


def test_one_whose_kind_is_gone_can_be_looked_at_and_closed(shop: Client) -> None:
    post(shop, promotion("p1", status="draft"))
    spoil = text("UPDATE promotions SET document = :document WHERE id = 'p1'")
    with shop.service.database.writing() as connection:
        connection.execute(spoil, {"document": '{"id":"p1","actions":[{"kind":"gone"}]}'})
    assert shop.get(f"{PROMOTIONS}/p1/check").json() == {"warnings": [], "below_cost": []}
    assert step(shop, "p1", "publish")["promotion"]["state"] == "running"
    assert shop.get(f"{PROMOTIONS}/active").json()["total"] == 0
    assert step(shop, "p1", "copy", 400, id="p2")["details"][0]["code"] == "unknown_action"
    assert step(shop, "p1", "close")["state"] == "closed"
