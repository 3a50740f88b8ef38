"""best_for_customer in tables that a merchant could read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from tests.engine.combinations import Case, ids
from tests.engine.documents import Document
from youhui.engine import Cart, Line, Promotion, decode_cart, decode_promotions
from youhui.engine.actions.base import Action
from youhui.engine.actions.percent_off import PercentOff
from youhui.engine.money import Percent
from youhui.engine.view import Effect, View

# -- tables: a cart of two units at 100.00


def off(amount: str, **terms: Any) -> Document:
    return {"actions": [{"kind": "amount_off", "amount": amount, "target": "order"}], **terms}


def percent(percent: str, **terms: Any) -> Document:
    return {"actions": [{"kind": "percent_off", "percent": percent, "target": "order"}], **terms}


def gift(value: str, **terms: Any) -> Document:
    return {"actions": [{"kind": "gift", "sku": "TOTE", "quantity": 1, "value": value}], **terms}


LEFT_200 = {"kind": "subtotal_at_least", "amount": "200.00", "of": "running"}
TIERS = {
    "kind": "tiered", "by": "subtotal", "target": "order",
    "tiers": [{"at_least": "200.00", "percent": "5"}, {"at_least": "100.00", "percent": "20"}],
}  # fmt: skip

TABLE: dict[str, tuple[dict[str, Document], tuple[str, ...], int, tuple[str, ...], int]] = {
    "满减 keeps out two coupons that save more together": (
        {
            "cut": off("30.00", priority=9, excludes=["ten-percent", "twenty"]),
            "twenty": off("20.00"),
            "ten-percent": percent("10"),
        },
        ("twenty", "ten-percent"), 3800, ("cut",), 3000,
    ),
    "an exclusive one that saves more alone": (
        {"half": percent("50", stacking="exclusive"), "twenty": off("20.00"), "ten-percent": percent("10")},
        ("half",), 10000, ("twenty", "ten-percent"), 3800,
    ),
    "an exclusive one that saves less alone is not forced": (
        {"some": percent("15", stacking="exclusive"), "twenty": off("20.00"), "ten-percent": percent("10")},
        ("twenty", "ten-percent"), 3800, ("some",), 3000,
    ),
    "a small offer that would bring the cart below 满200减50": (
        {"ten": off("10.00", priority=1), "cut": off("50.00", conditions=[LEFT_200])},
        ("cut",), 5000, ("ten",), 1000,
    ),
    "a small offer that opens one for carts below 200": (
        {"ten": off("10.00"), "small-carts": off("30.00", conditions=[{"kind": "not", "condition": LEFT_200}])},
        ("ten", "small-carts"), 4000, ("ten",), 1000,
    ),
    "a lower tier that is worth more": (
        {"ten": off("10.00"), "tiers": {"actions": [TIERS]}},
        ("ten", "tiers"), 4800, ("ten",), 1000,
    ),
    "a gift counts with its value": (
        {"tote": gift("25.00"), "twenty": off("20.00", excludes=["tote"])},
        ("tote",), 2500, ("twenty",), 2000,
    ),
    "a gift without a value saves nothing, and nothing takes fewer promotions": (
        {"tote": gift("0.00")}, (), 0, ("tote",), 0,
    ),
    "as much with fewer promotions": (
        {"half": percent("50", priority=1), "all": percent("100")}, ("all",), 20000, ("half", "all"), 20000,
    ),
    "alike in all: the smaller id": (
        {"b": off("10.00", priority=1, excludes=["a"]), "a": off("10.00")}, ("a",), 1000, ("b",), 1000,
    ),
    "the best of a group in its own place": (
        {
            "five": percent("5", stacking="best_in_group", group="g"),
            "ten": off("10.00"),
            "twenty": percent("20", stacking="best_in_group", group="g"),
        },
        ("ten", "twenty"), 4800, ("twenty",), 4000,
    ),
    "one member of a first_per_line group on a line": (
        {
            "five": percent("5", stacking="first_per_line", group="g"),
            "twenty": percent("20", stacking="first_per_line", group="g"),
        },
        ("twenty",), 4000, ("five",), 1000,
    ),
    "a small offer on a line that another one skips when it is discounted": (
        {"ten": off("10.00"), "full-price": percent("30", skip_discounted_lines=True)},
        ("full-price",), 6000, ("ten",), 1000,
    ),
    "a budget that is enough once something else was taken": (
        {"ten": off("10.00"), "ninety": percent("90", budget="175.00")},
        ("ten", "ninety"), 18100, ("ten",), 1000,
    ),
}  # fmt: skip


def two_units(promotions: Mapping[str, Document], *codes: str) -> Case:
    documents = [{"id": name, **terms} for name, terms in promotions.items()]
    cart = Cart("CNY", (Line("l", "MUG", 10000, 2),), codes=codes)
    return Case(decode_promotions(documents, "CNY")[0], cart)


@pytest.mark.parametrize("words", TABLE)
def test_best_and_runner_up(words: str) -> None:
    promotions, applied, saved, runner_up, runner_up_saves = TABLE[words]
    quote = two_units(promotions).best()
    search = quote.search
    assert search is not None
    assert (ids(quote), search.saving, search.optimal) == (applied, saved, True)
    assert (search.runner_up, search.runner_up_saving) == (runner_up, runner_up_saves)


REFUSED: dict[str, tuple[str, dict[str, tuple[str, str | None, int | None]]]] = {
    "it goes with neither coupon; without it 8.00 more is saved": (
        "满减 keeps out two coupons that save more together", {"cut": ("not_best", "twenty", 800)},
    ),
    "nothing goes with an exclusive one": (
        "an exclusive one that saves more alone",
        {"twenty": ("not_best", "half", 6200), "ten-percent": ("not_best", "half", 6200)},
    ),
    "an exclusive one goes with nothing": (
        "an exclusive one that saves less alone is not forced", {"some": ("not_best", "twenty", 800)},
    ),
    "it would give something, but costs 满200减50": (
        "a small offer that would bring the cart below 满200减50", {"ten": ("not_best", None, 4000)},
    ),
    "it would give something at its place, but its group's better one has one": (
        "the best of a group in its own place", {"five": ("not_best", "twenty", None)},
    ),
    "the one applied before it excludes it, and gives 5.00 more": (
        "a gift counts with its value", {"twenty": ("excluded", "tote", 500)},
    ),
    "nothing is left": (
        "an offer after all is free", {"ten": ("no_effect", None, None)},
    ),
}  # fmt: skip
FREE = {"all": percent("100"), "ten": off("10.00")}


@pytest.mark.parametrize("words", REFUSED)
def test_why_the_others_are_not_in_it(words: str) -> None:
    case, refused = REFUSED[words]
    quote = two_units(TABLE[case][0] if case in TABLE else FREE).best()
    verdicts = {v.promotion: (v.reason, v.rival, v.margin) for v in quote.verdicts if v.reason is not None}
    assert verdicts == refused


def test_what_one_takes_pushes_another_to_a_dearer_unit() -> None:
    """The cheapest unit with room is free: the cup for 10.00, or the pot for 100.00 once the cup is free already."""
    cup = {"kind": "percent_off", "percent": "100", "target": "lines", "selector": {"skus": ["CUP"]}}
    cheapest = {"kind": "percent_off", "percent": "100", "target": "lines", "units": 1}
    documents = [
        {"id": "cup", "actions": [cup]},
        {"id": "cheapest", "actions": [cheapest]},
        {"id": "fifty", **off("50.00", excludes=["cup", "cheapest", "forty"])},
        {"id": "forty", **off("40.00", excludes=["cup", "cheapest"])},
    ]
    cart = Cart("CNY", (Line("a", "CUP", 1000, 1), Line("b", "POT", 10000, 1)))
    quote = Case(decode_promotions(documents, "CNY")[0], cart).best()
    assert ids(quote) == ("cup", "cheapest")
    assert quote.total_discount == 11000


def test_rejected_codes() -> None:
    promotions = {
        "cut": off("30.00", code="CUT", excludes=["forty"]),
        "forty": off("40.00", code="FORTY"),
        "old": off("90.00", code="OLD", active=False),
        "dear": off("90.00", code="DEAR", conditions=[{"kind": "subtotal_at_least", "amount": "500.00"}]),
    }
    quote = two_units(promotions, "CUT", "FORTY", "OLD", "DEAR", "TYPO").best()
    assert quote.rejected_codes == {
        "CUT": "not_best", "OLD": "not_active", "DEAR": "conditions", "TYPO": "unknown",
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfOfShipping(Action):
    """A third party's kind that says nothing about its bounds."""

    kind: ClassVar[str] = "half_of_shipping"

    def effect(self, view: View) -> Effect:
        effect = Effect(view)
        effect.take_shipping(view.prices.shipping // 2)
        return effect


def test_a_kind_without_bounds_of_its_own() -> None:
    promotions = (
        Promotion(id="half", actions=(HalfOfShipping(),), excludes=("ten",)),
        Promotion(id="ten", actions=(PercentOff(percent=Percent(1, 10), target="order"),)),
    )
    cart = decode_cart(
        {
            "currency": "CNY",
            "lines": [{"id": "l", "sku": "MUG", "unit_price": "10.00", "quantity": 1}],
            "shipping": {"price": "8.00"},
        }
    )
    quote = Case(promotions, cart).best()
    assert (ids(quote), quote.search and quote.search.runner_up) == (("half",), ("ten",))
