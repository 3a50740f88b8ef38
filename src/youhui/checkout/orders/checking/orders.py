"""P7, P12 and P14: each order with its entries in the ledger and its refunds, read side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from youhui.checkout.orders.checking import amounts, reading, returns, store, ways
from youhui.checkout.orders.checking.history import history_of
from youhui.checkout.orders.checking.reading import EntryRow, OrderRow, Piece, RefundRow
from youhui.checkout.orders.checking.report import Proof
from youhui.checkout.orders.checking.totals import Totals
from youhui.checkout.orders.model import Frozen, Returned
from youhui.platform.db import Connection

_frozen = msgspec.json.Decoder(Frozen)
_returned = msgspec.json.Decoder(Returned)


def orders(
    connection: Connection, totals: Totals, told: Callable[[int, int], None]
) -> tuple[Proof, Proof, Proof]:
    """All of them in one pass. `totals` are given every entry; `told` of orders done, and of all."""
    p7, p12, p14 = proofs = Proof("P7"), Proof("P12"), Proof("P14")
    p14.counted["refunds"] = 0
    done, all_ = 0, store.count(connection, "orders")
    told(done, all_)
    last = ""
    for piece in reading.pieces(connection):
        for entries in piece.entries.values():
            totals.add(entries)
        for row in piece.orders:
            number = row.order_no
            _one(row, piece.entries.pop(number, ()), piece.refunds.pop(number, ()), proofs)
        _strays(piece, p12)
        done, last = done + len(piece.orders), piece.orders[-1].order_no
        told(done, all_)
    _after(connection, last, p12)
    p7.counted["orders"] = p12.counted["orders"] = p14.counted["orders"] = done
    _holds(connection, p7)
    return proofs


def _one(
    row: OrderRow,
    entries: Sequence[EntryRow],
    refunds: Sequence[RefundRow],
    proofs: tuple[Proof, Proof, Proof],
) -> None:
    p7, p12, p14 = proofs
    try:
        frozen, returned = _frozen.decode(row.frozen), _returned.decode(row.returned)
        history = history_of(entries)
        ways.check(row, frozen, history, p7)
        amounts.check(row, frozen, history, p12)
        returns.check(row, frozen, returned, history.reversals, refunds, p14)
    except (msgspec.DecodeError, ZeroDivisionError):
        p12.fails("unreadable", order_no=row.order_no)


def _holds(connection: Connection, p7: Proof) -> None:
    p7.counted["holds"] = store.count(connection, "holds")
    names = ("order_no", "promotion", "customer", "period")
    for rule, found in (
        ("not_held", store.not_held(connection)),
        ("held_for_nothing", store.held_for_nothing(connection)),
    ):
        p7.add(rule, [dict(zip(names, row, strict=True)) for row in found.rows], found.all)


def _strays(piece: Piece, p12: Proof) -> None:
    """Entries of orders that are not there: they are left when all orders have taken theirs."""
    for entry in (one for entries in piece.entries.values() for one in entries):
        p12.fails("no_order", order_no=entry.order_no, **entry.named)


def _after(connection: Connection, last: str, p12: Proof) -> None:
    names = ("order_no", "promotion", "kind", "number")
    found = store.entries_after(connection, last)
    p12.add("no_order", [dict(zip(names, row, strict=True)) for row in found.rows], found.all)
