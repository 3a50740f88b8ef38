"""The counters that a promotion's limits need, what an order takes from them, and what pricing is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from youhui.checkout.orders.limits import claims_of, redemption_of, used_of
from youhui.checkout.orders.model import Claim, Key, Limits, Numbers, Vector
from youhui.engine import Cart, Customer, Line, Promotion, Ruleset, Used, decode_promotion

AT = datetime(2026, 11, 11, 3, tzinfo=UTC)
DAY = "2026-11-10T16:00Z/day"
MONTH = "2026-10-31T16:00Z/month"
SHANGHAI = {"timezone": "Asia/Shanghai"}
EACH = {"kind": "amount_off", "amount": "1.00", "target": "each_unit", "selector": {"skus": ["MUG"]}}


def promotion(**terms: Any) -> Promotion:
    return decode_promotion({"id": "p", "actions": [EACH], **terms}, "CNY")


def found(claims: tuple[Claim, ...]) -> dict[tuple[str, str], Limits]:
    return {(claim.key.customer, claim.key.period): claim.limits for claim in claims}


@pytest.mark.parametrize(
    ("why", "terms", "rows"),
    [
        ("no limit, no counter", {}, {}),
        ("neither a cap nor a price is one", {"order_cap": {"amount": "1.00"}}, {}),
        ("a limit", {"usage_limit": 5}, {("", ""): Limits(5)}),
        ("of nothing", {"usage_limit": 0}, {("", ""): Limits(0)}),
        (
            "one row for all that counts alike",
            {"usage_limit": 5, "budget": "9.00", "stock": 3},
            {("", ""): Limits(5, 900, 3)},
        ),
        (
            "uses of a day, money for ever",
            {"usage_limit": 5, "usage_window": "day", "budget": "9.00", **SHANGHAI},
            {("", DAY): Limits(5), ("", ""): Limits(None, 900)},
        ),
        (
            "both of a day",
            {"usage_limit": 5, "usage_window": "day", "budget": "9.00", "budget_window": "day", **SHANGHAI},
            {("", DAY): Limits(5, 900)},
        ),
        (
            "a stock is for ever",
            {"budget": "9.00", "budget_window": "month", "stock": 3, **SHANGHAI},
            {("", MONTH): Limits(None, 900), ("", ""): Limits(None, None, 3)},
        ),
        ("of each customer", {"usage_limit_per_customer": 1}, {("ann", ""): Limits(1)}),
        (
            "of each customer and day",
            {"usage_limit_per_customer": 1, "usage_window_per_customer": "day", "usage_limit": 5, **SHANGHAI},
            {("ann", DAY): Limits(1), ("", ""): Limits(5)},
        ),
        ("units of each customer", {"units_per_customer": 2}, {("ann", ""): Limits(None, None, 2)}),
        (
            "one row for all that counts alike of her",
            {"units_per_customer": 2, "usage_limit_per_customer": 5},
            {("ann", ""): Limits(5, None, 2)},
        ),
        (
            "uses of a day, units for ever",
            {
                "units_per_customer": 2,
                "usage_limit_per_customer": 1,
                "usage_window_per_customer": "day",
                **SHANGHAI,
            },
            {("ann", DAY): Limits(1), ("ann", ""): Limits(None, None, 2)},
        ),
        ("units of an order need none", {"units_per_order": 2}, {}),
    ],
)
def test_claims(why: str, terms: dict[str, Any], rows: dict[tuple[str, str], Limits]) -> None:
    assert found(claims_of(promotion(**terms), "ann", AT)) == rows, why
    of_all = {key: limits for key, limits in rows.items() if not key[0]}
    assert found(claims_of(promotion(**terms), None, AT)) == of_all, "nothing is counted of a guest"


def test_a_claim_in_a_window_knows_its_bounds() -> None:
    (claim,) = claims_of(promotion(usage_limit=5, usage_window="day", **SHANGHAI), "ann", AT)
    assert claim == Claim(
        Key("p", "", DAY),
        Limits(5),
        datetime(2026, 11, 10, 16, tzinfo=UTC),
        datetime(2026, 11, 11, 16, tzinfo=UTC),
    )


def test_an_order_takes_a_use_its_money_and_its_units() -> None:
    terms = promotion(stock=3)
    cart = Cart("CNY", (Line("1", "MUG", 1000, 2), Line("2", "TEA", 500, 1)), Customer("ann"))
    (applied,) = Ruleset([terms]).price(cart, at=AT).applied
    redemption = redemption_of(applied, terms, "ann", AT)
    assert (redemption.promotion, redemption.moved) == ("p", Vector(1, 200, 2))
    assert redemption.claims == claims_of(terms, "ann", AT)
    (applied,) = Ruleset([promotion()]).price(cart, at=AT).applied
    assert redemption_of(applied, promotion(), None, AT).moved == Vector(1, 200, 0), "without a stock"


def test_pieces_of_gifts_are_units_where_nothing_else_is_given() -> None:
    cups: dict[str, Any] = {"kind": "gift", "sku": "CUP", "quantity": 3}
    cart = Cart("CNY", (Line("1", "MUG", 1000, 2),), Customer("ann"))

    def moved(**terms: Any) -> Vector:
        limited = promotion(**terms)
        (applied,) = Ruleset([limited]).price(cart, at=AT).applied
        return redemption_of(applied, limited, "ann", AT).moved

    assert moved(actions=[cups], stock=9) == Vector(1, 0, 3)
    assert moved(actions=[cups], stock=2) == Vector(1, 0, 2)
    assert moved(actions=[cups], units_per_customer=1) == Vector(1, 0, 1)
    assert moved(actions=[cups]) == Vector(1, 0, 0), "nothing limits them"
    assert moved(actions=[cups, EACH], stock=9) == Vector(1, 200, 2), "the mugs that got the price"


TAKEN = {
    Key("p"): Numbers(Vector(3, 300, 6), Vector(1, 100, 2)),
    Key("p", "", DAY): Numbers(Vector(1, 100, 2), Vector(0, 0, 0)),
    Key("p", "ann"): Numbers(Vector(2, 200, 4), Vector(1, 100, 2)),
    Key("p", "ann", DAY): Numbers(Vector(1, 100, 2), Vector(0, 0, 0)),
}


@pytest.mark.parametrize(
    ("why", "terms", "customer", "told"),
    [
        ("nothing, where there is no limit", {}, "ann", Used()),
        ("what is used and held", {"usage_limit": 9}, "ann", Used(4)),
        ("of its window", {"usage_limit": 9, "usage_window": "day", **SHANGHAI}, "ann", Used(1)),
        (
            "each limit of its own",
            {"usage_limit": 9, "budget": "9.00", "budget_window": "day", "stock": 9, **SHANGHAI},
            "ann",
            Used(4, 0, 100, 1),
        ),
        ("never less than nothing", {"stock": 7}, "ann", Used(units_left=0)),
        ("of this customer", {"usage_limit_per_customer": 9}, "ann", Used(0, 3)),
        ("her units", {"units_per_customer": 9}, "ann", Used(units_by_customer=6)),
        (
            "her uses and units",
            {"usage_limit_per_customer": 9, "units_per_customer": 9},
            "ann",
            Used(by_customer=3, units_by_customer=6),
        ),
        (
            "her uses of the day, her units of all time",
            {
                "usage_limit_per_customer": 9,
                "usage_window_per_customer": "day",
                "units_per_customer": 9,
                **SHANGHAI,
            },
            "ann",
            Used(by_customer=1, units_by_customer=6),
        ),
        ("units of a guest", {"units_per_customer": 9, "stock": 9}, None, Used(units_left=1)),
        ("of one without a row", {"usage_limit_per_customer": 9}, "bob", Used()),
        ("of a guest", {"usage_limit_per_customer": 9, "usage_limit": 9}, None, Used(4)),
    ],
)
def test_what_pricing_is_told(why: str, terms: dict[str, Any], customer: str | None, told: Used) -> None:
    assert used_of(promotion(**terms), customer, AT, TAKEN.get) == told, why
