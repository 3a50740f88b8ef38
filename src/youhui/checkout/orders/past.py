"""An order as it was right after something was done with it: the same request is answered the same again (P6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from youhui.checkout.orders.model import Order, Refund, Returned
from youhui.checkout.orders.problems import OrderState


def as_placed(order: Order) -> Order:
    """As it was when it was placed."""
    return replace(
        order, state="pending", paid_at=None, ended_at=None, refunded=0, returned=Returned(),
        taken_at=order.placed_at,
    )  # fmt: skip


def placed_again(order: Order) -> Order:
    """What an order is answered that is placed once more by the same request.

    One that was paid when it was placed is of a coupon that was used, and must not seem so once it is given back.
    Raises OrderState.
    """
    if order.hold_until > order.placed_at:
        return as_placed(order)
    if order.state != "paid":
        raise OrderState(order_no=order.order_no, state=order.state)
    return order


def as_paid(order: Order) -> Order:
    """As it was when it was paid."""
    return replace(order, state="paid", ended_at=None, refunded=0, returned=Returned())


def as_refunded(order: Order, refunds: Sequence[Refund], last: Refund) -> Order:
    """As it was after one of its refunds."""
    done = [refund for refund in refunds if refund.sequence <= last.sequence]
    refunded = sum([refund.amount for refund in done])
    lines: dict[str, int] = {}
    for refund in done:
        for line, (units, _) in refund.lines.items():
            lines[line] = lines.get(line, 0) + units
    whole = order.state == "refunded" and max(r.sequence for r in refunds) == last.sequence
    return replace(
        order,
        state="refunded" if whole else "partially_refunded",
        ended_at=order.ended_at if whole else None,
        refunded=refunded,
        returned=order.returned if whole else Returned(lines, any(r.returns_shipping for r in done)),
    )
