"""`GET /api/discounts/query_user_products/`: who asks for whom, and what is answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.http import serving
from tests.http.serving import Client
from tests.stores import discount_worlds as worlds
from tests.stores.discount_worlds import EVERYONE, Clock, stored, terms
from youhui.discounts.model import Draft, Scope
from youhui.discounts.query import PATH

NONE = {"amount": "0.00", "discount_id": None, "discount_type": None, "discount_value": None}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with serving.client(tmp_path, Clock()) as made:
        worlds.open_shop(made.service)
        yield made


def store(client: Client, scope: Scope = EVERYONE, **more: Any) -> int:
    clock = client.service.clock
    assert isinstance(clock, Clock)
    return stored(client.service, Draft(terms=terms(**more), scope=scope), clock).id


def ask(client: Client, products: str, headers: dict[str, str] | None = None, **more: str) -> dict[str, Any]:
    answer = client.get(PATH, params={"product_ids": products, **more}, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_each_product_has_its_best_discount(client: Client) -> None:
    five = store(client, Scope(customers=frozenset({"ann"}), products=frozenset({"P1", "P2"})))
    books = store(
        client,
        Scope(groups=frozenset({"vip"}), categories=frozenset({"books"})),
        type="percent",
        value=950,
        priority=1,
    )
    found = ask(client, "P1,P2,P4,NEW", user_id="ann")
    assert found == {
        "P1": {"amount": "5.00", "discount_id": five, "discount_type": "amount", "discount_value": "5.00"},
        "P2": {"amount": "0.05", "discount_id": books, "discount_type": "percent", "discount_value": "9.5"},
        "P4": NONE,
        "NEW": NONE,
    }
    assert list(found) == ["P1", "P2", "P4", "NEW"]


def test_never_more_than_the_price(client: Client) -> None:
    store(client)
    assert ask(client, "P2", user_id="ann")["P2"]["amount"] == "1.00"


def test_amounts_have_the_digits_of_the_products_currency(client: Client) -> None:
    store(client, currency="JPY", value=120)
    assert ask(client, "P5", user_id="ann")["P5"] | {"discount_id": 0} == {
        "amount": "120", "discount_id": 0, "discount_type": "amount", "discount_value": "120",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("who", "user", "status", "amount"),
    [
        ("shopper", None, 200, "5.00"),
        ("shopper", "ann", 200, "5.00"),
        ("shopper", "bob", 403, None),
        ("anonymous", None, 200, "0.00"),
        ("anonymous", "ann", 200, "0.00"),
        ("storefront", "ann", 200, "5.00"),
        ("storefront", "bob", 200, "0.00"),
        ("storefront", None, 400, None),
        ("storefront", "", 400, None),
        ("viewer", "ann", 200, "5.00"),
        ("viewer", None, 400, None),
        ("no scope", "ann", 403, None),
    ],
)
def test_who_asks_for_whom(
    client: Client, who: str, user: str | None, status: int, amount: str | None
) -> None:
    store(client, Scope(customers=frozenset({"ann"}), all_products=True))
    headers = {
        "shopper": serving.shopper(client, "ann"),
        "anonymous": {},
        "storefront": serving.key(client, "discounts"),
        "viewer": serving.operator(client, "viewer"),
        "no scope": serving.key(client, "quote"),
    }[who]
    del client.headers["authorization"]
    params = {"product_ids": "P1"} | ({} if user is None else {"user_id": user})
    answer = client.get(PATH, params=params, headers=headers)
    assert answer.status_code == status, answer.text
    if status == 200:
        assert answer.json()["P1"]["amount"] == amount
    if status == 400:
        assert [(d["path"], d["code"]) for d in answer.json()["details"]] == [("user_id", "missing")]


@pytest.mark.parametrize(
    ("query", "products"),
    [
        ("product_ids=P1,P2", ["P1", "P2"]),
        ("product_ids=P1&product_ids=P2", ["P1", "P2"]),
        ("product_ids=P2%2CP1", ["P2", "P1"]),
        ("product_ids=P1,%20P2,,P1", ["P1", "P2"]),
        ("product_ids=", []),
        ("", []),
        ("product_ids=%E5%95%86%E5%93%81", ["商品"]),
        ("product_ids=P1&colour=red", ["P1"]),
    ],
)
def test_how_products_are_named(client: Client, query: str, products: list[str]) -> None:
    answer = client.get(f"{PATH}?user_id=ann&{query}")
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == products


@pytest.mark.parametrize(
    ("query", "path", "code"),
    [
        ("user_id=ann&product_ids=" + ",".join(map(str, range(501))), "product_ids", "too_many"),
        ("user_id=ann&product_ids=a%00b", "product_ids", "not_a_shop_id"),
        ("user_id=ann&product_ids=a%20b", "product_ids", "not_a_shop_id"),
        ("user_id=ann&product_ids=%ED%A0%80", "product_ids", "not_a_shop_id"),
        ("user_id=ann&product_ids=%FF", "product_ids", "not_a_shop_id"),
        ("user_id=ann&product_ids=" + "x" * 65, "product_ids", "not_a_shop_id"),
        ("user_id=a,b&product_ids=P1", "user_id", "not_a_shop_id"),
        ("user_id=%00&product_ids=P1", "user_id", "not_a_shop_id"),
    ],
)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_what_is_refused(client: Client, query: str, path: str, code: str, language: str) -> None:
    answer = client.get(f"{PATH}?{query}", headers={"accept-language": language})
    assert answer.status_code == 400, answer.text
    assert [(d["path"], d["code"]) for d in answer.json()["details"]] == [(path, code)]


def test_five_hundred_at_once(client: Client) -> None:
    store(client)
    names = [f"P{i}" for i in range(500)]
    assert len(ask(client, ",".join(names), user_id="ann")) == 500


def test_the_anonymous_cost_no_query(client: Client) -> None:
    before = client.service.metrics.cache("discounts").misses
    assert ask(client, "P1", user_id="ann")["P1"] == NONE
    del client.headers["authorization"]
    assert ask(client, "P1") == {"P1": NONE}
    assert client.service.metrics.cache("discounts").misses == before + 1, "only the first had a customer"


def test_it_answers_as_documented(client: Client) -> None:
    store(client)
    document = client.get("/api/openapi.json").json()
    answered = document["paths"][PATH]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    check = jsonschema_rs.validator_for({**answered, "components": document["components"]})
    check.validate(ask(client, "P1,P4,NEW", user_id="ann"))
