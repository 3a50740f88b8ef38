"""What could be added to a cart when it is short of money, of units or of different products that a selector means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, count, islice, product
from typing import TypeAlias

from youhui.engine.facts import Attributes, Cart, Line
from youhui.engine.forms import Texts
from youhui.engine.quote import Hint
from youhui.engine.selectors import Selector

Addition: TypeAlias = Callable[[Cart, Selector, int], Hint | None]
"""a cart, what counts, how much of it is missing (minor units, units, products): what to add, None: not known"""

_TRIES = 200
"""so many combinations of what a selector lists are looked at for one that it does not exclude"""


def a_line_worth(cart: Cart, selector: Selector, missing: int) -> Hint | None:
    """One line more whose total is the missing amount, or the next above that bounds of the unit price allow."""
    low, high = selector.unit_price_at_least or 0, selector.unit_price_at_most
    if high == 0:
        return None
    units = 1 if high is None else -(-missing // high)
    price = max(-(-missing // units), low)
    for line in islice(_lines(cart, selector, price, units), 1):
        return Hint("add_amount", amount=price * units, add=(line,), selector=selector)
    return None


def more_units_worth(cart: Cart, selector: Selector, missing: int) -> Hint | None:
    """More units of the matching line with which the least is added."""
    found = [(-(-missing // line.unit_price), line) for line in _matching(cart, selector) if line.unit_price]
    if not found:
        return None
    units, line = min(found, key=lambda pair: pair[0] * pair[1].unit_price)
    return Hint("add_amount", amount=units * line.unit_price, units=units, line=line.id, selector=selector)


def more_units(cart: Cart, selector: Selector, missing: int) -> Hint | None:
    """More units of the cheapest matching line."""
    line = min(_matching(cart, selector), key=lambda line: line.unit_price, default=None)
    return None if line is None else Hint("add_units", units=missing, line=line.id, selector=selector)


def a_line_of_units(cart: Cart, selector: Selector, missing: int) -> Hint | None:
    """One line more of so many units."""
    price = _usual_price(cart, selector)
    if price is None:
        return None
    for line in islice(_lines(cart, selector, price, missing), 1):
        return Hint("add_units", units=missing, add=(line,), selector=selector)
    return None


def new_products(cart: Cart, selector: Selector, missing: int) -> Hint | None:
    """So many lines more, each one unit of a product that the cart does not have."""
    price = _usual_price(cart, selector)
    if price is None:
        return None
    there = {line.product for line in _matching(cart, selector)}
    found: dict[str, Line] = {}
    for line in _lines(cart, selector, price, 1):
        if line.product not in there:
            found.setdefault(line.product, line)
        if len(found) == missing:
            return Hint("add_products", units=missing, add=tuple(found.values()), selector=selector)
    return None


ADDITIONS: Mapping[str, tuple[Addition, ...]] = {
    "money": (a_line_worth, more_units_worth),
    "units": (more_units, a_line_of_units),
    "products": (new_products,),
}
"""by the unit of a gap: what to try, in this order"""


def _matching(cart: Cart, selector: Selector) -> Iterator[Line]:
    return (line for line in cart.lines if line.discountable and selector.matches(line))


def _usual_price(cart: Cart, selector: Selector) -> int | None:
    """The lowest unit price in the cart, or the nearest that the selector allows; None for an empty cart."""
    prices = [line.unit_price for line in cart.lines if line.discountable]
    if not prices:
        return selector.unit_price_at_least
    high = selector.unit_price_at_most
    price = max(min(prices), selector.unit_price_at_least or 0)
    return price if high is None else min(price, high)


def _lines(cart: Cart, selector: Selector, price: int, quantity: int) -> Iterator[Line]:
    """Lines of goods that the selector means; where it names neither sku nor product, of "hint", "hint-2" …"""
    ids = _fresh({line.id for line in cart.lines})
    names = _names(selector, {line.product for line in cart.lines})
    goods = product(names, islice(_kinds(selector), _TRIES))
    for (sku, name), (categories, attributes) in islice(goods, _TRIES):
        line = Line("", sku, price, quantity, name, categories, attributes)
        if selector.matches(line):
            yield replace(line, id=next(ids))


def _names(selector: Selector, there: set[str]) -> Iterable[tuple[str, str]]:
    """(sku, product)."""
    if selector.skus is not None and selector.products is not None:
        return product(selector.skus, selector.products)
    named = selector.skus if selector.skus is not None else selector.products
    return ((name, name) for name in (islice(_fresh(there), _TRIES) if named is None else named))


def _kinds(selector: Selector) -> Iterator[tuple[Texts, Attributes]]:
    """(categories, attributes), one value of each that the selector lists."""
    wanted = selector.attributes or ()
    categories: list[Texts] = (
        [()] if selector.categories is None else [(name,) for name in selector.categories]
    )
    for found in categories:
        for values in product(*[values for _, values in wanted]):
            yield found, {name: value for (name, _), value in zip(wanted, values, strict=True)}


def _fresh(taken: set[str]) -> Iterator[str]:
    """Names that are not taken: "hint", "hint-2" …"""
    names = chain(["hint"], (f"hint-{n}" for n in count(2)))
    return (name for name in names if name not in taken)
