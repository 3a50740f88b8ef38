"""The main law: on random rulesets over all kinds the engine and the oracle agree on every unit and every reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from tests.engine.agreement import Guests, disagreements, quote_of
from tests.engine.documents import Documents, readable
from tests.engine.oracle import answer
from tests.engine.strategies import carts, cases
from youhui.engine import BUILT_IN

MANY = 5 * settings().max_examples
EACH = max(MANY // 20, 10)
FIRST = settings(phases=[Phase.generate], max_examples=500, derandomize=True, database=None)
FROM_ALL_KINDS = [*BUILT_IN.conditions, *BUILT_IN.actions]


@settings(max_examples=MANY)
@given(cases(), st.sampled_from(["allow", "refuse"]))
def test_the_engine_and_the_oracle_agree(case: dict[str, Any], guests: Guests) -> None:
    assert disagreements(case, guests) == []


@st.composite
def rationed(draw: st.DrawFn) -> dict[str, Any]:
    """A case of a customer with limits on units in each promotion, of which every other gives gifts only."""
    case: dict[str, Any] = draw(cases(most=3))
    documents = Documents(BUILT_IN, case["currency"])
    case["customer"] = {"id": "ann"}
    for n, one in enumerate(case["promotions"]):
        for key in ("stock", "units_left", "units_per_customer", "units_per_order", "units_by_customer"):
            one.pop(key, None)
            if draw(st.booleans()):
                one[key] = draw(st.integers(1, 4))
        if n % 2:
            gift = BUILT_IN.actions["gift"]
            one["actions"] = [documents.of(draw, gift, 1) for _ in range(draw(st.integers(1, 2)))]
    return case


@settings(max_examples=MANY)
@given(rationed())
def test_they_agree_on_limits_on_units(case: dict[str, Any]) -> None:
    assert disagreements(case) == []


@st.composite
def alone(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """A cart and one promotion, with one condition or one action of this kind."""
    case: dict[str, Any] = draw(carts())
    documents = Documents(BUILT_IN, case["currency"])
    promotion: dict[str, Any] = {"id": "it", "actions": [{"kind": "gift", "sku": "CUP", "quantity": 1}]}
    if kind in BUILT_IN.actions:
        promotion["actions"] = [documents.of(draw, BUILT_IN.actions[kind], 1)]
    else:
        promotion["conditions"] = [documents.of(draw, BUILT_IN.conditions[kind], 1)]
    kept = [promotion] if readable(promotion, case["currency"]) else []
    return {**case, "now": "2026-01-15T12:00:00Z", "promotions": kept}


@pytest.mark.parametrize("kind", FROM_ALL_KINDS)
def test_one_of_each_kind(kind: str) -> None:
    @settings(max_examples=EACH)
    @given(alone(kind))
    def agrees(case: dict[str, Any]) -> None:
        assert disagreements(case) == []

    agrees()


@pytest.mark.parametrize("kind", FROM_ALL_KINDS)
def test_random_cases_really_meet(kind: str) -> None:
    """Each kind gives something in some random case and nothing in another, else the laws would say nothing of it."""
    for gives in (True, False):

        def meets(case: dict[str, Any], gives: bool = gives) -> bool:
            return bool(case["promotions"]) and bool(quote_of(case).applied) is gives

        assert bool(answer(find(alone(kind), meets, settings=FIRST)).applied) is gives


@settings(max_examples=MANY // 4)
@given(cases(most=1), st.integers(60, 300), st.data())
def test_large_quantities_get_the_same_amounts(case: dict[str, Any], many: int, data: st.DataObject) -> None:
    """Of many sets of units alike only the totals are compared: which unit bears the odd cent is not fixed there."""
    if case["lines"] and case["promotions"]:
        line: dict[str, Any] = data.draw(st.sampled_from(case["lines"]))
        line["quantity"] = many
        promotion = case["promotions"][0]
        promotion["actions"] = promotion["actions"][:1]
        wanted, quote = answer(case), quote_of(case)
        assert {line.id: line.discount for line in quote.lines} == wanted.line_discounts
        assert quote.shipping_discount == wanted.shipping_discount


SHARED = sorted((Path(__file__).parents[1] / "conformance" / "cases").glob("*.json"))


@pytest.mark.parametrize("path", SHARED, ids=lambda path: path.stem)
def test_they_agree_on_the_conformance_cases(path: Path) -> None:
    """The oracle is held to the published amounts through the engine, which gives them (tests/conformance)."""
    found = {case["id"]: disagreements(case) for case in json.loads(path.read_text(encoding="utf-8"))}
    assert found
    assert {name: said for name, said in found.items() if said} == {}
