"""The fast way to read the body of `POST /api/quotes`: for one that is written plainly and without a fault."""

from __future__ import annotations

import functools
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from youhui.engine import Cart, Context, Customer, Line, Shipping
from youhui.engine.forms import LARGEST
from youhui.engine.money import is_currency, parse_amount
from youhui.engine.quote import Explain, Strategy

_Name = Annotated[str, Meta(min_length=1)]
_Count = Annotated[int, Meta(ge=0, le=LARGEST)]
_Attributes = dict[str, str | Annotated[int, Meta(ge=-LARGEST, le=LARGEST)] | bool]


class _Line(Struct, forbid_unknown_fields=True, gc=False):
    id: _Name
    sku: _Name
    unit_price: str
    quantity: Annotated[int, Meta(ge=1, le=LARGEST)]
    product: _Name | UnsetType = UNSET
    categories: tuple[str, ...] = ()
    attributes: _Attributes = {}
    min_unit_price: str | UnsetType = UNSET
    discountable: bool = True


class _Customer(Struct, forbid_unknown_fields=True):
    id: _Name
    groups: tuple[str, ...] = ()
    orders_count: _Count = 0
    attributes: _Attributes = {}


class _Shipping(Struct, forbid_unknown_fields=True):
    price: str
    method: str | None = None


class _Context(Struct, forbid_unknown_fields=True):
    channel: str | None = None
    country: str | None = None
    payment_method: str | None = None


class PlainDocument(Struct, forbid_unknown_fields=True):
    currency: str
    lines: list[_Line]
    customer: _Customer | None = None
    shipping: _Shipping | None = None
    codes: tuple[str, ...] = ()
    context: _Context | UnsetType = UNSET
    at: str | None = None
    strategy: Strategy | None = None
    explain: Explain = "considered"
    hints: bool = False


decode_plain = msgspec.json.Decoder(PlainDocument).decode
"""Raises msgspec's ValidationError or DecodeError, or RecursionError."""
_NO_CONTEXT = Context()


def plain_cart(document: PlainDocument) -> Cart:
    """Raises ValueError where the codec would find a fault."""
    currency = document.currency
    if not is_currency(currency):
        raise ValueError(currency)
    lines = tuple([_line(line, currency) for line in document.lines])
    if len({line.id for line in lines}) < len(lines):
        raise ValueError("an id is used twice")
    shipping, context, customer = document.shipping, document.context, document.customer
    return Cart(
        currency,
        lines,
        None if customer is None else _customer(customer),
        None if shipping is None else Shipping(_amount(shipping.price, currency), shipping.method),
        document.codes,
        _NO_CONTEXT
        if context is UNSET
        else Context(context.channel, context.country, context.payment_method),
    )


class _Draft:
    """A Line before it is frozen: a frozen dataclass fills each slot by a call, which takes three times as long."""

    __slots__ = Line.__slots__


def _line(line: _Line, currency: str) -> Line:
    draft: Any = _Draft()
    draft.id = line.id
    draft.sku = line.sku
    draft.unit_price = _amount(line.unit_price, currency)
    draft.quantity = line.quantity
    draft.product = product = line.sku if line.product is UNSET else line.product
    draft.categories = line.categories
    draft.attributes = line.attributes
    draft.min_unit_price = 0 if line.min_unit_price is UNSET else _amount(line.min_unit_price, currency)
    draft.discountable = line.discountable
    if line.id.isspace() or line.sku.isspace() or product.isspace():
        raise ValueError("an empty name")
    draft.__class__ = Line
    frozen: Line = draft
    return frozen


def _customer(customer: _Customer) -> Customer:
    if customer.id.isspace():
        raise ValueError("an empty name")
    return Customer(customer.id, customer.groups, customer.orders_count, customer.attributes)


@functools.lru_cache(maxsize=16_384)  # a shop's prices come again and again
def _amount(text: str, currency: str) -> int:
    amount = parse_amount(text, currency)
    if amount > LARGEST:
        raise ValueError(text)
    return amount
