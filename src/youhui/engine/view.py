"""What an action sees of a cart, and what it answers: `View` in, `Effect` out. Neither changes a price."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from youhui.engine.money import Rounding, RoundOn
from youhui.engine.prices import Facts, Prices
from youhui.engine.selectors import Selector
from youhui.engine.spreading import Spread, spread
from youhui.engine.units import Deferred, Line, Spans, count_of, inside, room, runs_of, take, take_each, total

Part = tuple[int, Spans]
"""units of the line with this index"""


@dataclass(frozen=True, slots=True)
class Gift:
    """`quantity` free pieces of a sku, each worth `value` minor units (a gift is in no amount)."""

    sku: str
    quantity: int
    value: int = 0


def first_pieces(gifts: Iterable[Gift], most: int) -> Iterator[Gift]:
    """The first pieces of gifts, at most so many."""
    for gift in gifts:
        if most <= 0:
            return
        yield gift if gift.quantity <= most else replace(gift, quantity=most)
        most -= gift.quantity


class View:
    """The units in play for one action of one promotion, at the prices it computes with."""

    __slots__ = ("caps", "facts", "lines", "original", "prices", "round_on", "rounding")

    def __init__(
        self,
        facts: Facts,
        prices: Prices,
        original: bool = False,
        rounding: Rounding = "half_up",
        round_on: RoundOn = "discount",
        lines: frozenset[int] | None = None,
        caps: dict[int, int] | None = None,
    ) -> None:
        self.facts = facts
        self.prices = prices
        self.original = original
        self.rounding = rounding
        self.round_on = round_on
        self.lines = lines
        """the lines that exist for the promotion; None: all"""
        self.caps = caps
        """how many of a line's first units exist for it; None: all of every line"""

    def matching(self, selector: Selector | None) -> Sequence[int]:
        """Indexes of the lines in play that the selector means, in cart order."""
        found = self.facts.matching(selector)
        if self.lines is not None:
            found = tuple([i for i in found if i in self.lines])
        return found if self.caps is None else tuple([i for i in found if self.caps[i]])

    def parts(self, selector: Selector | None) -> list[Part]:
        """All units in play of the matching lines."""
        if self.caps is None:
            return [(i, None) for i in self.matching(selector)]
        lines = self.facts.lines
        return [
            (i, None if self.caps[i] >= lines[i].quantity else ((0, self.caps[i]),))
            for i in self.matching(selector)
        ]

    def units(self, selector: Selector | None) -> int:
        """How many units in play match."""
        lines = self.facts.lines
        return sum([count_of(spans, lines[i].quantity) for i, spans in self.parts(selector)])

    def price(self, part: Part) -> int:
        """The sum of these units' prices: running, or original if the promotion says so."""
        i, spans = part
        if self.original:
            line = self.facts.lines[i]
            return line.unit_price * count_of(spans, line.quantity)
        return self.weight(part)

    def weight(self, part: Part) -> int:
        """Their running total."""
        i, spans = part
        return self.prices.left[i] if spans is None else total(self.prices.units(i), spans)

    def weights(self, parts: Sequence[Part]) -> list[int]:
        """The running total of each of these."""
        left = self.prices.left
        return [left[i] if spans is None else self.weight((i, spans)) for i, spans in parts]

    def room(self, part: Part) -> int:
        """What may still be taken of them."""
        i, spans = part
        floor = self.facts.lines[i].min_unit_price if self.facts.floored else 0
        return room(self.prices.units(i), floor, spans) if floor else self.weight(part)

    def total(self, selector: Selector | None) -> int:
        """The sum of the prices of all units in play that match."""
        if self.caps is not None:
            return sum([self.price(part) for part in self.parts(selector)])
        sums = self.facts.subtotals if self.original else self.prices.left
        return sum([sums[i] for i in self.matching(selector)])

    def rooms(self, selector: Selector | None) -> int:
        """What may still be taken of all units in play that match."""
        if self.caps is not None or self.facts.floored:
            return sum([self.room(part) for part in self.parts(selector)])
        left = self.prices.left
        return sum([left[i] for i in self.matching(selector)])

    @property
    def shipping_price(self) -> int:
        """The price of shipping that the promotion computes with."""
        return self.facts.shipping if self.original else self.prices.shipping

    def sorted_units(
        self, parts: Sequence[Part], dearest: bool, with_room: bool = False, unconsumed: bool = False
    ) -> list[tuple[int, int, int, int]]:
        """Runs of these units by the price that counts: (price, line, offset, count); ties by line, then unit."""
        found = []
        lines, original = self.facts.lines, self.original
        for i, spans in parts:
            line = lines[i]
            floor = line.min_unit_price if with_room else -1
            for at, count, running, consumed in inside(self.prices.units(i), spans):
                if running > floor and not (consumed and unconsumed):
                    found.append((line.unit_price if original else running, i, at, count))
        found.sort(key=_dearest if dearest else _cheapest)
        return found


