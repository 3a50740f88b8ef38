"""A ruleset that was changed is the ruleset compiled afresh of what it has become."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.strategies import cases
from youhui.conformance import Case, read_case
from youhui.engine import Promotion, Ruleset, decode_promotions

Document = dict[str, Any]


def priced(ruleset: Ruleset, case: Case) -> str:
    return repr(ruleset.price(case.cart, case.usage, at=case.at))


@given(cases(most=6), st.data())
def test_changed_is_as_compiled_afresh(case: Document, data: st.DataObject) -> None:
    """Step by step: some removed, some replaced in their places, some added at the end."""
    read = read_case(case)
    wanted = list(read.promotions[: data.draw(st.integers(0, len(read.promotions)))])
    ruleset = Ruleset(wanted)
    for _ in range(data.draw(st.integers(1, 3))):
        ids = [p.id for p in wanted]
        removed = data.draw(st.lists(st.sampled_from(ids), unique=True)) if ids else []
        wanted = [p for p in wanted if p.id not in removed]
        every = st.sampled_from(read.promotions) if read.promotions else st.nothing()
        changed = data.draw(st.lists(every, unique_by=lambda p: p.id))
        changed = [replace(p, priority=data.draw(st.integers(-1, 2))) for p in changed]
        ruleset = ruleset.changed(changed, removed)
        wanted = merged(wanted, changed)
    fresh = Ruleset(wanted)
    assert ruleset.promotions() == fresh.promotions()
    assert (ruleset.version, len(ruleset)) == (fresh.version, len(fresh))
    assert priced(ruleset, read) == priced(fresh, read)
    assert priced(ruleset.compacted(), read) == priced(fresh, read)
    assert ruleset.compacted().changes == 0


def merged(promotions: list[Promotion], changed: list[Promotion]) -> list[Promotion]:
    """Those of the same id replaced, the others at the end."""
    by_id = {p.id: p for p in promotions} | {p.id: p for p in changed}
    return list(by_id.values())


BASE: Document = {"id": "p", "actions": [{"kind": "amount_off", "amount": "5.00", "target": "order"}]}


@pytest.mark.parametrize(
    ("why", "terms", "same"),
    [
        ("nothing was changed", {}, True),
        ("a default that is written out", {"priority": 0, "conditions": []}, True),
        (
            "what was used is not terms",
            {"used": 3, "budget_used": "1.00", "units_left": 2, "units_by_customer": 1},
            True,
        ),
        ("a name is part of them", {"name": "five off"}, False),
        ("another priority", {"priority": 1}, False),
        ("a window", {"valid_until": "2027-01-01T00:00:00Z"}, False),
        ("a condition", {"conditions": [{"kind": "logged_in"}]}, False),
        ("a limit", {"usage_limit": 3}, False),
        ("a stock", {"stock": 3}, False),
        ("units of a customer", {"units_per_customer": 3}, False),
        ("units of an order", {"units_per_order": 3}, False),
        ("what its limit counts in", {"usage_limit": 3, "usage_window": "day"}, False),
        ("a code", {"code": "SAVE"}, False),
        ("another amount", {"actions": [{"kind": "amount_off", "amount": "5.01", "target": "order"}]}, False),
    ],
)
def test_the_version_depends_on_the_terms(why: str, terms: Document, same: bool) -> None:
    assert (version([BASE]) == version([{**BASE, **terms}])) is same, why


def test_the_version_depends_on_the_order() -> None:
    other = {**BASE, "id": "q"}
    assert version([BASE, other]) != version([other, BASE])
    assert version([BASE, other]) != version([BASE])
    assert version([]) == version([])


def version(documents: list[Document]) -> str:
    return Ruleset(decode_promotions(documents, "CNY")[0]).version


def test_an_id_is_used_once() -> None:
    (promotion,) = decode_promotions([BASE], "CNY")[0]
    with pytest.raises(ValueError, match="two promotions have the id p"):
        Ruleset([promotion, promotion])


def test_needs() -> None:
    """What pricing looks at, nested conditions included."""
    ordinary = {"kind": "not", "condition": {"kind": "customer_group", "any_of": ["vip"]}}
    adult = {"kind": "customer_attribute", "name": "age", "at_least": 18}
    either = {"kind": "any", "conditions": [{"kind": "first_order"}, adult]}
    documents: list[Document] = [
        {**BASE, "id": "a", "conditions": [ordinary]},
        {**BASE, "id": "b", "usage_limit": 9, "conditions": [either]},
        {**BASE, "id": "c", "usage_limit_per_customer": 1},
        {**BASE, "id": "u", "units_per_customer": 2},
        {**BASE, "id": "o", "units_per_order": 2},
        {**BASE, "id": "d", "budget": "5.00", "conditions": [{"kind": "country", "any_of": ["CN"]}]},
    ]
    needs = Ruleset(decode_promotions(documents, "CNY")[0]).needs()
    assert needs.customer == {"groups", "orders_count", "attributes"}
    assert needs.attributes == {"age"}
    assert needs.counted == {"b", "c", "u", "d"}
    assert needs.per_customer == {"c", "u"}
