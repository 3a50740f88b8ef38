"""满件: the matching lines have at least so many units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.conditions.base import Threshold, selected, units_of
from youhui.engine.forms import Positive
from youhui.engine.prices import Facts, Prices
from youhui.engine.selectors import Key, Selector


@dataclass(frozen=True, slots=True)
class QuantityAtLeast(Threshold):
    """The matching lines have at least `quantity` units."""

    kind: ClassVar[str] = "quantity_at_least"
    unit: ClassVar[str] = "units"

    quantity: Positive
    selector: Selector | None = None

    @property
    def threshold(self) -> int:
        """How many units are enough."""
        return self.quantity

    def measured(self, facts: Facts, prices: Prices) -> int:
        """How many units match."""
        return units_of(facts, self.selector)

    def implies(self) -> Iterator[Key]:
        """A matching line."""
        return selected(self.selector)
