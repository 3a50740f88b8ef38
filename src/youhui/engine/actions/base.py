"""What every action is, and the keys that narrow the units it affects."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from youhui.engine.forms import Pick, Positive
from youhui.engine.money import Percent
from youhui.engine.prices import Facts, Gap
from youhui.engine.selectors import Key, Selector
from youhui.engine.units import Span, count_of, join
from youhui.engine.view import Effect, Part, View

Targets: TypeAlias = Mapping[str, frozenset[str]]
"""by target: the keys that have a meaning with it"""

LINE_KEYS = frozenset({"selector", "group_size", "units_per_line", "units", "pick"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(ABC):
    """What a promotion gives. Pure: a view in, an effect out."""

    kind: ClassVar[str]
    targets: ClassVar[Targets | None] = None
    """the keys that have a meaning with each `target`; None: the kind has no target"""
    gives_gifts_only: ClassVar[bool] = False
    """whether it gives gifts and takes no money: limits on units then count their pieces"""

    @abstractmethod
    def effect(self, view: View) -> Effect:
        """What it would take and give."""

    def gap(self, view: View) -> Gap | None:
        """What is missing for it to give anything, where that is a number; asked only when it gives nothing."""
        return None

    def reach(self, facts: Facts) -> Sequence[int]:
        """The lines it may take something from, whatever the prices; none if the cart lacks what it `implies`."""
        return facts.discountable

    def most(self, view: View) -> int:
        """No less than the money it takes at these prices or any lower ones, of these units or fewer of them.

        The bounds of best_for_customer rest on it. Unless a kind knows better: all that is left.
        """
        return view.rooms(None) + view.prices.shipping

    def most_gifts(self, view: View) -> int | None:
        """The same of the value of its gifts; None: it gives none. A kind that gives any must say."""
        return None

    def implies(self) -> Iterator[Key]:
        """Facts of which a cart must have one for this to give anything (what the index is made of)."""
        return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class LineKeys:
    """Which units of which lines are affected (FORMAT.md 5): narrowed by group, then per line, then in all."""

    selector: Selector | None = None
    group_size: Positive | None = None
    units_per_line: Positive | None = None
    units: Positive | None = None
    pick: Pick | None = None

    def affected(self, view: View) -> list[Part]:
        """The affected units, line by line in cart order."""
        parts = view.parts(self.selector)
        if self.group_size is not None:
            parts = _full_groups(view, parts, self.group_size)
        if self.units_per_line is not None:
            parts = [found for part in parts for found in _some(view, [part], self.units_per_line, self.pick)]
        if self.units is not None:
            parts = _some(view, parts, self.units, self.pick)
        return parts

    def dearest(self, view: View) -> list[Part]:
        """Units that cost no less than those affected at these prices or any lower ones; groups are not looked at."""
        parts = view.parts(self.selector)
        if self.units_per_line is not None:
            parts = [found for part in parts for found in _some(view, [part], self.units_per_line, "dearest")]
        if self.units is not None:
            parts = _some(view, parts, self.units, "dearest")
        return parts


def _full_groups(view: View, parts: list[Part], size: int) -> list[Part]:
    """Lines with more units first, units in order, cut into groups; the rest that fills no group is out."""
    counts = [count_of(spans, view.facts.lines[i].quantity) for i, spans in parts]
    left = sum(counts) // size * size
    kept = []
    for k in sorted(range(len(parts)), key=lambda k: -counts[k]):
        many = min(left, counts[k])
        left -= many
        if many == counts[k]:
            kept.append(parts[k])
        elif many:
            i, spans = parts[k]
            start = 0 if spans is None else spans[0][0]
            kept.append((i, ((start, start + many),)))
    return sorted(kept, key=lambda part: part[0])


def _some(view: View, parts: Sequence[Part], most: int, pick: Pick | None) -> list[Part]:
    """At most so many of these units, the cheapest (or dearest) first; units without room are passed over."""
    return first_units(view.sorted_units(parts, pick == "dearest", with_room=True), most)


def units_gap(kind: str, view: View, needed: int, selector: Selector | None) -> Gap:
    """So many matching units are needed, so many there are."""
    return Gap(kind, needed, view.units(selector), "units", selector)


def most_rounded(view: View, percent: Percent, total: int, roundings: int) -> int:
    """No less than what a percentage takes of prices with this total when it is rounded so many times."""
    rounded_up = 0 if view.rounding == "down" and view.round_on == "discount" else max(roundings - 1, 0)
    return min(total, percent.at_most_of(total) + rounded_up)


def first_units(units: Sequence[tuple[int, int, int, int]], most: int) -> list[Part]:
    """The first of sorted units, put together line by line in cart order."""
    spans: dict[int, list[Span]] = {}
    for _, i, at, count in units:
        if most <= 0:
            break
        many = min(count, most)
        spans.setdefault(i, []).append((at, at + many))
        most -= many
    return [(i, join(spans[i])) for i in sorted(spans)]
