"""At least one of several conditions holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from youhui.engine.conditions.base import Condition, inside
from youhui.engine.prices import Facts, Gap, Prices
from youhui.engine.selectors import Key, either


@dataclass(frozen=True, slots=True)
class Any(Condition):
    """At least one holds; of an empty list none does."""

    kind: ClassVar[str] = "any"

    conditions: tuple[Condition, ...]

    def holds(self, facts: Facts, prices: Prices) -> bool:
        """Whether one of them holds."""
        return any(condition.holds(facts, prices) for condition in self.conditions)

    def gap(self, facts: Facts, prices: Prices) -> Gap:
        """That of the branch whose number is nearest; the kinds of the branches where none has a number missing."""
        gaps = [inside(i, branch.gap(facts, prices)) for i, branch in enumerate(self.conditions)]
        numeric = [gap for gap in gaps if gap.missing is not None]
        if numeric:
            return min(numeric, key=_nearness)
        return Gap(self.kind, tuple([branch.kind for branch in self.conditions]))

    def implies(self) -> Iterator[Key]:
        """For each family that every branch is bound to: one of all their values."""
        return either([condition.implies() for condition in self.conditions])


def _nearness(gap: Gap) -> Fraction:
    assert isinstance(gap.needed, int)
    return Fraction(gap.missing or 0, gap.needed)
