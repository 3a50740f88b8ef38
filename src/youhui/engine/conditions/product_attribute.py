"""Units of products with a typed attribute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.attributes import AttributeTest
from youhui.engine.conditions.base import Condition
from youhui.engine.forms import Positive
from youhui.engine.prices import Facts, Gap, Prices
from youhui.engine.selectors import Selector


@dataclass(frozen=True, slots=True)
class ProductAttribute(AttributeTest, Condition):
    """Discountable lines whose attribute `name` passes the test have at least `quantity` units."""

    kind: ClassVar[str] = "product_attribute"

    quantity: Positive = 1

    def holds(self, facts: Facts, prices: Prices) -> bool:
        """Whether there are so many such units."""
        return self._units(facts) >= self.quantity

    def gap(self, facts: Facts, prices: Prices) -> Gap:
        """Units needed and found."""
        return Gap(self.kind, self.quantity, self._units(facts), "units", self._selector())

    def _selector(self) -> Selector | None:
        """The lines that pass; None where a list of values cannot say it."""
        values = self.any_of if self.is_ is None else (self.is_,)
        return None if values is None else Selector(attributes=((self.name, values),))

    def _units(self, facts: Facts) -> int:
        lines = [facts.lines[i] for i in facts.discountable]
        return sum(line.quantity for line in lines if self.passes(line.attributes.get(self.name)))
