"""From terms to what the engine prices by, and from validity to instants. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from youhui.checkout.orders.windows import period_at
from youhui.checkout.ports import CouponRule
from youhui.coupons.model import PREFIX, TEMPLATE_PREFIX, Template, Terms
from youhui.engine import Promotion, Registry
from youhui.engine.actions.amount_off import AmountOff
from youhui.engine.actions.base import Action
from youhui.engine.actions.free_shipping import FreeShipping
from youhui.engine.actions.gift import Gift
from youhui.engine.actions.percent_off import PercentOff
from youhui.engine.conditions.base import Condition
from youhui.engine.conditions.quantity_at_least import QuantityAtLeast
from youhui.engine.conditions.subtotal_at_least import SubtotalAtLeast
from youhui.engine.forms import zone_of
from youhui.engine.money import Percent
from youhui.engine.prices import microseconds
from youhui.engine.promotion import Stacking
from youhui.engine.reading import Reader
from youhui.engine.selectors import Selector

TAG = "coupon"
"""of all coupons: what promotions and coupons say that they do not go with"""
COMBINING = "coupon-combining"
"""of those that go with coupons of other templates"""
GROUP = "coupons"
"""of those that go with no other coupon: the best of them is applied"""
_BITS = 32
_ALL = 10_000
"""hundredths of a percent"""


def promotion_of(
    terms: Terms, template_id: int, currency: str, registry: Registry, name: str | None = None
) -> Promotion:
    """The promotion that each coupon of these terms is in a quote; `rule_of` gives it its id and window.

    Raises InvalidDocument if a scope or condition is wrong, or of a kind that is not installed.
    """
    selector, further = read_documents(terms, currency, registry)
    together = _together(terms, template_id)
    return Promotion(
        id=f"{PREFIX}0",
        name=name,
        priority=terms.priority,
        lane="coupon",
        stacking=together.stacking,
        group=GROUP if together.stacking == "best_in_group" else None,
        tags=together.tags,
        excludes_tags=(*together.excludes_tags, *terms.excludes_tags),
        skip_lines_of_tags=terms.skip_lines_of_tags,
        timezone=terms.time_zone,
        give_back=terms.give_back,
        conditions=(*_thresholds(terms, selector), *further),
        actions=(_action(terms, selector),),
    )


def read_documents(
    terms: Terms, currency: str, registry: Registry
) -> tuple[Selector | None, tuple[Condition, ...]]:
    """The scope and the further conditions. Raises InvalidDocument, with the paths "scope…" and "conditions[0]…"."""
    reader = Reader(registry, currency)
    selector = None if terms.scope is None else reader.build("scope", terms.scope, Selector)
    conditions = tuple(
        [
            reader.kind(f"conditions[{i}]", document, registry.conditions, "condition")
            for i, document in enumerate(terms.conditions)
        ]
    )
    reader.done()
    return selector, conditions


def _thresholds(terms: Terms, selector: Selector | None) -> list[Condition]:
    """With a scope at least one unit must be in it: a gift or free shipping would not ask for one by itself."""
    found: list[Condition] = []
    if terms.min_amount:
        found.append(SubtotalAtLeast(terms.min_amount, selector, terms.threshold_of))
    units = terms.min_quantity or (0 if selector is None else 1)
    if units:
        found.append(QuantityAtLeast(units, selector))
    return found


def _action(terms: Terms, selector: Selector | None) -> Action:
    if terms.type == "gift":
        assert terms.gift is not None
        return Gift(sku=terms.gift.sku, quantity=terms.gift.quantity, value=terms.gift.value)
    if terms.type == "shipping":
        return FreeShipping() if terms.amount is None else AmountOff(amount=terms.amount, target="shipping")
    if terms.percent_paid is not None:
        off = _percent_off(terms.percent_paid)
        if selector is None:
            return PercentOff(percent=off, target="order", max_amount=terms.max_discount)
        return PercentOff(percent=off, target="lines", selector=selector, max_amount=terms.max_discount)
    assert terms.amount is not None
    if selector is None:
        return AmountOff(amount=terms.amount, target="order")
    return AmountOff(amount=terms.amount, target="across_lines", selector=selector)


def _percent_off(paid: int) -> Percent:
    whole, hundredths = divmod(_ALL - paid, 100)
    return Percent.parse(f"{whole}.{hundredths:02d}")


# -- with what it goes together


class _Together(NamedTuple):
    stacking: Stacking
    tags: tuple[str, ...]
    excludes_tags: tuple[str, ...]


def _together(terms: Terms, template_id: int) -> _Together:
    """By tags, whichever of two says so; a promotion's own are not held against it, but against its like.

    One that goes only with its like must exclude all other templates by tags that its like does not have: each has one
    tag for every bit of its number, and excludes their opposites.
    """
    own = f"{TEMPLATE_PREFIX}{template_id}"
    stacking: Stacking = "combine" if terms.combines_with_promotions else "exclusive"
    if terms.combines_with_coupons:
        return _Together(stacking, (TAG, COMBINING, own), () if terms.several_per_order else (own,))
    if not terms.several_per_order:
        return _Together("best_in_group" if stacking == "combine" else stacking, (TAG, own), (TAG,))
    bits = [(i, template_id >> i & 1) for i in range(_BITS)]
    alike = [f"{TAG}-bit:{i}:{bit}" for i, bit in bits]
    opposites = [f"{TAG}-bit:{i}:{1 - bit}" for i, bit in bits]
    return _Together(stacking, (TAG, own, *alike), (COMBINING, *opposites))


# -- coupons and templates


def rule_of(
    coupon_id: int, promotion: Promotion, limits: Promotion, starts_at: datetime, ends_at: datetime
) -> CouponRule:
    """A coupon as it is priced: the promotion of its terms, with its own id and window and the shared limits."""
    mine = replace(
        promotion,
        id=f"{PREFIX}{coupon_id}",
        valid_from=microseconds(starts_at),
        valid_until=microseconds(ends_at),
        usage_limit=limits.usage_limit,
        budget=limits.budget,
    )
    return CouponRule(str(coupon_id), mine, limits)


def limits_of(template: Template) -> Promotion:
    """What all coupons of a template share: how often they may be used, and for how much money."""
    return Promotion(
        id=f"{TEMPLATE_PREFIX}{template.id}",
        name=template.name,
        lane="coupon",
        usage_limit=template.usage_limit,
        budget=template.budget,
        over_budget="skip",
        give_back=template.terms.give_back,
        actions=(FreeShipping(),),  # it is never priced, and must have one
    )


# -- time


def valid_for(terms: Terms, issued_at: datetime) -> tuple[datetime, datetime]:
    """When a coupon that is issued at an instant can be used, half-open; local days are those of the terms' zone."""
    validity = terms.validity
    if validity.days is None:
        assert validity.ends_at is not None
        return validity.starts_at or issued_at, validity.ends_at
    first = _local_day(terms, issued_at)
    if validity.begins == "issue":
        return issued_at, _begins(terms, first + timedelta(days=validity.days))
    first += timedelta(days=1)
    return _begins(terms, first), _begins(terms, first + timedelta(days=validity.days))


def claim_day(terms: Terms, at: datetime) -> str:
    """The local day that a claim at an instant counts in: "2026-11-22"."""
    return _local_day(terms, at).isoformat()


def _local_day(terms: Terms, at: datetime) -> date:
    return at.astimezone(zone_of(terms.time_zone)).date()


def _begins(terms: Terms, day: date) -> datetime:
    """The first instant of a day: it is found by its noon, which no change of clocks comes near."""
    noon = datetime.combine(day, time(12), zone_of(terms.time_zone))
    return period_at("day", terms.time_zone, noon).starts_at
