"""Orders with all that belongs to them, in pieces of bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from youhui.checkout.ports import COUPON
from youhui.platform import sql
from youhui.platform.db import Connection

AT_ONCE = 1_000
"""orders of a piece"""


class OrderRow(NamedTuple):
    """An order, `returned` and `frozen` as JSON texts; `taken_at` as the driver gives it.

    `pending`: 1 if it is marked as unpaid until its deadline, 0 if it is not marked, else 2.
    """

    order_no: str
    state: str
    currency: str
    customer: str | None
    total: int
    discount: int
    payable: int
    refunded: int
    taken_at: object
    pending: int
    is_paid: int
    is_ended: int
    returned: str
    frozen: str


class EntryRow(NamedTuple):
    """An entry of the ledger, `by_line` as a JSON text.

    `promotion` is what the order calls it, `counted_as` what the ledger and the counters do.
    """

    order_no: str
    kind: str
    number: str
    promotion: str
    customer: str
    currency: str
    taken_at: object
    uses: int
    amount: int
    units: int
    discount: int
    by_line: str
    counted_as: str

    @property
    def moved(self) -> tuple[object, int, int, int]:
        """What it moves counters by, and in the periods of which instant."""
        return self[6], self[7], self[8], self[9]

    @property
    def named(self) -> dict[str, str]:
        """Which it is, of its order."""
        return {"promotion": self.promotion, "kind": self.kind, "number": self.number}


class RefundRow(NamedTuple):
    """A refund, `by_line` as a JSON text."""

    order_no: str
    refund_no: str
    sequence: int
    amount: int
    shipping: int
    returns_shipping: int
    by_line: str


class Piece(NamedTuple):
    """Some orders, in the order of their numbers; entries and refunds by order."""

    orders: list[OrderRow]
    entries: dict[str, list[EntryRow]]
    refunds: dict[str, list[RefundRow]]


_ORDERS = (
    "SELECT order_no, state, currency, customer, total, discount, payable, refunded, taken_at, "
    "CASE WHEN pending_until IS NULL THEN 0 WHEN pending_until = hold_until THEN 1 ELSE 2 END, "
    "CASE WHEN paid_at IS NULL THEN 0 ELSE 1 END, CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END, "
    "returned{text}, frozen{text} FROM orders WHERE order_no > ? ORDER BY order_no LIMIT ?"
)
_ENTRIES = (
    "SELECT order_no, kind, number, promotion, customer, currency, taken_at, uses, amount, units, discount, "
    "by_line{text}, coupon FROM ledger WHERE order_no > ? AND order_no <= ?"
)
_REFUNDS = (
    "SELECT order_no, refund_no, sequence, amount, shipping, returns_shipping, by_line{text} FROM refunds "
    "WHERE order_no > ? AND order_no <= ? ORDER BY order_no, sequence"
)


def pieces(connection: Connection) -> Iterator[Piece]:
    """All orders, by ranges of their numbers: every database reads them so in bounded memory, and one connection is
    enough for rows of three tables side by side.
    """
    last = ""
    while rows := sql.fetch(connection, _ORDERS, [last, AT_ONCE]):
        found = Piece(list(map(OrderRow._make, rows)), {}, {})
        until = found.orders[-1].order_no
        for entry in map(_entry, sql.fetch(connection, _ENTRIES, [last, until])):
            found.entries.setdefault(entry[0], []).append(entry)
        for refund in map(RefundRow._make, sql.fetch(connection, _REFUNDS, [last, until])):
            found.refunds.setdefault(refund[0], []).append(refund)
        yield found
        last = until


def _entry(row: Sequence[Any]) -> EntryRow:
    *values, coupon = row
    counted_as = values[3]
    if coupon:
        values[3] = f"{COUPON}{coupon}"
    return EntryRow._make([*values, counted_as])
