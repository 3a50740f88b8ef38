"""An order as it is answered: what was frozen when it was placed, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from youhui.checkout.orders.commands import Done
from youhui.checkout.orders.listing.model import Listed
from youhui.checkout.orders.model import FrozenLine, FrozenPromotion, Order, Refund, State
from youhui.checkout.orders.schemas import (
    OrderCut,
    OrderLine,
    OrderOut,
    OrderPromotion,
    OrderRow,
    OrderShipping,
    RefundedOut,
    RefundOut,
    ShippingCut,
)
from youhui.checkout.orders.words import STATES
from youhui.checkout.schemas import GiftOut
from youhui.engine.money import formatter
from youhui.platform.languages import Language

_encode = msgspec.json.Encoder().encode
_Money = Callable[[int], str]


def done_answer(done: Done) -> bytes:
    """What a command led to. Of frozen facts alone, so that it is the same whenever it is asked for again."""
    out = _order(done.order, done.order.state)
    if done.refund is not None:
        out.refunds = [_refund(done.refund, formatter(done.order.currency))]
    return _encode(out)


def order_answer(order: Order, refunds: Sequence[Refund], at: datetime, language: Language) -> bytes:
    """An order as it is at an instant, with all its refunds."""
    state, money = order.state_at(at), formatter(order.currency)
    out = _order(order, state)
    out.refunds = [_refund(refund, money) for refund in refunds]
    out.state_text = STATES[state][language]
    return _encode(out)


def order_row(one: Listed, language: Language) -> OrderRow:
    """An order in a list."""
    money = formatter(one.currency)
    return OrderRow(
        order_no=one.order_no,
        state=one.state,
        state_text=STATES[one.state][language],
        currency=one.currency,
        customer_id=one.customer,
        total_amount=money(one.total),
        discount_amount=money(one.discount),
        actual_amount=money(one.payable),
        refunded_amount=money(one.refunded),
        placed_at=one.placed_at,
        hold_until=one.hold_until,
        paid_at=one.paid_at,
        ended_at=one.ended_at,
    )


def _order(order: Order, state: State) -> OrderOut:
    """`ended_at` of one that is expired is its deadline, whenever that was written down."""
    frozen, money = order.frozen, formatter(order.currency)
    returned = order.returned
    return OrderOut(
        order.order_no,
        state,
        order.currency,
        order.customer,
        money(order.total),
        money(order.discount),
        money(order.payable),
        money(order.refunded),
        order.placed_at,
        order.hold_until,
        order.paid_at,
        order.hold_until if state == "expired" else order.ended_at,
        [_line(line, returned.lines.get(line.id, 0), money) for line in frozen.lines],
        _shipping(order, money),
        [_promotion(one, money) for one in frozen.promotions],
        list(frozen.codes),
    )


def _line(line: FrozenLine, returned: int, money: _Money) -> OrderLine:
    subtotal = line.quantity * line.unit_price
    cuts = [
        OrderCut(cut.promotion, money(cut.amount), [(count, money(each)) for count, each in cut.runs])
        for cut in line.cuts
    ]
    return OrderLine(
        line.id,
        line.sku,
        line.product,
        line.quantity,
        money(line.unit_price),
        money(subtotal),
        money(subtotal - line.paid),
        money(line.paid),
        returned,
        cuts,
    )


def _shipping(order: Order, money: _Money) -> OrderShipping:
    price, paid = order.frozen.shipping, order.frozen.shipping_paid
    cuts = [ShippingCut(one.id, money(one.shipping)) for one in order.frozen.promotions if one.shipping]
    return OrderShipping(money(price), money(price - paid), money(paid), order.returned.shipping, cuts)


def _promotion(one: FrozenPromotion, money: _Money) -> OrderPromotion:
    gifts = [GiftOut(gift.sku, gift.quantity) for gift in one.gifts]
    return OrderPromotion(one.id, one.name, money(one.amount), gifts)


def _refund(refund: Refund, money: _Money) -> RefundOut:
    lines = [RefundedOut(name, units, money(amount)) for name, (units, amount) in refund.lines.items()]
    return RefundOut(refund.refund_no, refund.at, money(refund.amount), lines, money(refund.shipping))
