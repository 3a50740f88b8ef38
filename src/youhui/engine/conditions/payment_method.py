"""Certain payment methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.conditions.base import OneOf
from youhui.engine.prices import Facts


@dataclass(frozen=True, slots=True)
class PaymentMethod(OneOf):
    """The payment method of the order is in the list."""

    kind: ClassVar[str] = "payment_method"
    family: ClassVar[str] = "payment_method"

    def values(self, facts: Facts) -> tuple[str, ...]:
        """The payment method, if it is known."""
        value = facts.cart.context.payment_method
        return () if value is None else (value,)
