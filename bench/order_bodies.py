"""What the references read, freeze and answer: the body of an order, priced with the engine or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from bench import order_shop
from youhui.checkout.orders.model import Frozen, FrozenCut, FrozenLine, FrozenPromotion
from youhui.engine import Cart, Customer, Line, Ruleset, Usage, decode_promotions


class _Line(msgspec.Struct):
    id: str
    sku: str
    quantity: int
    unit_price: str
    categories: tuple[str, ...]


class _Customer(msgspec.Struct):
    id: str
    groups: tuple[str, ...] = ()


class Body(msgspec.Struct):
    """What is sent."""

    order_no: str
    expected_payable: str
    hold_seconds: int
    currency: str
    customer: _Customer
    lines: list[_Line]


class Taken(NamedTuple):
    """What is written of an order."""

    order_no: str
    key: str
    request: str
    body: Body
    promotion: str
    total: int
    discount: int
    frozen: str
    by_line: str
    at: datetime
    until: datetime


DECODE, ENCODE = msgspec.json.Decoder(Body).decode, msgspec.json.Encoder().encode


def minor(amount: str) -> int:
    """Of a text with two decimals."""
    return int(amount.replace(".", ""))


def unpriced(body: Body) -> Frozen:
    """10 % of every line by the promotion of its first category, without asking anything."""
    promotion, lines, off = body.lines[0].categories[0], [], 0
    for line in body.lines:
        price = minor(line.unit_price)
        cut = price // 10
        off += cut * line.quantity
        paid = (price - cut) * line.quantity
        cuts = (FrozenCut(promotion, cut * line.quantity, ((line.quantity, cut),)),)
        lines.append(FrozenLine(line.id, line.sku, line.sku, line.quantity, price, paid, cuts))
    return Frozen(tuple(lines), (FrozenPromotion(promotion, f"Promotion {promotion}", off),), 0, 0)


class Pricing:
    """The same, priced with the engine by the same promotions."""

    def __init__(self) -> None:
        promotions, usage = decode_promotions(order_shop.documents(), order_shop.CURRENCY)
        self._ruleset = Ruleset(promotions)
        self._usage: Usage = usage
        self._names = {promotion.id: promotion.name for promotion in promotions}
        _ = self._ruleset.version

    def __call__(self, body: Body) -> Frozen:
        """What the engine says of the cart."""
        lines = tuple(
            [
                Line(line.id, line.sku, minor(line.unit_price), line.quantity, categories=line.categories)
                for line in body.lines
            ]
        )
        cart = Cart(body.currency, lines, Customer(body.customer.id, body.customer.groups))
        quote = self._ruleset.price(cart, self._usage, at=datetime.now(UTC))
        cuts: dict[str, list[FrozenCut]] = {line.id: [] for line in lines}
        for applied in quote.applied:
            for cut in applied.cuts:
                cuts[cut.line].append(FrozenCut(applied.promotion, cut.amount, cut.units))
        frozen = [
            FrozenLine(a.id, a.sku, a.product, a.quantity, a.unit_price, b.total, tuple(cuts[a.id]))
            for a, b in zip(lines, quote.lines, strict=True)
        ]
        promotions = [FrozenPromotion(a.promotion, self._names[a.promotion], a.amount) for a in quote.applied]
        return Frozen(tuple(frozen), tuple(promotions), 0, 0, (), quote.version)


def taken(raw: bytes, key: str, freeze: Callable[[Body], Frozen]) -> Taken:
    """From the bytes of a request to what is to be written."""
    body = DECODE(raw)
    frozen = freeze(body)
    at = datetime.now(UTC).replace(tzinfo=None)
    promotion = frozen.promotions[0]
    return Taken(
        body.order_no,
        key,
        blake2b(raw, digest_size=16).hexdigest(),
        body,
        promotion.id,
        sum([line.unit_price * line.quantity for line in frozen.lines]),
        promotion.amount,
        ENCODE(frozen).decode(),
        ENCODE({line.id: cut.amount for line in frozen.lines for cut in line.cuts}).decode(),
        at,
        at + timedelta(seconds=body.hold_seconds),
    )


def answer(one: Taken) -> bytes:
    """The order as it was placed."""
    return f'{{"order_no":"{one.order_no}","state":"pending","order":{one.frozen}}}'.encode()
