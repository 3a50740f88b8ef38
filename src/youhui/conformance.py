"""Conformance cases: a cart, an instant, promotions, and exactly what they must give (FORMAT.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from youhui.engine import (
    Cart,
    Promotion,
    Quote,
    Ruleset,
    Usage,
    decode_cart,
    decode_instant,
    decode_promotions,
)
from youhui.engine.money import format_amount

CASE_KEYS = ("id", "source", "notes", "now", "promotions", "expect")
"""keys of a case that are not the cart's"""


@dataclass(frozen=True, slots=True)
class Case:
    """One case, read. `expect` is as written; a key that it leaves out is not asserted."""

    id: str
    cart: Cart
    at: datetime
    promotions: tuple[Promotion, ...]
    usage: Usage
    expect: Mapping[str, Any]

    def quote(self) -> Quote:
        """What the engine makes of it."""
        return Ruleset(self.promotions).price(self.cart, self.usage, at=self.at)

    def differences(self) -> list[str]:
        """Each expected value that the engine does not give: "total: 32.00 expected, 31.99 given"."""
        given = summary(self.quote())
        return [
            f"{key}: {_short(wanted)} expected, {_short(given[key])} given"
            for key, wanted in self.expect.items()
            if given.get(key) != wanted
        ]


def read_case(document: Mapping[str, Any]) -> Case:
    """Reads a case. Raises InvalidDocument."""
    cart = decode_cart(document, CASE_KEYS)
    promotions, usage = decode_promotions(document.get("promotions"), cart.currency)
    at = decode_instant(document.get("now"), "now")
    return Case(str(document.get("id", "")), cart, at, promotions, usage, document.get("expect", {}))


def summary(quote: Quote) -> dict[str, Any]:
    """A quote in the form of a case's `expect`."""

    def money(amount: int) -> str:
        return format_amount(amount, quote.currency)

    return {
        "line_discounts": {line.id: money(line.discount) for line in quote.lines},
        "shipping_discount": money(quote.shipping_discount),
        "total_discount": money(quote.total_discount),
        "total": money(quote.total),
        "applied": [applied.promotion for applied in quote.applied],
        "gifts": [{"sku": gift.sku, "quantity": gift.quantity} for gift in quote.gifts],
        "rejected_codes": dict(quote.rejected_codes),
    }


def read_cases(documents: list[Mapping[str, Any]]) -> Iterator[Case]:
    """Reads a file's cases one after the other."""
    return (read_case(document) for document in documents)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 200 else text[:199] + "…"
