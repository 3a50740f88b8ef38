"""Coupons of one template share its limits: what the last of several in a cart is told that the others take. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from youhui.checkout.orders.limits import scopes_of
from youhui.checkout.orders.model import NOTHING, Vector
from youhui.checkout.ports import Wallet
from youhui.engine import Promotion, Quote, Usage, Used


class Shared(Usage):
    """What pricing is told, but of some promotions this."""

    __slots__ = ("_below", "_these")
    __setattr__ = object.__setattr__

    def __init__(self, below: Usage, these: Mapping[str, Used]) -> None:
        super().__init__()
        self._below = below
        self._these = these

    def of(self, promotion: str) -> Used:
        """What was used of this promotion."""
        return self._these.get(promotion) or self._below.of(promotion)


def beyond_what_is_left(quote: Quote, wallet: Wallet, usage: Usage) -> dict[str, Used]:
    """The coupons that take more than those applied before them leave of what they share, by the ids of their
    promotions: each with what is used of it if these are counted. An order could not take all of them.
    """
    taken: dict[str, Vector] = {}
    beyond = {}
    for applied in quote.applied:
        rule = wallet.get(applied.promotion)
        if rule is None or not scopes_of(rule.limits):
            continue
        before, own = taken.get(rule.limits.id, NOTHING), usage.of(applied.promotion)
        used = replace(own, used=own.used + before.uses, budget=own.budget + before.amount)
        if _has_room(rule.limits, used, applied.amount):
            taken[rule.limits.id] = before.plus(Vector(1, applied.amount, 0))
        else:
            beyond[applied.promotion] = used
    return beyond


def _has_room(limits: Promotion, used: Used, amount: int) -> bool:
    uses, budget = limits.usage_limit, limits.budget
    return (uses is None or used.used < uses) and (budget is None or used.budget + amount <= budget)
