"""Pricing: against the floor, and against itself with more promotions, lines, units."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bench import cases, floor
from bench.pairs import compare
from bench.results import Row, most
from youhui.engine import Cart, Options, Ruleset

OPTIONS = Options(explain="applied")


def rows() -> Iterator[Row]:
    """One row for each bar."""
    match, raw = floor.matcher(1000), floor.request(10)
    thousand, ten = cases.ruleset(1000), cases.ruleset(10)
    cart = cases.cart(10)
    _same_cents(thousand, cart)
    base = pricing(thousand, cart)
    yield most(
        "10 lines, 1,000 active, 3 applied / the floor", compare(base, lambda: floor.quote(raw, match)), 8
    )
    few = pricing(ten, cart)
    yield most("10,000 active / 10 active", compare(pricing(cases.ruleset(10_000), cart), few), 1.5)
    yield most("100,000 active / 10 active", compare(pricing(cases.ruleset(100_000), cart), few), 2.5)
    crowd = pricing(Ruleset(cases.crowded(100_000)), cart)
    yield most("100,000 active, each value named by thousands / 10 active", compare(crowd, few), 2.5)
    yield most("100 applied / 3 applied", compare(pricing(cases.ruleset(1000, 100), cart), base), 40)
    yield most("50 lines / 10 lines", compare(pricing(thousand, cases.cart(50)), base), 6)
    million, one = pricing(thousand, cases.cart(10, 1_000_000)), pricing(thousand, cases.cart(10, 1))
    yield most("quantity 1,000,000 / quantity 1", compare(million, one), 1.3)


def pricing(ruleset: Ruleset, cart: Cart) -> Callable[[], object]:
    """One quote with the verdicts of the applied promotions."""
    return lambda: ruleset.price(cart, at=cases.AT, options=OPTIONS)


def _same_cents(ruleset: Ruleset, cart: Cart) -> None:
    """The floor and the engine must agree, or the ratio means nothing."""
    out = floor.apply(floor.DECODER.decode(floor.request(10)).lines, [0, 1, 2])
    quote = ruleset.price(cart, at=cases.AT)
    assert [applied.promotion for applied in quote.applied] == ["p0", "p1", "p2"]
    assert [line.subtotal - line.discount for line in quote.lines] == [line.total for line in out.lines]
