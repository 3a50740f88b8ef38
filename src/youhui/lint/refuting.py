"""Proofs that literals can never hold together. Each rule answers with the literals that it is about.

The rules are listed in docs/lint.md; what none of them sees is taken to be possible.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from youhui.engine.attributes import AttributeTest
from youhui.engine.conditions.base import OneOf
from youhui.engine.conditions.channel import Channel
from youhui.engine.conditions.contains_only import ContainsOnly
from youhui.engine.conditions.country import Country
from youhui.engine.conditions.currency import Currency
from youhui.engine.conditions.customer_attribute import CustomerAttribute
from youhui.engine.conditions.customer_is import CustomerIs
from youhui.engine.conditions.logged_in import LoggedIn
from youhui.engine.conditions.payment_method import PaymentMethod
from youhui.engine.conditions.shipping_method import ShippingMethod
from youhui.engine.conditions.time_window import TimeWindow
from youhui.engine.selectors import Selector
from youhui.lint.branches import Branch, Literal
from youhui.lint.customers import ABOUT_CUSTOMER, attribute_values, needs_customer, orders_counts, orders_of
from youhui.lint.measures import bound_of, never_more
from youhui.lint.opening import never_in_a_week
from youhui.lint.selecting import disjoint, matches_nothing

ONE_VALUE = (CustomerIs, Channel, Country, Currency, PaymentMethod, ShippingMethod)
"""lists of which a cart has at most one value; of a customer's groups it has any number"""


def conflict(branch: Branch, currency: str) -> Branch | None:
    """Literals of the branch that no cart in this currency and no instant satisfies together; None: none is known."""
    for literal in branch:
        if _impossible(literal, currency):
            return (literal,)
    return next((found for rule in _RULES if (found := rule(branch)) is not None), None)


def _impossible(literal: Literal, currency: str) -> bool:
    condition, wanted = literal.condition, literal.wanted
    bound = bound_of(condition)
    if bound is not None:
        if wanted:
            return bound.least > 0 and bound.what != "total" and matches_nothing(bound.selector)
        return bound.least <= 0
    if isinstance(condition, Currency):
        return (currency in condition.any_of) is not wanted
    if not wanted:
        return False
    if isinstance(condition, OneOf):
        return not condition.any_of
    if isinstance(condition, ContainsOnly):
        return matches_nothing(condition.selector)
    if isinstance(condition, AttributeTest):
        return not attribute_values([condition])
    return isinstance(condition, TimeWindow) and condition.days == ()


def _both_ways(branch: Branch) -> Branch | None:
    """A condition that is to hold and not to hold."""
    refused = [literal for literal in branch if not literal.wanted]
    for literal in branch:
        if literal.wanted:
            for other in refused:
                if other.condition == literal.condition:
                    return (literal, other)
    return None


def _guest(branch: Branch) -> Branch | None:
    """A guest with conditions that only a customer meets."""
    guest = [one for one in branch if isinstance(one.condition, LoggedIn) and not one.wanted]
    known = [one for one in branch if isinstance(one.condition, ABOUT_CUSTOMER) and one.wanted]
    return (known[0], guest[0]) if guest and known else None


def _lists(branch: Branch) -> Branch | None:
    """No value is in every list (customer, channel …), or a customer's groups are all refused."""
    kinds: dict[type, list[Literal]] = defaultdict(list)
    for literal in branch:
        if isinstance(literal.condition, OneOf):
            kinds[type(literal.condition)].append(literal)
    for kind, literals in kinds.items():
        wanted = [_values(one) for one in literals if one.wanted]
        refused = {value for one in literals if not one.wanted for value in _values(one)}
        if kind in ONE_VALUE:
            dead = bool(wanted) and set.intersection(*wanted) <= refused
        else:
            dead = any(values <= refused for values in wanted)
        if dead:
            return tuple(literals)
    return None


def _values(literal: Literal) -> set[str]:
    return set(getattr(literal.condition, "any_of", ()))


def _orders(branch: Branch) -> Branch | None:
    """No number of earlier orders fits; to a guest only conditions that are to hold matter."""
    about = tuple(one for one in branch if orders_of(one.condition) is not None)
    if not about or not needs_customer(branch):
        return None
    return None if any(True for _ in orders_counts(about)) else about


def _attributes(branch: Branch) -> Branch | None:
    """No value of an attribute of the customer passes every test."""
    tests: dict[str, list[Literal]] = defaultdict(list)
    for literal in branch:
        if isinstance(literal.condition, CustomerAttribute) and literal.wanted:
            tests[literal.condition.name].append(literal)
    for literals in tests.values():
        if not attribute_values(
            [one.condition for one in literals if isinstance(one.condition, AttributeTest)]
        ):
            return tuple(literals)
    return None


def _thresholds(branch: Branch) -> Branch | None:
    """At least so much of some lines, and less than that of lines among which they all are."""
    bounds = [(one, bound) for one in branch if (bound := bound_of(one.condition)) is not None]
    for one, low in bounds:
        for other, high in bounds:
            if one.wanted and not other.wanted and low.least >= high.least and never_more(low, high):
                return (one, other)
    return None


def _only(branch: Branch) -> Branch | None:
    """Only certain lines, and something of lines that these cannot be."""
    only = [
        (one, one.condition.selector)
        for one in branch
        if isinstance(one.condition, ContainsOnly) and one.wanted
    ]
    for one, allowed in only:
        for other, selector in [*only, *_required(branch)]:
            if other is not one and disjoint(allowed, selector):
                return (one, other)
    return None


def _required(branch: Branch) -> list[tuple[Literal, Selector | None]]:
    bounds = [(one, bound_of(one.condition)) for one in branch if one.wanted]
    return [
        (one, bound.selector) for one, bound in bounds if bound and bound.least > 0 and bound.what != "total"
    ]


def _times(branch: Branch) -> Branch | None:
    """Time windows of one zone that share no minute of the week."""
    windows = tuple(one for one in branch if isinstance(one.condition, TimeWindow))
    return windows if windows and never_in_a_week(windows) else None


_RULES: Sequence[Callable[[Branch], Branch | None]] = (
    _both_ways, _guest, _lists, _orders, _attributes, _thresholds, _only, _times,
)  # fmt: skip
