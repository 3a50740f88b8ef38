"""Builds a cart and an instant at which promotions apply, from what their conditions and actions ask for.

A heuristic, and honest about it: what it builds is priced before it is used, and where it finds nothing it says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, product

from youhui.engine import Cart, Context, Customer, Promotion, Ruleset, Shipping
from youhui.engine.actions.fixed_price import FixedPrice
from youhui.engine.actions.free_shipping import FreeShipping
from youhui.engine.conditions.base import OneOf
from youhui.engine.conditions.channel import Channel
from youhui.engine.conditions.country import Country
from youhui.engine.conditions.customer_attribute import CustomerAttribute
from youhui.engine.conditions.customer_group import CustomerGroup
from youhui.engine.conditions.customer_is import CustomerIs
from youhui.engine.conditions.payment_method import PaymentMethod
from youhui.engine.conditions.shipping_method import ShippingMethod
from youhui.engine.facts import Attribute
from youhui.lint.branches import Branch
from youhui.lint.customers import attribute_values, needs_customer, orders_counts
from youhui.lint.opening import opening, span_of
from youhui.lint.stock import lines_for

MOST_JOINED = 16
"""of the branches of several promotions together, so many are tried"""
SHIPPING_PRICE = 1000
"""minor units"""


@dataclass(frozen=True, slots=True)
class Scene:
    """A cart and the instant at which it is priced."""

    cart: Cart
    at: datetime


def applying(promotion: Promotion, in_ways: Sequence[Branch], currency: str) -> Scene | None:
    """A scene in which the promotion, alone in its ruleset, is applied in one of these ways; None: none was found."""
    alone = Ruleset((promotion,))
    for scene in scenes((promotion,), (in_ways,), currency):
        if alone.price(scene.cart, at=scene.at).applied:
            return scene
    return None


def scenes(
    promotions: Sequence[Promotion], in_ways: Iterable[Sequence[Branch]], currency: str, times: int = 1
) -> Iterator[Scene]:
    """Scenes that ought to meet the conditions of all of these and give their actions something to act on.

    `in_ways`: the ways of each (needs.ways). Quantities and prices lie just at the thresholds; `times`: prices so many
    times as high. Not priced yet.
    """
    for choice in islice(product(*in_ways), MOST_JOINED):
        branch = tuple(literal for part in choice for literal in part)
        scene = _scene(promotions, branch, currency, times)
        if scene is not None:
            yield scene


def _scene(promotions: Sequence[Promotion], branch: Branch, currency: str, times: int) -> Scene | None:
    at = opening(branch, span_of(promotions)).at
    lines = lines_for(branch, times)
    if at is None or lines is None:
        return None
    codes = tuple(dict.fromkeys(p.code for p in promotions if p.code is not None))
    cart = Cart(currency, lines, _customer(branch), _shipping(promotions, branch), codes, _context(branch))
    return Scene(cart, at)


def _customer(branch: Branch) -> Customer | None:
    """The customer that the conditions ask for; a guest where they ask for none, to whom every refusal is kind."""
    if not needs_customer(branch):
        return None
    name = _value(branch, CustomerIs) or "customer-1"
    return Customer(name, _groups(branch), next(orders_counts(branch), 0), _attributes(branch))


def _groups(branch: Branch) -> tuple[str, ...]:
    asked = [one for one in branch if isinstance(one.condition, CustomerGroup)]
    refused = {group for one in asked if not one.wanted for group in _any_of(one.condition)}
    chosen = [
        next((group for group in _any_of(one.condition) if group not in refused), None)
        for one in asked if one.wanted
    ]  # fmt: skip
    return tuple(dict.fromkeys(group for group in chosen if group is not None))


def _attributes(branch: Branch) -> dict[str, Attribute]:
    tests = [one for one in branch if isinstance(one.condition, CustomerAttribute)]
    found: dict[str, Attribute] = {}
    for one in tests:
        assert isinstance(one.condition, CustomerAttribute)
        name = one.condition.name
        same_name = [
            (other.condition, other.wanted) for other in tests
            if isinstance(other.condition, CustomerAttribute) and other.condition.name == name
        ]  # fmt: skip
        values = attribute_values([test for test, wanted in same_name if wanted])
        refused = [test for test, wanted in same_name if not wanted]
        fitting = [value for value in values if not any(test.passes(value) for test in refused)]
        found |= {name: fitting[0]} if fitting else {}
    return found


def _context(branch: Branch) -> Context:
    return Context(_value(branch, Channel), _value(branch, Country), _value(branch, PaymentMethod))


def _shipping(promotions: Sequence[Promotion], branch: Branch) -> Shipping | None:
    """Priced shipping where a promotion is about it or a method is asked for, else none."""
    actions = [action for promotion in promotions for action in promotion.actions]
    about = [
        action for action in actions
        if isinstance(action, FreeShipping) or "shipping" in getattr(action, "target", "")
    ]  # fmt: skip
    method = _value(branch, ShippingMethod)
    if not about and method is None:
        return None
    fixed = max([action.price for action in about if isinstance(action, FixedPrice)], default=0)
    return Shipping(SHIPPING_PRICE + fixed, method)


def _value(branch: Branch, kind: type[OneOf]) -> str | None:
    """A value in all lists of this kind that are to hold and in none that is not; None: none is asked for."""
    asked = [one for one in branch if isinstance(one.condition, kind)]
    wanted = [_any_of(one.condition) for one in asked if one.wanted]
    refused = {value for one in asked if not one.wanted for value in _any_of(one.condition)}
    if not wanted:
        return None
    return next((v for v in wanted[0] if v not in refused and all(v in other for other in wanted)), None)


def _any_of(condition: object) -> tuple[str, ...]:
    return condition.any_of if isinstance(condition, OneOf) else ()
