"""What every condition is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar

from youhui.engine.forms import Base, Texts
from youhui.engine.prices import Facts, Gap, Prices
from youhui.engine.selectors import Key, Selector


@dataclass(frozen=True, slots=True)
class Condition(ABC):
    """When a promotion applies. Pure: facts and running prices in, yes or no out."""

    kind: ClassVar[str]
    reads: ClassVar[frozenset[str]] = frozenset()
    """facts of the customer that it looks at: "id", "groups", "orders_count", "attributes" """

    @abstractmethod
    def holds(self, facts: Facts, prices: Prices) -> bool:
        """Whether it holds for this cart as it is now.

        It may change its mind at most once while prices only go down (unless it nests others): the bounds of
        best_for_customer rest on it.
        """

    def gap(self, facts: Facts, prices: Prices) -> Gap:
        """Why it does not hold; asked only when it does not."""
        return Gap(self.kind)

    def implies(self) -> Iterator[Key]:
        """Facts of which a cart must have one for this to hold (what the index is made of)."""
        return iter(())


@dataclass(frozen=True, slots=True)
class Threshold(Condition):
    """A condition that a measured number reaches a needed one."""

    unit: ClassVar[str]

    @abstractmethod
    def measured(self, facts: Facts, prices: Prices) -> int:
        """The number that counts, in `unit`."""

    @property
    @abstractmethod
    def threshold(self) -> int:
        """The number it must reach, in `unit`."""

    def holds(self, facts: Facts, prices: Prices) -> bool:
        """Whether the number is reached."""
        return self.measured(facts, prices) >= self.threshold

    def gap(self, facts: Facts, prices: Prices) -> Gap:
        """Needed and actual."""
        selector = getattr(self, "selector", None)
        return Gap(self.kind, self.threshold, self.measured(facts, prices), self.unit, selector)


@dataclass(frozen=True, slots=True)
class OneOf(Condition):
    """A condition that one of the cart's values of a family of facts is in a list; not known is not in it."""

    any_of: Texts
    _listed: frozenset[str] = field(default=frozenset(), init=False, repr=False, compare=False)
    family: ClassVar[str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_listed", frozenset(self.any_of))

    @abstractmethod
    def values(self, facts: Facts) -> tuple[str, ...]:
        """The cart's values; empty where there are none."""

    def holds(self, facts: Facts, prices: Prices) -> bool:
        """Whether one of them is listed."""
        return not self._listed.isdisjoint(self.values(facts))

    def gap(self, facts: Facts, prices: Prices) -> Gap:
        """The list, and what the cart has."""
        return Gap(self.kind, self.any_of, self.values(facts) or None)

    def implies(self) -> Iterator[Key]:
        """One of the listed values."""
        yield self.family, self.any_of


def selected(selector: Selector | None) -> Iterator[Key]:
    """What a cart needs for the selector to mean any line."""
    return iter(()) if selector is None else selector.implies()


def subtotal(facts: Facts, prices: Prices, selector: Selector | None, of: Base) -> int:
    """The sum of the matching lines in minor units, undiscounted or as earlier promotions left it."""
    sums = prices.left if of == "running" else facts.subtotals
    return sum([sums[i] for i in facts.matching(selector)])


def units_of(facts: Facts, selector: Selector | None) -> int:
    """How many units the matching lines have."""
    return sum([facts.lines[i].quantity for i in facts.matching(selector)])


def first_gap(conditions: tuple[Condition, ...], facts: Facts, prices: Prices) -> Gap:
    """The gap of the first of these that fails, with its path."""
    for i, condition in enumerate(conditions):
        if not condition.holds(facts, prices):
            return inside(i, condition.gap(facts, prices))
    raise AssertionError("asked why conditions fail that hold")


def inside(i: int, gap: Gap) -> Gap:
    """The gap of the condition at place `i` of a list, with its path from there."""
    return replace(gap, path=f"conditions[{i}]" + (f".{gap.path}" if gap.path else ""))
