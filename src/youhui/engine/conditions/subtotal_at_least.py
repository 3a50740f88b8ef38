"""满额: the matching lines are worth at least an amount."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.conditions.base import Threshold, selected, subtotal
from youhui.engine.forms import Amount, Base
from youhui.engine.prices import Facts, Prices
from youhui.engine.selectors import Key, Selector


@dataclass(frozen=True, slots=True)
class SubtotalAtLeast(Threshold):
    """The sum of the matching lines is at least `amount`.

    `of`: `original` undiscounted, `running` what earlier promotions left.
    """

    kind: ClassVar[str] = "subtotal_at_least"
    unit: ClassVar[str] = "money"

    amount: Amount
    selector: Selector | None = None
    of: Base = "original"

    @property
    def threshold(self) -> int:
        """The least sum that is enough, in minor units."""
        return self.amount

    def measured(self, facts: Facts, prices: Prices) -> int:
        """The sum, in minor units."""
        return subtotal(facts, prices, self.selector, self.of)

    def implies(self) -> Iterator[Key]:
        """A matching line, unless nothing is enough."""
        return selected(self.selector) if self.threshold > 0 else iter(())
