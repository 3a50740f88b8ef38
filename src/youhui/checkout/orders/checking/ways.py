"""P7: what an order holds ends once, in one of a few ways, and its state says which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from youhui.checkout.orders.checking.reading import EntryRow, OrderRow, what_was_held
from youhui.checkout.orders.checking.report import Proof
from youhui.checkout.orders.model import Frozen

Step = tuple[str, str]
"""the kind of an entry, and its number: "late" for capacity that was taken again"""

_HOLD, _LATE_HOLD, _LATE_COMMIT = ("hold", ""), ("hold", "late"), ("commit", "late")
_OPEN = frozenset({_HOLD})
_USED = frozenset({_HOLD, ("commit", "")})
_RELEASED = frozenset({_HOLD, ("release", "")})
_EXPIRED = frozenset({_HOLD, ("expire", "")})
_AGAIN = _EXPIRED | {_LATE_HOLD, _LATE_COMMIT}

WAYS: Mapping[str, tuple[frozenset[Step], ...]] = {
    "pending": (_OPEN,),
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


def check(order: OrderRow, frozen: Frozen, entries: Sequence[EntryRow], proof: Proof) -> None:
    """One order."""
    if _TIMES.get(order.state) != (order.pending, order.is_paid, order.is_ended):
        proof.fails("times", order_no=order.order_no, state=order.state)
    gone: dict[str, set[Step]] = {promotion.id: set() for promotion in frozen.promotions}
    for entry in entries:
        if entry.kind != "reverse":
            gone.setdefault(entry.promotion, set()).add((entry.kind, entry.number))
    ways = WAYS.get(order.state, ())
    first = next(iter(gone.values()), None)
    for promotion, way in gone.items():
        if way not in ways or way != first:
            steps = ", ".join(sorted(f"{number} {kind}".strip() for kind, number in way))
            proof.fails("way", order_no=order.order_no, state=order.state, promotion=promotion, entries=steps)
    _same_put_back(order, entries, proof)


def _same_put_back(order: OrderRow, entries: Sequence[EntryRow], proof: Proof) -> None:
    """What ends a hold moves exactly what it took, in the period that it took it in (P8)."""
    held = what_was_held(entries)
    for entry in entries:
        if entry.kind not in ("hold", "reverse"):
            hold = held.get((entry.promotion, entry.number))
            if hold is not None and entry.moved != hold.moved:
                proof.fails(
                    "moved",
                    order_no=order.order_no,
                    promotion=entry.promotion,
                    kind=entry.kind,
                    number=entry.number,
                )
