"""Proofs about what two promotions give: that one surely gives something where the other does, or never gives less.

All of them compare the winner at its turn with the loser at a later turn: prices are then the same or lower.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from youhui.engine import Promotion
from youhui.engine.actions.amount_off import AmountOff
from youhui.engine.actions.base import Action, LineKeys
from youhui.engine.actions.buy_x_get_y import BuyXGetY
from youhui.engine.actions.cheapest_off import CheapestOff
from youhui.engine.actions.fixed_price import FixedPrice
from youhui.engine.actions.free_shipping import FreeShipping
from youhui.engine.actions.gift import Gift
from youhui.engine.actions.percent_off import PercentOff
from youhui.engine.actions.tiered import Tier, Tiered
from youhui.engine.money import Percent
from youhui.engine.selectors import Selector
from youhui.lint.selecting import narrower

_OF_ALL_LINES = ("order", "across_lines", "each_line", "each_unit", "lines")


def surely_gives(winner: Promotion, loser: Promotion) -> bool:
    """Whether the winner gives something at its turn wherever the loser would give something at a later one.

    Its conditions are taken to hold and nothing to exclude it.
    """
    if not plain(winner):
        return False
    if never_less(winner, loser):
        return True
    reached = reached_by(loser) if takes_lines_only(loser) else None
    return any(_always(action, reached, winner) for action in winner.actions)


def plain(promotion: Promotion) -> bool:
    """Whether no cap, tag or earlier discount can keep its actions from lines that they are about."""
    return not (
        promotion.order_cap is not None
        or promotion.skip_discounted_lines
        or promotion.skip_lines_of_tags
        or promotion.tags
        or promotion.excludes_tags
    )


def reached_by(promotion: Promotion) -> list[Selector | None]:
    """Selectors that together mean the lines that its actions may take something from."""
    return [selector for action in promotion.actions for selector in _reach(action)]


def takes_lines_only(promotion: Promotion) -> bool:
    """Whether all that it may give is taken from lines: no gift, nothing of shipping, no kind that is not built in."""
    return all(
        _reach(action) and getattr(action, "target", "") != "order_and_shipping"
        for action in promotion.actions
    )


def _reach(action: Action) -> tuple[Selector | None, ...]:
    match action:
        case BuyXGetY():
            return (action.get.selector,)
        case Tiered() | PercentOff() | AmountOff() | FixedPrice():
            if action.target == "shipping":
                return ()
            # An order target takes from all lines, whatever a selector counts.
            return (None if action.target in ("order", "order_and_shipping") else action.selector,)
        case CheapestOff():
            return (action.selector,)
    return ()


def _always(action: Action, reached: Sequence[Selector | None] | None, winner: Promotion) -> bool:
    """A gift for nothing; or a fixed amount, or half and more, off lines among which is one with something left."""
    if isinstance(action, Gift):
        return action.per is None
    if reached is None or not isinstance(action, AmountOff | PercentOff) or _narrowed(action):
        return False
    if action.target not in _OF_ALL_LINES or not all(narrower(one, action.selector) for one in reached):
        return False
    if isinstance(action, AmountOff):
        return action.per is None and action.amount > 0
    least = 0 if action.max_amount == 0 else action.percent.of(1, winner.rounding, winner.round_on)
    return least > 0


def never_less(winner: Promotion, loser: Promotion) -> bool:
    """Whether the winner takes at least what the loser takes, on the same cart and on one with higher prices.

    Both do one thing, computed and rounded in the same way.
    """
    same_way = (winner.base, winner.rounding, winner.round_on) == (loser.base, loser.rounding, loser.round_on)
    if not (plain(winner) and same_way and len(winner.actions) == len(loser.actions) == 1):
        return False
    return _never_less(winner.actions[0], loser.actions[0])


def _never_less(mine: Action, other: Action) -> bool:
    if isinstance(mine, FreeShipping):
        return isinstance(other, FreeShipping) or getattr(other, "target", "") == "shipping"
    if isinstance(mine, Gift) and isinstance(other, Gift):
        worth, less = mine.quantity * mine.value, other.quantity * other.value
        return mine.per == other.per and worth >= less
    if type(mine) is not type(other) or getattr(mine, "target", "") != getattr(other, "target", ""):
        return False
    if not _same_units(mine, other):
        return False
    match mine, other:
        case PercentOff(), PercentOff():
            return (
                mine.round_per == other.round_per
                and _percent_at_least(mine.percent, other.percent)
                and _no_lower(mine.max_amount, other.max_amount)
            )
        case AmountOff(), AmountOff():
            return mine.per == other.per and mine.amount >= other.amount and _more(mine) >= _more(other)
        case FixedPrice(), FixedPrice():
            return mine.target != "bundle" and mine.price <= other.price
        case Tiered(), Tiered():
            return _tiers_never_less(mine, other)
    return False


def _same_units(mine: Action, other: Action) -> bool:
    if not (isinstance(mine, LineKeys) and isinstance(other, LineKeys)):
        return True
    return mine.selector == other.selector and not _narrowed(mine) and not _narrowed(other)


def _narrowed(keys: LineKeys) -> bool:
    """Which units it affects depends on the prices left: then more left may mean less taken."""
    return keys.group_size is not None or keys.units_per_line is not None or keys.units is not None


def _more(action: AmountOff) -> int:
    return action.amount if action.additional_amount is None else action.additional_amount


def _no_lower(mine: int | None, other: int | None) -> bool:
    return mine is None or (other is not None and mine >= other)


def _percent_at_least(mine: Percent, other: Percent) -> bool:
    return mine.numerator * other.denominator >= other.numerator * mine.denominator


def _tiers_never_less(mine: Tiered, other: Tiered) -> bool:
    """The same levels, each worth at least as much, and no higher level worth less than a lower one."""
    if (mine.by, mine.of, mine.selector, mine.spread) != (other.by, other.of, other.selector, other.spread):
        return False
    tiers, others = _sorted(mine), _sorted(other)
    return (
        [tier.at_least for tier in tiers] == [tier.at_least for tier in others]
        and all(_tier_at_least(one, two) for one, two in zip(tiers, others, strict=True))
        and all(_tier_at_least(high, low) for low, high in pairwise(tiers))
    )


def _sorted(action: Tiered) -> list[Tier]:
    return sorted(action.tiers, key=lambda tier: tier.at_least)


def _tier_at_least(one: Tier, two: Tier) -> bool:
    if one.percent is not None and two.percent is not None:
        return _percent_at_least(one.percent, two.percent)
    if one.amount is not None and two.amount is not None:
        return one.amount >= two.amount
    return False
