"""买赠: buy some units, get others cheaper or free."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from youhui.engine.actions.base import Action, first_units, most_rounded, units_gap
from youhui.engine.forms import Amount, Misfit, Pick, Positive
from youhui.engine.money import Percent
from youhui.engine.prices import Facts, Gap
from youhui.engine.selectors import Key, Selector
from youhui.engine.units import consume, runs_of
from youhui.engine.view import Effect, Part, View

Unit = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Buy:
    """So many of the units that the selector means."""

    quantity: Positive
    selector: Selector | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Get:
    """So many of the units that the selector means, at a percentage off, or an amount off each."""

    quantity: Positive
    selector: Selector | None = None
    percent: Percent | None = None
    amount: Amount | None = None

    def __post_init__(self) -> None:
        if (self.percent is None) == (self.amount is None):
            raise Misfit("percent", "either percent or amount")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyXGetY(Action):
    """In every round `buy.quantity` units are bought and `get.quantity` others discounted; a unit is only one of them.

    The discounted are the cheapest (`pick`) that leave enough to buy. `consume: shared`: the units of the rounds do
    not exist for later actions of this kind that also say so.
    """

    kind: ClassVar[str] = "buy_x_get_y"

    buy: Buy
    get: Get
    repeat: Positive | None = None
    pick: Pick | None = None
    consume: Literal["shared"] | None = None

    def effect(self, view: View) -> Effect:
        """What it would take."""
        effect = Effect(view)
        shared = self.consume is not None
        dearest = self.pick == "dearest"
        buying = set(view.matching(self.buy.selector))
        to_buy = view.sorted_units(view.parts(self.buy.selector), dearest=not dearest, unconsumed=shared)
        to_get = view.sorted_units(view.parts(self.get.selector), dearest=dearest, unconsumed=shared)
        rounds = self._rounds(to_buy, to_get, buying)
        if rounds:
            taken = _taken(
                to_get, rounds * self.get.quantity, buying, _count(to_buy) - rounds * self.buy.quantity
            )
            parts = first_units(taken, _count(taken))
            for part in parts:
                self._discount(view, effect, part)
            if shared:
                bought = first_units(_without(to_buy, taken), rounds * self.buy.quantity)
                for i, spans in parts + bought:
                    effect.runs[i] = consume(runs_of(effect.units(i)), spans)
        return effect

    def _rounds(self, to_buy: list[Unit], to_get: list[Unit], buying: set[int]) -> int:
        bought, got = _count(to_buy), _count(to_get)
        either = bought + sum([count for _, i, _, count in to_get if i not in buying])
        rounds = min(
            bought // self.buy.quantity,
            got // self.get.quantity,
            either // (self.buy.quantity + self.get.quantity),
        )
        return rounds if self.repeat is None else min(rounds, self.repeat)

    def _discount(self, view: View, effect: Effect, part: Part) -> None:
        if self.get.percent is not None:
            effect.take(part, self.get.percent.of(view.price(part), view.rounding, view.round_on))
        else:
            effect.take_each(part, lambda _: self.get.amount or 0)

    def gap(self, view: View) -> Gap:
        """The units of one round, where the same goods are bought and discounted; else of the half that is missing."""
        buy, get = self.buy, self.get
        if buy.selector == get.selector:
            return units_gap(self.kind, view, buy.quantity + get.quantity, buy.selector)
        bought = units_gap(self.kind, view, buy.quantity, buy.selector)
        return bought if bought.missing else units_gap(self.kind, view, get.quantity, get.selector)

    def most(self, view: View) -> int:
        """As if the rounds of now discounted the dearest of the units."""
        shared = self.consume is not None
        to_buy = view.sorted_units(view.parts(self.buy.selector), dearest=True, unconsumed=shared)
        to_get = view.sorted_units(view.parts(self.get.selector), dearest=True, unconsumed=shared)
        units = self.get.quantity * self._rounds(to_buy, to_get, set(view.matching(self.buy.selector)))
        if self.get.percent is None:
            return min(units * (self.get.amount or 0), view.rooms(self.get.selector))
        total = sum([view.price(part) for part in first_units(to_get, units)])
        lines = min(units, len(view.matching(self.get.selector)))
        most = most_rounded(view, self.get.percent, total, lines)
        return min(most, view.rooms(self.get.selector))

    def reach(self, facts: Facts) -> Sequence[int]:
        """The lines it may take something from: none where there is nothing to buy."""
        return facts.matching(self.get.selector) if facts.matching(self.buy.selector) else ()

    def implies(self) -> Iterator[Key]:
        """A line to buy and a line to discount."""
        for selector in (self.get.selector, self.buy.selector):
            if selector is not None:
                yield from selector.implies()


def _count(units: list[Unit]) -> int:
    return sum([count for _, _, _, count in units])


def _taken(to_get: list[Unit], want: int, buying: set[int], spare: int) -> list[Unit]:
    """The units to discount, in order; of those that could be bought too only so many as can be spared."""
    taken = []
    for price, i, at, count in to_get:
        many = min(count, want, spare) if i in buying else min(count, want)
        if many > 0:
            taken.append((price, i, at, many))
            want -= many
            spare -= many if i in buying else 0
    return taken


def _without(units: list[Unit], taken: list[Unit]) -> list[Unit]:
    """Units less the taken ones, which are the first of a run each."""
    gone = {(i, at): many for _, i, at, many in taken}
    left = []
    for price, i, at, count in units:
        many = gone.get((i, at), 0)
        if count > many:
            left.append((price, i, at + many, count - many))
    return left
