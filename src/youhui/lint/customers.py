"""What conditions say of the customer: who must be one, after how many orders, with which attribute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from youhui.engine.attributes import AttributeTest
from youhui.engine.conditions.base import Condition
from youhui.engine.conditions.customer_attribute import CustomerAttribute
from youhui.engine.conditions.customer_group import CustomerGroup
from youhui.engine.conditions.customer_is import CustomerIs
from youhui.engine.conditions.first_order import FirstOrder
from youhui.engine.conditions.logged_in import LoggedIn
from youhui.engine.conditions.nth_order import NthOrder
from youhui.engine.conditions.orders_at_least import OrdersAtLeast
from youhui.engine.facts import Attribute
from youhui.lint.branches import Branch

ABOUT_CUSTOMER = (
    LoggedIn, CustomerIs, CustomerGroup, CustomerAttribute, FirstOrder, NthOrder, OrdersAtLeast,
)  # fmt: skip
"""conditions that fail for a guest"""

_LONG_AGO = "1900-01-01"
_EARLIEST = "0000-00-00"
"""sorts before every date, and is shaped like one"""


@dataclass(frozen=True, slots=True)
class Orders:
    """How many orders were placed before: from `least` to `most` (None: any number), both included."""

    least: int
    most: int | None = None


def orders_of(condition: Condition) -> Orders | None:
    """The numbers of earlier orders with which a condition holds; None for a condition on something else."""
    match condition:
        case FirstOrder():
            return Orders(0, 0)
        case NthOrder():
            return Orders(condition.n - 1, condition.n - 1)
        case OrdersAtLeast():
            return Orders(condition.n)
    return None


def needs_customer(branch: Branch) -> bool:
    """Whether the branch fails for a guest."""
    return any(literal.wanted and isinstance(literal.condition, ABOUT_CUSTOMER) for literal in branch)


def orders_counts(branch: Branch) -> Iterator[int]:
    """Numbers of earlier orders with which the branch may hold, the least first; nothing if no number will do."""
    all_orders = [orders for literal in branch if (orders := orders_of(literal.condition)) is not None]
    # A condition changes its answer only at these numbers, so one of them will do if any does.
    tried = {
        0,
        *(orders.least for orders in all_orders),
        *(orders.most + 1 for orders in all_orders if orders.most is not None),
    }
    yield from (n for n in sorted(tried) if all(_holds(branch, n)))


def _holds(branch: Branch, count: int) -> Iterator[bool]:
    for literal in branch:
        orders = orders_of(literal.condition)
        if orders is not None:
            inside = orders.least <= count and (orders.most is None or count <= orders.most)
            yield inside is literal.wanted


def attribute_values(tests: Sequence[AttributeTest]) -> list[Attribute]:
    """Values of one attribute that pass all of these tests; an empty list: no value does.

    The ends of the ranges and the listed words are enough to try: if any value passes, one of these does.
    """
    tried: list[Attribute] = []
    for test in tests:
        tried += test.any_of or ()
        tried += [bound for bound in (test.at_least, test.at_most) if bound is not None]
        tried += [] if test.is_ is None else [test.is_]
        tried += [] if test.from_ is None else [test.from_]
        tried += [] if test.until is None else [_LONG_AGO, _EARLIEST]
    return [value for value in tried if all(test.passes(value) for test in tests)]
