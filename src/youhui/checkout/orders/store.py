"""The SQL of orders: what a batch of commands locks, and what it writes. Statements go to the driver as they are.

Rows are locked in one order everywhere: versions, orders by number, counters by key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from youhui.checkout.orders import tables as tables
from youhui.checkout.orders.book import Request
from youhui.checkout.orders.model import Entry, Frozen, Order, Refund, Returned
from youhui.platform import sql
from youhui.platform.committing import Conflict
from youhui.platform.sql import among, among_rows, fetch, instant

MOST_EXPIRED = 500
"""so many orders are ended at once"""
MOST_FORGOTTEN = 5_000
"""so many keys of requests, and those of the same instant"""

_ORDER = (
    "order_no, state, currency, customer, total, discount, payable, refunded, placed_at, hold_until, taken_at, "
    "paid_at, ended_at, returned{text}, frozen{text}, request"
)
_frozen = msgspec.json.Decoder(Frozen)
_returned = msgspec.json.Decoder(Returned)
_refunded = msgspec.json.Decoder(dict[str, tuple[int, int]])


@contextmanager
def conflicts() -> Iterator[None]:
    """Where rows are written that others may write too."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict(str(error.orig)) from error


# -- orders


def read_order(connection: Connection, order_no: str) -> Order | None:
    """One order, without a lock."""
    rows = fetch(connection, f"SELECT {_ORDER} FROM orders WHERE order_no = ?", (order_no,))
    return _order(rows[0]) if rows else None


def lock_orders(connection: Connection, numbers: Collection[str]) -> dict[str, Order]:
    """Those of these that are there, locked in the order of their numbers."""
    found: dict[str, Order] = {}
    for chunk in sql.chunks(sorted(numbers)):
        those, values = among(connection, "order_no", chunk)
        text = f"SELECT {_ORDER} FROM orders WHERE {those} ORDER BY order_no {{lock}}"
        found.update((row[0], _order(row)) for row in fetch(connection, text, values))
    return found


def expired_orders(connection: Connection, now: datetime) -> list[str]:
    """Some that are pending after their deadline, the oldest first: at most MOST_EXPIRED."""
    text = f"SELECT order_no FROM orders WHERE pending_until <= ? ORDER BY pending_until LIMIT {MOST_EXPIRED}"
    return [row[0] for row in fetch(connection, text, (instant(connection, now),))]


def count_orders(connection: Connection, customer: str, now: datetime) -> int:
    """How many a customer has placed that were not cancelled and have not expired."""
    text = (
        "SELECT COUNT(*) FROM orders WHERE customer = ? AND state IN ('pending', 'paid', 'partially_refunded', "
        "'refunded') AND (pending_until IS NULL OR pending_until > ?)"
    )
    count: int = fetch(connection, text, (customer, instant(connection, now)))[0][0]
    return count


def read_refunds(connection: Connection, order_no: str) -> list[Refund]:
    """Those of one order, in their sequence."""
    return refunds_of(connection, [order_no]).get(order_no, [])


def refunds_of(connection: Connection, numbers: Collection[str]) -> dict[str, list[Refund]]:
    """Those of these orders, by order, in their sequence."""
    found: dict[str, list[Refund]] = {}
    for chunk in sql.chunks(sorted(numbers)):
        those, values = among(connection, "order_no", chunk)
        text = (
            "SELECT order_no, refund_no, sequence, at, amount, shipping, returns_shipping, by_line{text}, request "
            f"FROM refunds WHERE {those} ORDER BY order_no, sequence"
        )
        for row in fetch(connection, text, values):
            found.setdefault(row[0], []).append(_refund(row))
    return found


def add_orders(connection: Connection, orders: Iterable[Order]) -> None:
    """New ones."""
    columns = (
        "order_no", "state", "currency", "customer", "total", "discount", "payable", "refunded", *_TIMES,
        "returned", "frozen", "request",
    )  # fmt: skip
    rows = [
        (
            one.order_no, one.state, one.currency, one.customer, one.total, one.discount, one.payable,
            one.refunded, *_times(connection, one), _json(one.returned), _json(one.frozen), one.request,
        )
        for one in orders
    ]  # fmt: skip
    sql.insert(connection, tables.orders, columns, rows)


