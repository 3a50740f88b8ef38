"""The SQL of counters and of what unpaid orders hold of them. Several are locked in the order of their keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from youhui.checkout.orders import store, tables
from youhui.checkout.orders.book import Counter, Hold
from youhui.checkout.orders.model import Claim, Key, Limits, Numbers, Order, Vector
from youhui.platform import sql
from youhui.platform.sql import among, among_rows, fetch, instant

_COUNTER = (
    "promotion, customer, period, starts_at, ends_at, uses_limit, amount_limit, units_limit, "
    "uses_used, amount_used, units_used, uses_held, amount_held, units_held"
)
_IN_KEY_ORDER = "ORDER BY promotion, customer, period"


# -- holds


def holds_of(connection: Connection, numbers: Collection[str]) -> dict[str, list[Hold]]:
    """What these orders hold, by order. Whoever has locked an order may rely on it."""
    found: dict[str, list[Hold]] = {}
    for chunk in sql.chunks(sorted(numbers)):
        those, values = among(connection, "order_no", chunk)
        text = (
            "SELECT order_no, promotion, customer, period, uses, amount, units, until FROM holds "
            f"WHERE {those} ORDER BY order_no, promotion, customer, period"
        )
        for row in fetch(connection, text, values):
            hold = Hold(row[0], Key(*row[1:4]), Vector(*row[4:7]), sql.read_at(row[7]))
            found.setdefault(row[0], []).append(hold)
    return found


def orders_with_expired_holds(
    connection: Connection, promotions: Collection[str], now: datetime
) -> list[str]:
    """Some that hold something of these promotions after their deadline: at most MOST_EXPIRED for 512 promotions."""
    found: set[str] = set()
    for chunk in sql.chunks(sorted(promotions)):
        those, values = among(connection, "promotion", chunk)
        text = f"SELECT DISTINCT order_no FROM holds WHERE {those} AND until <= ? LIMIT {store.MOST_EXPIRED}"
        found.update(row[0] for row in fetch(connection, text, (*values, instant(connection, now))))
    return sorted(found)


def add_holds(connection: Connection, holds: Iterable[Hold]) -> None:
    """New ones."""
    columns = ("order_no", *Key._fields, *tables.MEASURES, "until")
    rows = [(one.order_no, *one.key, *one.moved, instant(connection, one.until)) for one in holds]
    sql.insert(connection, tables.holds, columns, rows)


def end_holds(connection: Connection, numbers: Sequence[str]) -> None:
    """All that these orders hold."""
    for chunk in sql.chunks(sorted(numbers)):
        those, values = among(connection, "order_no", chunk)
        sql.run(connection, f"DELETE FROM holds WHERE {those}", [values])


# -- counters


def read_numbers(connection: Connection, keys: Collection[Key], now: datetime) -> dict[Key, Numbers]:
    """What these counters say, without a lock: what is held past its deadline is free.

    A key without a row is absent.
    """
    found: dict[Key, Numbers] = {}
    for chunk in sql.chunks(sorted(keys)):
        those, values = among_rows(connection, Key._fields, chunk)
        rows = fetch(connection, f"SELECT {_COUNTER} FROM counters WHERE {those}", values)
        text = (
            f"SELECT promotion, customer, period, SUM(uses), SUM(amount), SUM(units) FROM holds WHERE {those} "
            "AND until <= ? GROUP BY promotion, customer, period"
        )
        free = {
            Key(*row[:3]): Vector(*map(int, row[3:]))
            for row in fetch(connection, text, (*values, instant(connection, now)))
        }
        for row in rows:
            counter = _counter(row)
            over = free.get(counter.key)
            held = counter.held if over is None else counter.held.minus(over)
            found[counter.key] = Numbers(counter.used, held)
    return found


def lock_counters(connection: Connection, keys: Collection[Key]) -> dict[Key, Counter]:
    """Those of these that are there, locked in the order of their keys."""
    found: dict[Key, Counter] = {}
    for chunk in sql.chunks(sorted(keys)):
        those, values = among_rows(connection, Key._fields, chunk)
        text = f"SELECT {_COUNTER} FROM counters WHERE {those} {_IN_KEY_ORDER} {{lock}}"
        for row in fetch(connection, text, values):
            counter = _counter(row)
            found[counter.key] = counter
    return found


def counters_of(connection: Connection, orders: Collection[Order]) -> list[Key]:
    """The counters in whose scope these orders may be: of their promotions, for all and for their customers, always and
    from when the first of them was taken to the last.
    """
    taken = [one.taken_at for one in orders]
    last, first = instant(connection, max(taken)), instant(connection, min(taken))
    promotions = {promotion.counted_as for one in orders for promotion in one.frozen.promotions}
    customers = sorted({"", *[one.customer or "" for one in orders]})
    found: list[Key] = []
    for chunk in sql.chunks(sorted(promotions)):
        for buyers in sql.chunks(customers):
            those, values = among(connection, "promotion", chunk)
            theirs, names = among(connection, "customer", buyers)
            text = (
                f"SELECT promotion, customer, period FROM counters WHERE {those} AND {theirs} "
                "AND (starts_at IS NULL OR (starts_at <= ? AND ends_at > ?))"
            )
            found += [Key(*row) for row in fetch(connection, text, (*values, *names, last, first))]
    return found


def add_counters(connection: Connection, claims: Iterable[Claim]) -> None:
    """Rows at zero for those that are not there, in the order of their keys."""
    text = f"{{new}} INTO counters ({_COUNTER}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0) {{unless_there}}"
    rows = [
        (*one.key, instant(connection, one.starts_at), instant(connection, one.ends_at), *one.limits)
        for one in sorted(claims, key=lambda claim: claim.key)
    ]
    sql.run(connection, text, rows)


def change_counters(connection: Connection, counters: Iterable[Counter]) -> None:
    """The numbers and limits of locked rows, written over."""
    columns = [f"{name}_{what}" for what in ("limit", "used", "held") for name in tables.MEASURES]
    rows = [
        (*row.limits, *row.used, *row.held, *row.key) for row in sorted(counters, key=lambda row: row.key)
    ]
    sql.update(connection, tables.counters, columns, Key._fields, rows)


def _counter(row: Sequence[Any]) -> Counter:
    return Counter(
        Key(*row[:3]),
        Limits(*row[5:8]),
        sql.read_instant(row[3]),
        sql.read_instant(row[4]),
        Vector(*row[8:11]),
        Vector(*row[11:14]),
    )
