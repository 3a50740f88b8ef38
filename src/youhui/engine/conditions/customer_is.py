"""Certain customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.conditions.base import OneOf
from youhui.engine.prices import Facts


@dataclass(frozen=True, slots=True)
class CustomerIs(OneOf):
    """The customer's id is in the list."""

    kind: ClassVar[str] = "customer_is"
    family: ClassVar[str] = "customer"
    reads: ClassVar[frozenset[str]] = frozenset({"id"})

    def values(self, facts: Facts) -> tuple[str, ...]:
        """The customer's id."""
        customer = facts.cart.customer
        return () if customer is None else (customer.id,)
