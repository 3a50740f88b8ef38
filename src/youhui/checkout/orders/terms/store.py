"""The SQL of whole promotions: what the ledger sums to, what unpaid orders took, and the end of their counters."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from youhui.checkout.orders.model import Numbers, Vector
from youhui.platform import sql
from youhui.platform.sql import fetch, instant, listed

_MEASURES = Vector._fields
_USED = "CASE kind WHEN 'commit' THEN {0} WHEN 'reverse' THEN -{0} ELSE 0 END"
_HELD = "CASE kind WHEN 'hold' THEN {0} WHEN 'reverse' THEN 0 ELSE -{0} END"
_SUMS = ", ".join([f"SUM({form.format(name)})" for form in (_USED, _HELD) for name in _MEASURES])


class Unpaid(NamedTuple):
    """What a pending order took of a promotion."""

    order_no: str
    customer: str | None
    taken_at: datetime
    until: datetime
    moved: Vector


class Span(NamedTuple):
    """From an instant to another, half-open."""

    starts_at: datetime
    ends_at: datetime


def sums_of_all(connection: Connection, promotions: Collection[str]) -> dict[str, Numbers]:
    """What the ledger sums to, by promotion; one without entries is absent."""
    found: dict[str, Numbers] = {}
    for chunk in sql.chunks(sorted(promotions)):
        marks, values = listed(chunk)
        text = f"SELECT promotion, {_SUMS} FROM ledger WHERE promotion IN ({marks}) GROUP BY promotion"
        found.update((row[0], _numbers(row)) for row in fetch(connection, text, values))
    return found


def sums_in(
    connection: Connection, promotion: str, span: Span | None, *, by_customer: bool
) -> Mapping[str, Numbers]:
    """What the entries sum to that were taken in a span (None: always): by customer, guests aside, or of all ("")."""
    who = "customer" if by_customer else "''"
    text = f"SELECT {who}, {_SUMS} FROM ledger WHERE promotion = ?"
    values: list[object] = [promotion]
    if span is not None:
        text += " AND taken_at >= ? AND taken_at < ?"
        values += [instant(connection, at) for at in span]
    if by_customer:
        text += " AND customer <> '' GROUP BY customer"
    return {row[0]: _numbers(row) for row in fetch(connection, text, values)}


def overdue(connection: Connection, promotions: Collection[str], now: datetime) -> dict[str, Vector]:
    """What unpaid orders of these promotions hold by the ledger after their deadline, by promotion."""
    found: dict[str, Vector] = {}
    sums = ", ".join([f"SUM(l.{name})" for name in _MEASURES])
    for chunk in sql.chunks(sorted(promotions)):
        marks, values = listed(chunk)
        text = (
            f"SELECT l.promotion, {sums} FROM orders o JOIN ledger l ON l.order_no = o.order_no "
            f"WHERE o.pending_until <= ? AND l.kind = 'hold' AND l.promotion IN ({marks}) GROUP BY l.promotion"
        )
        rows = fetch(connection, text, (instant(connection, now), *values))
        found.update((row[0], Vector(*map(int, row[1:]))) for row in rows)
    return found


def unpaid(connection: Connection, promotion: str) -> list[Unpaid]:
    """What pending orders took of it."""
    text = (
        "SELECT o.order_no, l.customer, l.taken_at, o.hold_until, l.uses, l.amount, l.units "
        "FROM orders o JOIN ledger l ON l.order_no = o.order_no "
        "WHERE o.pending_until IS NOT NULL AND l.promotion = ? AND l.kind = 'hold'"
    )
    return [
        Unpaid(row[0], row[1] or None, sql.read_at(row[2]), sql.read_at(row[3]), Vector(*row[4:]))
        for row in fetch(connection, text, (promotion,))
    ]


def last_taken(connection: Connection, promotion: str) -> datetime | None:
    """When something was taken of it for the last time."""
    ((last,),) = fetch(connection, "SELECT MAX(taken_at) FROM ledger WHERE promotion = ?", (promotion,))
    return sql.read_instant(last)


def currency_of(connection: Connection, promotion: str) -> str | None:
    """Of its entries in the ledger; None: it has none."""
    rows = fetch(connection, "SELECT currency FROM ledger WHERE promotion = ? LIMIT 1", (promotion,))
    return rows[0][0] if rows else None


def remove(connection: Connection, promotion: str) -> None:
    """Its counters, and what is held of them."""
    for table in ("holds", "counters"):
        sql.run(connection, f"DELETE FROM {table} WHERE promotion = ?", [(promotion,)])


def _numbers(row: Sequence[object]) -> Numbers:
    used, held = row[1:4], row[4:7]
    return Numbers(_vector(used), _vector(held))


def _vector(sums: Sequence[object]) -> Vector:
    """Sums are Decimals where the database widens them, and None of nothing."""
    return Vector(*[int(str(one or 0)) for one in sums])
