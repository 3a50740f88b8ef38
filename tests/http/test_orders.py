"""`/api/orders`: what a shop does with orders, and what it is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.http import ordering, serving
from tests.http.ordering import ORDERS, Shop, outcome
from tests.http.serving import PROMOTIONS, QUOTES, cart, line, promotion
from tests.http.test_hostile import BODIES, JSON
from youhui.accounts.model import StaffRole


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with ordering.opened(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """For requests that are refused: there is one order, A1, and it is paid."""
    with ordering.opened(tmp_path_factory.mktemp("orders")) as made:
        paid(made)
        yield made


# -- the life of an order


def test_an_order_keeps_what_was_quoted(shop: Shop) -> None:
    free = {"id": "free", "lane": "shipping", "actions": [{"kind": "free_shipping"}]}
    gift = {"id": "gift", "priority": -1, "actions": [{"kind": "gift", "sku": "TOTE", "quantity": 1}]}
    shop.has(promotion("save", code="SAVE10") | {"name": "满减"}, free, gift)
    placed = shop.place(
        "A1",
        customer={"id": "c1"},
        lines=[line(quantity=3), line(id="2", sku="TEE", unit_price="30.00", quantity=1)],
        shipping={"price": "8.00"},
        codes=["save10"],
    )
    assert placed.status_code == 201
    assert placed.json() == {
        "order_no": "A1",
        "state": "pending",
        "currency": "CNY",
        "customer_id": "c1",
        "total_amount": "218.00",
        "discount_amount": "18.00",
        "actual_amount": "200.00",
        "refunded_amount": "0.00",
        "placed_at": "2026-11-11T04:00:00Z",
        "hold_until": "2026-11-11T04:15:00Z",
        "paid_at": None,
        "ended_at": None,
        "lines": [
            {"id": "1", "sku": "MUG", "product": "MUG", "quantity": 3, "unit_price": "60.00",
             "subtotal": "180.00", "discount": "8.57", "paid": "171.43", "refunded_quantity": 0,
             "cuts": [{"promotion": "save", "amount": "8.57", "units": [[2, "2.86"], [1, "2.85"]]}]},
            {"id": "2", "sku": "TEE", "product": "TEE", "quantity": 1, "unit_price": "30.00",
             "subtotal": "30.00", "discount": "1.43", "paid": "28.57", "refunded_quantity": 0,
             "cuts": [{"promotion": "save", "amount": "1.43", "units": [[1, "1.43"]]}]},
        ],
        "shipping": {"price": "8.00", "discount": "8.00", "paid": "0.00", "refunded": False,
                     "cuts": [{"promotion": "free", "amount": "8.00"}]},
        "promotions": [
            {"id": "save", "name": "满减", "amount": "10.00", "gifts": []},
            {"id": "gift", "name": None, "amount": "0.00", "gifts": [{"sku": "TOTE", "quantity": 1}]},
            {"id": "free", "name": None, "amount": "8.00", "gifts": []},
        ],
        "codes": ["save10"],
    }  # fmt: skip


def test_the_life_of_an_order(shop: Shop) -> None:
    shop.place("A1", shipping={"price": "8.00"})
    shop.clock.turn(minutes=1)
    paid = shop.pay("A1").json()
    assert (paid["state"], paid["paid_at"]) == ("paid", "2026-11-11T04:01:00Z")
    shop.clock.turn(minutes=1)
    part = shop.refund("A1", "R1", lines=[{"id": "1", "quantity": 1}])
    assert part.status_code == 201
    first = {"refund_no": "R1", "at": "2026-11-11T04:02:00Z", "amount": "60.00", "shipping": "0.00",
             "lines": [{"id": "1", "quantity": 1, "amount": "60.00"}]}  # fmt: skip
    assert part.json()["refunds"] == [first]
    assert (part.json()["state"], part.json()["refunded_amount"]) == ("partially_refunded", "60.00")
    shop.clock.turn(minutes=1)
    rest = {"refund_no": "R2", "at": "2026-11-11T04:03:00Z", "amount": "68.00", "shipping": "8.00",
            "lines": [{"id": "1", "quantity": 1, "amount": "60.00"}]}  # fmt: skip
    assert shop.refund("A1", "R2").json()["refunds"] == [rest]
    found = shop.get("A1")
    assert found["refunds"] == [first, rest]
    assert (found["state"], found["refunded_amount"]) == ("refunded", "128.00")
    assert (found["ended_at"], found["shipping"]["refunded"]) == ("2026-11-11T04:03:00Z", True)
    assert found["lines"][0]["refunded_quantity"] == 2


def pending(shop: Shop) -> None:
    assert shop.place("A1", hold_seconds=60).status_code == 201


def paid(shop: Shop) -> None:
    pending(shop)
    assert shop.pay("A1").status_code == 200


def partially_refunded(shop: Shop) -> None:
    paid(shop)
    assert shop.refund("A1", "R0", lines=[{"id": "1", "quantity": 1}]).status_code == 201


def refunded(shop: Shop) -> None:
    paid(shop)
    assert shop.refund("A1", "R0").status_code == 201


def cancelled(shop: Shop) -> None:
    pending(shop)
    assert shop.cancel("A1").status_code == 200


def expired(shop: Shop) -> None:
    pending(shop)
    shop.clock.turn(seconds=60)


OPERATIONS: dict[str, Callable[[Shop], httpx2.Response]] = {
    "the same again": lambda shop: shop.place("A1", hold_seconds=60),
    "another": lambda shop: shop.place("A1", hold_seconds=61),
    "pay": lambda shop: shop.pay("A1"),
    "cancel": lambda shop: shop.cancel("A1"),
    "refund": lambda shop: shop.refund("A1", "R1"),
}
NO, OTHER = "409 ORDER_STATE", "409 ORDER_EXISTS"


STATES = [
    # state              text      the same  another  pay    cancel  refund
    (pending,            "待支付",   "201",   OTHER,   "200",  "200",  NO),
    (paid,               "已支付",   "201",   OTHER,   "200",  NO,     "201"),
    (partially_refunded, "部分退款", "201",   OTHER,   "200",  NO,     "201"),
    (refunded,           "已退款",   "201",   OTHER,   "200",  NO,     NO),
    (cancelled,          "已取消",   "201",   OTHER,   NO,     "200",  NO),
    (expired,            "已超时",   "201",   OTHER,   "200",  "200",  NO),
]  # fmt: skip
"""of an order, what becomes of each operation on it"""


@pytest.mark.parametrize(
    ("become", "operation", "expected"),
    [
        pytest.param(become, operation, expected, id=f"{operation}, {become.__name__}")
        for become, _, *results in STATES
        for operation, expected in zip(OPERATIONS, results, strict=True)
    ],
)
def test_what_can_be_done_in_which_state(
    shop: Shop, become: Callable[[Shop], None], operation: str, expected: str
) -> None:
    become(shop)
    before = shop.get("A1")
    answer = OPERATIONS[operation](shop)
    assert outcome(answer) == expected
    if answer.status_code == 409:
        assert shop.get("A1") == before, "a refusal has no effect"
    if expected == NO:
        assert answer.json()["state"] == before["state"]
        assert before["state_text"] in answer.json()["message"]


@pytest.mark.parametrize(("become", "text"), [(become, text) for become, text, *_ in STATES])
def test_a_state_is_told_in_words(shop: Shop, become: Callable[[Shop], None], text: str) -> None:
    become(shop)
    found = shop.get("A1")
    assert (found["state"], found["state_text"]) == (become.__name__, text)
    (row,) = shop.client.get(ORDERS).json()["results"]
    assert row == {key: found[key] for key in row}
    assert shop.get("A1", "en")["state_text"].isascii()


# -- the price that is expected


def test_a_price_that_changed_is_answered_with_the_new_quote(shop: Shop) -> None:
    told = shop.payable(cart())
    shop.has(promotion())
    refused = shop.place("A1", expected_payable=told, codes=["NOPE"], key="k1")
    assert outcome(refused) == "409 QUOTE_CHANGED"
    found = refused.json()
    assert found["message"] == "价格已变化：应付 110.00，而不是 120.00"
    quoted = shop.client.post(QUOTES, json=cart(codes=["NOPE"]), headers=shop.key).json()
    assert found["quote"] == quoted
    assert shop.client.get(f"{ORDERS}/A1").status_code == 404
    again = shop.place("A1", expected_payable=found["quote"]["total"], codes=["NOPE"], key="k1")
    assert (again.status_code, again.json()["actual_amount"]) == (201, "110.00")


def test_a_guest_is_not_told_to_pay_a_price_for_known_customers(shop: Shop) -> None:
    """P2: where a limit is per customer there must be one."""
    shop.has(promotion("once", code="ONCE", usage_limit_per_customer=1))
    known: dict[str, Any] = {"customer": {"id": "c1"}, "codes": ["ONCE"]}
    refused = shop.place("A1", expected_payable="110.00", codes=["ONCE"])
    assert outcome(refused) == "409 QUOTE_CHANGED"
    assert refused.json()["quote"]["rejected_codes"]["ONCE"]["reason"] == "customer_required"
    assert shop.place("A2", expected_payable="110.00", **known).status_code == 201
    again = shop.place("A3", expected_payable="110.00", **known)
    assert outcome(again) == "409 QUOTE_CHANGED"
    assert again.json()["quote"]["rejected_codes"]["ONCE"]["reason"] == "usage_limit_per_customer"


# -- what is held


ONE = promotion("one", usage_limit=1)


def test_what_is_held_is_free_again_by_the_clock(shop: Shop) -> None:
    """P7: no job has to run."""
    shop.has(ONE)
    assert shop.place("A1", hold_seconds=60).json()["actual_amount"] == "110.00"
    assert outcome(shop.place("A2", expected_payable="110.00")) == "409 QUOTE_CHANGED"
    shop.clock.turn(seconds=60)
    assert shop.place("A2", expected_payable="110.00").status_code == 201
    found = shop.get("A1")
    assert (found["state"], found["ended_at"]) == ("expired", found["hold_until"])


@pytest.mark.parametrize("end", ["cancel", "refund"])
def test_what_was_taken_is_given_back(shop: Shop, end: str) -> None:
    shop.has(ONE)
    shop.place("A1")
    if end == "refund":
        shop.pay("A1")
    assert outcome(shop.place("A2", expected_payable="110.00")) == "409 QUOTE_CHANGED"
    assert shop.cancel("A1").is_success if end == "cancel" else shop.refund("A1", "R1").is_success
    assert shop.place("A2", expected_payable="110.00").status_code == 201


def test_a_late_payment_takes_again_if_there_is_room(shop: Shop) -> None:
    shop.has(ONE)
    shop.place("A1", hold_seconds=60)
    shop.clock.turn(hours=1)
    late = shop.pay("A1").json()
    assert (late["state"], late["actual_amount"], late["ended_at"]) == ("paid", "110.00", None)
    assert outcome(shop.place("A2", expected_payable="110.00")) == "409 QUOTE_CHANGED"


def test_a_late_payment_without_room_is_refused(shop: Shop) -> None:
    shop.has(ONE)
    shop.place("A1", hold_seconds=60)
    shop.clock.turn(seconds=60)
    shop.place("A2", expected_payable="110.00")
    assert outcome(shop.pay("A1")) == "409 HOLD_EXPIRED"
    assert shop.get("A1")["state"] == "expired"
    assert shop.cancel("A2").status_code == 200
    assert shop.pay("A1").status_code == 200, "there is room again"


def test_more_than_is_left_cannot_be_refunded(shop: Shop) -> None:
    partially_refunded(shop)
    refused = shop.refund("A1", "R1", lines=[{"id": "1", "quantity": 2}])
    assert outcome(refused) == "409 REFUND_TOO_MUCH"
    (fault,) = refused.json()["details"]
    assert (fault["params"], fault["message"]) == ({"line": "1", "left": 1}, "行 1 可退 1 件")


# -- refunds to the cent (china.md 3.5)


def test_refunds_one_by_one_sum_to_what_was_paid(shop: Shop) -> None:
    """Example 18: three units paid 10.00: 3.33, 3.33, 3.34."""
    shop.place("A1", lines=[line(unit_price="4.00", quantity=3)], expected_payable="12.00")
    shop.has(promotion("two", actions=[{"kind": "amount_off", "amount": "2.00", "target": "order"}]))
    shop.place("A2", lines=[line(unit_price="4.00", quantity=3)], expected_payable="10.00")
    shop.pay("A2")
    one = [{"id": "1", "quantity": 1}]
    amounts = [shop.refund("A2", f"R{i}", lines=one).json()["refunds"][0]["amount"] for i in range(3)]
    assert amounts == ["3.33", "3.33", "3.34"]


def test_a_line_is_refunded_at_what_was_paid_for_it(shop: Shop) -> None:
    """Example 7: item discounts come first, an order's is spread over what is left."""
    off_a = {"kind": "amount_off", "amount": "2.00", "target": "each_line", "selector": {"skus": ["A"]}}
    shop.has(promotion("item", lane="item", actions=[off_a]), promotion("order"))
    lines = [line(id="A", sku="A", unit_price="10.00", quantity=1),
             line(id="B", sku="B", unit_price="90.00", quantity=1)]  # fmt: skip
    shop.place("A1", lines=lines, expected_payable="88.00")
    shop.pay("A1")
    back = shop.refund("A1", "R1", lines=[{"id": "A", "quantity": 1}]).json()
    assert [one["paid"] for one in back["lines"]] == ["7.18", "80.82"]
    assert back["refunds"][0]["amount"] == "7.18"
    assert shop.refund("A1", "R2").json()["refunds"][0]["amount"] == "80.82"


