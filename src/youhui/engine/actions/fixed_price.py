"""A new price: of each unit, of shipping, or of a set of units (N元任选)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from youhui.engine.actions.base import LINE_KEYS, Action, LineKeys, Targets, units_gap
from youhui.engine.forms import Amount, Positive
from youhui.engine.prices import Facts, Gap
from youhui.engine.selectors import Key
from youhui.engine.sets import sets_of
from youhui.engine.spreading import Spread
from youhui.engine.view import Effect, Part, View

Unit = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPrice(LineKeys, Action):
    """`each_unit`: every affected unit's new price. `shipping`: its new price. Neither ever raises a price.

    `bundle`: the matching units, dearest first (`pick`), are cut into sets of `units` (absent: one set of all), at
    most the first `repeat` of them; each costs `price`, the rest pays in full.
    """

    kind: ClassVar[str] = "fixed_price"
    targets: ClassVar[Targets] = {
        "each_unit": frozenset({"price"}) | LINE_KEYS,
        "shipping": frozenset({"price"}),
        "bundle": frozenset({"price", "selector", "units", "repeat", "pick", "spread"}),
    }

    price: Amount
    target: Literal["each_unit", "shipping", "bundle"]
    repeat: Positive | None = None
    spread: Spread | None = None

    def effect(self, view: View) -> Effect:
        """What it would take."""
        effect = Effect(view)
        if self.target == "shipping":
            effect.take_shipping(view.shipping_price - self.price)
        elif self.target == "each_unit":
            for part in self.affected(view):
                effect.take_each(part, lambda price: price - self.price)
        else:
            self._bundles(view, effect)
        return effect

    def _bundles(self, view: View, effect: Effect) -> None:
        units = view.sorted_units(view.parts(self.selector), dearest=self.pick != "cheapest")
        for parts, saved in self._sets(view, units):
            if saved > 0:
                effect.share_out(parts, saved, self.spread)

    def _sets(self, view: View, units: Sequence[Unit]) -> Iterator[tuple[list[Part], int]]:
        """The sets of these sorted units, and what each costs beyond the price."""
        size = self.units or sum([count for _, _, _, count in units])
        if size:
            for parts, times in sets_of(units, size, self.repeat):
                yield parts, sum([view.price(part) for part in parts]) - self.price * times

    def gap(self, view: View) -> Gap | None:
        """Of a bundle: the units of a full set, and those there are."""
        if self.target != "bundle" or self.units is None:
            return None
        return units_gap(self.kind, view, self.units, self.selector)

    def most(self, view: View) -> int:
        """What the dearest units cost beyond the price; bundles as if each were of the dearest units."""
        if self.target == "shipping":
            return min(max(view.shipping_price - self.price, 0), view.prices.shipping)
        if self.target == "bundle":
            sets = self._sets(view, view.sorted_units(view.parts(self.selector), dearest=True))
            beyond = sum([max(saved, 0) for _, saved in sets])
        else:
            units = view.sorted_units(self.dearest(view), dearest=True)
            beyond = sum([count * max(price - self.price, 0) for price, _, _, count in units])
        return min(beyond, view.rooms(self.selector))

    def reach(self, facts: Facts) -> Sequence[int]:
        """The lines it may take something from."""
        return () if self.target == "shipping" else facts.matching(self.selector)

    def implies(self) -> Iterator[Key]:
        """A line that it is about."""
        return iter(()) if self.selector is None else self.selector.implies()
