"""The fast way to read a cart that is sent: for one that is written plainly and without a fault."""

from __future__ import annotations

import functools
import itertools
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from youhui.checkout.completing import LeftOut, Stated
from youhui.engine import Cart, Context, Customer, Line, Shipping
from youhui.engine.forms import LARGEST
from youhui.engine.money import is_currency, parse_amount
from youhui.engine.quote import Explain, Strategy
from youhui.platform.ids import is_shop_id

MOST_LINES = 500
MOST_CODES = 20
MOST_COUPONS = 20
"""P23"""
MOST_CATEGORIES = 100
MOST_GROUPS = 1_000
"""of a line, and of a customer: each is looked up"""

_Name = Annotated[str, Meta(min_length=1)]
_Count = Annotated[int, Meta(ge=0, le=LARGEST)]
_Categories = Annotated[tuple[str, ...], Meta(max_length=MOST_CATEGORIES)]
_Groups = Annotated[tuple[str, ...], Meta(max_length=MOST_GROUPS)]
_Attributes = dict[str, str | Annotated[int, Meta(ge=-LARGEST, le=LARGEST)] | bool]


class _Line(Struct, forbid_unknown_fields=True, gc=False):
    id: _Name
    quantity: Annotated[int, Meta(ge=1, le=LARGEST)]
    sku: _Name | UnsetType = UNSET
    unit_price: str | UnsetType = UNSET
    product: _Name | UnsetType = UNSET
    categories: _Categories | UnsetType = UNSET
    attributes: _Attributes | UnsetType = UNSET
    min_unit_price: str | UnsetType = UNSET
    discountable: bool = True


class _Customer(Struct, forbid_unknown_fields=True):
    id: _Name
    groups: _Groups | UnsetType = UNSET
    orders_count: _Count | UnsetType = UNSET
    attributes: _Attributes | UnsetType = UNSET


class _Shipping(Struct, forbid_unknown_fields=True):
    price: str
    method: str | None = None


class _Context(Struct, forbid_unknown_fields=True):
    channel: str | None = None
    country: str | None = None
    payment_method: str | None = None


class PlainCart(Struct, forbid_unknown_fields=True):
    """What every body with a cart has."""

    currency: str
    lines: Annotated[list[_Line], Meta(max_length=MOST_LINES)]
    customer: _Customer | None = None
    shipping: _Shipping | None = None
    codes: Annotated[tuple[str, ...], Meta(max_length=MOST_CODES)] = ()
    context: _Context | UnsetType = UNSET
    strategy: Strategy | None = None
    coupons: Annotated[tuple[str, ...], Meta(max_length=MOST_COUPONS)] | Literal["auto"] = ()


class PlainDocument(PlainCart):
    """The body of `POST /api/quotes`."""

    at: str | None = None
    explain: Explain = "considered"
    hints: bool = False


decode_plain = msgspec.json.Decoder(PlainDocument).decode
"""Raises msgspec's ValidationError or DecodeError, or RecursionError."""
_NO_CONTEXT = Context()


AUTO = "auto"
"""asks for the best of the customer's coupons"""


def plain_coupons(document: PlainCart) -> tuple[str, ...] | None:
    """Those that are named, once each; None: the best. Raises ValueError where the exact way would find a fault."""
    if not document.coupons:
        return ()
    if document.coupons == AUTO:
        return None
    if not all(map(is_shop_id, document.coupons)):
        raise ValueError("no ids")
    return tuple(dict.fromkeys(document.coupons))


def plain_cart(document: PlainCart, body: bytes) -> Stated:
    """The cart of a decoded body. Raises ValueError where the exact way would find a fault."""
    currency = document.currency
    if b"\\u0000" in body or not is_currency(currency):
        raise ValueError(currency)
    lines = tuple([_line(line, currency) for line in document.lines])
    if len({line.id for line in lines}) < len(lines):
        raise ValueError("an id is used twice")
    shipping, context, customer = document.shipping, document.context, document.customer
    cart = Cart(
        currency,
        lines,
        None if customer is None else _customer(customer),
        None if shipping is None else Shipping(_amount(shipping.price, currency), shipping.method),
        document.codes,
        _NO_CONTEXT
        if context is UNSET
        else Context(context.channel, context.country, context.payment_method),
    )
    return Stated(
        cart,
        tuple([_left_out(line) for line in document.lines]),
        customer is not None and customer.groups is UNSET,
        customer is not None and customer.attributes is UNSET,
        customer is not None and customer.orders_count is UNSET,
    )


_LEFT_OUT = {
    flags: LeftOut(*flags) for flags in itertools.product((False, True), repeat=len(LeftOut._fields))
}
"""all there are: to look one up takes a third of making it"""


def _left_out(line: _Line) -> LeftOut:
    return _LEFT_OUT[
        line.sku is UNSET,
        line.product is UNSET,
        line.unit_price is UNSET,
        line.categories is UNSET,
        line.attributes is UNSET,
    ]


class _Draft:
    """A Line before it is frozen: a frozen dataclass fills each slot by a call, which takes three times as long."""

    __slots__ = Line.__slots__


def _line(line: _Line, currency: str) -> Line:
    draft: Any = _Draft()
    draft.id = line.id
    product = line.sku if line.product is UNSET else line.product
    sku = product if line.sku is UNSET else line.sku
    if product is UNSET or sku is UNSET or sku.isspace() or line.id.isspace() or not is_shop_id(product):
        raise ValueError("no name, or none that can be looked up")
    draft.sku, draft.product = sku, product
    draft.unit_price = 0 if line.unit_price is UNSET else _amount(line.unit_price, currency)
    draft.quantity = line.quantity
    draft.categories = () if line.categories is UNSET else line.categories
    draft.attributes = {} if line.attributes is UNSET else line.attributes
    draft.min_unit_price = 0 if line.min_unit_price is UNSET else _amount(line.min_unit_price, currency)
    draft.discountable = line.discountable
    draft.__class__ = Line
    frozen: Line = draft
    return frozen


def _customer(customer: _Customer) -> Customer:
    if not is_shop_id(customer.id):
        raise ValueError("no id of a customer")
    return Customer(
        customer.id,
        () if customer.groups is UNSET else customer.groups,
        0 if customer.orders_count is UNSET else customer.orders_count,
        {} if customer.attributes is UNSET else customer.attributes,
    )


@functools.lru_cache(maxsize=16_384)  # a shop's prices come again and again
def _amount(text: str, currency: str) -> int:
    amount = parse_amount(text, currency)
    if amount > LARGEST:
        raise ValueError(text)
    return amount
