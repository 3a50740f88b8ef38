"""P7: what an order holds ends once, in one of a few ways, and its state says which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from youhui.checkout.orders.checking.reading import EntryRow, OrderRow
from youhui.checkout.orders.checking.report import Proof
from youhui.checkout.orders.model import Frozen

Way = frozenset[str]
"""kinds of entries; those of capacity that was taken again begin with "late"."""

_OPEN = frozenset({"hold"})
_USED = frozenset({"hold", "commit"})
_AGAIN = frozenset({"hold", "expire", "late hold", "late commit"})
_RELEASED = frozenset({"hold", "release"})
_EXPIRED = frozenset({"hold", "expire"})

WAYS: Mapping[str, tuple[Way, ...]] = {
    "pending": (_OPEN,),
    "paid": (_USED, _AGAIN),
    "partially_refunded": (_USED, _AGAIN),
    "refunded": (_USED, _AGAIN),
    "cancelled": (_RELEASED, _EXPIRED),
    "expired": (_EXPIRED,),
}
"""the entries that each promotion of an order has in this state, besides those of refunds"""

_TIMES: Mapping[str, tuple[int, int, int]] = {
    "pending": (1, 0, 0),
    "paid": (0, 1, 0),
    "partially_refunded": (0, 1, 0),
    "refunded": (0, 1, 1),
    "cancelled": (0, 0, 1),
    "expired": (0, 0, 1),
}
"""whether it is marked as unpaid until its deadline, has an instant of payment, and one of its end"""


def check(order: OrderRow, frozen: Frozen, entries: Sequence[EntryRow], proof: Proof) -> None:
    """One order."""
    ways = WAYS.get(order.state, ())
    if _TIMES.get(order.state) != (order.pending, order.is_paid, order.is_ended):
        proof.fails("times", order_no=order.order_no, state=order.state)
    gone = {promotion.id: set[str]() for promotion in frozen.promotions}
    for entry in entries:
        if entry.kind != "reverse":
            gone.setdefault(entry.promotion, set()).add(f"{entry.number} {entry.kind}".lstrip())
    first: set[str] | None = None
    for promotion, way in gone.items():
        if way not in ways or way != (first or way):
            proof.fails(
                "way", order_no=order.order_no, state=order.state, promotion=promotion,
                entries=", ".join(sorted(way)),
            )  # fmt: skip
        first = first or way
    _same_put_back(order, entries, proof)


def _same_put_back(order: OrderRow, entries: Sequence[EntryRow], proof: Proof) -> None:
    """What ends a hold moves exactly what it took, in the period that it took it in (P8)."""
    took = {
        (entry.promotion, entry.number): (entry.taken_at, entry.uses, entry.amount, entry.units)
        for entry in entries
        if entry.kind == "hold"
    }
    for entry in entries:
        moved = (entry.taken_at, entry.uses, entry.amount, entry.units)
        if entry.kind != "reverse" and took.get((entry.promotion, entry.number), moved) != moved:
            proof.fails(
                "moved", order_no=order.order_no, promotion=entry.promotion, kind=entry.kind,
                number=entry.number,
            )  # fmt: skip
