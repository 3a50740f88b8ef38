"""A hint is proved: the cart that it makes is priced, and the promotion then applies."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from tests.engine.documents import Document
from tests.engine.strategies import cases
from youhui.conformance import Case, read_case
from youhui.engine import Options, Ruleset
from youhui.engine.hints import MOST_PRICINGS, apply_hint, hinted
from youhui.engine.quote import Hint, Quote

MUG = {"id": "l1", "sku": "MUG", "categories": ["mugs"], "unit_price": "60.00", "quantity": 3}
HINTS = Options(explain="all", hints=True)


def promotion(name: str, /, **terms: Any) -> Document:
    return {"id": name, "actions": [{"kind": "amount_off", "amount": "30.00", "target": "order"}], **terms}


def when(kind: str, /, **keys: Any) -> Document:
    return {"conditions": [{"kind": kind, **keys}]}


def case_of(promotions: list[Document], **cart: Any) -> Case:
    document = {"now": "2026-01-15T12:00:00Z", "currency": "CNY", "lines": [MUG], "promotions": promotions}
    return read_case({**document, **cart})


def quote(case: Case, options: Options = HINTS) -> Quote:
    return Ruleset(case.promotions).price(case.cart, case.usage, at=case.at, options=options)


def hint_of(case: Case, name: str = "p") -> Hint | None:
    verdict = quote(case).verdict(name)
    assert verdict is not None
    return verdict.hint


def added(case: Case, hint: Hint) -> list[str]:
    """What the hint adds: "2 × MUG at 6000"."""
    before = {line.id: line.quantity for line in case.cart.lines}
    return [
        f"{line.quantity - before.get(line.id, 0)} × {line.sku} at {line.unit_price}"
        for line in apply_hint(case.cart, hint).lines
        if line.quantity > before.get(line.id, 0)
    ]


ADDITIONS: dict[str, tuple[Document, str, list[str]]] = {
    # the terms of a promotion refused for three mugs at 60.00: (kind of hint, what it adds)
    "20.00 are missing": (when("subtotal_at_least", amount="200.00"), "add_amount", ["1 × hint at 2000"]),
    "more than 180.00": (when("subtotal_more_than", amount="180.00"), "add_amount", ["1 × hint at 1"]),
    "the order with shipping": (when("total_at_least", amount="180.10"), "add_amount", ["1 × hint at 10"]),
    "of a category": (
        when("subtotal_at_least", amount="5.00", selector={"categories": ["tea"]}), "add_amount", ["1 × hint at 500"],
    ),
    "of a sku": (
        when("subtotal_at_least", amount="5.00", selector={"skus": ["POT"]}), "add_amount", ["1 × POT at 500"],
    ),
    "of goods not dearer than 3.00": (
        when("subtotal_at_least", amount="5.00", selector={"unit_price_at_most": "3.00"}),
        "add_amount",
        ["2 × hint at 250"],
    ),
    "of goods not cheaper than 90.00": (
        when("subtotal_at_least", amount="5.00", selector={"unit_price_at_least": "90.00"}),
        "add_amount",
        ["1 × hint at 9000"],
    ),
    "of what costs 60.00 exactly": (
        when("subtotal_at_least", amount="200.00",
             selector={"unit_price_at_least": "60.00", "unit_price_at_most": "60.00"}),
        "add_amount",
        ["1 × hint at 6000"],
    ),
    "of a category, one brand excluded": (
        when("subtotal_at_least", amount="5.00",
             selector={"categories": ["mugs", "tea"], "exclude": {"categories": ["mugs"]}}),
        "add_amount",
        ["1 × hint at 500"],
    ),
    "two more units": (when("quantity_at_least", quantity=5), "add_units", ["2 × MUG at 6000"]),
    "units of what is not in the cart": (
        when("contains", selector={"products": ["TEA"]}, quantity=2), "add_units", ["2 × TEA at 6000"],
    ),
    "units with an attribute": (
        when("product_attribute", name="color", any_of=["red"]), "add_units", ["1 × hint at 6000"],
    ),
    "two more products": (
        when("distinct_at_least", quantity=3), "add_products", ["1 × hint at 6000", "1 × hint-2 at 6000"],
    ),
    "products that it names": (
        when("distinct_at_least", quantity=2, selector={"products": ["MUG", "TEA"]}), "add_products",
        ["1 × TEA at 6000"],
    ),
    "the nearest of several ways": (
        when("any", conditions=[{"kind": "quantity_at_least", "quantity": 4},
                                {"kind": "subtotal_at_least", "amount": "185.00"}]),
        "add_amount",
        ["1 × hint at 500"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("terms", "kind", "adds"), ADDITIONS.values(), ids=ADDITIONS.keys())
def test_what_to_add(terms: Document, kind: str, adds: list[str]) -> None:
    case = case_of([promotion("p", **terms)])
    hint = hint_of(case)
    assert hint is not None
    assert (hint.kind, added(case, hint), hint.saves) == (kind, adds, 3000)


ACTIONS: dict[str, tuple[Document, str, list[str], int]] = {
    # an action that gives nothing for three mugs at 60.00: (kind of hint, what it adds, what it then takes)
    "满200减30 as a tier": (
        {"kind": "tiered", "by": "subtotal", "tiers": [{"at_least": "200.00", "amount": "30.00"}], "target": "order"},
        "add_amount", ["1 × hint at 2000"], 3000,
    ),
    "每满200减20": (
        {"kind": "amount_off", "amount": "20.00", "target": "order", "per": {"subtotal": "200.00"}},
        "add_amount", ["1 × hint at 2000"], 2000,
    ),
    "第四件半价": ({"kind": "cheapest_off", "percent": "50", "per": 4}, "add_units", ["1 × MUG at 6000"], 3000),
    "买五送一": (
        {"kind": "buy_x_get_y", "buy": {"quantity": 5}, "get": {"quantity": 1, "percent": "100"}},
        "add_units", ["3 × MUG at 6000"], 6000,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("action", "kind", "adds", "saves"), ACTIONS.values(), ids=ACTIONS.keys())
def test_what_to_add_for_an_action(action: Document, kind: str, adds: list[str], saves: int) -> None:
    case = case_of([promotion("p", actions=[action])])
    hint = hint_of(case)
    assert hint is not None
    assert (hint.kind, added(case, hint), hint.saves) == (kind, adds, saves)


def test_a_gift_saves_no_money() -> None:
    gift = {"kind": "gift", "sku": "TEA", "quantity": 1, "per": {"quantity": 4}}
    hint = hint_of(case_of([promotion("p", actions=[gift])]))
    assert hint is not None
    assert (hint.kind, hint.units, hint.saves) == ("add_units", 1, 0)


def test_on_what_earlier_promotions_leave_it_adds_until_it_is_enough() -> None:
    """Half of what is added is taken off again: 1.00 is missing, 2.00 must be added."""
    half = {"id": "half", "actions": [{"kind": "percent_off", "percent": "50", "target": "order"}]}
    case = case_of([half, promotion("p", **when("subtotal_at_least", amount="91.00", of="running"))])
    hint = hint_of(case)
    assert hint is not None
    assert (hint.amount, hint.saves) == (200, 3000)


def test_a_code() -> None:
    case = case_of([promotion("p", code="SAVE")], codes=["other"])
    hint = hint_of(case)
    assert hint is not None
    assert (hint.kind, hint.code, hint.saves) == ("enter_code", "SAVE", 3000)
    assert apply_hint(case.cart, hint).codes == ("other", "SAVE")


@pytest.mark.parametrize(
    "terms",
    [when("logged_in"), when("all", conditions=[{"kind": "logged_in"}])],
    ids=["logged in", "inside all"],
)
def test_a_log_in(terms: Document) -> None:
    hint = hint_of(case_of([promotion("p", **terms)]))
    assert hint is not None
    assert (hint.kind, hint.saves) == ("log_in", 3000)


def test_a_log_in_where_guests_are_refused() -> None:
    case = case_of([promotion("p", usage_limit_per_customer=1)])
    verdict = quote(case, Options(guests="refuse", hints=True)).verdict("p")
    assert verdict is not None
    assert verdict.hint == Hint("log_in", saves=3000)


FREE = {
    "id": "free",
    "stacking": "exclusive",
    "actions": [{"kind": "percent_off", "percent": "100", "target": "order"}],
}
NONE: dict[str, list[Document]] = {
    # why nothing can be promised about the last promotion
    "two things are missing": [
        promotion("p", conditions=[{"kind": "logged_in"}, {"kind": "quantity_at_least", "quantity": 4}])
    ],
    "a code, and money": [promotion("p", code="SAVE", **when("subtotal_at_least", amount="200.00"))],
    "who logs in may not be of the group": [promotion("p", **when("customer_group", any_of=["vip"]))],
    "who logs in may be of the group": [
        promotion("p", conditions=[
            {"kind": "logged_in"},
            {"kind": "not", "condition": {"kind": "customer_group", "any_of": ["staff"]}},
        ])
    ],
    "who logs in may have ordered before": [promotion("p", **when("first_order"))],
    "what is added makes another one win": [
        FREE | when("subtotal_at_least", amount="200.00"), promotion("p", **when("subtotal_at_least", amount="200.00")),
    ],
    "what is added breaks another condition": [
        promotion("p", conditions=[
            {"kind": "subtotal_at_least", "amount": "200.00"},
            {"kind": "not", "condition": {"kind": "subtotal_more_than", "amount": "190.00"}},
        ])
    ],
    "something must go": [promotion("p", **when("contains_only", selector={"categories": ["tea"]}))],
    "the selector means nothing": [promotion("p", **when("quantity_at_least", quantity=9, selector={"skus": []}))],
    "all that it names is excluded": [
        promotion("p", **when("contains", selector={"skus": ["POT"], "exclude": {"skus": ["POT"]}}))
    ],
    "it is used up": [promotion("p", usage_limit=1, used=1)],
    "it is over": [promotion("p", valid_until="2026-01-01T00:00:00Z")],
    "another country": [promotion("p", **when("country", any_of=["US"]))],
}  # fmt: skip


@pytest.mark.parametrize("promotions", NONE.values(), ids=NONE.keys())
def test_no_hint(promotions: list[Document]) -> None:
    assert hint_of(case_of(promotions)) is None


def test_an_empty_cart_is_short_of_money_but_units_have_no_price() -> None:
    empty = {"lines": [], "shipping": {"price": "40.00"}}
    money = hint_of(case_of([promotion("p", **when("total_at_least", amount="41.00"))], **empty))
    assert money is not None
    assert money.amount == 100
    assert hint_of(case_of([promotion("p", **when("quantity_at_least", quantity=1))], **empty)) is None


def test_only_so_many_carts_are_priced_the_nearest_first() -> None:
    far = [promotion(f"p{n}", **when("subtotal_at_least", amount=f"{500 - n}.00")) for n in range(50)]
    case = case_of([*far, promotion("code", code="SAVE")])
    rules = Ruleset(case.promotions)
    priced: list[int] = []

    def price(cart: Any) -> Quote:
        priced.append(len(cart.lines))
        return rules.price(cart, at=case.at)

    bare = quote(case, Options(explain="all"))
    found = [v.promotion for v in hinted(bare, case.cart, price, rules.get).verdicts if v.hint is not None]
    assert len(priced) == MOST_PRICINGS
    assert sorted(found) == sorted(f"p{n}" for n in range(50 - MOST_PRICINGS, 50))


def test_hints_bring_the_verdicts_that_they_stand_in() -> None:
    case = case_of([promotion("p", **when("subtotal_at_least", amount="200.00"))])
    verdict = quote(case, Options(explain="applied", hints=True)).verdict("p")
    assert verdict is not None
    assert verdict.hint is not None


@settings(max_examples=150, deadline=None)
@given(cases(most=6))
def test_doing_what_a_hint_says_makes_the_promotion_apply(document: Document) -> None:
    case = read_case(document)
    rules = Ruleset(case.promotions)
    found = rules.price(case.cart, case.usage, at=case.at, options=HINTS)
    for verdict in found.verdicts:
        if verdict.hint is not None:
            assert verdict.reason is not None
            after = rules.price(apply_hint(case.cart, verdict.hint), case.usage, at=case.at)
            given_ = {applied.promotion: applied.amount for applied in after.applied}
            assert given_[verdict.promotion] == verdict.hint.saves


@settings(max_examples=50, deadline=None)
@given(cases(most=6))
def test_hints_change_nothing_else(document: Document) -> None:
    case = read_case(document)
    with_hints = quote(case)
    without = [verdict._replace(hint=None) for verdict in with_hints.verdicts]
    assert without == list(quote(case, Options(explain="all")).verdicts)
