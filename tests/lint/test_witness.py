"""The carts that are built from rules: what they meet is priced, and for most rules one is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from tests.engine.documents import Document
from tests.engine.strategies import cases
from youhui.conformance import read_case
from youhui.engine import Promotion, Ruleset, decode_promotion, encode_cart
from youhui.lint.branches import TooMany
from youhui.lint.needs import ways
from youhui.lint.witness import Scene, applying

CASES = Path(__file__).parent.parent / "conformance" / "cases"

TABLE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "满200: one unit that costs just that",
        {"conditions": [{"kind": "subtotal_at_least", "amount": "200.00"}]},
        {"lines": [{"id": "l1", "sku": "sku-l1", "unit_price": "200.00", "quantity": 1}]},
    ),
    (
        "three mugs worth 20.00: the price is rounded up to reach it",
        {
            "conditions": [
                {"kind": "contains", "selector": {"categories": ["mugs"]}, "quantity": 3},
                {"kind": "subtotal_at_least", "amount": "20.00"},
            ]
        },
        {
            "lines": [
                {"id": "l1", "sku": "sku-l1", "unit_price": "6.67", "quantity": 3, "categories": ["mugs"]}
            ]
        },
    ),
    (
        "20.00 of lines that cost at most 6.00: more units",
        {
            "conditions": [
                {"kind": "subtotal_at_least", "amount": "20.00", "selector": {"unit_price_at_most": "6.00"}}
            ]
        },
        {"lines": [{"id": "l1", "sku": "sku-l1", "unit_price": "6.00", "quantity": 4}]},
    ),
    (
        "two different products: a line each",
        {"conditions": [{"kind": "distinct_at_least", "quantity": 2}]},
        {
            "lines": [
                {"id": "l1", "sku": "sku-l1", "unit_price": "10.00", "quantity": 1},
                {"id": "l2", "sku": "sku-l2", "unit_price": "10.00", "quantity": 1},
            ]
        },
    ),
    (
        "a second order of a member in the app, with the code",
        {
            "code": "SAVE",
            "conditions": [
                {"kind": "nth_order", "n": 2},
                {"kind": "customer_group", "any_of": ["vip", "staff"]},
                {"kind": "not", "condition": {"kind": "customer_group", "any_of": ["vip"]}},
                {"kind": "channel", "any_of": ["app"]},
            ],
        },
        {
            "lines": [{"id": "l1", "sku": "sku-l1", "unit_price": "10.00", "quantity": 1}],
            "customer": {"id": "customer-1", "groups": ["staff"], "orders_count": 1},
            "codes": ["SAVE"],
            "context": {"channel": "app"},
        },
    ),
]


@pytest.mark.parametrize(("terms", "cart"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_cart_just_at_the_thresholds(terms: dict[str, Any], cart: dict[str, Any]) -> None:
    action = {"kind": "percent_off", "percent": "10", "target": "order"}
    scene = found(decode_promotion({"id": "p", "actions": [action], **terms}, "CNY"), "CNY")
    assert scene is not None
    assert encode_cart(scene.cart) == {"currency": "CNY", **cart}


@settings(max_examples=200, deadline=None)
@given(cases(most=2))
def test_the_promotion_alone_really_applies(document: Document) -> None:
    case = read_case(document)
    for promotion in case.promotions:
        scene = found(promotion, case.cart.currency)
        if scene is not None:
            (one,) = Ruleset((promotion,)).price(scene.cart, at=scene.at).applied
            assert one.promotion == promotion.id


def test_of_the_promotions_that_shops_use_nearly_all_get_a_cart() -> None:
    """Those that a shared case applies: 29 of 30 at least."""
    used = list(_applied())
    missed = [promotion.id for promotion, currency in used if found(promotion, currency) is None]
    assert len(used) > 500
    assert len(missed) * 30 < len(used), missed


def found(promotion: Promotion, currency: str) -> Scene | None:
    try:
        return applying(promotion, ways(promotion), currency)
    except TooMany:
        return None


def _applied() -> Iterator[tuple[Promotion, str]]:
    for file in sorted(CASES.glob("*.json")):
        for document in json.loads(file.read_text("utf-8")):
            case = read_case(document)
            applied = {one.promotion for one in case.quote().applied}
            yield from ((p, case.cart.currency) for p in case.promotions if p.id in applied)
