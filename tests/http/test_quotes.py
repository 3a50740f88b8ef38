"""`POST /api/quotes`: what a shop sends, and what it is told."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.http import serving
from tests.http.serving import PROMOTIONS, QUOTES, cart, line, promotion

SPEND_200 = {"kind": "subtotal_at_least", "amount": "200.00"}


def store(client: TestClient, *documents: dict[str, Any]) -> None:
    for document in documents:
        assert client.post(PROMOTIONS, json=document).status_code == 201


def quote(client: TestClient, body: dict[str, Any], language: str = "zh-CN") -> dict[str, Any]:
    answer = client.post(QUOTES, json=body, headers={"accept-language": language})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_quote_says_who_takes_what_of_which_line(client: TestClient) -> None:
    free = {"id": "free", "lane": "shipping", "actions": [{"kind": "free_shipping"}]}
    gift = {"id": "gift", "priority": -1, "actions": [{"kind": "gift", "sku": "TOTE", "quantity": 1}]}
    store(client, promotion(name="save", code="SAVE10") | {"name": "满减"}, free, gift)
    body = cart(
        lines=[line(), line(id="2", sku="TEE", unit_price="30.00", quantity=1)],
        shipping={"price": "8.00"},
        codes=["save10", "NOPE"],
    )
    given = quote(client, body, "en")
    assert given["lines"] == [
        {"id": "1", "subtotal": "120.00", "discount": "8.00", "total": "112.00",
         "cuts": [{"promotion": "save", "amount": "8.00"}]},
        {"id": "2", "subtotal": "30.00", "discount": "2.00", "total": "28.00",
         "cuts": [{"promotion": "save", "amount": "2.00"}]},
    ]  # fmt: skip
    assert given["shipping"] == {
        "price": "8.00", "discount": "8.00", "total": "0.00", "cuts": [{"promotion": "free", "amount": "8.00"}]
    }  # fmt: skip
    assert [given[key] for key in ("subtotal", "total_discount", "total")] == ["158.00", "18.00", "140.00"]
    assert given["applied"] == [
        {"promotion": "save", "name": "满减", "amount": "10.00", "gifts": []},
        {"promotion": "gift", "name": None, "amount": "0.00", "gifts": [{"sku": "TOTE", "quantity": 1}]},
        {"promotion": "free", "name": None, "amount": "8.00", "gifts": []},
    ]
    assert given["gifts"] == [{"sku": "TOTE", "quantity": 1}]
    assert given["rejected_codes"]["NOPE"]["reason"] == "unknown"


@pytest.mark.parametrize(
    ("body", "reason", "gap"),
    [
        (
            {},
            "conditions",
            {"path": "conditions[0]", "kind": "subtotal_at_least", "needed": "200.00", "actual": "120.00",
             "missing": "80.00", "unit": "money"},
        ),
        ({"at": "2019-12-31T23:59:59.999999Z"}, "not_started", {"needed": "2020-01-01T00:00:00Z"}),
        ({"at": "2030-01-01T00:00:00Z"}, "expired", {"needed": "2030-01-01T00:00:00Z"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_refused_code_comes_with_its_reason_and_numbers(
    client: TestClient, body: dict[str, Any], reason: str, gap: dict[str, Any], language: str
) -> None:
    window = {"valid_from": "2020-01-01T00:00:00Z", "valid_until": "2030-01-01T00:00:00Z"}
    store(client, promotion(code="SAVE10", conditions=[SPEND_200], **window))
    given = quote(client, cart(codes=["SAVE10"], **{"at": "2026-06-01T00:00:00Z", **body}), language)
    (verdict,) = given["verdicts"]
    assert (verdict["outcome"], verdict["reason"]) == ("refused", reason)
    assert gap.items() <= verdict["gap"].items()
    assert given["rejected_codes"]["SAVE10"] == {"reason": reason, "message": verdict["message"]}
    chinese = any("一" <= letter <= "鿿" for letter in verdict["message"])
    assert chinese == (language == "zh-CN"), verdict["message"]


def test_a_hint_says_what_to_add_and_is_true(client: TestClient) -> None:
    store(client, promotion(conditions=[SPEND_200]))
    (verdict,) = quote(client, cart(hints=True))["verdicts"]
    hint = verdict["hint"]
    assert (hint["kind"], hint["amount"], hint["saves"]) == ("add_amount", "80.00", "10.00")
    more = cart(lines=[line(), line(id="2", unit_price="80.00", quantity=1)])
    assert quote(client, more)["applied"][0]["promotion"] == "p1"


def test_explain_chooses_whose_verdicts_are_given(client: TestClient) -> None:
    elsewhere = {"kind": "contains", "selector": {"categories": ["books"]}}
    other = promotion("other", conditions=[elsewhere])
    store(client, promotion(), promotion("late", conditions=[SPEND_200]), other)
    told = {
        explain: [v["promotion"] for v in quote(client, cart(explain=explain))["verdicts"]]
        for explain in ("applied", "considered", "all")
    }
    assert told["applied"] == ["p1"]
    assert told["considered"][:2] == ["p1", "late"]
    assert sorted(told["all"]) == ["late", "other", "p1"]


def test_the_best_combination_may_be_asked_for(client: TestClient) -> None:
    small = promotion("small", priority=9, stacking="exclusive")
    large = promotion("large", actions=[{"kind": "amount_off", "amount": "20.00", "target": "order"}])
    store(client, small, large)
    assert [a["promotion"] for a in quote(client, cart())["applied"]] == ["small"]
    best = quote(client, cart(strategy="best_for_customer"))
    assert [a["promotion"] for a in best["applied"]] == ["large"]
    assert (best["strategy"], best["search"]["optimal"], best["search"]["saving"]) == (
        "best_for_customer", True, "20.00",
    )  # fmt: skip


def test_a_limit_per_customer_needs_a_customer(client: TestClient) -> None:
    store(client, promotion(usage_limit_per_customer=1))
    (verdict,) = quote(client, cart())["verdicts"]
    assert verdict["reason"] == "customer_required"
    assert quote(client, cart(customer={"id": "c1"}))["total"] == "110.00"


def test_what_was_used_counts(client: TestClient) -> None:
    off = [{"kind": "amount_off", "amount": "10.00", "target": "each_unit"}]
    store(client, promotion(stock=2, actions=off), promotion("spent", usage_limit=1, code="SPENT"))
    order = cart(order_no="n1", expected_payable="40.00", codes=["SPENT"], lines=[line(quantity=1)])
    assert client.post("/api/orders", json=order, headers=serving.key(client, "orders")).status_code == 201
    given = quote(client, cart(explain="all", codes=["SPENT"]))
    verdicts = {verdict["promotion"]: verdict for verdict in given["verdicts"]}
    assert (given["total"], verdicts["p1"]["units"]) == ("110.00", [1, 2])
    assert verdicts["spent"]["reason"] == "usage_limit"


def test_numbers_serve_as_ids(client: TestClient) -> None:
    wanted = {"kind": "contains", "selector": {"products": ["7"], "categories": ["8"]}}
    store(client, promotion(conditions=[wanted, {"kind": "customer_is", "any_of": ["9"]}]))
    numbered = line(id=1, sku=70, product=7, categories=[8])
    given = quote(client, cart(lines=[numbered], customer={"id": 9, "groups": [5]}))
    assert (given["lines"][0]["id"], given["total"]) == ("1", "110.00")


def test_each_currency_has_its_own_rules(client: TestClient) -> None:
    off = [{"kind": "amount_off", "amount": "100", "target": "order"}]
    store(client, promotion(), promotion("yen", currency="JPY", actions=off))
    assert quote(client, cart())["total"] == "110.00"
    yen = quote(client, cart(currency="JPY", lines=[line(unit_price="600")]))
    assert (yen["total"], yen["applied"][0]["promotion"]) == ("1100", "yen")


def test_the_same_question_has_the_same_answer(client: TestClient) -> None:
    store(client, promotion())
    body = cart(at="2026-01-15T20:00:00+08:00")
    first, second = client.post(QUOTES, json=body), client.post(QUOTES, json=body)
    assert first.content == second.content
    assert first.json()["at"] == "2026-01-15T12:00:00Z"
