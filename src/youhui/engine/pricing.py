"""Trying one promotion on a cart as it is (FORMAT.md 8.3), and what an applied one leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Literal, TypeAlias

from youhui.engine.conditions.base import first_gap
from youhui.engine.facts import Used
from youhui.engine.marks import Marks
from youhui.engine.prices import Facts, Gap, Prices
from youhui.engine.promotion import Promotion
from youhui.engine.rule import Rule
from youhui.engine.spreading import spread
from youhui.engine.units import take_like
from youhui.engine.view import Gift, View, first_pieces

Reason: TypeAlias = Literal[
    "unknown", "code_required", "not_active", "not_started", "expired", "usage_limit", "usage_limit_per_customer",
    "units_per_customer", "customer_required", "budget", "sold_out", "conditions", "not_best", "excluded", "no_effect",
]  # fmt: skip
Counted: TypeAlias = Literal["units", "pieces"]
"""what limits on units count: units of lines that bear something, or, where only gifts are given, their pieces"""


class Outcome:
    """What came of one promotion: refused with a reason, or given: what it took and the prices it left."""

    amounts: Mapping[int, int] = MappingProxyType({})
    """what it took of the lines at these indexes, in minor units"""
    shipping = 0
    gifts: tuple[Gift, ...] = ()
    gap: Gap | None = None
    rival: str | None = None
    """the promotion that won over this one"""
    margin: int | None = None
    """by how much, in minor units"""
    capped = False
    """whether a budget or a cap per order cut what it gives"""
    claims: tuple[int, ...] = ()
    """lines that no later member of its first_per_line group may act on"""
    units: tuple[int, int] | None = None
    """where a limit on units is reached: how many may have its price, of how many it was meant for"""
    counts: Counted | None = None
    """what a limit on units counted; None: there was none"""

    def __init__(self, rule: Rule, reason: Reason | None, prices: Prices | None = None) -> None:
        self.rule = rule
        self.reason = reason
        self.prices = prices

    @property
    def money(self) -> int:
        """What it took, in minor units."""
        return sum(self.amounts.values()) + self.shipping

    @property
    def worth(self) -> int:
        """Money and the value of its gifts, in minor units."""
        return self.money + sum([gift.value * gift.quantity for gift in self.gifts])

    @property
    def gives(self) -> bool:
        """Whether it gives something."""
        return self.reason is None


class State:
    """A cart with what was applied so far. Applying gives a new one; trying leaves no trace."""

    __slots__ = ("applied", "marks", "prices")

    def __init__(self, prices: Prices, marks: Marks | None, applied: tuple[Outcome, ...] = ()) -> None:
        self.prices = prices
        self.marks = marks
        self.applied = applied

    def after(self, outcome: Outcome) -> State:
        """The cart with what this outcome gives applied, or only with the lines it claims if it gives nothing."""
        marks = self.marks
        if marks is not None and outcome.claims:
            marks = marks.claiming(outcome.rule, outcome.claims)
        if outcome.reason is not None:
            return self if marks is self.marks else State(self.prices, marks, self.applied)
        assert outcome.prices is not None
        marks = marks and marks.after(outcome.rule, outcome.amounts)
        return State(outcome.prices, marks, (*self.applied, outcome))


def attempt(rule: Rule, facts: Facts, state: State, used: Used, explain: bool = False) -> Outcome:
    """Tries a promotion: conditions, exclusions, actions, caps and budget, in this order."""
    prices = state.prices
    for condition in rule.conditions:
        if not condition.holds(facts, prices):
            refused = Outcome(rule, "conditions")
            if explain:
                refused.gap = first_gap(rule.conditions, facts, prices)
            return refused
    marks = state.marks
    if marks is not None and (rival := marks.rival_of(rule.promotion)):
        refused = Outcome(rule, "excluded")
        refused.rival = rival
        return refused
    lines = caps = None
    if rule.restricted:
        lines = lines_in_play(rule, facts, state)
        if marks is not None and rule.first_per_line and (rival := marks.claimed(rule, facts, lines)):
            refused = Outcome(rule, "not_best")
            refused.rival = rival
            return refused
    left = rule.units_left(used, facts) if rule.rationed else rule.stock_left(used)
    if left is not None and not rule.pieces:
        caps = _first_units(rule, facts, lines, left)
    outcome = _act(rule, facts, prices, lines, caps)
    if left is not None:
        _count_units(outcome, facts, lines, left)
    if rule.budget:
        _limit(outcome, facts, prices, used)
    if outcome.reason is None and not outcome.amounts and not outcome.shipping and not outcome.gifts:
        outcome.reason = "no_effect"
        if explain:
            view = View(facts, prices, rule.original, rule.rounding, rule.round_on, lines, caps)
            outcome.gap = _shortfall(rule, view)
    if lines is not None and rule.first_per_line and outcome.reason in (None, "no_effect"):
        outcome.claims = tuple(_reached(rule, facts, lines))
    return outcome


def _act(
    rule: Rule, facts: Facts, prices: Prices, lines: frozenset[int] | None, caps: dict[int, int] | None
) -> Outcome:
    """Does the actions in order, each on what the ones before it left."""
    outcome = Outcome(rule, None)
    draft = prices
    for action in rule.actions:
        effect = action.effect(View(facts, draft, rule.original, rule.rounding, rule.round_on, lines, caps))
        if effect.runs or effect.shipping:
            draft = draft.less(effect.runs, effect.amounts, effect.shipping)
            outcome.amounts = effect.amounts
        if effect.gifts:
            outcome.gifts += tuple(effect.gifts)
    if len(rule.actions) > 1:
        outcome.amounts = {
            i: b - a for i, (b, a) in enumerate(zip(prices.left, draft.left, strict=True)) if b > a
        }
    outcome.shipping = prices.shipping - draft.shipping
    outcome.prices = draft
    return outcome


def _shortfall(rule: Rule, view: View) -> Gap | None:
    """What is missing for the first of its actions that says so."""
    for i, action in enumerate(rule.actions):
        gap = action.gap(view)
        if gap is not None and gap.missing is not None:
            return replace(gap, path=f"actions[{i}]")
    return None


def lines_in_play(rule: Rule, facts: Facts, state: State) -> frozenset[int]:
    """The lines that exist for its actions."""
    lines = frozenset(facts.discountable)
    if rule.promotion.skip_discounted_lines:
        left, whole = state.prices.left, facts.subtotals
        lines = frozenset([i for i in lines if left[i] == whole[i]])
    out = state.marks.lines_out_of_play(rule.promotion) if state.marks is not None else ()
    return lines.difference(out) if out else lines


def _reached(rule: Rule, facts: Facts, lines: frozenset[int] | None) -> list[int]:
    return [i for i in rule.reach(facts) if lines is None or i in lines]


def _first_units(rule: Rule, facts: Facts, lines: frozenset[int] | None, left: int) -> dict[int, int]:
    """How many units of each line exist: of those it reaches the first `left` in cart order, of others all."""
    caps = {i: line.quantity for i, line in enumerate(facts.lines)}
    for i in _reached(rule, facts, lines):
        caps[i] = min(left, facts.lines[i].quantity)
        left -= caps[i]
    return caps


def most_units(rule: Rule, facts: Facts, left: int) -> dict[int, int]:
    """No fewer units of each line than exist for it, whichever lines are in play."""
    reached = set(rule.reach(facts))
    return {
        i: min(left, line.quantity) if i in reached else line.quantity for i, line in enumerate(facts.lines)
    }


def _count_units(outcome: Outcome, facts: Facts, lines: frozenset[int] | None, left: int) -> None:
    """Says what is counted, and where that is less than it was meant for; cuts gifts to the pieces that are left."""
    rule = outcome.rule
    if rule.pieces:
        outcome.counts = "pieces"
        meant = sum([gift.quantity for gift in outcome.gifts])
        outcome.gifts = tuple(first_pieces(outcome.gifts, left))
    else:
        outcome.counts = "units"
        meant = sum([facts.lines[i].quantity for i in _reached(rule, facts, lines)])
    if meant > left:
        outcome.units = (left, meant)


def _limit(outcome: Outcome, facts: Facts, prices: Prices, used: Used) -> None:
    """Cuts to the cap per order, then refuses or cuts what is over the budget."""
    promotion = outcome.rule.promotion
    cap = order_cap(promotion, facts)
    if cap is not None and outcome.money > cap:
        _cut_to(outcome, prices, cap)
    if promotion.budget is not None and outcome.money > (left := promotion.budget - used.budget):
        if promotion.over_budget == "cap":
            _cut_to(outcome, prices, left)
        else:
            outcome.reason = "budget"
            outcome.gap = Gap("over_budget", outcome.money, left, "money")


def order_cap(promotion: Promotion, facts: Facts) -> int | None:
    """The most it takes from this order, in minor units."""
    cap = promotion.order_cap
    if cap is None:
        return None
    most = [] if cap.amount is None else [cap.amount]
    most += [] if cap.percent is None else [cap.percent.of(sum(facts.subtotals), promotion.rounding)]
    return min(most)


def _cut_to(outcome: Outcome, prices: Prices, most: int) -> None:
    """Cuts all of it to `most`, spread over what each line, and shipping as the last part, would have given (8.3)."""
    would = outcome.prices
    assert would is not None
    lines = sorted(outcome.amounts)
    gives = [outcome.amounts[i] for i in lines] + [outcome.shipping]
    *shares, shipping = spread(most, gives, gives)
    cut = would.copy()
    for i, share in zip(lines, shares, strict=True):
        cut.runs[i] = take_like(prices.units(i), would.units(i), share)
        cut.left[i] = prices.left[i] - share
    cut.shipping = prices.shipping - shipping
    outcome.amounts = {i: share for i, share in zip(lines, shares, strict=True) if share}
    outcome.shipping = shipping
    outcome.prices = cut
    outcome.capped = True
