"""The proof: each question's rows break it."""

from __future__ import annotations

from youhui.checkout.orders.checking.report import Proof
from youhui.coupons.checking import store
from youhui.platform.db import Connection


def prove(connection: Connection) -> Proof:
    """In the caller's transaction, which sees one state of everything."""
    proof = Proof("coupons")
    proof.counted["coupons"] = store.count(connection)
    for rule, (rows, drifted) in (
        ("issued", store.not_as_issued(connection)),
        ("claimed", store.not_as_claimed(connection)),
        ("coupon", store.not_in_its_order(connection)),
        ("coupon", store.not_held_or_used(connection)),
        ("used_twice", store.used_twice(connection)),
    ):
        proof.add(rule, rows, drifted)
    return proof
