"""The whole order, shipping and undiscountable lines included, is worth at least an amount."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.conditions.base import Threshold
from youhui.engine.forms import Amount, Base
from youhui.engine.prices import Facts, Prices


@dataclass(frozen=True, slots=True)
class TotalAtLeast(Threshold):
    """All lines, discountable or not, and shipping together are worth at least `amount`.

    `of`: `original` undiscounted, `running` what earlier promotions left.
    """

    kind: ClassVar[str] = "total_at_least"
    unit: ClassVar[str] = "money"

    amount: Amount
    of: Base = "original"

    @property
    def threshold(self) -> int:
        """The least total that is enough, in minor units."""
        return self.amount

    def measured(self, facts: Facts, prices: Prices) -> int:
        """The total, in minor units."""
        if self.of == "running":
            return sum(prices.left) + prices.shipping
        return sum(facts.subtotals) + facts.shipping
