"""At least one of several conditions holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.conditions.base import Condition
from youhui.engine.prices import Facts, Prices
from youhui.engine.selectors import Key, either


@dataclass(frozen=True, slots=True)
class Any(Condition):
    """At least one holds; of an empty list none does."""

    kind: ClassVar[str] = "any"

    conditions: tuple[Condition, ...]

    def holds(self, facts: Facts, prices: Prices) -> bool:
        """Whether one of them holds."""
        return any(condition.holds(facts, prices) for condition in self.conditions)

    def implies(self) -> Iterator[Key]:
        """For each family that every branch is bound to: one of all their values."""
        return either([condition.implies() for condition in self.conditions])
