"""第二件半价 and its kin: the cheapest unit of every set gets a percentage off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.actions.base import Action, most_rounded, units_gap
from youhui.engine.forms import Misfit, Positive
from youhui.engine.money import Percent
from youhui.engine.prices import Facts, Gap
from youhui.engine.selectors import Key, Selector
from youhui.engine.sets import every_nth
from youhui.engine.view import Effect, View


@dataclass(frozen=True, slots=True, kw_only=True)
class CheapestOff(Action):
    """The matching units, dearest first, are cut into sets of `per`; the `nth` from the end of each full set gets it.

    The percentage is rounded once for each line's units.
    """

    kind: ClassVar[str] = "cheapest_off"

    percent: Percent
    per: Positive
    nth: Positive = 1
    selector: Selector | None = None

    def __post_init__(self) -> None:
        if self.nth > self.per:
            raise Misfit("nth", "at most per")

    def effect(self, view: View) -> Effect:
        """What it would take."""
        effect = Effect(view)
        units = view.sorted_units(view.parts(self.selector), dearest=True)
        for part in every_nth(units, self.per, self.per - self.nth):
            effect.take(part, self.percent.of(view.price(part), view.rounding, view.round_on))
        return effect

    def gap(self, view: View) -> Gap:
        """The units of a full set, and those there are."""
        return units_gap(self.kind, view, self.per, self.selector)

    def most(self, view: View) -> int:
        """What it would take now if it were rounded up."""
        units = view.sorted_units(view.parts(self.selector), dearest=True)
        parts = every_nth(units, self.per, self.per - self.nth)
        total = sum([view.price(part) for part in parts])
        sets = sum([count for _, _, _, count in units]) // self.per
        lines = min(sets, len(view.matching(self.selector)))
        return min(most_rounded(view, self.percent, total, lines), view.rooms(self.selector))

    def reach(self, facts: Facts) -> Sequence[int]:
        """The lines it may take something from."""
        return facts.matching(self.selector)

    def implies(self) -> Iterator[Key]:
        """A line that it is about."""
        return iter(()) if self.selector is None else self.selector.implies()