def _dearest(run: tuple[int, int, int, int]) -> int:
    return -run[0]


def _cheapest(run: tuple[int, int, int, int]) -> int:
    return run[0]


class Effect:
    """What an action would do: new runs and an amount for each line it takes from, shipping, gifts."""

    __slots__ = ("amounts", "gifts", "runs", "shipping", "view")

    def __init__(self, view: View) -> None:
        self.view = view
        self.runs: dict[int, Line] = {}
        self.amounts: dict[int, int] = {}
        self.shipping = 0
        self.gifts: list[Gift] = []

    def take(self, part: Part, amount: int) -> None:
        """Takes an amount (cut to the room) from these units, spread over them by running price."""
        amount = min(amount, self.view.room(part))
        if amount > 0:
            self._put(part, amount)

    def _put(self, part: Part, amount: int) -> None:
        """Takes an amount that is within the room."""
        i, spans = part
        before = self.units(i)
        if spans is None and not self.view.facts.floored:
            self.runs[i] = Deferred(before, amount)
        else:
            self.runs[i] = take(runs_of(before), amount, self.view.facts.lines[i].min_unit_price, spans)
        self.amounts[i] = self.amounts.get(i, 0) + amount

    def units(self, index: int) -> Line:
        """The line's units after what this effect took so far."""
        return self.runs.get(index) or self.view.prices.runs[index]

    def take_each(self, part: Part, each: Callable[[int], int]) -> None:
        """Takes each(its price) from every one of these units, cut to the unit's room."""
        i, spans = part
        line = self.view.facts.lines[i]
        before = runs_of(self.units(i))
        if self.view.original:
            off = each(line.unit_price)
            after, amount = take_each(before, lambda _: off, line.min_unit_price, spans)
        else:
            after, amount = take_each(before, each, line.min_unit_price, spans)
        if amount:
            self.runs[i] = after
            self.amounts[i] = self.amounts.get(i, 0) + amount

    def share_out(self, parts: Sequence[Part], amount: int, way: Spread | None) -> None:
        """Spreads one amount over the lines of these units by their running totals, then over each line's units."""
        view = self.view
        weights = view.weights(parts)
        rooms = [view.room(part) for part in parts] if view.facts.floored else weights
        shares = spread(amount, weights, rooms, way or "largest_fraction", view.rounding)
        # Nearly every order discount is of whole lines that this effect has not touched: `_put`, written out.
        plain = not view.facts.floored and not self.runs
        before, runs, amounts = view.prices.runs, self.runs, self.amounts
        for part, share in zip(parts, shares, strict=True):
            if share and plain and part[1] is None:
                i = part[0]
                runs[i] = Deferred(before[i], share)
                amounts[i] = share
            elif share:
                self._put(part, share)

    def take_shipping(self, amount: int) -> None:
        """Takes an amount of shipping, at most what is left of its price."""
        self.shipping = min(max(amount, 0), self.view.prices.shipping)
