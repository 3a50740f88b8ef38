"""A percentage off: of the order, of lines, of shipping, or of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from youhui.engine.actions.base import LINE_KEYS, Action, LineKeys, Targets, most_rounded
from youhui.engine.forms import Amount, Misfit
from youhui.engine.money import Percent
from youhui.engine.prices import Facts
from youhui.engine.selectors import Key
from youhui.engine.spreading import Spread, spread
from youhui.engine.units import count_of
from youhui.engine.view import Effect, Part, View


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentOff(LineKeys, Action):
    """Takes `percent` off its target, rounded once: for `order` one amount of all, for `lines` one of each line.

    `max_amount` is the most that it takes in all. `round_per: unit` rounds the percentage of each unit instead.
    """

    kind: ClassVar[str] = "percent_off"
    targets: ClassVar[Targets] = {
        "order": frozenset({"percent", "max_amount", "spread"}),
        "lines": frozenset({"percent", "max_amount", "round_per", "spread"}) | LINE_KEYS,
        "shipping": frozenset({"percent", "max_amount"}),
        "order_and_shipping": frozenset({"percent", "max_amount", "spread"}),
    }

    percent: Percent
    target: Literal["order", "lines", "shipping", "order_and_shipping"]
    max_amount: Amount | None = None
    round_per: Literal["line", "unit"] = "line"
    spread: Spread | None = None

    def __post_init__(self) -> None:
        if self.target == "lines" and self.spread is not None and self.max_amount is None:
            raise Misfit(
                "spread", "absent, or together with max_amount: nothing is spread over lines without it"
            )

    def effect(self, view: View) -> Effect:
        """What it would take."""
        effect = Effect(view)
        if self.target == "lines":
            self._lines(view, effect)
            return effect
        items = shipping = 0
        parts: list[Part] = []
        if self.target != "shipping":
            parts = view.parts(None)
            items = self._of(view, sum([view.price(part) for part in parts]))
        if self.target != "order":
            shipping = self._of(view, view.shipping_price)
        if self.max_amount is not None:
            room = sum([view.room(part) for part in parts])
            gives = [min(items, room), min(shipping, view.prices.shipping)]
            items, shipping = spread(self.max_amount, gives, gives)
        effect.share_out(parts, items, self.spread)
        effect.take_shipping(shipping)
        return effect

    def _lines(self, view: View, effect: Effect) -> None:
        """Of each line's affected units; a binding `max_amount` is spread over what each line would have given."""
        parts = self.affected(view)
        if self.max_amount is not None:
            gives = [self._gives(view, part) for part in parts]
            if sum(gives) > self.max_amount:
                way = self.spread or "largest_fraction"
                for part, share in zip(
                    parts, spread(self.max_amount, gives, gives, way, view.rounding), strict=True
                ):
                    effect.take(part, share)
                return
        for part in parts:
            if self.round_per == "unit":
                effect.take_each(part, lambda price: self._of(view, price))
            else:
                effect.take(part, self._of(view, view.price(part)))

    def _gives(self, view: View, part: Part) -> int:
        """What a line's units would give, cut to their room."""
        if self.round_per == "line":
            return min(self._of(view, view.price(part)), view.room(part))
        alone = Effect(view)
        alone.take_each(part, lambda price: self._of(view, price))
        return sum(alone.amounts.values())

    def _of(self, view: View, total: int) -> int:
        return self.percent.of(total, view.rounding, view.round_on)

    def most(self, view: View) -> int:
        """What it would take now of its target; of narrowed units no more than of the dearest, rounded up."""
        if self.target == "lines":
            most = self._most_of_lines(view)
        else:
            items = shipping = 0
            if self.target != "shipping":
                items = min(self._of(view, view.total(None)), view.rooms(None))
            if self.target != "order":
                shipping = min(self._of(view, view.shipping_price), view.prices.shipping)
            most = items + shipping
        return most if self.max_amount is None else min(most, self.max_amount)

    def _most_of_lines(self, view: View) -> int:
        if self.units is None and self.units_per_line is None:
            return sum([self._gives(view, part) for part in view.parts(self.selector)])
        parts = self.dearest(view)
        total = sum([view.price(part) for part in parts])
        lines = len(view.matching(self.selector))
        units = sum([count_of(spans, view.facts.lines[i].quantity) for i, spans in parts])
        roundings = units if self.round_per == "unit" else min(lines, units)
        return min(most_rounded(view, self.percent, total, roundings), view.rooms(self.selector))

    def reach(self, facts: Facts) -> Sequence[int]:
        """The lines it may take something from."""
        return () if self.target == "shipping" else facts.matching(self.selector)

    def implies(self) -> Iterator[Key]:
        """A line that it is about."""
        return iter(()) if self.selector is None else self.selector.implies()
