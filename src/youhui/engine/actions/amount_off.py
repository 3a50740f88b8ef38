"""An amount off: one for the order, or for each line or unit; 每满减 with `per`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from youhui.engine.actions.base import LINE_KEYS, Action, LineKeys, Targets
from youhui.engine.forms import Amount, Misfit, Positive
from youhui.engine.prices import Facts, Gap
from youhui.engine.selectors import Key
from youhui.engine.spreading import Spread, spread
from youhui.engine.units import Spans, count_of
from youhui.engine.view import Effect, Part, View


@dataclass(frozen=True, slots=True, kw_only=True)
class PerSubtotal:
    """Counts the amount once for every full `subtotal` of the matching lines, at most `max_times` times."""

    subtotal: Amount
    max_times: Positive | None = None

    def __post_init__(self) -> None:
        if self.subtotal == 0:
            raise Misfit("subtotal", "more than nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountOff(LineKeys, Action):
    """Takes `amount`: once, spread over what the target names, or from `each_line` or `each_unit`.

    `additional_amount` is for every affected unit of a line after its first. `per` (每满减) multiplies the amount by
    how often a subtotal is reached, measured at the prices the promotion computes with.
    """

    kind: ClassVar[str] = "amount_off"
    targets: ClassVar[Targets] = {
        "order": frozenset({"amount", "per", "spread"}),
        "order_and_shipping": frozenset({"amount", "per", "spread"}),
        "across_lines": frozenset({"amount", "per", "spread"}) | LINE_KEYS,
        "each_line": frozenset({"amount"}) | LINE_KEYS,
        "each_unit": frozenset({"amount", "additional_amount"}) | LINE_KEYS,
        "shipping": frozenset({"amount", "per"}),
    }

    amount: Amount
    target: Literal["order", "order_and_shipping", "across_lines", "each_line", "each_unit", "shipping"]
    additional_amount: Amount | None = None
    per: PerSubtotal | None = None
    spread: Spread | None = None

    def effect(self, view: View) -> Effect:
        """What it would take."""
        effect = Effect(view)
        parts = self.affected(view) if self.target != "shipping" else []
        amount = self.amount * self._times(view)
        if self.target == "each_unit":
            for part in parts:
                self._each_unit(view, effect, part)
        elif self.target == "each_line":
            for part in parts:
                effect.take(part, amount)
        elif self.target == "shipping":
            effect.take_shipping(amount)
        elif self.target == "order_and_shipping":
            shipping = view.prices.shipping
            weights = [sum([view.weight(part) for part in parts]), shipping]
            rooms = [sum([view.room(part) for part in parts]), shipping]
            items, shipping = spread(amount, weights, rooms)
            effect.share_out(parts, items, self.spread)
            effect.take_shipping(shipping)
        else:
            effect.share_out(parts, amount, self.spread)
        return effect

    def _each_unit(self, view: View, effect: Effect, part: Part) -> None:
        if self.additional_amount is None:
            effect.take_each(part, lambda _: self.amount)
            return
        i, spans = part
        first, others = _first_and_others(spans, view.facts.lines[i].quantity)
        more = self.additional_amount
        effect.take_each((i, first), lambda _: self.amount)
        effect.take_each((i, others), lambda _: more)

    def _times(self, view: View) -> int:
        if self.per is None:
            return 1
        times = view.total(self.selector) // self.per.subtotal
        return times if self.per.max_times is None else min(times, self.per.max_times)

    def gap(self, view: View) -> Gap | None:
        """With `per`: the subtotal that counts once, and the one there is."""
        if self.per is None:
            return None
        return Gap(self.kind, self.per.subtotal, view.total(self.selector), "money", self.selector)

    def most(self, view: View) -> int:
        """The amount as often as it may be taken, at most all that is left of its target."""
        if self.target in ("each_line", "each_unit"):
            return self._most_of_each(view)
        amount = self.amount * self._times(view)
        left = 0 if self.target == "shipping" else view.rooms(self.selector)
        if self.target in ("shipping", "order_and_shipping"):
            left += view.prices.shipping
        return min(amount, left)

    def _most_of_each(self, view: View) -> int:
        """As if the affected units were the first ones of every line, in all no more than `units`."""
        parts = view.parts(self.selector)
        if self.target == "each_line":
            gives = [min(self.amount, view.room(part)) for part in parts]
            return sum(sorted(gives, reverse=True)[: self.units])
        more = self.amount if self.additional_amount is None else self.additional_amount
        most = 0
        for i, spans in parts:
            count = count_of(spans, view.facts.lines[i].quantity)
            if self.units_per_line is not None:
                count = min(count, self.units_per_line)
            most += min(self.amount + more * (count - 1), view.room((i, spans)))
        return most if self.units is None else min(most, self.units * max(self.amount, more))

    def reach(self, facts: Facts) -> Sequence[int]:
        """The lines it may take something from."""
        return () if self.target == "shipping" else facts.matching(self.selector)

    def implies(self) -> Iterator[Key]:
        """A line that it is about."""
        return iter(()) if self.selector is None else self.selector.implies()


def _first_and_others(spans: Spans, quantity: int) -> tuple[Spans, Spans]:
    whole = ((0, quantity),) if spans is None else spans
    start, stop = whole[0]
    rest = ((start + 1, stop),) if start + 1 < stop else ()
    return ((start, start + 1),), rest + whole[1:]
