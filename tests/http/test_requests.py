"""Bodies are read fast or exactly: the fast way never accepts what the exact one does not, nor reads it otherwise."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.http.serving import cart, line
from tests.http.test_hostile import BODIES, DOCUMENTS
from youhui.checkout.orders.requests import AskedOrder, OrderRequests
from youhui.checkout.requests import Requests
from youhui.conformance import CASE_KEYS
from youhui.platform.problems import Invalid

CASES = Path(__file__).parents[1] / "conformance" / "cases"
REQUESTS = Requests()

EDGES: list[dict[str, Any]] = [
    cart(lines=[line(min_unit_price="")]),
    cart(lines=[line(product="")]),
    cart(lines=[line(product=None)]),
    cart(lines=[line(categories=None)]),
    cart(lines=[line(categories=[7])]),
    cart(lines=[line(attributes={"n": 2**53})]),
    cart(lines=[line(attributes={"n": 1.0})]),
    cart(lines=[line(unit_price="90071992547409.92")]),
    cart(lines=[line(unit_price="٦.00")]),
    cart(lines=[line(discountable=1)]),
    cart(customer={"id": "c", "orders_count": -1}),
    cart(customer={"id": "\u3000"}),
    cart(currency="cny"),
    cart(currency="CNYX"),
    cart(context=None),
    cart(shipping={"price": "1"}),
    cart(explain=None),
    cart(hints=0),
    cart(at=0),
    cart(coupons=["a", "b", "a"]),
    cart(coupons=["a b"]),
    cart(coupons=["a"] * 21),
    cart(coupons="auto"),
    cart(coupons=None),
]
ORDERS = OrderRequests(REQUESTS, timedelta(minutes=15), timedelta(days=7))


def order(**more: Any) -> dict[str, Any]:
    return {**cart(order_no="A1", expected_payable="120.00"), **more}


NUMBERS: list[Any] = ["", " ", "a b", "a/b", ".", "x" * 65, "a\0", 7, True, None, []]
ORDER_EDGES: list[dict[str, Any]] = [
    cart(),
    *[order(**edge) for edge in EDGES],
    *[order(order_no=number) for number in NUMBERS],
    *[
        order(expected_payable=sent)
        for sent in ("", "1", "1.000", "-1.00", 1, "90071992547409.92", "٦.00", None)
    ],
    *[order(hold_seconds=sent) for sent in (None, 1, 604_800, 604_801, 0, -1, 1.0, True, "60", 2**63)],
    order(explain="considered"),
    order(strategy="best_for_customer"),
    order(unknown=1),
]


def read(body: bytes) -> object:
    """What the exact way makes of a body; None if it refuses it."""
    try:
        return REQUESTS.read_exactly(body)
    except Invalid:
        return None


def test_a_plain_cart_is_read_fast() -> None:
    body = json.dumps(
        cart(customer={"id": "c"}, shipping={"price": "1.00"}, at="2026-01-15T12:00:00Z")
    ).encode()
    assert REQUESTS.read_plain(body) is not None


@pytest.mark.parametrize("path", sorted(CASES.glob("*.json")), ids=lambda path: path.stem)
def test_both_ways_read_the_carts_of_all_cases_alike(path: Path) -> None:
    for case in json.loads(path.read_text(encoding="utf-8")):
        body = json.dumps({key: value for key, value in case.items() if key not in CASE_KEYS}).encode()
        assert REQUESTS.read_plain(body) == read(body) != None, case["id"]  # noqa: E711


@pytest.mark.parametrize(
    "body",
    [
        *BODIES.values(),
        *[json.dumps(document).encode() for document, *_ in DOCUMENTS.values()],
        *[json.dumps(document).encode() for document in EDGES],
    ],
    ids=str,
)
def test_the_fast_way_refuses_whatever_the_exact_way_refuses(body: bytes) -> None:
    fast = REQUESTS.read_plain(body)
    assert fast is None or fast == read(body)


def test_a_plain_order_is_read_fast() -> None:
    read = ORDERS.read_plain(json.dumps(order(strategy="priority", coupons="auto")).encode())
    assert read is not None
    assert (read.order_no, read.expected_payable, read.hold_for) == ("A1", 12000, timedelta(minutes=15))


@pytest.mark.parametrize(
    "body", [*BODIES.values(), *[json.dumps(document).encode() for document in ORDER_EDGES]], ids=str
)
def test_orders_are_read_alike_both_ways(body: bytes) -> None:
    fast = ORDERS.read_plain(body)
    assert fast is None or fast == exactly(body)


def exactly(body: bytes) -> AskedOrder | None:
    try:
        return ORDERS.read_exactly(body)
    except Invalid:
        return None
