"""The year through the engine, and what it said about each redemption."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from time import perf_counter

from examples.complete_journey.carts import Basket
from youhui.engine import Quote, Ruleset

CHUNK = 1_000
FIRST_DAY = date(2017, 1, 1)
APPLIED = "applied"
# The household and the window were right, only the product was missing: then there was nothing to take off.
NO_PRODUCT = "no_effect"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the engine said about one redemption: `applied`, or the reason why its code was refused."""

    reason: str
    cents: int


@dataclass(slots=True)
class Tally:
    """What was done so far. Grows by whole chunks, so that an interrupted run still adds up."""

    carts: int = 0
    empty_carts: int = 0
    lines: int = 0
    building: float = 0.0
    pricing: float = 0.0
    cents: int = 0
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    entered_in: dict[int, int] = field(default_factory=dict)
    by_basket: dict[int, int] = field(default_factory=dict)
    week_of: dict[int, int] = field(default_factory=dict)

    @property
    def right_window(self) -> set[int]:
        """Redemptions whose household and window the engine found right."""
        return {key for key, outcome in self.outcomes.items() if outcome.reason in (APPLIED, NO_PRODUCT)}

    @property
    def with_product(self) -> set[int]:
        """Redemptions to which the engine gave a discount."""
        return {key for key, outcome in self.outcomes.items() if outcome.reason == APPLIED}

    def reasons(self) -> list[tuple[str, int]]:
        """How often each reason was given, most frequent first."""
        return Counter(outcome.reason for outcome in self.outcomes.values()).most_common()

    def add(self, basket: Basket, quote: Quote) -> None:
        """One priced basket."""
        self.carts += 1
        self.empty_carts += not basket.cart.lines
        self.lines += len(basket.cart.lines)
        self.cents += quote.total_discount
        if not basket.redemptions:
            return
        given = {applied.promotion: applied.amount for applied in quote.applied}
        self.by_basket[basket.id] = quote.total_discount
        self.week_of[basket.id] = (basket.day - FIRST_DAY).days // 7 + 1
        for use in basket.redemptions:
            refused = quote.rejected_codes.get(use.key)
            self.outcomes[use.id] = (
                Outcome(APPLIED, given[use.key]) if refused is None else Outcome(refused, 0)
            )


def replay(ruleset: Ruleset, baskets: Iterator[Basket], tally: Tally, advance: Callable[[int], None]) -> None:
    """Prices every basket into the tally. Carts are built and priced by turns, so that each is timed on its own."""
    while True:
        start = perf_counter()
        chunk = list(islice(baskets, CHUNK))
        built = perf_counter()
        quotes = [ruleset.price(basket.cart, at=basket.instant) for basket in chunk]
        priced = perf_counter()
        if not chunk:
            return
        tally.building += built - start
        tally.pricing += priced - built
        for basket, quote in zip(chunk, quotes, strict=True):
            tally.add(basket, quote)
        advance(len(chunk))
