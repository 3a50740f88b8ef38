"""The body of `POST /api/quotes`, read twice as well: fast if it is plain, exactly if it is not.

The fast way accepts less than the exact way and never anything else; what it does not accept is read again by the
engine's codec, which names every fault by its path, and takes numbers for ids.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from youhui.checkout.problems import invalid, read_json
from youhui.engine import (
    BUILT_IN,
    Cart,
    Context,
    Customer,
    InvalidDocument,
    Line,
    Options,
    Problem,
    Shipping,
    decode_cart,
    decode_instant,
)
from youhui.engine.facts import Attribute
from youhui.engine.forms import LARGEST, Instant
from youhui.engine.money import is_currency, parse_amount
from youhui.engine.quote import Explain, Strategy
from youhui.engine.reading import Reader

MOST_LINES = 500
MOST_CODES = 20
"""P23"""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a cart is to be priced: keys beside the cart's own.

    `at`: absent, now. `strategy`: absent, the shop's. `explain`: verdicts of the applied promotions only, of all
    considered, or of all. `hints`: look for what would make a refused promotion apply.
    """

    at: Instant | None = None
    strategy: Strategy | None = None
    explain: Explain = "considered"
    hints: bool = False


WISHES = ("at", "strategy", "explain", "hints")


@dataclass(frozen=True, slots=True)
class Asked:
    """A cart, and how to price it. `at` None is now."""

    cart: Cart
    at: datetime | None
    options: Options


class Requests:
    """Reads bodies by the settings of the shop."""

    def __init__(self, strategy: Strategy = "priority") -> None:
        self._strategy: Strategy = strategy
        self._usual = Options(strategy=strategy, guests="refuse")

    def read(self, body: bytes) -> Asked:
        """The cart and how to price it. Raises Invalid."""
        plain = self.read_plain(body)
        return self.read_exactly(body) if plain is None else plain

    def read_plain(self, body: bytes) -> Asked | None:
        """None if there is anything to say about it: a fault, a number for an id, or many lines."""
        try:
            document = _DECODER.decode(body)
            if b"\\u0000" in body or len(document.lines) > MOST_LINES or len(document.codes) > MOST_CODES:
                return None
            cart = _cart(document)
            at = None if document.at is None else decode_instant(document.at)
        except (ValueError, RecursionError):
            return None
        if document.strategy is None and document.explain == "considered" and not document.hints:
            return Asked(cart, at, self._usual)
        return Asked(cart, at, self._options(document.strategy, document.explain, document.hints))

    def read_exactly(self, body: bytes) -> Asked:
        """The same by the engine's codec. Raises Invalid with every fault."""
        document = read_json(body)
        if isinstance(document, dict):
            _keep_ids(document)
            _bound(document)
        try:
            cart = decode_cart(document, WISHES)
            wishes = _wishes(document)
            at = (
                decode_instant(document["at"])
                if wishes.at is not None and isinstance(document, dict)
                else None
            )
        except InvalidDocument as error:
            raise invalid(error.problems) from None
        return Asked(cart, at, self._options(wishes.strategy, wishes.explain, wishes.hints))

    def _options(self, strategy: Strategy | None, explain: Explain, hints: bool) -> Options:
        return Options(strategy=strategy or self._strategy, guests="refuse", explain=explain, hints=hints)


# -- fast

_Count = Annotated[int, Meta(ge=0, le=LARGEST)]
_Attributes = dict[str, str | Annotated[int, Meta(ge=-LARGEST, le=LARGEST)] | bool]


class _Line(Struct, forbid_unknown_fields=True, gc=False):
    id: str
    sku: str
    unit_price: str
    quantity: Annotated[int, Meta(ge=1, le=LARGEST)]
    product: str | UnsetType = UNSET
    categories: tuple[str, ...] = ()
    attributes: _Attributes = {}
    min_unit_price: str | UnsetType = UNSET
    discountable: bool = True


class _Customer(Struct, forbid_unknown_fields=True):
    id: str
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


class _Document(Struct, forbid_unknown_fields=True):
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


_DECODER = msgspec.json.Decoder(_Document)
_NO_CONTEXT = Context()
_NO_ATTRIBUTES: dict[str, Attribute] = {}


def _cart(document: _Document) -> Cart:
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


def _line(line: _Line, currency: str) -> Line:
    product = line.sku if line.product is UNSET else line.product
    if not (line.id.strip() and line.sku.strip() and product.strip()):
        raise ValueError("an empty name")
    least = 0 if line.min_unit_price is UNSET else _amount(line.min_unit_price, currency)
    return Line(
        line.id, line.sku, _amount(line.unit_price, currency), line.quantity, product, line.categories,
        line.attributes, least, line.discountable,
    )  # fmt: skip


def _customer(customer: _Customer) -> Customer:
    if not customer.id.strip():
        raise ValueError("an empty name")
    return Customer(customer.id, customer.groups, customer.orders_count, customer.attributes)


@functools.lru_cache(maxsize=16_384)  # a shop's prices come again and again
def _amount(text: str, currency: str) -> int:
    amount = parse_amount(text, currency)
    if amount > LARGEST:
        raise ValueError(text)
    return amount


# -- exact


def _wishes(document: object) -> Wishes:
    reader = Reader(BUILT_IN, "")
    wishes = (
        reader.build("", {key: document[key] for key in WISHES if key in document}, Wishes)
        if isinstance(document, dict)
        else None
    )
    reader.done()
    return wishes or Wishes()


def _keep_ids(document: dict[str, object]) -> None:
    """Numbers that stand for ids become texts: of lines, skus, products, categories, customers and groups."""
    lines = document.get("lines")
    for line in lines if isinstance(lines, list) else ():
        _as_text(line, ("id", "sku", "product"), "categories")
    _as_text(document.get("customer"), ("id",), "groups")


def _as_text(owner: object, ids: Sequence[str], listed: str) -> None:
    if not isinstance(owner, dict):
        return
    for key in ids:
        if key in owner:
            owner[key] = _text(owner[key])
    if isinstance(owner.get(listed), list):
        owner[listed] = [_text(value) for value in owner[listed]]


def _text(value: object) -> object:
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST
    return str(value) if whole else value


def _bound(document: dict[str, object]) -> None:
    for key, most in (("lines", MOST_LINES), ("codes", MOST_CODES)):
        value = document.get(key)
        if isinstance(value, list) and len(value) > most:
            raise invalid([Problem(key, "too_many", {"most": most})])
