"""`POST /api/quotes` with discounts and with carts that leave things out: who may state what, and what is filled in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.http import serving
from tests.http.serving import PROMOTIONS, QUOTES, Client, promotion
from tests.stores import discount_worlds as worlds
from tests.stores.discount_worlds import EVERYONE, MOMENT, NOON, Clock, stored, terms
from youhui.discounts.model import Draft, Scope
from youhui.discounts.query import PATH
from youhui.platform.principals import SYSTEM


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with serving.client(tmp_path, Clock()) as made:
        worlds.open_shop(made.service)
        made.headers.update(serving.key(made, "quote", "discounts"))
        yield made


def store(client: Client, scope: Scope = EVERYONE, **more: Any) -> int:
    clock = client.service.clock
    assert isinstance(clock, Clock)
    return stored(client.service, Draft(terms=terms(**more), scope=scope), clock).id


def cart(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    named = [{"id": str(i), "quantity": 1, **line} for i, line in enumerate(lines)]
    return {"currency": "CNY", "customer": {"id": "ann"}, "lines": named, **more}


def quote(client: Client, body: dict[str, Any], headers: dict[str, str] | None = None) -> dict[str, Any]:
    answer = client.post(QUOTES, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def faults(client: Client, body: dict[str, Any], headers: dict[str, str] | None = None) -> list[Any]:
    answer = client.post(QUOTES, json=body, headers=headers)
    assert answer.status_code == 400, answer.text
    return [(fault["path"], fault["code"]) for fault in answer.json()["details"]]


def cuts(given: dict[str, Any]) -> list[list[tuple[str, str]]]:
    return [[(cut["promotion"], cut["amount"]) for cut in line["cuts"]] for line in given["lines"]]


# -- discounts


def test_the_best_discount_of_each_line_is_taken_of_each_unit(client: Client) -> None:
    mugs = store(client, Scope(customers=frozenset({"ann"}), categories=frozenset({"kitchen"})), priority=2)
    half = store(client, Scope(all_customers=True, all_products=True), type="percent", value=500, name="五折")
    given = quote(
        client, cart({"product": "P1", "quantity": 3}, {"product": "P3"}, {"sku": "P2-sku", "quantity": 2})
    )
    assert cuts(given) == [
        [(f"discount:{mugs}", "15.00")],
        [(f"discount:{half}", "0.01")],
        [(f"discount:{mugs}", "2.00")],
    ]
    assert [(a["promotion"], a["name"]) for a in given["applied"]] == [
        (f"discount:{mugs}", "five off"),
        (f"discount:{half}", "五折"),
    ]


def test_promotions_work_on_what_discounts_leave(client: Client) -> None:
    store(client, value=999)
    half = [{"kind": "percent_off", "percent": "50", "target": "order"}]
    admin = serving.operator(client, "admin")
    assert client.post(PROMOTIONS, json=promotion("half", actions=half), headers=admin).status_code == 201
    given = quote(client, cart({"product": "P1"}))
    assert (given["subtotal"], given["total"]) == ("19.99", "5.00")


def test_a_discount_takes_what_the_query_says_whatever_went_before(client: Client) -> None:
    """Half of 19.99 is taken first: a tenth of the price is off all the same, and of what is left no more."""
    tenth = store(client, type="percent", value=900, name="九折")
    half = [{"kind": "percent_off", "percent": "50", "target": "lines"}]
    admin = serving.operator(client, "admin")
    first = promotion("half", actions=half, lane="item", priority=99)
    assert client.post(PROMOTIONS, json=first, headers=admin).status_code == 201
    assert cuts(quote(client, cart({"product": "P1"}))) == [
        [("half", "10.00"), (f"discount:{tenth}", "2.00")]
    ]
    most = store(client, type="percent", value=1, name="几乎免费", priority=9)
    assert cuts(quote(client, cart({"product": "P1"}))) == [[("half", "10.00"), (f"discount:{most}", "9.99")]]


@pytest.mark.parametrize("customer", [None, {"id": "unheard-of"}, {"id": "col", "groups": ["vip"]}])
def test_whom_a_groups_discount_is_for(client: Client, customer: dict[str, Any] | None) -> None:
    """The stated groups, else the directory's; a guest has no discount."""
    store(client, Scope(groups=frozenset({"vip"}), all_products=True))
    given = quote(client, cart({"product": "P1"}, customer=customer))
    assert given["total_discount"] == ("5.00" if customer and "groups" in customer else "0.00")


