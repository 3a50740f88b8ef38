"""What a cart must have for a promotion to give anything, as conditions that follow from its actions."""

from __future__ import annotations

from dataclasses import replace

from youhui.engine.actions.amount_off import AmountOff
from youhui.engine.actions.base import Action, LineKeys
from youhui.engine.actions.buy_x_get_y import BuyXGetY, Get
from youhui.engine.actions.cheapest_off import CheapestOff
from youhui.engine.actions.fixed_price import FixedPrice
from youhui.engine.actions.gift import Gift
from youhui.engine.actions.percent_off import PercentOff
from youhui.engine.actions.tiered import Tier, Tiered
from youhui.engine.conditions.all_ import All
from youhui.engine.conditions.any_ import Any
from youhui.engine.conditions.base import Condition
from youhui.engine.conditions.quantity_at_least import QuantityAtLeast
from youhui.engine.conditions.subtotal_at_least import SubtotalAtLeast
from youhui.engine.money import Percent
from youhui.engine.promotion import Promotion
from youhui.engine.selectors import Selector
from youhui.lint.branches import Branch, branches

Needed = tuple[Condition, ...]


def ways(promotion: Promotion) -> list[Branch]:
    """The ways in which its conditions hold and one of its actions may give something; an empty list: none.

    Necessary, not sufficient: rounding, floors and earlier promotions may still leave nothing. Raises TooMany.
    """
    capped = _capped_to_nothing(promotion)
    actions = [action for action in promotion.actions if isinstance(action, Gift) or not capped]
    needed = [found for action in actions if (found := needs(action)) is not None]
    return branches([*promotion.conditions, Any(tuple(All(found) for found in needed))])


def needs(action: Action) -> Needed | None:
    """What must hold for an action to give anything, None if it never gives anything (0 %, an amount of 0).

    An action of a kind that is not built in needs nothing that is known here.
    """
    match action:
        case PercentOff():
            idle = zero(action.percent) or action.max_amount == 0
            return None if idle else _of_target(action, action.target)
        case AmountOff():
            return None if not (action.amount or action.additional_amount) else _amount_off(action)
        case FixedPrice():
            return _fixed_price(action)
        case BuyXGetY():
            return None if _gives_nothing(action.get) else _buy_x_get_y(action)
        case CheapestOff():
            return None if zero(action.percent) else (_units(action.per, action.selector),)
        case Tiered():
            return _tiered(action)
        case Gift():
            return () if action.per is None else (_units(action.per.quantity, action.per.selector),)
    return ()


def zero(percent: Percent) -> bool:
    """Whether it is 0 %."""
    return percent.numerator == 0


def _gives_nothing(part: Get | Tier) -> bool:
    return not part.amount if part.percent is None else zero(part.percent)


def _units(quantity: int, selector: Selector | None) -> Condition:
    return QuantityAtLeast(quantity, selector)


def _of_target(action: LineKeys, target: str) -> Needed:
    if target in ("shipping", "order_and_shipping"):
        return ()
    return (_units(action.group_size or 1, action.selector),)


def _amount_off(action: AmountOff) -> Needed:
    found = _of_target(action, action.target)
    if action.per is not None:
        found += (SubtotalAtLeast(action.per.subtotal, action.selector),)
    if action.target == "each_unit" and not action.amount:
        found += (_units(2, action.selector),)
    return found


def _fixed_price(action: FixedPrice) -> Needed | None:
    if action.target == "shipping":
        return ()
    if action.target == "bundle":
        high = None if action.selector is None else action.selector.unit_price_at_most
        if high is not None and action.units is not None and high * action.units <= action.price:
            return None
        return (
            _units(action.units or 1, action.selector),
            SubtotalAtLeast(action.price + 1, action.selector),
        )
    selector = action.selector or Selector()
    low = max(action.price + 1, selector.unit_price_at_least or 0)
    return (*_of_target(action, action.target), _units(1, replace(selector, unit_price_at_least=low)))


def _buy_x_get_y(action: BuyXGetY) -> Needed:
    buy, get = action.buy, action.get
    found: Needed = (_units(buy.quantity, buy.selector), _units(get.quantity, get.selector))
    if buy.selector == get.selector:
        found = (_units(buy.quantity + get.quantity, buy.selector),)
    return found


def _tiered(action: Tiered) -> Needed | None:
    levels = [tier.at_least for tier in action.tiers if not _gives_nothing(tier)]
    if not levels:
        return None
    least = min(levels)
    found: Needed = ()
    if action.target not in ("shipping", "order_and_shipping", "order"):
        found += (_units(1, action.selector),)
    elif action.target == "order":
        found += (_units(1, None),)
    if action.by == "quantity":
        return found if least == 0 else (*found, _units(least, action.selector))
    return (*found, SubtotalAtLeast(least, action.selector))


def _capped_to_nothing(promotion: Promotion) -> bool:
    cap = promotion.order_cap
    return cap is not None and (cap.amount == 0 or (cap.percent is not None and zero(cap.percent)))
