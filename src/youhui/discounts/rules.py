"""What a discount takes, and which one of many: the same to the cent for the query and for quotes.

docs/algorithm/discounts.md has the rules with worked tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TypeAlias

from youhui.discounts.model import WHOLE, Terms
from youhui.engine import Promotion
from youhui.engine.actions.amount_off import AmountOff
from youhui.engine.actions.base import Action
from youhui.engine.actions.percent_off import PercentOff
from youhui.engine.money import Percent
from youhui.engine.prices import microseconds
from youhui.engine.selectors import Selector

GROUP = "discounts"
"""of first_per_line: for each line only the first that concerns it counts, even if it takes nothing"""

Rank: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A discount that concerns a customer and a product, as far as choosing among several needs it."""

    id: int
    terms: Terms
    updated_at: datetime
    version: int

    def __hash__(self) -> int:
        return hash((self.id, self.version))  # a change moves the version on; all else need not be looked at

    @property
    def rank(self) -> Rank:
        """Smaller goes first: the larger priority, then the later change, then the larger id."""
        return -self.terms.priority, -microseconds(self.updated_at), -self.id

    def counts(self, currency: str, at: datetime) -> bool:
        """Whether it is running at an instant (its window is half-open, P15), in this currency."""
        terms = self.terms
        return (
            terms.effective_time <= at < terms.expiration_time
            and terms.enabled
            and terms.currency == currency
        )


def chosen(ranked: Iterable[Candidate], currency: str, at: datetime) -> Candidate | None:
    """The first of these that counts: the one discount that a product has for a customer."""
    return next((candidate for candidate in ranked if candidate.counts(currency, at)), None)


def off(terms: Terms, price: int) -> int:
    """What it takes of one unit at this price, in minor units: 0 … price."""
    return min(terms.value, price) if terms.type == "amount" else _percent(terms).of(price)


def narrowed(
    concerning: Mapping[str, Iterable[Candidate]], currency: str, at: datetime
) -> tuple[tuple[Candidate, tuple[str, ...]], ...]:
    """Each discount that counts, in the order of choice, with the products of a cart that it concerns."""
    found: dict[int, tuple[Candidate, list[str]]] = {}
    for product, candidates in concerning.items():
        for one in candidates:
            if one.counts(currency, at):
                same, products = found.setdefault(one.id, (one, []))
                products.append(product)
                if same.version < one.version:  # it was changed between two looks at the lists
                    found[one.id] = one, products
    ranked = sorted(found.values(), key=lambda pair: pair[0].rank)
    return tuple([(one, tuple(sorted(products))) for one, products in ranked])


def promotion_of(candidate: Candidate, products: Iterable[str]) -> Promotion:
    """The rule that takes it of these products, in the lane `item`."""
    terms = candidate.terms
    return Promotion(
        id=f"discount:{candidate.id}",
        name=terms.name,
        active=terms.enabled,
        priority=terms.priority,
        lane="item",
        stacking="first_per_line",
        group=GROUP,
        base="original",  # of the price, as the query says it, whatever else takes something off the line
        valid_from=microseconds(terms.effective_time),
        valid_until=microseconds(terms.expiration_time),
        actions=(_action(terms, Selector(products=tuple(products))),),
    )


def _action(terms: Terms, selector: Selector) -> Action:
    if terms.type == "amount":
        return AmountOff(amount=terms.value, target="each_unit", selector=selector)
    return PercentOff(percent=_percent(terms), target="lines", round_per="unit", selector=selector)


def _percent(terms: Terms) -> Percent:
    """What is off, of what is paid: 9.5 折 pays 95 %, so 5 % is off."""
    share = Fraction(WHOLE - terms.value, WHOLE)
    return Percent(share.numerator, share.denominator)
