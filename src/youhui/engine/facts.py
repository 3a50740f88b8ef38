"""What a quote is asked about: the cart, its customer and its surroundings. Immutable, all amounts in minor units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

from youhui.engine.forms import Amount, Count, Currency, Form, Name, Positive, Texts

Attribute: TypeAlias = str | int | bool
"""a typed attribute of a customer or product: text (dates as "2026-01-31"), a whole number or a flag"""
Attributes: TypeAlias = Annotated[Mapping[str, Attribute], Form.VALUES]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a cart: `quantity` units at `unit_price` minor units each.

    `product` is the sku where it is left out. A unit is never brought below `min_unit_price`. A line that is not
    `discountable` is matched by nothing and counts only in `total_at_least`.
    """

    id: Name
    sku: Name
    unit_price: Amount
    quantity: Positive
    product: Name = ""
    categories: Texts = ()
    attributes: Attributes = field(default_factory=dict)
    min_unit_price: Amount = 0
    discountable: bool = True

    def __post_init__(self) -> None:
        if not self.product:
            object.__setattr__(self, "product", self.sku)


@dataclass(frozen=True, slots=True)
class Customer:
    """Who buys. `orders_count` is the number of orders placed before this one."""

    id: Name
    groups: Texts = ()
    orders_count: Count = 0
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shipping:
    """The price of delivery in minor units, and its method if there is one."""

    price: Amount
    method: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """Where and how the cart is bought; what is None is not known and matches no condition."""

    channel: str | None = None
    country: str | None = None
    payment_method: str | None = None


@dataclass(frozen=True, slots=True)
class Cart:
    """What is priced. `customer` None is a guest; `codes` are as typed, in that order."""

    currency: Currency
    lines: tuple[Line, ...]
    customer: Customer | None = None
    shipping: Shipping | None = None
    codes: Texts = ()
    context: Context = Context()


@dataclass(frozen=True, slots=True)
class Used:
    """What was used of one promotion so far; not part of its terms.

    `by_customer` and `units_by_customer` are of the cart's customer; `budget` is money in minor units; `units_left` is
    None where there is no stock of units to run out of.
    """

    used: int = 0
    by_customer: int = 0
    budget: int = 0
    units_left: int | None = None
    units_by_customer: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used of each promotion, by its id; one that is not named is unused."""

    by_promotion: Mapping[str, Used] = field(default_factory=dict)

    def of(self, promotion: str) -> Used:
        """What was used of this promotion."""
        return self.by_promotion.get(promotion, _UNUSED)


_UNUSED = Used()