def test_a_quote_and_the_query_agree(client: Client) -> None:
    store(client, Scope(customers=frozenset({"ann"}), products=frozenset({"P1"})), type="percent", value=885)
    given = quote(client, cart({"product": "P1"}))
    found = client.get(PATH, params={"product_ids": "P1", "user_id": "ann"}).json()["P1"]
    assert (given["total_discount"], given["total_discount"]) == (found["amount"], "2.30")


def test_a_discount_begins_and_ends_to_the_microsecond(client: Client) -> None:
    store(client, effective_time=NOON + MOMENT, expiration_time=NOON + 2 * MOMENT)
    taken = []
    for step in range(4):
        at = (NOON + step * MOMENT).isoformat()
        taken.append(quote(client, cart({"product": "P1"}, at=at))["total_discount"])
    assert taken == ["0.00", "5.00", "0.00", "0.00"]


def test_the_version_is_of_the_rules_that_the_cart_was_priced_by(client: Client) -> None:
    first = store(client)
    one = quote(client, cart({"product": "P1"}))["ruleset_version"]
    assert quote(client, cart({"product": "P1"}, {"id": "x", "product": "P1"}))["ruleset_version"] == one
    client.service.discounts.remove(first, SYSTEM)
    assert quote(client, cart({"product": "P1"}))["ruleset_version"] != one


def test_a_promotion_does_not_take_a_discounts_id(client: Client) -> None:
    admin = serving.operator(client, "admin")
    answer = client.post(PROMOTIONS, json=promotion("discount:1"), headers=admin)
    assert [fault["code"] for fault in answer.json()["details"]] == ["reserved_id"]


# -- what is left out


def test_what_a_line_leaves_out_comes_from_the_directory(client: Client) -> None:
    admin = serving.operator(client, "admin")
    wanted = {"skus": ["P2-sku"], "products": ["P2"], "categories": ["home"]}
    body = promotion("p", conditions=[{"kind": "contains", "selector": wanted}])
    assert client.post(PROMOTIONS, json=body, headers=admin).status_code == 201
    for line in ({"product": "P2"}, {"sku": "P2-sku"}, {"product": "P2", "unit_price": "1.00"}):
        given = quote(client, cart(line))
        assert (given["subtotal"], [a["promotion"] for a in given["applied"]]) == ("1.00", ["p"]), line
    others: list[dict[str, Any]] = [
        {"product": "P2", "categories": ["kitchen"]},
        {"product": "P2", "sku": "other"},
    ]
    for line in others:
        assert quote(client, cart(line))["applied"] == [], "what is stated stays as it is stated"


def test_a_stated_price_needs_no_directory(client: Client) -> None:
    assert quote(client, cart({"sku": "NEW", "unit_price": "7.00"}))["total"] == "7.00"


@pytest.mark.parametrize(
    ("line", "path", "code"),
    [
        ({"product": "NEW"}, "lines[0].unit_price", "unknown_product"),
        ({"product": "P5"}, "lines[0].unit_price", "other_currency"),
        ({"unit_price": "1.00"}, "lines[0].sku", "missing"),
        ({"product": "a b", "unit_price": "1.00"}, "lines[0].product", "not_a_shop_id"),
        ({"sku": "a,b", "unit_price": "1.00"}, "lines[0].sku", "not_a_shop_id"),
        ({"sku": "x" * 65, "unit_price": "1.00"}, "lines[0].sku", "not_a_shop_id"),
        ({"product": "P1", "categories": ["c"] * 101}, "lines[0].categories", "too_many"),
    ],
)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_what_cannot_be_filled_in_or_looked_up(
    client: Client, line: dict[str, Any], path: str, code: str, language: str
) -> None:
    answer = client.post(QUOTES, json=cart(line), headers={"accept-language": language})
    (fault,) = answer.json()["details"]
    assert (answer.status_code, fault["path"], fault["code"]) == (400, path, code)


