"""The most that a promotion can take from one order, where its terms bound it."""

from __future__ import annotations

from collections.abc import Iterable

from youhui.engine import Promotion
from youhui.engine.actions.amount_off import AmountOff
from youhui.engine.actions.base import Action
from youhui.engine.actions.buy_x_get_y import BuyXGetY
from youhui.engine.actions.fixed_price import FixedPrice
from youhui.engine.actions.gift import Gift
from youhui.engine.actions.percent_off import PercentOff
from youhui.engine.actions.tiered import Tiered
from youhui.engine.selectors import Selector


def most_per_order(promotion: Promotion) -> int | None:
    """In minor units; None: its terms set no bound that is known here. Gifts cost nothing."""
    actions = _sum(most_taken(action) for action in promotion.actions)
    cap = None if promotion.order_cap is None else promotion.order_cap.amount
    known = [bound for bound in (actions, cap) if bound is not None]
    return min(known) if known else None


def most_taken(action: Action) -> int | None:
    """The most that one action takes, in minor units; None: not known."""
    match action:
        case PercentOff():
            known = [bound for bound in (action.max_amount, reachable(action)) if bound is not None]
            return min(known) if known else None
        case AmountOff():
            return _amount_off(action)
        case FixedPrice():
            return _fixed_price(action)
        case BuyXGetY():
            return _buy_x_get_y(action)
        case Tiered():
            return _tiered(action)
        case Gift():
            return 0
    return None


def reachable(action: PercentOff) -> int | None:
    """The most that the percentage gives without its max_amount, from the number and the prices of its units.

    Rounded up once for each unit: no rounding of any line's units together gives more.
    """
    price = _highest(action.selector)
    if action.target != "lines" or action.units is None or price is None:
        return None
    return action.units * action.percent.at_most_of(price)


def _amount_off(action: AmountOff) -> int | None:
    if action.target in ("each_line", "each_unit"):
        each = max(action.amount, action.additional_amount or 0)
        return None if action.units is None else action.units * each
    if action.per is None:
        return action.amount
    return None if action.per.max_times is None else action.amount * action.per.max_times


def _fixed_price(action: FixedPrice) -> int | None:
    price = _highest(action.selector)
    if price is None or action.units is None or action.target == "shipping":
        return None
    if action.target == "each_unit":
        return action.units * max(price - action.price, 0)
    if action.repeat is None:
        return None
    return action.repeat * max(action.units * price - action.price, 0)


def _buy_x_get_y(action: BuyXGetY) -> int | None:
    if action.repeat is None:
        return None
    units = action.repeat * action.get.quantity
    if action.get.percent is None:
        return units * (action.get.amount or 0)
    price = _highest(action.get.selector)
    return None if price is None else units * action.get.percent.at_most_of(price)


def _tiered(action: Tiered) -> int | None:
    """Of amounts that are taken once, the largest."""
    if action.target in ("each_line", "each_unit") or any(tier.amount is None for tier in action.tiers):
        return None
    return max(tier.amount or 0 for tier in action.tiers)


def _highest(selector: Selector | None) -> int | None:
    return None if selector is None else selector.unit_price_at_most


def _sum(bounds: Iterable[int | None]) -> int | None:
    total = 0
    for bound in bounds:
        if bound is None:
            return None
        total += bound
    return total