@pytest.mark.parametrize(
    ("price", "quantity", "off", "paid", "half"),
    [("5.00", 2, "2.00", "8.00", "4.00"), ("50.00", 2, "10.00", "90.00", "45.00")],
)
def test_half_of_a_line_is_half_of_what_was_paid(
    shop: Shop, price: str, quantity: int, off: str, paid: str, half: str
) -> None:
    """Example 8."""
    shop.has(promotion(actions=[{"kind": "amount_off", "amount": off, "target": "order"}]))
    shop.place("A1", lines=[line(unit_price=price, quantity=quantity)], expected_payable=paid)
    shop.pay("A1")
    back = shop.refund("A1", "R1", lines=[{"id": "1", "quantity": 1}]).json()["refunds"][0]
    assert back["amount"] == half


def test_shipping_is_refunded_once_and_whole(shop: Shop) -> None:
    shop.place("A1", shipping={"price": "8.00"})
    shop.pay("A1")
    first = shop.refund("A1", "R1", shipping=True).json()
    assert (first["refunds"][0]["amount"], first["refunds"][0]["shipping"]) == ("8.00", "8.00")
    refused = shop.refund("A1", "R2", shipping=True)
    assert outcome(refused) == "409 REFUND_TOO_MUCH"
    assert refused.json()["details"][0]["path"] == "shipping"


