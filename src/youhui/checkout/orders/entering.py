"""What is entered in the ledger when something becomes of an order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from youhui.checkout.orders.model import Entry, Frozen, FrozenPromotion, Kind, Order, Refund, Vector
from youhui.checkout.orders.returns import Return

LATE = "late"
"""the number of entries of capacity that was taken again"""


def entries(order: Order, kind: Kind, now: datetime, number: str = "") -> Iterator[Entry]:
    """One for each promotion, of all that it took."""
    for promotion in order.frozen.promotions:
        yield Entry(
            at=now,
            taken_at=order.taken_at,
            kind=kind,
            order_no=order.order_no,
            number=number,
            promotion=promotion.counted_as,
            coupon=promotion.coupon,
            customer=order.customer,
            currency=order.currency,
            moved=moved_by(promotion),
            discount=promotion.amount,
            lines=_by_line(order.frozen, promotion.id),
        )


def moved_by(promotion: FrozenPromotion) -> Vector:
    """What its counters are moved by when it is taken."""
    return Vector(1, promotion.amount, promotion.units)


def _by_line(frozen: Frozen, promotion: str) -> dict[str, int]:
    return {
        line.id: cut.amount
        for line in frozen.lines
        for cut in line.cuts
        if cut.promotion == promotion and cut.amount
    }


def reversals(order: Order, refund: Refund, back: Return) -> Iterator[Entry]:
    for share in back.shares:
        if share.discount or any(share.moved):
            yield Entry(
                at=refund.at,
                taken_at=order.taken_at,
                kind="reverse",
                order_no=order.order_no,
                number=refund.refund_no,
                promotion=share.promotion,
                coupon=share.coupon,
                customer=order.customer,
                currency=order.currency,
                moved=share.moved,
                discount=share.discount,
                lines=share.by_line,
            )
