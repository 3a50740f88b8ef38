"""Bodies are read fast or exactly: the fast way never accepts what the exact one does not, nor reads it otherwise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.http.serving import cart, line
from tests.http.test_hostile import BODIES, DOCUMENTS
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
