"""The limits of a promotion as counters: which there are, what an order takes from them, what pricing is told. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from youhui.checkout.orders.commands import Redemption
from youhui.checkout.orders.model import NOTHING, Claim, Key, Limits, Numbers, Vector
from youhui.checkout.orders.windows import period_at
from youhui.engine import Promotion, Used
from youhui.engine.promotion import Window
from youhui.engine.quote import Applied


class Scope(NamedTuple):
    """What one kind of counter of a promotion counts: of each customer or of all, always or in periods of a zone.

    `limits` is what the terms set there. Equal but for the limits, its counters are the same.
    """

    each_customer: bool
    window: Window
    timezone: str
    limits: Limits

    @property
    def counters(self) -> tuple[bool, Window, str]:
        """What decides which counters there are."""
        return self.each_customer, self.window, self.timezone


def scopes_of(promotion: Promotion) -> tuple[Scope, ...]:
    """The kinds of counters that its limits need; () if it has none."""
    p = promotion
    return _scopes(
        p.usage_limit, p.usage_window, p.usage_limit_per_customer, p.usage_window_per_customer,
        p.units_per_customer, p.budget, p.budget_window, p.stock, p.timezone,
    )  # fmt: skip


@lru_cache(4096)
def _scopes(
    usage: int | None,
    usage_window: Window,
    per_customer: int | None,
    window_per_customer: Window,
    units_per_customer: int | None,
    budget: int | None,
    budget_window: Window,
    stock: int | None,
    timezone: str,
) -> tuple[Scope, ...]:
    of_all: dict[Window, Limits] = {}
    if usage is not None:
        of_all[usage_window] = Limits(uses=usage)
    if budget is not None:
        of_all[budget_window] = of_all.get(budget_window, Limits())._replace(amount=budget)
    if stock is not None:
        of_all["always"] = of_all.get("always", Limits())._replace(units=stock)
    of_each: dict[Window, Limits] = {}
    if per_customer is not None:
        of_each[window_per_customer] = Limits(uses=per_customer)
    if units_per_customer is not None:
        of_each["always"] = of_each.get("always", Limits())._replace(units=units_per_customer)
    found = [_scope(False, window, timezone, limits) for window, limits in of_all.items()]
    found += [_scope(True, window, timezone, limits) for window, limits in of_each.items()]
    return tuple(found)


def _scope(each_customer: bool, window: Window, timezone: str, limits: Limits) -> Scope:
    return Scope(each_customer, window, "" if window == "always" else timezone, limits)


def claim_of(promotion: str, scope: Scope, customer: str | None, at: datetime) -> Claim:
    """The counter of a scope that an order at this instant takes from. A customer is needed if the scope is of each."""
    who = (customer or "") if scope.each_customer else ""
    if scope.window == "always":
        return Claim(Key(promotion, who), scope.limits)
    period = period_at(scope.window, scope.timezone, at)
    return Claim(Key(promotion, who, period.name), scope.limits, period.starts_at, period.ends_at)


def claims_of(promotion: Promotion, customer: str | None, at: datetime) -> tuple[Claim, ...]:
    """The counters that an order of a customer (None: a guest) takes from at an instant; () without limits.

    Nothing is counted for each guest: quotes and orders refuse a guest where there is a limit per customer.
    """
    return tuple(
        [
            claim_of(promotion.id, scope, customer, at)
            for scope in scopes_of(promotion)
            if customer is not None or not scope.each_customer
        ]
    )


def redemption_of(
    applied: Applied, promotion: Promotion, customer: str | None, at: datetime, coupon: str = ""
) -> Redemption:
    """What an order takes of a promotion that was applied: one use, its money, and the units that are counted.

    Of a `coupon` it is the promotion whose limits it shares.
    """
    moved = Vector(1, applied.amount, applied.counted_units)
    return Redemption(promotion.id, moved, claims_of(promotion, customer, at), coupon)


def used_of(
    promotion: Promotion, customer: str | None, at: datetime, numbers: Callable[[Key], Numbers | None]
) -> Used:
    """What pricing is told: for each limit what its counter has used and held; nothing of a counter without a row."""
    used = by_customer = units_by_customer = budget = 0
    left = None
    for claim in claims_of(promotion, customer, at):
        found = numbers(claim.key)
        taken = NOTHING if found is None else found.taken
        if claim.key.customer:
            by_customer = by_customer if claim.limits.uses is None else taken.uses
            units_by_customer = units_by_customer if claim.limits.units is None else taken.units
            continue
        used = used if claim.limits.uses is None else taken.uses
        budget = budget if claim.limits.amount is None else taken.amount
        left = left if claim.limits.units is None else max(claim.limits.units - taken.units, 0)
    return Used(used, by_customer, budget, left, units_by_customer)
