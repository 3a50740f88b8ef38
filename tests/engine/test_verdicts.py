"""Every promotion has a verdict with its numbers."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings

from tests.engine.strategies import cases
from youhui.conformance import read_case
from youhui.engine import Options, Ruleset


@settings(max_examples=4000, deadline=None)
@given(cases())
def test_verdicts_of_all_change_no_amount(document) -> None:
    case = read_case(document)
    rules = Ruleset(case.promotions)
    considered = rules.price(case.cart, case.usage, at=case.at)
    everyone = rules.price(case.cart, case.usage, at=case.at, options=Options(explain="all"))
    assert replace(everyone, verdicts=()) == replace(considered, verdicts=())
    assert [p.id for p in case.promotions] == sorted(v.promotion for v in everyone.verdicts)
