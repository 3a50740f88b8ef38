"""P7: what an order holds ends once, in one of a few ways, and its state says which."""

from __future__ import annotations

from collections.abc import Mapping

from youhui.checkout.orders.checking.history import History, bits, names
from youhui.checkout.orders.checking.reading import OrderRow
from youhui.checkout.orders.checking.report import Proof
from youhui.checkout.orders.model import Frozen

_USED = bits("hold", "commit")
_RELEASED = bits("hold", "release")
_EXPIRED = bits("hold", "expire")
_AGAIN = bits("hold", "expire", "latehold", "latecommit")

WAYS: Mapping[str, tuple[int, ...]] = {
    "pending": (bits("hold"),),
    "paid": (_USED, _AGAIN),
    "partially_refunded": (_USED, _AGAIN),
    "refunded": (_USED, _AGAIN),
    "cancelled": (_RELEASED, _EXPIRED),
    "expired": (_EXPIRED,),
}
"""the steps of each promotion of an order in this state, besides those of refunds"""

_TIMES: Mapping[str, tuple[int, int, int]] = {
    "pending": (1, 0, 0),
    "paid": (0, 1, 0),
    "partially_refunded": (0, 1, 0),
    "refunded": (0, 1, 1),
    "cancelled": (0, 0, 1),
    "expired": (0, 0, 1),
}
"""whether it is marked as unpaid until its deadline, has an instant of payment, and one of its end"""


def check(order: OrderRow, frozen: Frozen, history: History, proof: Proof) -> None:
    """One order. Its promotions go the same way, and what ends a hold moves exactly what it took (P8)."""
    if _TIMES.get(order.state) != (order.pending, order.is_paid, order.is_ended):
        proof.fails("times", order_no=order.order_no, state=order.state)
    gone = history.steps
    for promotion in frozen.promotions:
        gone.setdefault(promotion.id, 0)
    if gone:
        ways = WAYS.get(order.state, ())
        first = next(iter(gone.values()))
        for name, way in gone.items():
            if way not in ways or way != first:
                proof.fails(
                    "way", order_no=order.order_no, state=order.state, promotion=name, entries=names(way)
                )
    for hold, entry in history.odd:
        if entry.moved != hold.moved:
            proof.fails("moved", order_no=order.order_no, **entry.named)
