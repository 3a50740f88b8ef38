"""The matching lines have at least so many different products."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.conditions.base import Threshold, selected
from youhui.engine.forms import Positive
from youhui.engine.prices import Facts, Prices
from youhui.engine.selectors import Key, Selector


@dataclass(frozen=True, slots=True)
class DistinctAtLeast(Threshold):
    """The matching lines have at least `quantity` different products."""

    kind: ClassVar[str] = "distinct_at_least"
    unit: ClassVar[str] = "products"

    quantity: Positive
    selector: Selector | None = None

    @property
    def threshold(self) -> int:
        """How many different products are enough."""
        return self.quantity

    def measured(self, facts: Facts, prices: Prices) -> int:
        """How many different products match."""
        return len({facts.lines[i].product for i in facts.matching(self.selector)})

    def implies(self) -> Iterator[Key]:
        """A matching line."""
        return selected(self.selector)
