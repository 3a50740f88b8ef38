"""Customers of certain groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.conditions.base import OneOf
from youhui.engine.prices import Facts


@dataclass(frozen=True, slots=True)
class CustomerGroup(OneOf):
    """One of the customer's groups is in the list."""

    kind: ClassVar[str] = "customer_group"
    family: ClassVar[str] = "group"
    reads: ClassVar[frozenset[str]] = frozenset({"groups"})

    def values(self, facts: Facts) -> tuple[str, ...]:
        """The customer's groups."""
        customer = facts.cart.customer
        return () if customer is None else customer.groups
