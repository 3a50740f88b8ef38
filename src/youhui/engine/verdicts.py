"""What became of every promotion, in numbers: a verdict for each outcome of a quote."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from youhui.engine.prices import Gap, Prices
from youhui.engine.pricing import Outcome, State
from youhui.engine.quote import Verdict
from youhui.engine.rule import Rule
from youhui.engine.stacking import Decision, Evaluation

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def applied_verdict(outcome: Outcome) -> Verdict:
    """What an applied promotion gave, whether a cap cut it, and how many of the units it was meant for got it."""
    return Verdict(outcome.rule.id, None, outcome.money, capped=outcome.capped, units=outcome.units)


def refused_verdicts(evaluation: Evaluation, decision: Decision, locked: Sequence[Rule]) -> list[Verdict]:
    """Of the candidates that were not applied, then of the promotions whose code was not entered (`locked`)."""
    verdicts = [_refused(evaluation, decision, outcome) for outcome in decision.refused]
    return verdicts + [Verdict(rule.id, "code_required") for rule in locked]


def _refused(evaluation: Evaluation, decision: Decision, outcome: Outcome) -> Verdict:
    gap = outcome.gap or _limit_reached(evaluation, outcome)
    margin = outcome.margin
    if margin is None and outcome.reason == "excluded":
        margin = _margin(evaluation, decision.state, outcome)
    return Verdict(outcome.rule.id, outcome.reason, 0, gap, outcome.rival, margin)


def _limit_reached(evaluation: Evaluation, outcome: Outcome) -> Gap | None:
    """Where a promotion is out before it is tried: the limit and what was used, the bound and the instant."""
    p, reason = outcome.rule.promotion, outcome.reason
    used, now = evaluation.usage.of(p.id), evaluation.facts.instant
    if reason == "not_started" and p.valid_from is not None:
        return Gap(reason, _iso(p.valid_from), _iso(now), "instant")
    if reason == "expired" and p.valid_until is not None:
        return Gap(reason, _iso(p.valid_until), _iso(now), "instant")
    if reason == "usage_limit":
        return Gap(reason, p.usage_limit, used.used, "uses")
    if reason == "usage_limit_per_customer":
        return Gap(reason, p.usage_limit_per_customer, used.by_customer, "uses")
    if reason == "units_per_customer":
        return Gap(reason, p.units_per_customer, used.units_by_customer, "units")
    if reason == "budget":
        return Gap(reason, p.budget, used.budget, "money")
    return None


def _margin(evaluation: Evaluation, state: State, outcome: Outcome) -> int | None:
    """By how much the rival gave more than this one would have on the cart as the rival found it (less: negative).

    None where that cannot be said: it would have given nothing there, or which lines it may act on depends on more
    than their prices.
    """
    place = next((k for k, won in enumerate(state.applied) if won.rule.id == outcome.rival), None)
    rule, p = outcome.rule, outcome.rule.promotion
    if place is None or rule.first_per_line or (place and (p.tags or p.skip_lines_of_tags)):
        return None
    before = state.applied[place - 1].prices if place else Prices.untouched(evaluation.facts)
    assert before is not None
    alone = evaluation.attempt(rule, State(before, None))
    return state.applied[place].worth - alone.worth if alone.gives else None


def _iso(microseconds: int) -> str:
    return (_EPOCH + timedelta(microseconds=microseconds)).isoformat().replace("+00:00", "Z")
