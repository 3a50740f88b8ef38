"""Returning customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.conditions.base import Condition
from youhui.engine.forms import Count
from youhui.engine.prices import Facts, Gap, Prices


@dataclass(frozen=True, slots=True)
class OrdersAtLeast(Condition):
    """The customer has placed at least `n` orders before. A guest's orders are not known."""

    kind: ClassVar[str] = "orders_at_least"
    reads: ClassVar[frozenset[str]] = frozenset({"orders_count"})

    n: Count

    def holds(self, facts: Facts, prices: Prices) -> bool:
        """Whether the customer is known and the number of orders is right."""
        customer = facts.cart.customer
        return customer is not None and customer.orders_count >= self.n

    def gap(self, facts: Facts, prices: Prices) -> Gap:
        """The number of orders before this one, needed and actual."""
        customer = facts.cart.customer
        return Gap(self.kind, self.n, None if customer is None else customer.orders_count, "orders")
