"""Conditions on a measured number, put in one form, and which of two measures is never the larger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from youhui.engine.conditions.base import Condition
from youhui.engine.conditions.contains import Contains
from youhui.engine.conditions.distinct_at_least import DistinctAtLeast
from youhui.engine.conditions.quantity_at_least import QuantityAtLeast
from youhui.engine.conditions.subtotal_at_least import SubtotalAtLeast
from youhui.engine.conditions.subtotal_more_than import SubtotalMoreThan
from youhui.engine.conditions.total_at_least import TotalAtLeast
from youhui.engine.selectors import Selector
from youhui.lint.selecting import narrower

Measured = Literal["money", "total", "units", "products"]

_NEVER_MORE: frozenset[tuple[Measured, Measured]] = frozenset(
    {
        ("money", "money"), ("money", "total"), ("total", "total"),
        ("units", "units"), ("products", "units"), ("products", "products"),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bound:
    """At least `least` (minor units, units or products) of the matching lines; `total`: of all lines and shipping.

    `running`: measured on what earlier promotions left.
    """

    what: Measured
    least: int
    selector: Selector | None = None
    running: bool = False


def bound_of(condition: Condition) -> Bound | None:
    """The bound that a condition sets; None for one that measures nothing known here."""
    match condition:
        case SubtotalAtLeast() | SubtotalMoreThan():
            return Bound("money", condition.threshold, condition.selector, condition.of == "running")
        case TotalAtLeast():
            return Bound("total", condition.amount, None, condition.of == "running")
        case QuantityAtLeast() | Contains():
            return Bound("units", condition.quantity, condition.selector)
        case DistinctAtLeast():
            return Bound("products", condition.quantity, condition.selector)
    return None


def never_more(one: Bound, other: Bound) -> bool:
    """Whether what `one` measures is in no cart more than what `other` measures.

    What is left of a price is never more than the price; the other way round nothing is known.
    """
    return (
        (one.what, other.what) in _NEVER_MORE
        and (one.running or not other.running)
        and (other.what == "total" or narrower(one.selector, other.selector))
    )
