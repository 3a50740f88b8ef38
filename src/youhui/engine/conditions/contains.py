"""The cart contains units that a selector means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.conditions.base import Threshold, selected, units_of
from youhui.engine.forms import Positive
from youhui.engine.prices import Facts, Prices
from youhui.engine.selectors import Key, Selector


@dataclass(frozen=True, slots=True)
class Contains(Threshold):
    """The lines that `selector` means have at least `quantity` units."""

    kind: ClassVar[str] = "contains"
    unit: ClassVar[str] = "units"

    selector: Selector
    quantity: Positive = 1

    @property
    def threshold(self) -> int:
        """How many units are enough."""
        return self.quantity

    def measured(self, facts: Facts, prices: Prices) -> int:
        """How many units match."""
        return units_of(facts, self.selector)

    def holds(self, facts: Facts, prices: Prices) -> bool:
        """Whether they have; any matching line has one unit."""
        if self.quantity == 1:
            return bool(facts.matching(self.selector))
        return self.measured(facts, prices) >= self.quantity

    def implies(self) -> Iterator[Key]:
        """A matching line."""
        return selected(self.selector)
