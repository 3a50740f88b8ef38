"""A condition does not hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.conditions.base import Condition
from youhui.engine.prices import Facts, Gap, Prices


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """`condition` does not hold; so it holds for a guest where the condition is about the customer."""

    kind: ClassVar[str] = "not"

    condition: Condition

    def holds(self, facts: Facts, prices: Prices) -> bool:
        """Whether the condition fails."""
        return not self.condition.holds(facts, prices)

    def gap(self, facts: Facts, prices: Prices) -> Gap:
        """The kind that holds and must not."""
        return Gap(self.kind, self.condition.kind)
