"""Baskets as carts, at the shelf price: what the register took off is left out, to compare with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from examples.complete_journey.data import Redemption, Year
from examples.complete_journey.promotions import CURRENCY
from youhui.engine import Cart, Customer, Line


@dataclass(frozen=True, slots=True)
class Product:
    """What every line of a product says about it."""

    id: str
    categories: tuple[str, ...]
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Basket:
    """One visit to the shop: the cart, when it was rung up, and the redemptions whose codes were entered in it."""

    id: int
    instant: datetime
    day: date
    cart: Cart
    redemptions: Sequence[Redemption]


def products(year: Year) -> dict[int, Product]:
    """The catalogue, with department, category and type as categories."""
    return {
        number: Product(
            str(number), tuple(slug(name) for name in names if name), {"brand": brand} if brand else {}
        )
        for number, brand, *names in year.catalogue()
    }


def baskets(
    year: Year, catalogue: Mapping[int, Product], redemptions: Iterable[Redemption], limit: int | None = None
) -> Iterator[Basket]:
    """The year's baskets in order, each with its codes."""
    entered: dict[int, list[Redemption]] = {}
    for redemption in redemptions:
        entered.setdefault(redemption.basket, []).append(redemption)
    rows = year.lines()
    for number, household, instant, day, count in year.baskets(limit):
        uses = entered.get(number, ())
        cart = Cart(
            currency=CURRENCY,
            lines=tuple(cart_lines(catalogue, islice(rows, count))),
            customer=Customer(household),
            codes=tuple(use.key for use in uses),
        )
        yield Basket(number, instant, day, cart, uses)


def cart_lines(catalogue: Mapping[int, Product], rows: Iterable[tuple[int, int, int]]) -> Iterator[Line]:
    """Each row as a line of whole unit prices, or as two a cent apart where the cents do not divide."""
    for number, quantity, cents in rows:
        product = catalogue[number]
        name = product.id
        if quantity == 1:
            yield Line(name, name, cents, 1, name, product.categories, product.attributes)
            continue
        price, dearer = divmod(cents, quantity)
        yield Line(name, name, price, quantity - dearer, name, product.categories, product.attributes)
        if dearer:
            yield Line(f"{name}+1", name, price + 1, dearer, name, product.categories, product.attributes)


def slug(name: str) -> str:
    """An id as DESIGN.md wants them, without spaces and commas: "FRZN VEGETABLE/VEG DSH" is frzn-vegetable-veg-dsh."""
    return re.sub(r"[^0-9a-z]+", "-", name.lower()).strip("-")[:64]
