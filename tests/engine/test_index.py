"""The index only leaves out what cannot give anything, and leaves out most of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.agreement import disagreements, quote_of
from tests.engine.strategies import cases
from youhui.conformance import read_case
from youhui.engine import Cart, Ruleset, decode_cart, decode_promotions

Document = dict[str, Any]
GIFT = {"kind": "gift", "sku": "CUP", "quantity": 1}
CART: Document = {
    "currency": "CNY",
    "lines": [
        {"id": "a", "sku": "S7", "product": "P7", "categories": ["C1"], "unit_price": "10.00", "quantity": 1},
        {"id": "b", "sku": "GIFTCARD", "unit_price": "10.00", "quantity": 1, "discountable": False},
    ],
    "customer": {"id": "U7", "groups": ["G1"]},
    "context": {"country": "CN", "channel": "app"},
    "codes": [" Code7 "],
}


def matching_one_in(many: int) -> Iterator[tuple[str, list[Document], int]]:
    """Families of rules, most of which cannot match the cart, and how many may be let through."""

    def gated(conditions: list[Document]) -> Document:
        return {"conditions": conditions, "actions": [GIFT]}

    def one_of(kind: str, *words: str) -> Document:
        return {"kind": kind, "any_of": list(words)}

    def of_skus(n: int) -> Document:
        return {"kind": "percent_off", "percent": "10", "target": "lines", "selector": {"skus": [f"S{n}"]}}

    yield "codes", [{"code": f"code{n}", "actions": [GIFT]} for n in range(many)], 1
    yield (
        "customers",
        [gated([one_of("customer_is", f"U{n}", f"V{n}")]) for n in range(many)],
        1,
    )
    yield "skus of actions", [{"actions": [of_skus(n)]} for n in range(many)], 1
    yield (
        "products",
        [gated([{"kind": "contains", "selector": {"products": [f"P{n}"]}}]) for n in range(many)],
        1,
    )
    yield (
        "customers of overlapping lists",
        [gated([one_of("customer_is", f"U{n}", "EVERYWHERE")]) for n in range(many)],
        1,
    )
    yield (
        "groups that many name",
        [gated([one_of("customer_group", f"G{n % 4}")]) for n in range(many)],
        many // 4,
    )
    yield (
        "two families that many name",
        [
            gated([one_of("customer_group", f"G{n % 4}"), one_of("country", ["CN", "US"][n // 4 % 2])])
            for n in range(many)
        ],
        many // 8,
    )
    yield (
        "either of two",
        [
            gated(
                [
                    {
                        "kind": "any",
                        "conditions": [one_of("customer_is", f"U{n}"), one_of("customer_is", f"V{n}")],
                    }
                ]
            )
            for n in range(many)
        ],
        1,
    )


FAMILIES = list(matching_one_in(800))


@pytest.mark.parametrize(("name", "rules", "most"), FAMILIES, ids=[family[0] for family in FAMILIES])
def test_few_are_let_through(name: str, rules: list[Document], most: int) -> None:
    """Candidates are at most those that match, and all of them that give something."""
    ruleset, cart = compiled(rules), decode_cart(CART)
    found = {rule.id for rule in ruleset.candidates(cart)}
    assert 0 < len(found) <= most, name
    alone = {p.id for p in ruleset.promotions() if gives(Ruleset([p]), cart)}
    assert alone <= found


def compiled(rules: list[Document]) -> Ruleset:
    promotions, _ = decode_promotions([{**rule, "id": f"p{n}"} for n, rule in enumerate(rules)], "CNY")
    return Ruleset(promotions)


def gives(ruleset: Ruleset, cart: Cart) -> bool:
    at = read_case({**CART, "now": "2026-01-15T12:00:00Z", "promotions": []}).at
    return bool(ruleset.price(cart, at=at).applied)


@pytest.mark.parametrize(
    ("code", "match", "typed", "unlocked"),
    [
        ("SAVE10", None, "save10", True),
        ("SAVE10", None, "  Save10\t", True),
        ("SAVE10", None, "ＳＡＶＥ１０", True),
        ("STRASSE", None, "straße", True),
        ("SAVE10", None, "SAVE 10", False),
        ("SAVE10", "exact", "SAVE10", True),
        ("SAVE10", "exact", "save10", False),
        ("SAVE10", "exact", "SAVE10 ", False),
    ],
)
def test_codes(code: str, match: str | None, typed: str, unlocked: bool) -> None:
    """Trimmed, NFKC and case-folded on both sides, or compared as they are."""
    exact = {} if match is None else {"code_match": match}
    ruleset, cart = (
        compiled([{"code": code, "actions": [GIFT], **exact}]),
        decode_cart({**CART, "codes": [typed]}),
    )
    assert bool(ruleset.candidates(cart)) is unlocked


@given(cases(most=4), st.integers(2, 6))
def test_many_rules_alike(case: Document, copies: int) -> None:
    """Copies make their values common, so that rules go from the short lists into the bitsets: nothing changes."""
    originals = [{**p, "excludes": []} for p in case["promotions"]]
    case["promotions"] = [{**p, "id": f"{p['id']}-{n}"} for n in range(copies) for p in originals]
    assert disagreements(case) == []


@given(cases())
def test_what_is_left_out_gives_nothing(case: Document) -> None:
    """A rule that is no candidate would not be applied even if it were the only one and without a code."""
    read = read_case(case)
    let_through = {rule.id for rule in Ruleset(read.promotions).candidates(read.cart)}
    for document in case["promotions"]:
        if document["id"] not in let_through and "code" not in document:
            always = {"kind": "any", "conditions": [{"kind": "all", "conditions": []}, {"kind": "logged_in"}]}
            inner = {"kind": "all", "conditions": document.get("conditions", [])}
            scanned = {**document, "excludes": [], "conditions": [always, inner]}
            assert quote_of({**case, "promotions": [scanned]}).applied == ()


def test_rules_come_in_the_order_of_work() -> None:
    """Lane, then priority, then list order, wherever in the index they stand."""
    rules: list[Document] = [
        {"lane": "coupon", "code": "code7", "actions": [GIFT]},
        {"priority": -1, "actions": [GIFT]},
        {"priority": 1, "actions": [GIFT], "conditions": [{"kind": "customer_is", "any_of": ["U7"]}]},
        {"actions": [GIFT]},
        {"lane": "item", "actions": [GIFT], "conditions": [{"kind": "country", "any_of": ["CN"]}]},
    ]
    found = [rule.id for rule in compiled(rules).candidates(decode_cart(CART))]
    assert found == ["p4", "p2", "p3", "p1", "p0"]


def test_a_promotion_is_found_once() -> None:
    """Two of its values, and two of its codes, are in the cart."""
    two: list[Document] = [
        {"actions": [GIFT], "conditions": [{"kind": "contains", "selector": {"skus": ["S7", "GIFTCARD"]}}]},
        {"code": "code7", "actions": [GIFT]},
    ]
    cart = decode_cart({**CART, "codes": ["code7", "CODE7", " code7 "]})
    assert [rule.id for rule in compiled(two).candidates(cart)] == ["p0", "p1"]
