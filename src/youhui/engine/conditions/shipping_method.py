"""Certain shipping methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.conditions.base import OneOf
from youhui.engine.prices import Facts


@dataclass(frozen=True, slots=True)
class ShippingMethod(OneOf):
    """The shipping method of the order is in the list."""

    kind: ClassVar[str] = "shipping_method"
    family: ClassVar[str] = "shipping_method"

    def values(self, facts: Facts) -> tuple[str, ...]:
        """The shipping method, if it is known."""
        shipping = facts.cart.shipping
        return () if shipping is None or shipping.method is None else (shipping.method,)
