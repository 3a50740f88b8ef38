"""Several conditions hold together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.conditions.base import Condition, first_gap
from youhui.engine.prices import Facts, Gap, Prices
from youhui.engine.selectors import Key


@dataclass(frozen=True, slots=True)
class All(Condition):
    """Every one holds; an empty list always does."""

    kind: ClassVar[str] = "all"

    conditions: tuple[Condition, ...]

    def holds(self, facts: Facts, prices: Prices) -> bool:
        """Whether none of them fails."""
        return all(condition.holds(facts, prices) for condition in self.conditions)

    def gap(self, facts: Facts, prices: Prices) -> Gap:
        """Why the first that fails does."""
        return first_gap(self.conditions, facts, prices)

    def implies(self) -> Iterator[Key]:
        """What any of them needs."""
        for condition in self.conditions:
            yield from condition.implies()
