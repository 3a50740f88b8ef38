"""The answer: what is taken of each line and of shipping, by which promotion, and why others are not applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from youhui.engine.facts import Line as CartLine
from youhui.engine.prices import Gap
from youhui.engine.pricing import Counted, Reason
from youhui.engine.selectors import Selector
from youhui.engine.units import Line, differences
from youhui.engine.view import Gift

Strategy: TypeAlias = Literal["priority", "best_for_customer"]
Explain: TypeAlias = Literal["applied", "considered", "all"]


@dataclass(frozen=True, slots=True)
class Options:
    """How to price.

    `guests: refuse` refuses a promotion with a limit per customer to a guest (customer_required). `explain`: verdicts
    of the `applied` promotions only, of all `considered` (those that the index lets through, and those with an entered
    code), or of `all`. `hints`: look for what would make a refused one apply (of the `considered` at least). `steps`:
    how much the search of best_for_customer may look at: one step is one promotion bounded or tried on one cart.
    """

    strategy: Strategy = "priority"
    guests: Literal["allow", "refuse"] = "allow"
    explain: Explain = "considered"
    hints: bool = False
    steps: int = 20_000


class Cut(NamedTuple):
    """An amount taken off one line by one promotion, in minor units."""

    line: str
    amount: int
    before: Line
    after: Line

    @property
    def units(self) -> tuple[tuple[int, int], ...]:
        """The amount as runs of equal units, in unit order: (count, amount from each)."""
        return differences(self.before, self.after)


class Applied(NamedTuple):
    """What one promotion gave. `shipping` is what it took of the shipping price.

    `amounts`: what it took of the line at an index of the cart. `before` and `after`: the units of every line.
    `counts`: what limits on units counted of it; None: it has none.
    """

    promotion: str
    amounts: Mapping[int, int]
    shipping: int
    gifts: tuple[Gift, ...]
    lines: tuple[CartLine, ...]
    before: Sequence[Line]
    after: Sequence[Line]
    counts: Counted | None = None

    @property
    def units(self) -> Mapping[int, int]:
        """How many units of the line at an index limits on units count: those of which it took something.

        Empty without such a limit, and where pieces of gifts are counted.
        """
        if self.counts != "units":
            return {}
        return {i: _reduced(self.before[i], self.after[i]) for i in sorted(self.amounts)}

    @property
    def counted_units(self) -> int:
        """How many units, or pieces of gifts, its stock and the customer's share of it are less by."""
        if self.counts == "pieces":
            return sum([gift.quantity for gift in self.gifts])
        return sum(self.units.values())

    @property
    def amount(self) -> int:
        """All that it took, in minor units."""
        return sum(self.amounts.values()) + self.shipping

    @property
    def cuts(self) -> tuple[Cut, ...]:
        """What it took of each line, in cart order."""
        before, after = self.before, self.after
        return tuple(
            [Cut(self.lines[i].id, self.amounts[i], before[i], after[i]) for i in sorted(self.amounts)]
        )


def _reduced(before: Line, after: Line) -> int:
    return sum([count for count, off in differences(before, after) if off])


class QuotedLine(NamedTuple):
    """A line: quantity × unit price, and what all promotions together took of it."""

    id: str
    subtotal: int
    discount: int

    @property
    def total(self) -> int:
        """What is left to pay for it."""
        return self.subtotal - self.discount


@dataclass(frozen=True, slots=True)
class Hint:
    """What would make a refused promotion apply, proved by pricing the cart so changed.

    `kind` says what to do: add an `amount` of money (minor units), so many `units` or so many different products of
    what `selector` means; enter the `code`; log in. `hints.apply_hint` makes the change that was priced: `units` more
    of the line with the id `line`, or the lines to `add`. `saves` is what the promotion then takes, gifts aside.
    """

    kind: Literal["add_amount", "add_units", "add_products", "enter_code", "log_in"]
    amount: int | None = None
    units: int | None = None
    code: str | None = None
    selector: Selector | None = None
    line: str | None = None
    add: tuple[CartLine, ...] = ()
    saves: int = 0


class Verdict(NamedTuple):
    """What became of a promotion: applied (`reason` None), or refused with a reason and its numbers."""

    promotion: str
    reason: Reason | None
    amount: int = 0
    gap: Gap | None = None
    rival: str | None = None
    margin: int | None = None
    capped: bool = False
    units: tuple[int, int] | None = None
    hint: Hint | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """How sure best_for_customer is: no combination saves more than `bound`.

    `optimal`: it is proved that the applied promotions are the best combination and `runner_up` the next best; if not,
    both are the best that were found. `runner_up_saving` is what the next best would save (None: there is none). A
    saving is money and the value of gifts, in minor units.
    """

    optimal: bool
    saving: int
    bound: int
    steps: int
    runner_up: tuple[str, ...] | None = None
    runner_up_saving: int | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A priced cart. All amounts in minor units of `currency`; Σ cuts = Σ line discounts + shipping discount."""

    currency: str
    at: datetime
    version: str
    lines: tuple[QuotedLine, ...]
    shipping: int
    shipping_discount: int
    applied: tuple[Applied, ...]
    rejected_codes: Mapping[str, Reason]
    verdicts: tuple[Verdict, ...]
    search: Search | None = None

    @property
    def subtotal(self) -> int:
        """All lines and shipping, undiscounted."""
        return sum([line.subtotal for line in self.lines]) + self.shipping

    @property
    def total_discount(self) -> int:
        """All that was taken, of lines and of shipping."""
        return sum([line.discount for line in self.lines]) + self.shipping_discount

    @property
    def total(self) -> int:
        """What is left to pay."""
        return self.subtotal - self.total_discount

    @property
    def gifts(self) -> tuple[Gift, ...]:
        """All gifts, in the order of application."""
        return tuple([gift for applied in self.applied for gift in applied.gifts])

    def verdict(self, promotion: str) -> Verdict | None:
        """What became of this promotion, if a verdict was given."""
        return next((verdict for verdict in self.verdicts if verdict.promotion == promotion), None)
