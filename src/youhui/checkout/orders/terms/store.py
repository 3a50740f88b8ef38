"""The SQL of whole promotions: what the ledger sums to, what unpaid orders took, and the end of their counters."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection

from youhui.checkout.orders.model import Claim, Numbers, Vector
from youhui.platform import sql
from youhui.platform.sql import among, fetch, instant

MOST_SUMMED = 5_000
"""entries of one promotion that are summed while somebody waits"""

_MEASURES = Vector._fields
_USED = "CASE kind WHEN 'commit' THEN {0} WHEN 'reverse' THEN -{0} ELSE 0 END"
_HELD = "CASE kind WHEN 'hold' THEN {0} WHEN 'reverse' THEN 0 ELSE -{0} END"
_SUMS = [f"SUM({form.format(name)})" for form in (_USED, _HELD) for name in _MEASURES]


def sum_of(connection: Connection, promotion: str) -> Numbers | None:
    """What the ledger sums to; None: there are more than MOST_SUMMED entries, and nobody is to wait for that."""
    text = (
        f"SELECT COUNT(*), {', '.join(_SUMS)} FROM (SELECT kind, {', '.join(_MEASURES)} FROM ledger "
        f"WHERE promotion = ? LIMIT {MOST_SUMMED + 1}) AS entries"
    )
    ((entries, *sums),) = fetch(connection, text, (promotion,))
    if entries > MOST_SUMMED:
        return None
    return Numbers(_vector(sums[:3]), _vector(sums[3:]))


def overdue(connection: Connection, promotions: Collection[str], now: datetime) -> dict[str, Vector]:
    """What unpaid orders of these promotions hold by the ledger after their deadline, by promotion."""
    found: dict[str, Vector] = {}
    sums = ", ".join([f"SUM(l.{name})" for name in _MEASURES])
    for chunk in sql.chunks(sorted(promotions)):
        those, values = among(connection, "l.promotion", chunk)
        text = (
            f"SELECT l.promotion, {sums} FROM orders o JOIN ledger l ON l.order_no = o.order_no "
            f"WHERE o.pending_until <= ? AND l.kind = 'hold' AND {those} GROUP BY l.promotion"
        )
        rows = fetch(connection, text, (instant(connection, now), *values))
        found.update((row[0], Vector(*map(int, row[1:]))) for row in rows)
    return found


def count(connection: Connection, claim: Claim, *, by_customer: bool) -> None:
    """Makes the counter of a claim, or one for each customer who took something in its period, as the ledger sums to.

    They have no limits yet; guests have no counter.
    """
    sums = ", ".join([f"COALESCE({one}, 0)" for one in _SUMS])
    who, where, values = _taken(connection, claim, by_customer)
    text = (
        "INSERT INTO counters (promotion, customer, period, starts_at, ends_at, "
        f"{_columns('used')}, {_columns('held')}) "
        f"SELECT ?, {who}, ?, ?, ?, {sums} FROM ledger l WHERE {where} {'GROUP BY l.customer' if by_customer else ''}"
    )
    at = [instant(connection, one) for one in (claim.starts_at, claim.ends_at)]
    sql.run(connection, text, [(claim.key.promotion, claim.key.period, *at, *values)])


def hold(connection: Connection, claim: Claim, *, by_customer: bool) -> None:
    """Makes pending orders hold of these counters what they took."""
    who, where, values = _taken(connection, claim, by_customer)
    text = (
        f"INSERT INTO holds (order_no, promotion, customer, period, {', '.join(_MEASURES)}, until) "
        f"SELECT o.order_no, l.promotion, {who}, ?, {', '.join(f'l.{name}' for name in _MEASURES)}, o.hold_until "
        "FROM orders o JOIN ledger l ON l.order_no = o.order_no "
        f"WHERE o.pending_until IS NOT NULL AND l.kind = 'hold' AND {where}"
    )
    sql.run(connection, text, [(claim.key.period, *values)])


def _taken(connection: Connection, claim: Claim, by_customer: bool) -> tuple[str, str, list[object]]:
    """Whose counters, and which entries `l` count in them, with the values of that."""
    where = "l.promotion = ?"
    values: list[object] = [claim.key.promotion]
    if claim.starts_at is not None:
        where += " AND l.taken_at >= ? AND l.taken_at < ?"
        values += [instant(connection, one) for one in (claim.starts_at, claim.ends_at)]
    return ("l.customer", f"{where} AND l.customer <> ''", values) if by_customer else ("''", where, values)


def _columns(what: str) -> str:
    return ", ".join([f"{name}_{what}" for name in _MEASURES])


def last_taken(connection: Connection, promotion: str) -> datetime | None:
    """When something was taken of it for the last time."""
    ((last,),) = fetch(connection, "SELECT MAX(taken_at) FROM ledger WHERE promotion = ?", (promotion,))
    return sql.read_instant(last)


def currency_of(connection: Connection, promotion: str) -> str | None:
    """Of its entries in the ledger; None: it has none."""
    rows = fetch(connection, "SELECT currency FROM ledger WHERE promotion = ? LIMIT 1", (promotion,))
    return rows[0][0] if rows else None


def remove(connection: Connection, promotion: str) -> None:
    """Its counters, and what is held of them: nothing limits it any more."""
    for table in ("holds", "counters"):
        sql.run(connection, f"DELETE FROM {table} WHERE promotion = ?", [(promotion,)])


def _vector(sums: Sequence[object]) -> Vector:
    """Sums are Decimals where the database widens them, and None of nothing."""
    return Vector(*[int(str(one or 0)) for one in sums])
