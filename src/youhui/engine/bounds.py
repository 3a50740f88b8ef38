"""What a promotion could give at most on a cart whose prices can only go down: the bounds of best_for_customer.

Applying a promotion lowers prices and takes lines or units out of play; it never does the reverse. So a bound that
holds for these prices "or any lower ones" holds for every combination that goes on from here.
"""

from __future__ import annotations

from typing import NamedTuple

from youhui.engine.conditions.all_ import All
from youhui.engine.conditions.any_ import Any
from youhui.engine.conditions.base import Condition
from youhui.engine.conditions.not_ import Not
from youhui.engine.facts import Used
from youhui.engine.prices import Facts, Prices
from youhui.engine.pricing import State, lines_in_play, most_units, order_cap
from youhui.engine.rule import Rule
from youhui.engine.view import View


class Most(NamedTuple):
    """No less than what a promotion takes, and no less than the value of what it gives, in minor units."""

    money: int
    gifts: int

    @property
    def worth(self) -> int:
        """Money and gifts."""
        return self.money + self.gifts


class Prospect:
    """A candidate, and what it could give at most."""

    __slots__ = ("_cap", "_caps", "_facts", "_free", "_steady", "rule")

    def __init__(self, rule: Rule, facts: Facts, used: Used, free: Prices) -> None:
        """`free`: the cart with all prices at nothing."""
        self.rule = rule
        self._facts = facts
        self._free = free
        self._cap = _cap(rule, facts, used)
        left = rule.units_left(used, facts)
        self._caps = None if left is None else most_units(rule, facts, left)
        untouched = Prices.untouched(facts)
        self._steady = all([_must_hold(c, facts, untouched, free) for c in rule.conditions])

    def most(self, state: State) -> Most | None:
        """For this cart and every cart that it can become; None: it gives nothing on any of them."""
        rule, facts, prices = self.rule, self._facts, state.prices
        if not self._steady:
            for condition in rule.conditions:
                if not _may_hold(condition, facts, prices, self._free):
                    return None
        lines = lines_in_play(rule, facts, state) if rule.restricted else None
        view = View(facts, prices, rule.original, rule.rounding, rule.round_on, lines, self._caps)
        money = sum([action.most(view) for action in rule.actions])
        gifts = [value for action in rule.actions if (value := action.most_gifts(view)) is not None]
        if not money and not gifts:
            return None
        return Most(money if self._cap is None else min(money, self._cap), sum(gifts))


def free(facts: Facts) -> Prices:
    """The cart with all prices at nothing: lower than any that promotions leave."""
    return Prices([((line.quantity, 0, 0),) for line in facts.lines], [0] * len(facts.lines), 0)


def room(facts: Facts, prices: Prices) -> int:
    """All that promotions may still take, in minor units."""
    return View(facts, prices).rooms(None) + prices.shipping


def _cap(rule: Rule, facts: Facts, used: Used) -> int | None:
    """The most money that the cap per order and the budget let it take."""
    caps = [order_cap(rule.promotion, facts)]
    if rule.promotion.budget is not None:
        caps.append(rule.promotion.budget - used.budget)
    return min([cap for cap in caps if cap is not None], default=None)


def _may_hold(condition: Condition, facts: Facts, prices: Prices, free: Prices) -> bool:
    """Whether it can hold at these prices or any lower ones.

    A condition that nests no other changes its mind at most once while prices go down (`Condition.holds`), so that
    its answers at both ends tell.
    """
    if isinstance(condition, Not):
        return not _must_hold(condition.condition, facts, prices, free)
    if isinstance(condition, All):
        return all([_may_hold(c, facts, prices, free) for c in condition.conditions])
    if isinstance(condition, Any):
        return any([_may_hold(c, facts, prices, free) for c in condition.conditions])
    return condition.holds(facts, prices) or condition.holds(facts, free)


def _must_hold(condition: Condition, facts: Facts, prices: Prices, free: Prices) -> bool:
    """Whether it holds at these prices and all lower ones."""
    if isinstance(condition, Not):
        return not _may_hold(condition.condition, facts, prices, free)
    if isinstance(condition, All):
        return all([_must_hold(c, facts, prices, free) for c in condition.conditions])
    if isinstance(condition, Any):
        return any([_must_hold(c, facts, prices, free) for c in condition.conditions])
    return condition.holds(facts, prices) and condition.holds(facts, free)
