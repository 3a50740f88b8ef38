"""What lint finds in lists of promotions, and that each witness shows what its finding says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from youhui.conformance import Case, read_case, summary
from youhui.engine import Options, Promotion, Quote, Usage, decode_promotions
from youhui.engine.actions.percent_off import PercentOff
from youhui.engine.pricing import Reason
from youhui.engine.sentences import LANGUAGES
from youhui.lint import Finding, lint, sentence
from youhui.lint.checks.dead import without_limits
from youhui.lint.finding import SEVERITY
from youhui.lint.sentences import SENTENCES

TABLE: list[dict[str, Any]] = json.loads((Path(__file__).parent / "findings.json").read_text("utf-8"))


def found(document: Mapping[str, Any]) -> tuple[Finding, ...]:
    promotions, usage = decode_promotions(document["promotions"], "CNY")
    return lint(promotions, usage).findings


@pytest.mark.parametrize("row", TABLE, ids=[row["id"] for row in TABLE])
def test_the_table(row: Mapping[str, Any]) -> None:
    findings = found(row)
    assert [" ".join((one.code, one.variant, *one.promotions)) for one in findings] == row["finds"], row[
        "why"
    ]
    for finding in findings:
        cases = [read_case(dict(witness.case)) for witness in finding.witnesses]
        for case, witness in zip(cases, finding.witnesses, strict=True):
            assert case.differences() == []
            assert reasons(case) == dict(witness.reasons)
        SHOWS[finding.code](finding, cases)
        for language in LANGUAGES:
            assert "{" not in sentence(finding, language)


def test_the_table_has_every_sentence() -> None:
    shown = {(one.code, one.variant) for row in TABLE for one in found(row)}
    assert shown == set(SENTENCES)


def reasons(case: Case) -> dict[str, Reason | None]:
    """What becomes of each promotion, as `youhui price --explain` says it; None: it is applied."""
    return {verdict.promotion: verdict.reason for verdict in case.quote(Options(explain="all")).verdicts}


def _with(case: Case, *promotions: Promotion) -> Quote:
    """The same cart with other promotions, of which nothing was used."""
    return replace(case, promotions=promotions, usage=Usage()).quote()


def _dead(finding: Finding, cases: list[Case]) -> None:
    """It is alone on its cart, and is refused."""
    (case,) = cases
    assert len(case.promotions) == 1
    assert case.quote().applied == ()


def _never_opens(finding: Finding, cases: list[Case]) -> None:
    """Refused at its start and at its end; without a window and time windows it applies to the same cart."""
    start, end = cases
    (promotion,) = start.promotions
    assert (promotion.valid_from, start.cart) == (end.promotions[0].valid_from, end.cart)
    assert start.quote().applied == end.quote().applied == ()
    timeless = replace(promotion, valid_from=None, valid_until=None, conditions=())
    assert _with(start, timeless).applied != ()


def _shadowed(finding: Finding, cases: list[Case]) -> None:
    """Alone the first applies; together the second does in its place."""
    (case,) = cases
    loser, winner = finding.promotions
    by_id = {promotion.id: promotion for promotion in case.promotions}
    assert [one.promotion for one in _with(case, replace(by_id[loser], excludes=())).applied] == [loser]
    assert [one.promotion for one in case.quote().applied] == [winner]
    assert reasons(case)[loser] in ("excluded", "not_best")


def _priority_collision(finding: Finding, cases: list[Case]) -> None:
    """One cart, one list and the list with both swapped, two results."""
    listed, swapped = cases
    assert (listed.cart, listed.at) == (swapped.cart, swapped.at)
    assert listed.promotions == swapped.promotions[::-1]
    assert summary(listed.quote()) != summary(swapped.quote())


def _free_order(finding: Finding, cases: list[Case]) -> None:
    """Nothing to pay for lines that are worth something; with one promotion fewer there is."""
    (case,) = cases
    quote = case.quote()
    assert quote.total == 0
    assert sum(line.subtotal for line in quote.lines) > 0
    assert {one.promotion for one in quote.applied} == set(finding.promotions)
    for promotion in case.promotions:
        fewer = [other for other in case.promotions if other is not promotion]
        assert _with(case, *fewer).total > 0


def _limit_never_binds(finding: Finding, cases: list[Case]) -> None:
    """Without the limit the same comes of it, where it is used the most."""
    (case,) = cases
    (promotion,) = case.promotions
    without = without_limits(promotion)
    if finding.variant == "per_customer":
        without = replace(without, usage_limit=promotion.usage_limit, usage_window=promotion.usage_window)
    if finding.variant == "max_amount":
        (action,) = promotion.actions
        assert isinstance(action, PercentOff)
        without = replace(promotion, actions=(replace(action, max_amount=None),))
    unlimited = replace(case, promotions=(without,))
    assert summary(unlimited.quote()) == summary(case.quote())
    if finding.variant == "per_customer":
        assert reasons(case)[promotion.id] == "usage_limit"
    else:
        assert case.quote().total_discount > 0


SHOWS: Mapping[str, Callable[[Finding, list[Case]], None]] = {
    "dead": _dead,
    "never_opens": _never_opens,
    "shadowed": _shadowed,
    "priority_collision": _priority_collision,
    "free_order": _free_order,
    "limit_never_binds": _limit_never_binds,
}
"""what it means that a witness reproduces a finding (docs/lint.md)"""


def test_each_finding_has_its_meaning() -> None:
    assert list(SHOWS) == list(SEVERITY)
