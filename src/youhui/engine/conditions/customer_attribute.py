"""A typed attribute of the customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.attributes import AttributeTest
from youhui.engine.conditions.base import Condition
from youhui.engine.prices import Facts, Gap, Prices


@dataclass(frozen=True, slots=True)
class CustomerAttribute(AttributeTest, Condition):
    """The customer's attribute `name` passes the test; a guest has none."""

    kind: ClassVar[str] = "customer_attribute"
    reads: ClassVar[frozenset[str]] = frozenset({"attributes"})

    def holds(self, facts: Facts, prices: Prices) -> bool:
        """Whether the customer is known and has such a value."""
        customer = facts.cart.customer
        return customer is not None and self.passes(customer.attributes.get(self.name))

    def gap(self, facts: Facts, prices: Prices) -> Gap:
        """The test, and the customer's value."""
        customer = facts.cart.customer
        value = None if customer is None else customer.attributes.get(self.name)
        return Gap(self.kind, self.wanted, None if value is None else str(value))