def change_orders(connection: Connection, orders: Iterable[Order]) -> None:
    """What can change of an order, written over."""
    rows = [
        (one.state, one.refunded, *_times(connection, one)[2:], _json(one.returned), one.order_no)
        for one in orders
    ]
    columns = ("state", "refunded", *_TIMES[2:], "returned")
    sql.update(connection, tables.orders, columns, ["order_no"], rows)


def add_refunds(connection: Connection, refunds: Iterable[Refund]) -> None:
    """New ones."""
    columns = (
        "order_no", "refund_no", "sequence", "at", "amount", "shipping", "returns_shipping", "by_line",
        "request",
    )  # fmt: skip
    rows = [
        (
            one.order_no, one.refund_no, one.sequence, instant(connection, one.at), one.amount, one.shipping,
            one.returns_shipping, _json(one.lines), one.request,
        )
        for one in refunds
    ]  # fmt: skip
    sql.insert(connection, tables.refunds, columns, rows)


# -- the ledger


def add_entries(connection: Connection, entries: Iterable[Entry]) -> None:
    """New ones; there are no others."""
    columns = (
        "at", "taken_at", "kind", "order_no", "number", "promotion", "coupon", "customer", "currency", *tables.MEASURES,
        "discount", "by_line",
    )  # fmt: skip
    rows = [
        (
            instant(connection, one.at), instant(connection, one.taken_at), one.kind, one.order_no, one.number,
            one.promotion, one.coupon, one.customer or "", one.currency, *one.moved, one.discount, _json(one.lines),
        )
        for one in entries
    ]  # fmt: skip
    sql.insert(connection, tables.ledger, columns, rows)


# -- keys of requests


def known_requests(
    connection: Connection, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Request]:
    """What these keys of callers were used for."""
    found: dict[tuple[str, str], Request] = {}
    for chunk in sql.chunks(sorted(keys)):
        those, values = among_rows(connection, ("caller", "idempotency_key"), chunk)
        text = f"SELECT {', '.join(Request._fields)} FROM request_keys WHERE {those}"
        found.update(((row[0], row[1]), Request(*row)) for row in fetch(connection, text, values))
    return found


def add_requests(connection: Connection, requests: Iterable[Request], now: datetime) -> None:
    """New ones."""
    at = instant(connection, now)
    sql.insert(connection, tables.request_keys, (*Request._fields, "at"), [(*one, at) for one in requests])


def forget_requests(connection: Connection, before: datetime) -> bool:
    """Some of the keys that were used before an instant, the oldest first. Whether there were more."""
    until = instant(connection, before)
    text = f"SELECT at FROM request_keys WHERE at < ? ORDER BY at LIMIT 1 OFFSET {MOST_FORGOTTEN}"
    more = fetch(connection, text, (until,))
    if more:
        sql.run(connection, "DELETE FROM request_keys WHERE at <= ?", [(more[0][0],)])
    else:
        sql.run(connection, "DELETE FROM request_keys WHERE at < ?", [(until,)])
    return bool(more)


# -- rows


def _order(row: Sequence[Any]) -> Order:
    return Order(
        order_no=row[0],
        state=row[1],
        currency=row[2],
        customer=row[3],
        total=row[4],
        discount=row[5],
        payable=row[6],
        refunded=row[7],
        placed_at=sql.read_at(row[8]),
        hold_until=sql.read_at(row[9]),
        taken_at=sql.read_at(row[10]),
        paid_at=sql.read_instant(row[11]),
        ended_at=sql.read_instant(row[12]),
        returned=_returned.decode(row[13]),
        frozen=_frozen.decode(row[14]),
        request=row[15],
    )


_TIMES = ("placed_at", "hold_until", "taken_at", "pending_until", "paid_at", "ended_at")


def _times(connection: Connection, order: Order) -> list[object]:
    pending_until = order.hold_until if order.state == "pending" else None
    times = (
        order.placed_at, order.hold_until, order.taken_at, pending_until, order.paid_at, order.ended_at
    )  # fmt: skip
    return [instant(connection, at) for at in times]


def _refund(row: Sequence[Any]) -> Refund:
    return Refund(
        order_no=row[0],
        refund_no=row[1],
        sequence=row[2],
        at=sql.read_at(row[3]),
        amount=row[4],
        shipping=row[5],
        returns_shipping=bool(row[6]),
        lines=_refunded.decode(row[7]),
        request=row[8],
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
