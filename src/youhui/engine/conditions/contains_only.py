"""There are lines, and every one of them matches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.conditions.base import Condition, selected
from youhui.engine.prices import Facts, Gap, Prices
from youhui.engine.selectors import Key, Selector


@dataclass(frozen=True, slots=True)
class ContainsOnly(Condition):
    """There are lines and every one matches; a line that is not discountable never does."""

    kind: ClassVar[str] = "contains_only"

    selector: Selector

    def holds(self, facts: Facts, prices: Prices) -> bool:
        """Whether the cart has lines and the selector means them all."""
        return bool(facts.lines) and len(facts.matching(self.selector)) == len(facts.lines)

    def gap(self, facts: Facts, prices: Prices) -> Gap:
        """How many lines there are, and how many of them match."""
        return Gap(self.kind, len(facts.lines), len(facts.matching(self.selector)), "lines", self.selector)

    def implies(self) -> Iterator[Key]:
        """A matching line."""
        return selected(self.selector)
