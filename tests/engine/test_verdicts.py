"""Every promotion has a verdict with its numbers: what it needed, what there was, who won and by how much."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given, settings

from tests.engine.documents import Document
from tests.engine.strategies import cases
from youhui.conformance import read_case
from youhui.engine import Options, Quote, Ruleset
from youhui.engine.quote import Strategy

ALL = Options(explain="all")
MUG = {"id": "l1", "sku": "MUG", "categories": ["mugs"], "unit_price": "60.00", "quantity": 3}


def promotion(name: str, /, **terms: Any) -> Document:
    """30 off the order, or other actions, under these terms."""
    return {"id": name, "actions": [{"kind": "amount_off", "amount": "30.00", "target": "order"}], **terms}


def when(kind: str, /, **keys: Any) -> dict[str, Any]:
    return {"conditions": [{"kind": kind, **keys}]}


def quote(promotions: list[Document], cart: Document | None = None, options: Options = ALL) -> Quote:
    """A cart of three mugs at 60.00, priced on 15 January 2026 at noon."""
    document = {"now": "2026-01-15T12:00:00Z", "currency": "CNY", "lines": [MUG], "promotions": promotions}
    case = read_case({**document, **(cart or {})})
    return Ruleset(case.promotions).price(case.cart, case.usage, at=case.at, options=options)


REFUSED: dict[str, tuple[Document, tuple[object, ...]]] = {
    # why a promotion is refused: (its terms, (reason, kind, needed, actual, missing, unit, path))
    "too little money": (
        when("subtotal_at_least", amount="200.00"),
        ("conditions", "subtotal_at_least", 20000, 18000, 2000, "money", "conditions[0]"),
    ),
    "more than an amount: the least that is enough": (
        when("subtotal_more_than", amount="180.00"),
        ("conditions", "subtotal_more_than", 18001, 18000, 1, "money", "conditions[0]"),
    ),
    "the order with shipping": (
        when("total_at_least", amount="180.01"),
        ("conditions", "total_at_least", 18001, 18000, 1, "money", "conditions[0]"),
    ),
    "too few units": (
        when("quantity_at_least", quantity=5),
        ("conditions", "quantity_at_least", 5, 3, 2, "units", "conditions[0]"),
    ),
    "nothing of a category, which the index knows": (
        when("contains", selector={"categories": ["tea"]}),
        ("conditions", "contains", 1, 0, 1, "units", "conditions[0]"),
    ),
    "the second condition": (
        {"conditions": [{"kind": "quantity_at_least", "quantity": 1}, {"kind": "distinct_at_least", "quantity": 2}]},
        ("conditions", "distinct_at_least", 2, 1, 1, "products", "conditions[1]"),
    ),
    "inside all, inside all": (
        when("all", conditions=[when("x")["conditions"][0] | {"kind": "all", "conditions": [{"kind": "logged_in"}]}]),
        ("conditions", "logged_in", None, None, None, None, "conditions[0].conditions[0].conditions[0]"),
    ),
    "not: the kind that must not hold": (
        when("not", condition={"kind": "quantity_at_least", "quantity": 1}),
        ("conditions", "not", "quantity_at_least", None, None, None, "conditions[0]"),
    ),
    "any: the branch whose number is nearest": (
        when("any", conditions=[
            {"kind": "quantity_at_least", "quantity": 6},
            {"kind": "channel", "any_of": ["app"]},
            {"kind": "subtotal_at_least", "amount": "200.00"},
        ]),
        ("conditions", "subtotal_at_least", 20000, 18000, 2000, "money", "conditions[0].conditions[2]"),
    ),
    "any without a number: the kinds": (
        when("any", conditions=[{"kind": "channel", "any_of": ["app"]}, {"kind": "logged_in"}]),
        ("conditions", "any", ("channel", "logged_in"), None, None, None, "conditions[0]"),
    ),
    "any of nothing": (when("any", conditions=[]), ("conditions", "any", (), None, None, None, "conditions[0]")),
    "a guest where a group is asked": (
        when("customer_group", any_of=["vip"]),
        ("conditions", "customer_group", ("vip",), None, None, None, "conditions[0]"),
    ),
    "a line too much": (
        when("contains_only", selector={"categories": ["tea"]}),
        ("conditions", "contains_only", 1, 0, 1, "lines", "conditions[0]"),
    ),
    "not yet": (
        {"valid_from": "2026-01-20T08:00:00+08:00"},
        ("not_started", "not_started", "2026-01-20T00:00:00Z", "2026-01-15T12:00:00Z", None, "instant", ""),
    ),
    "no more": (
        {"valid_until": "2026-01-15T12:00:00Z"},
        ("expired", "expired", "2026-01-15T12:00:00Z", "2026-01-15T12:00:00Z", None, "instant", ""),
    ),
    "used up": (
        {"usage_limit": 5, "used": 7},
        ("usage_limit", "usage_limit", 5, 7, None, "uses", ""),
    ),
    "the budget is spent": (
        {"budget": "100.00", "budget_used": "100.00"},
        ("budget", "budget", 10000, 10000, None, "money", ""),
    ),
    "the budget is too small for it": (
        {"budget": "100.00", "budget_used": "80.00"},
        ("budget", "over_budget", 3000, 2000, 1000, "money", ""),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("terms", "expected"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refusal_has_its_numbers(terms: Document, expected: tuple[object, ...]) -> None:
    verdict = quote([promotion("p", **terms)]).verdict("p")
    assert verdict is not None
    gap = verdict.gap
    assert gap is not None
    assert (verdict.reason, gap.kind, gap.needed, gap.actual, gap.missing, gap.unit, gap.path) == expected


TIERS = [{"at_least": "300.00", "percent": "20"}, {"at_least": "200.00", "percent": "10"}]
ONE_FREE = {"quantity": 1, "percent": "100"}
SHORT: dict[str, tuple[Document, tuple[object, ...]]] = {
    # an action that gives nothing for three mugs at 60.00: (needed, actual, missing, unit)
    "满200打9折: below the lowest tier": (
        {"kind": "tiered", "by": "subtotal", "tiers": TIERS, "target": "order"}, (20000, 18000, 2000, "money"),
    ),
    "tiers of units": (
        {"kind": "tiered", "by": "quantity", "tiers": [{"at_least": 5, "percent": "10"}], "target": "order"},
        (5, 3, 2, "units"),
    ),
    "每满200减20": (
        {"kind": "amount_off", "amount": "20.00", "target": "order", "per": {"subtotal": "200.00"}},
        (20000, 18000, 2000, "money"),
    ),
    "a gift for every five": (
        {"kind": "gift", "sku": "TEA", "quantity": 1, "per": {"quantity": 5}}, (5, 3, 2, "units"),
    ),
    "第四件半价": ({"kind": "cheapest_off", "percent": "50", "per": 4}, (4, 3, 1, "units")),
    "四件99元": (
        {"kind": "fixed_price", "price": "99.00", "target": "bundle", "units": 4}, (4, 3, 1, "units"),
    ),
    "买三送一 of the same goods": (
        {"kind": "buy_x_get_y", "buy": {"quantity": 3}, "get": ONE_FREE}, (4, 3, 1, "units"),
    ),
    "buy five mugs, get a tea": (
        {"kind": "buy_x_get_y", "buy": {"quantity": 5, "selector": {"categories": ["mugs"]}},
         "get": ONE_FREE | {"selector": {"categories": ["tea"]}}},
        (5, 3, 2, "units"),
    ),
    "buy a mug, get a tea": (
        {"kind": "buy_x_get_y", "buy": {"quantity": 1, "selector": {"categories": ["mugs"]}},
         "get": ONE_FREE | {"selector": {"categories": ["tea"]}}},
        (1, 0, 1, "units"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("action", "expected"), SHORT.values(), ids=SHORT.keys())
def test_an_action_says_what_it_is_short_of(action: Document, expected: tuple[object, ...]) -> None:
    verdict = quote([promotion("p", actions=[{"kind": "free_shipping"}, action])]).verdict("p")
    assert verdict is not None
    gap = verdict.gap
    assert gap is not None
    assert (verdict.reason, gap.path, gap.kind) == ("no_effect", "actions[1]", action["kind"])
    assert (gap.needed, gap.actual, gap.missing, gap.unit) == expected


PLAIN: dict[str, tuple[Document, str]] = {
    "switched off": ({"active": False}, "not_active"),
    "a code that was not entered": ({"code": "SAVE"}, "code_required"),
    "a code that was not entered comes before all else": ({"code": "SAVE", "active": False}, "code_required"),
    "no unit is left": ({"units_left": 0}, "sold_out"),
    "nothing to take from": ({"actions": [{"kind": "free_shipping"}]}, "no_effect"),
    "nothing to give": (
        {
            "actions": [
                {
                    "kind": "tiered",
                    "by": "quantity",
                    "tiers": [{"at_least": 1, "percent": "0"}],
                    "target": "order",
                }
            ]
        },
        "no_effect",
    ),
}


@pytest.mark.parametrize(("terms", "reason"), PLAIN.values(), ids=PLAIN.keys())
def test_a_refusal_without_numbers(terms: Document, reason: str) -> None:
    verdict = quote([{**promotion("p"), **terms}]).verdict("p")
    assert verdict is not None
    assert (verdict.reason, verdict.gap) == (reason, None)


def test_the_limit_of_a_customer_and_of_a_guest() -> None:
    terms = promotion("p", usage_limit_per_customer=2, used_by_customer=2)
    known = quote([terms], {"customer": {"id": "ann"}}).verdict("p")
    assert known is not None
    assert known.gap is not None
    assert (known.reason, known.gap.needed, known.gap.actual) == ("usage_limit_per_customer", 2, 2)
    guest = quote([terms], options=Options(explain="all", guests="refuse")).verdict("p")
    assert guest is not None
    assert (guest.reason, guest.gap) == ("customer_required", None)


def test_the_units_of_a_customer_and_of_a_guest() -> None:
    terms = promotion("p", units_per_customer=3, units_by_customer=4)
    known = quote([terms], {"customer": {"id": "ann"}}).verdict("p")
    assert known is not None
    assert known.gap is not None
    assert (known.reason, known.gap.needed, known.gap.actual, known.gap.unit) == (
        "units_per_customer", 3, 4, "units",
    )  # fmt: skip
    guest = quote([terms], options=Options(explain="all", guests="refuse")).verdict("p")
    assert guest is not None
    assert (guest.reason, guest.gap) == ("customer_required", None)


CUP = {"kind": "gift", "sku": "CUP", "quantity": 2}
EACH = {"kind": "fixed_price", "price": "10.00", "target": "each_unit"}


@pytest.mark.parametrize(
    ("terms", "units"),
    [
        ({"actions": [EACH], "units_per_order": 1}, (1, 3)),
        ({"actions": [EACH], "units_per_order": 3}, None),
        ({"actions": [EACH], "units_per_order": 3, "units_per_customer": 5, "units_by_customer": 3}, (2, 3)),
        ({"actions": [EACH], "stock": 1, "units_per_order": 2, "units_per_customer": 5}, (1, 3)),
        ({"actions": [CUP], "stock": 1}, (1, 2)),
        ({"actions": [CUP, CUP], "stock": 9, "units_per_order": 3}, (3, 4)),
        ({"actions": [CUP], "stock": 2}, None),
        ({"actions": [CUP, EACH], "stock": 2}, (2, 3)),
    ],
)
def test_an_applied_one_says_which_limit_on_units_is_reached(
    terms: Document, units: tuple[int, int] | None
) -> None:
    verdict = quote([promotion("p") | terms], {"customer": {"id": "ann"}}).verdict("p")
    assert verdict is not None
    assert (verdict.reason, verdict.units) == (None, units)


def off(name: str, amount: str, **terms: Any) -> Document:
    return promotion(name, **terms) | {
        "actions": [{"kind": "amount_off", "amount": amount, "target": "order"}]
    }


RIVALS: dict[str, tuple[list[Document], tuple[str, str, int | None]]] = {
    # (promotions, (reason of the last one, rival, how much more the rival gives))
    "an exclusive one won": (
        [off("vip", "50.00", stacking="exclusive"), off("p", "30.00")],
        ("excluded", "vip", 2000),
    ),
    "an exclusive one won though it gives less": (
        [off("vip", "10.00", stacking="exclusive"), off("p", "30.00")],
        ("excluded", "vip", -2000),
    ),
    "by the words of the other": (
        [off("a", "30.00", excludes=["p"]), off("p", "30.00")],
        ("excluded", "a", 0),
    ),
    "compared on the cart as the rival found it": (
        [
            off("first", "170.00"),
            off("a", "8.00", excludes=["p"]),
            off("p", "30.00"),
        ],
        ("excluded", "a", -200),
    ),
    "a tag conflict": (
        [off("flash", "5.00", tags=["flash"]), off("p", "7.00", tags=["coupon"], excludes_tags=["flash"])],
        ("excluded", "flash", -200),
    ),
    "alone it would give nothing": (
        [off("a", "30.00", excludes=["p"]), promotion("p") | {"actions": [{"kind": "free_shipping"}]}],
        ("excluded", "a", None),
    ),
    "the best of a group": (
        [
            off("a", "31.00", stacking="best_in_group", group="g"),
            off("p", "30.00", stacking="best_in_group", group="g"),
        ],
        ("not_best", "a", 100),
    ),
}


@pytest.mark.parametrize(("promotions", "expected"), RIVALS.values(), ids=RIVALS.keys())
def test_a_rival_and_its_margin(promotions: list[Document], expected: tuple[str, str, int | None]) -> None:
    verdict = quote(promotions).verdict("p")
    assert verdict is not None
    assert (verdict.reason, verdict.rival, verdict.margin) == expected


def test_beside_an_exclusive_one_failing_conditions_come_first() -> None:
    """FORMAT.md 8.4."""
    found = quote(
        [off("vip", "1.00", stacking="exclusive"), off("p", "2.00", **when("quantity_at_least", quantity=9))]
    )
    verdict = found.verdict("p")
    assert verdict is not None
    assert (verdict.reason, verdict.rival) == ("conditions", None)


def test_an_exclusive_one_tried_in_vain_is_excluded_by_the_next() -> None:
    """FORMAT.md 8.4: every other candidate is, and has one verdict."""
    found = quote([off("vain", "0.00", stacking="exclusive"), off("vip", "1.00", stacking="exclusive")])
    verdicts = [(v.promotion, v.reason, v.rival) for v in found.verdicts]
    assert verdicts == [("vip", None, None), ("vain", "excluded", "vip")]


def test_an_applied_one_says_how_many_units_got_it_and_that_it_was_cut() -> None:
    flash = promotion("flash", units_left=2) | {
        "actions": [{"kind": "fixed_price", "price": "10.00", "target": "each_unit"}]
    }
    capped = promotion("capped", order_cap={"amount": "12.00"})
    found = quote([flash, capped])
    verdicts = {v.promotion: (v.reason, v.amount, v.units, v.capped) for v in found.verdicts}
    assert verdicts == {"flash": (None, 10000, (2, 3), False), "capped": (None, 1200, None, True)}


def test_how_much_is_explained_is_a_choice() -> None:
    promotions = [
        promotion("a"),
        promotion("b", **when("quantity_at_least", quantity=9)),
        promotion("c", code="C"),
    ]
    said = {
        explain: [v.promotion for v in quote(promotions, options=Options(explain=explain)).verdicts]
        for explain in ("applied", "considered", "all")
    }
    assert said == {"applied": ["a"], "considered": ["a", "b"], "all": ["a", "b", "c"]}


@pytest.mark.parametrize("strategy", get_args(Strategy))
@settings(max_examples=150, deadline=None)
@given(document=cases())
def test_verdicts_of_all_change_nothing_else(document: Document, strategy: Strategy) -> None:
    """The index only leaves out what gives nothing: evaluating everything prices the same, and misses no one."""
    case = read_case(document)
    rules = Ruleset(case.promotions)
    considered, everyone = (
        rules.price(case.cart, case.usage, at=case.at, options=Options(strategy, explain=explain, steps=9))
        for explain in ("considered", "all")
    )
    assert replace(everyone, verdicts=()) == replace(considered, verdicts=())
    assert set(considered.verdicts) <= set(everyone.verdicts)
    assert sorted(v.promotion for v in everyone.verdicts) == [p.id for p in case.promotions]


LEFT_OUT_BY_THE_INDEX: dict[str, Document] = {
    "it measures goods that are not there": {
        "kind": "tiered", "by": "quantity", "tiers": [{"at_least": 1, "percent": "5"}], "target": "order",
        "selector": {"categories": ["tea"]},
    },
    "there is nothing to buy": {
        "kind": "buy_x_get_y",
        "buy": {"quantity": 1, "selector": {"categories": ["tea"]}},
        "get": {"quantity": 1, "percent": "100"},
    },
}  # fmt: skip


@pytest.mark.parametrize("action", LEFT_OUT_BY_THE_INDEX.values(), ids=LEFT_OUT_BY_THE_INDEX.keys())
def test_what_the_index_leaves_out_claims_no_line(action: Document) -> None:
    group = {"stacking": "first_per_line", "group": "g"}
    promotions = [promotion("first", **group) | {"actions": [action]}, promotion("p", **group)]
    totals = {
        explain: quote(promotions, options=Options(explain=explain)).total
        for explain in ("considered", "all")
    }
    assert totals == {"considered": 15000, "all": 15000}