# -- lists


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Five orders, a minute apart, in several states."""
    with ordering.opened(tmp_path_factory.mktemp("lists")) as shop:
        _fill(shop)
        yield shop


def _fill(shop: Shop) -> None:
    for number, customer, act in [
        ("A1", "c1", shop.pay), ("A2", "c2", shop.cancel), ("B1", "c1", None), ("a3", None, None), ("B2", "c3", None),
    ]:  # fmt: skip
        shop.place(number, hold_seconds=150, customer=customer and {"id": customer})
        if act is not None:
            act(number)
        shop.clock.turn(minutes=1)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", "B2 a3 B1 A2 A1"),
        ("?state=pending", "B2 a3"),
        ("?state=expired", "B1"),
        ("?state=cancelled", "A2"),
        ("?customer_id=c1", "B1 A1"),
        ("?customer_id=c9", ""),
        ("?order_no=A", "A2 A1"),
        ("?order_no=A_", ""),
        ("?from=2026-11-11T04:01:00Z&to=2026-11-11T04:03:00Z", "B1 A2"),
        ("?customer_id=c1&state=paid", "A1"),
        ("?page=2&page_size=2", "B1 A2"),
    ],
)
def test_orders_are_listed_newest_first(full: Shop, query: str, numbers: str) -> None:
    answer = full.client.get(f"{ORDERS}{query}")
    assert answer.status_code == 200, answer.text
    assert " ".join(row["order_no"] for row in answer.json()["results"]) == numbers
    assert answer.json()["total"] == (5 if query in ("", "?page=2&page_size=2") else len(numbers.split()))


@pytest.mark.parametrize(
    ("query", "path", "code"),
    [
        ("?state=lost", "state", "literal_error"),
        ("?from=yesterday", "from", "not_instant"),
        ("?to=2026-11-11T04:00:00", "to", "no_zone"),
        ("?customer_id=a%20b", "customer_id", "string_pattern_mismatch"),
        ("?order_no=%00", "order_no", "string_pattern_mismatch"),
        ("?page_size=101", "page_size", "less_than_equal"),
    ],
)
def test_a_list_is_not_asked_for_wrongly(full: Shop, query: str, path: str, code: str) -> None:
    answer = full.client.get(f"{ORDERS}{query}")
    assert outcome(answer) == "400 VALIDATION_ERROR"
    assert (answer.json()["details"][0]["path"], answer.json()["details"][0]["code"]) == (path, code)


# -- who, and what is wrong


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
def test_staff_reads_orders_and_the_shop_changes_them(shop: Shop, role: StaffRole) -> None:
    shop.place("A1")
    staff = serving.operator(shop.client, role)
    assert shop.client.get(f"{ORDERS}/A1", headers=staff).status_code == 200
    assert shop.client.post(f"{ORDERS}/A1/pay", headers=staff).status_code == 403
    shopper = serving.shopper(shop.client, "c1")
    assert shop.client.get(f"{ORDERS}/A1", headers=shopper).status_code == 403


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"order_no": None}, "order_no", "not_name"),
        ({"order_no": "A 1"}, "order_no", "not_an_order_no"),
        ({"order_no": "A/1"}, "order_no", "not_an_order_no"),
        ({"order_no": ".."}, "order_no", "not_an_order_no"),
        ({"order_no": "A" * 65}, "order_no", "not_an_order_no"),
        ({"order_no": "A\ud800"}, "", "not_json"),
        ({"expected_payable": 120}, "expected_payable", "not_amount"),
        ({"expected_payable": "120.0"}, "expected_payable", "not_amount"),
        ({"expected_payable": "-1.00"}, "expected_payable", "not_amount"),
        ({"hold_seconds": 0}, "hold_seconds", "not_in_range"),
        ({"hold_seconds": 604_801}, "hold_seconds", "not_in_range"),
        ({"hold_seconds": 1.5}, "hold_seconds", "not_whole"),
        ({"hold_seconds": 2**63}, "hold_seconds", "not_whole"),
        ({"at": "2026-11-11T00:00:00Z"}, "at", "unknown_key"),
        ({"hints": True}, "hints", "unknown_key"),
        ({"explain": "all"}, "explain", "unknown_key"),
        ({"currency": "yuan"}, "currency", "not_currency"),
        ({"lines": [{"id": "1", "sku": "MUG", "quantity": 0}]}, "lines[0].quantity", "not_whole"),
        ({"coupons": "best"}, "coupons", "not_coupons"),
        ({"coupons": [1, "a b"]}, "coupons[1]", "not_a_shop_id"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_fault_of_an_order_names_its_place(
    settled: Shop, change: dict[str, Any], path: str, code: str, language: str
) -> None:
    body = {**settled.order("A1", expected_payable="120.00"), **change}
    headers = {**settled.key, **JSON, "accept-language": language}
    answer = settled.client.post(ORDERS, content=json.dumps(body), headers=headers)
    assert outcome(answer) == "400 VALIDATION_ERROR"
    fault = answer.json()["details"][0]
    assert (fault["path"], fault["code"]) == (path, code)
    assert code not in fault["message"], "a sentence"
    assert any("一" <= letter <= "鿿" for letter in fault["message"]) == (language == "zh-CN")


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({}, "refund_no", "missing"),
        ({"refund_no": "R1"}, "", "nothing_to_refund"),
        ({"refund_no": "R1", "all": False}, "", "nothing_to_refund"),
        ({"refund_no": "R 1", "all": True}, "refund_no", "not_a_shop_id"),
        ({"refund_no": "R1", "all": True, "shipping": True}, "all", "all_alone"),
        ({"refund_no": "R1", "all": 1}, "all", "not_flag"),
        ({"refund_no": "R1", "lines": [{"id": "1", "quantity": 0}]}, "lines[0].quantity", "not_whole"),
        ({"refund_no": "R1", "lines": [{"id": "1", "quantity": 1}] * 2}, "lines[1].id", "used_twice"),
        ({"refund_no": "R1", "lines": [{"id": "9", "quantity": 1}]}, "lines", "unknown_line"),
        ({"refund_no": "R1", "amount": "1.00"}, "amount", "unknown_key"),
    ],
)
def test_a_fault_of_a_refund_names_its_place(
    settled: Shop, body: dict[str, Any], path: str, code: str
) -> None:
    answer = settled.post("/A1/refunds", body)
    assert outcome(answer) == "400 VALIDATION_ERROR"
    fault = answer.json()["details"][0]
    assert (fault["path"], fault["code"]) == (path, code)
    assert code not in fault["message"], "a sentence"


@pytest.mark.parametrize("operation", ["pay", "cancel"])
@pytest.mark.parametrize(("body", "status"), [({}, 200), (None, 200), ({"amount": "1.00"}, 400), ([], 400)])
def test_nothing_is_said_to_pay_or_cancel(shop: Shop, operation: str, body: Any, status: int) -> None:
    pending(shop)
    assert shop.post(f"/A1/{operation}", body).status_code == status


@pytest.mark.parametrize("path", ["", "/A1/refunds", "/A1/pay"])
@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in BODIES.items() if body])
def test_what_no_shop_sends_is_refused(settled: Shop, path: str, body: bytes) -> None:
    answer = settled.client.post(f"{ORDERS}{path}", content=body, headers={**settled.key, **JSON})
    assert outcome(answer) == "400 VALIDATION_ERROR"


@pytest.mark.parametrize(
    "number", ["A2", "A%201", "%00", "%ED%A0%80", "a%2Cb", "x" * 65, "😀" * 64, "' OR 1=1"]
)
@pytest.mark.parametrize("path", ["", "/pay", "/cancel", "/refunds"])
def test_an_order_that_is_not_there_is_not_found(settled: Shop, number: str, path: str) -> None:
    if path:
        answer = settled.post(
            f"/{number}{path}", {"refund_no": "R1", "all": True} if path == "/refunds" else None
        )
    else:
        answer = settled.client.get(f"{ORDERS}/{number}", headers=settled.key)
    assert outcome(answer) == "404 ORDER_NOT_FOUND"


def test_an_order_number_may_be_a_number_or_any_text(shop: Shop) -> None:
    assert shop.post("", shop.order("1") | {"order_no": 1001}).json()["order_no"] == "1001"
    assert shop.pay("1001").status_code == 200
    assert shop.place("#1-订单").status_code == 201
    assert shop.pay("%231-订单").json()["state"] == "paid"
    assert shop.get("%231-%E8%AE%A2%E5%8D%95")["order_no"] == "#1-订单"


def test_amounts_beyond_the_largest_are_refused(shop: Shop) -> None:
    """2^53 - 1 minor units is the most that an order may come to, whatever is off."""
    shop.has(promotion(actions=[{"kind": "percent_off", "percent": "100", "target": "order"}]))
    many = [line(id=str(i), unit_price="90071992547409.91", quantity=2**53 - 1) for i in range(3)]
    answer = shop.place("A1", lines=many, expected_payable="0.00")
    assert outcome(answer) == "400 VALIDATION_ERROR"


# -- coupons, which are not there yet


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_unknown_coupons_are_told(shop: Shop, language: str) -> None:
    told = {"zh-CN": "没有这张券", "en": "There is no such coupon"}[language]
    headers = {**shop.key, "accept-language": language}
    answer = shop.client.post(QUOTES, json=cart(coupons=[7, "x", "x"]), headers=headers).json()
    assert answer["rejected_coupons"] == {name: {"reason": "unknown", "message": told} for name in ("7", "x")}
    assert shop.client.post(QUOTES, json=cart(coupons="auto")).json()["rejected_coupons"] == {}
    refused = shop.place("A1", coupons=["x"], expected_payable="1.00").json()
    assert list(refused["quote"]["rejected_coupons"]) == ["x"]
    assert shop.place("A1", coupons=["x"]).status_code == 201, "as with a code that is not known"


# -- trouble


def test_too_many_at_once_are_told_to_come_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shop.client.service.committer, "_most_waiting", 0)
    answer = shop.place("A1", key="k1")
    assert outcome(answer) == "503 UNAVAILABLE"
    assert answer.headers["retry-after"] == "1"
    monkeypatch.undo()
    assert shop.place("A1", key="k1").status_code == 201


@pytest.mark.servers
def test_the_life_of_an_order_on_postgresql(postgresql_server: Any) -> None:
    """A process of its own, on a clock of its own."""
    with postgresql_server.database() as database, serving.process(database) as url:
        admin, key = serving.admin(database), serving.storefront(database, "orders")
        with httpx2.Client(base_url=url, headers=key) as client:
            assert client.post(PROMOTIONS, json=ONE, headers=admin).status_code == 201
            body = cart(order_no="A1", expected_payable="110.00")
            placed = client.post(ORDERS, json=body)
            assert placed.status_code == 201, placed.text
            assert client.post(ORDERS, json=body).content == placed.content
            other = client.post(ORDERS, json={**body, "order_no": "A2"})
            assert outcome(other) == "409 QUOTE_CHANGED"
            assert client.post(f"{ORDERS}/A1/pay").json()["state"] == "paid"
            part = client.post(
                f"{ORDERS}/A1/refunds", json={"refund_no": 1, "lines": [{"id": 1, "quantity": 1}]}
            )
            assert part.json()["refunds"][0]["amount"] == "55.00"
            assert outcome(client.post(f"{ORDERS}/A1/cancel")) == "409 ORDER_STATE"
            rest = client.post(f"{ORDERS}/A1/refunds", json={"refund_no": 2, "all": True})
            assert rest.json()["state"] == "refunded"
            assert client.post(ORDERS, json={**body, "order_no": "A2"}).status_code == 201
            listed = client.get(ORDERS, params={"state": "pending"}).json()
            assert [row["order_no"] for row in listed["results"]] == ["A2"]
