"""A layer over a ruleset prices as one ruleset of all, costs nothing of what is below, and has a version of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.strategies import cases
from youhui.conformance import Case, read_case
from youhui.engine import Layer, Options, Promotion, Quote, Ruleset, decode_promotions

EXPLAIN = st.sampled_from([Options(explain="applied"), Options(), Options(explain="all")])
BEST = Options(strategy="best_for_customer", explain="applied")


def priced(ruleset: Ruleset, case: Case, options: Options) -> Quote:
    """A quote without its version."""
    quote = ruleset.price(case.cart, case.usage, at=case.at, options=options)
    return replace(quote, version="")


@given(cases(most=6), st.integers(0, 6), EXPLAIN | st.just(BEST))
def test_it_prices_as_the_longer_list(case: dict[str, Any], split: int, options: Options) -> None:
    read = read_case(case)
    base, layer = Ruleset(read.promotions[:split]), Layer(read.promotions[split:])
    before = priced(base, read, options)
    over, whole = base.overlay(layer), Ruleset(read.promotions)
    assert (over.promotions(), len(over)) == (read.promotions, len(read.promotions))
    assert repr(priced(over, read, options)) == repr(priced(whole, read, options))
    assert repr(priced(base, read, options)) == repr(before)
    assert over.compacted().version == whole.version


@given(cases(most=6), st.integers(0, 3), st.integers(0, 3), EXPLAIN)
def test_what_is_below_may_have_been_changed(
    case: dict[str, Any], first: int, second: int, options: Options
) -> None:
    read = read_case(case)
    few, more = read.promotions[:first], read.promotions[first : first + second]
    rest = read.promotions[first + second :]
    changed = Ruleset(few).changed([*more, *[replace(p, priority=7) for p in few[:1]]])
    over, whole = changed.overlay(Layer(rest)), Ruleset([*changed.promotions(), *rest])
    assert repr(priced(over, read, options)) == repr(priced(whole, read, options))


def promotion(name: str, **more: Any) -> Promotion:
    action = {"kind": "amount_off", "amount": "5.00", "target": "order"}
    return decode_promotions([{"id": name, "actions": [action], **more}], "CNY")[0][0]


P, Q, R = promotion("p"), promotion("q"), promotion("r")


@pytest.mark.parametrize(
    ("why", "base", "layer", "same"),
    [
        ("equal terms below and above", [P], [Q], True),
        ("other terms above", [P], [replace(Q, priority=1)], False),
        ("other terms below", [replace(P, name="five")], [Q], False),
        ("more above", [P], [Q, R], False),
        ("another order above", [P], [R], False),
        ("the same list without a layer", [P, Q], [], False),
    ],
)
def test_its_version_is_of_what_is_below_and_of_what_is_above(
    why: str, base: list[Promotion], layer: list[Promotion], same: bool
) -> None:
    wanted = Ruleset([P]).overlay(Layer([Q])).version
    assert (Ruleset(base).overlay(Layer(layer)).version == wanted) is same, why


def test_an_empty_layer_changes_nothing() -> None:
    base = Ruleset([P])
    assert base.overlay(Layer()) is base


def test_a_layer_serves_many_rulesets() -> None:
    layer = Layer([Q])
    for below in ([], [P], [P, R]):
        assert Ruleset(below).overlay(layer).get("q") is Q
        assert Ruleset(below).get("q") is None


@pytest.mark.parametrize(
    ("refused", "why"),
    [
        (lambda: Layer([P, P]), "two promotions have the id p"),
        (lambda: Ruleset([P]).overlay(Layer([Q, P])), "two promotions have the id p"),
        (lambda: Ruleset().overlay(Layer([P])).overlay(Layer([Q])), "over a layer"),
    ],
)
def test_an_id_is_used_once_and_a_layer_is_the_last(refused: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        refused()
