"""Certain currencies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.conditions.base import OneOf
from youhui.engine.prices import Facts


@dataclass(frozen=True, slots=True)
class Currency(OneOf):
    """The currency of the order is in the list."""

    kind: ClassVar[str] = "currency"
    family: ClassVar[str] = "currency"

    def values(self, facts: Facts) -> tuple[str, ...]:
        """The cart's currency."""
        return (facts.cart.currency,)
