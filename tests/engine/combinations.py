"""What the tests of best_for_customer share: a case, and what its best combination is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from youhui.engine import Cart, Options, Promotion, Quote, Ruleset, Usage


class Case(NamedTuple):
    """What is priced."""

    promotions: tuple[Promotion, ...]
    cart: Cart
    usage: Usage = Usage()
    at: datetime = datetime(2026, 1, 15, 12, tzinfo=UTC)

    def best(self, steps: int = 1_000_000) -> Quote:
        """The quote of best_for_customer."""
        options = Options(strategy="best_for_customer", steps=steps)
        return Ruleset(self.promotions).price(self.cart, self.usage, at=self.at, options=options)


def ids(quote: Quote) -> tuple[str, ...]:
    """The applied promotions, in the order of application."""
    return tuple(applied.promotion for applied in quote.applied)


def saving(quote: Quote) -> int:
    """Money and the value of gifts, in minor units."""
    return quote.total_discount + sum(gift.value * gift.quantity for gift in quote.gifts)