def test_a_customer_is_named_by_an_id_of_the_shop(client: Client) -> None:
    assert faults(client, cart(customer={"id": "a b"})) == [("customer.id", "not_a_shop_id")]
    many = {"id": "ann", "groups": [str(i) for i in range(1001)]}
    assert faults(client, cart(customer=many)) == [("customer.groups", "too_many")]


def test_numbers_are_completed_too(client: Client) -> None:
    """The exact way of reading does what the fast way does."""
    store(client, Scope(customers=frozenset({"7"}), all_products=True))
    given = quote(client, cart({"id": 1, "product": "P1"}, customer={"id": 7}))
    assert (given["subtotal"], given["total_discount"]) == ("19.99", "5.00")


# -- shoppers


def test_what_a_shopper_states_of_prices_and_groups_is_ignored(client: Client) -> None:
    store(client, Scope(groups=frozenset({"staff"}), all_products=True), priority=9, value=1900)
    mine = store(client, Scope(customers=frozenset({"ann"}), categories=frozenset({"mugs"})))
    line = {
        "product": "P1", "sku": "OTHER", "unit_price": "0.01", "categories": ["books"], "attributes": {"x": 1},
        "min_unit_price": "19.99", "discountable": False, "quantity": 2,
    }  # fmt: skip
    customer = {"id": "ann", "groups": ["staff"], "orders_count": 9, "attributes": {"age": 9}}
    given = quote(client, cart(line, customer=customer), serving.shopper(client, "ann"))
    assert (given["subtotal"], cuts(given)) == ("39.98", [[(f"discount:{mine}", "10.00")]])


def test_a_shoppers_cart_is_the_shoppers(client: Client) -> None:
    store(client, Scope(customers=frozenset({"ann"}), all_products=True))
    headers = serving.shopper(client, "ann")
    body = cart({"product": "P1"})
    del body["customer"]
    assert quote(client, body, headers)["total_discount"] == "5.00"
    other = client.post(QUOTES, json=cart({"product": "P1"}, customer={"id": "bob"}), headers=headers)
    assert (other.status_code, other.json()["error"]) == (403, "FORBIDDEN")


def test_a_shopper_buys_what_is_for_sale_and_now(client: Client) -> None:
    worlds.bring(client.service, "products", {"id": "P3", "active": False})
    headers = serving.shopper(client, "ann")
    assert faults(client, cart({"product": "P3"}, {"sku": "NEW", "unit_price": "1.00"}), headers) == [
        ("lines[0].product", "not_for_sale"),
        ("lines[1].product", "not_for_sale"),
    ]
    assert faults(client, cart({"product": "P1"}, at=NOON.isoformat()), headers) == [
        ("at", "not_for_shoppers")
    ]


@pytest.mark.parametrize("who", ["shopper", "storefront"])
def test_a_shopper_is_not_told_of_codes(client: Client, who: str) -> None:
    admin = serving.operator(client, "admin")
    never = {"kind": "contains", "selector": {"products": ["P9"]}}
    for document in (promotion("secret", code="INSIDERS"), promotion("open", conditions=[never])):
        assert client.post(PROMOTIONS, json=document, headers=admin).status_code == 201
    headers = serving.shopper(client, "ann") if who == "shopper" else None
    answer = client.post(QUOTES, json=cart({"product": "P1"}, explain="all", hints=True), headers=headers)
    told = {verdict["promotion"] for verdict in answer.json()["verdicts"]}
    assert told == ({"open"} if who == "shopper" else {"open", "secret"})
    assert ("INSIDERS" in answer.text) == (who == "storefront")
