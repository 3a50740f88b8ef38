"""满赠: a free item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from youhui.engine.actions.base import Action, units_gap
from youhui.engine.actions.buy_x_get_y import Buy
from youhui.engine.forms import Amount, Name, Positive
from youhui.engine.prices import Facts, Gap
from youhui.engine.selectors import Key
from youhui.engine.view import Effect, View
from youhui.engine.view import Gift as Given


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift(Action):
    """`quantity` pieces of `sku`, free; with `per` once for every `per.quantity` matching units, rounded down.

    `value` is the worth of one piece, for comparing promotions; it is in no amount.
    """

    kind: ClassVar[str] = "gift"
    gives_gifts_only: ClassVar[bool] = True

    sku: Name
    quantity: Positive
    per: Buy | None = None
    value: Amount = 0

    def effect(self, view: View) -> Effect:
        """What it would give."""
        effect = Effect(view)
        times = 1 if self.per is None else view.units(self.per.selector) // self.per.quantity
        if times:
            effect.gifts.append(Given(self.sku, self.quantity * times, self.value))
        return effect

    def gap(self, view: View) -> Gap | None:
        """With `per`: the units that count once, and those there are."""
        return None if self.per is None else units_gap(self.kind, view, self.per.quantity, self.per.selector)

    def most(self, view: View) -> int:
        """No money."""
        return 0

    def most_gifts(self, view: View) -> int | None:
        """The value of what it would give now."""
        gifts = self.effect(view).gifts
        return sum([given.quantity * given.value for given in gifts]) if gifts else None

    def reach(self, facts: Facts) -> Sequence[int]:
        """No line."""
        return ()

    def implies(self) -> Iterator[Key]:
        """A line that it is counted by."""
        return iter(()) if self.per is None or self.per.selector is None else self.per.selector.implies()
