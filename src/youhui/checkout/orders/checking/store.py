"""What a check asks of the database: rows that differ are found where they lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from youhui.checkout.orders.checking.report import SHOWN
from youhui.checkout.orders.model import Vector

MEASURES = Vector._fields
AT_ONCE = 1_000
"""rows of a stream that are in memory together"""

ALL_CUSTOMERS = "c.customer = ''"
ONE_CUSTOMER = "c.customer <> ''"

_KEY = "c.promotion, c.customer, c.period"
_USED = "CASE l.kind WHEN 'commit' THEN l.{0} WHEN 'reverse' THEN -l.{0} ELSE 0 END"
_HELD = "CASE l.kind WHEN 'hold' THEN l.{0} WHEN 'reverse' THEN 0 ELSE -l.{0} END"
_COUNTED = {
    f"{name}_{what}": form.format(name)
    for what, form in (("used", _USED), ("held", _HELD))
    for name in MEASURES
}
"""the numbers of a counter, and what each entry adds to them"""


class Found(NamedTuple):
    """The first rows that differ, and how many there are in all."""

    rows: Sequence[Sequence[Any]]
    all: int


def count(connection: Connection, rows: str) -> int:
    """How many there are, of a table or of a part of it."""
    found: int = connection.execute(text(f"SELECT COUNT(*) FROM {rows}")).scalar_one()
    return found


# -- counters by themselves


def over_limit(connection: Connection, measure: str, which: str) -> Found:
    """Counters with more used and held of a measure than the limit beside it, or with less than nothing of either."""
    used, held, limit = (f"{measure}_{what}" for what in ("used", "held", "limit"))
    wrong = f"{used} < 0 OR {held} < 0 OR {used} + {held} > {limit}"
    return _found(
        connection, f"SELECT {_KEY}, {used}, {held}, {limit} FROM counters c WHERE {which} AND ({wrong})"
    )


class Alike(NamedTuple):
    """Counters of a promotion that are alike: of each customer or of all, by the length of their periods.

    `limits`: of the one that counts all customers always.
    """

    promotion: str
    each_customer: bool
    window: str
    limits: tuple[int | None, ...]


def kinds_of_counters(connection: Connection) -> Iterator[Alike]:
    """Which there are."""
    lengths = " ".join(f"WHEN c.period LIKE '%/{name}' THEN '{name}'" for name in ("day", "week", "month"))
    window = f"CASE WHEN c.period = '' THEN 'always' {lengths} ELSE '?' END"
    always = "CASE WHEN c.customer = '' AND c.period = '' THEN c.{0}_limit END"
    query = (
        f"SELECT c.promotion, CASE WHEN {ALL_CUSTOMERS} THEN 0 ELSE 1 END, {window}, "
        f"{', '.join(f'MAX({always.format(name)})' for name in MEASURES)} FROM counters c GROUP BY 1, 2, 3"
    )
    for row in _streamed(connection, query):
        yield Alike(row[0], bool(row[1]), row[2], tuple(row[3:]))


def without_counter(connection: Connection, promotion: str) -> Found:
    """Customers who took of a promotion and have no counter that counts them always."""
    return _found(
        connection,
        "SELECT DISTINCT l.promotion, l.customer FROM ledger l LEFT JOIN counters c "
        "ON c.promotion = l.promotion AND c.customer = l.customer AND c.period = '' "
        "WHERE l.promotion = :promotion AND l.customer <> '' AND c.promotion IS NULL",
        promotion=promotion,
    )


# -- counters against the ledger and the holds


def against_ledger(connection: Connection) -> Found:
    """Counters of one customer that are not the sums of their entries, as `(key, says…, should…)`."""
    within = "c.period = '' OR (l.taken_at >= c.starts_at AND l.taken_at < c.ends_at)"
    sums = {name: f"COALESCE(SUM({form}), 0)" for name, form in _COUNTED.items()}
    return _found(
        connection,
        f"SELECT {_KEY}, {', '.join(f'c.{name}' for name in sums)}, "
        f"{', '.join(f'{form} AS {name}_sum' for name, form in sums.items())} FROM counters c "
        f"LEFT JOIN ledger l ON l.promotion = c.promotion AND l.customer = c.customer AND ({within}) "
        f"WHERE {ONE_CUSTOMER} GROUP BY {_KEY} "
        f"HAVING {' OR '.join(f'c.{name} <> {form}' for name, form in sums.items())}",
    )


def against_holds(connection: Connection) -> Found:
    """Counters whose held is not the sum of what orders hold of them, as `(key, says…, should…)`."""
    sums = ", ".join(f"SUM({name}) AS {name}" for name in MEASURES)
    should = {name: f"COALESCE(h.{name}, 0)" for name in MEASURES}
    return _found(
        connection,
        f"SELECT {_KEY}, {', '.join(f'c.{name}_held' for name in MEASURES)}, "
        f"{', '.join(f'{form} AS {name}_sum' for name, form in should.items())} FROM counters c "
        f"LEFT JOIN (SELECT promotion, customer, period, {sums} FROM holds GROUP BY promotion, customer, period) h "
        "ON h.promotion = c.promotion AND h.customer = c.customer AND h.period = c.period "
        f"WHERE {' OR '.join(f'c.{name}_held <> {form}' for name, form in should.items())}",
    )


class OfAll(NamedTuple):
    """A counter of all customers: its `numbers` used, then held. Instants are as the driver gives them, which sort."""

    promotion: str
    period: str
    starts_at: Any
    ends_at: Any
    numbers: tuple[int, ...]


def counters_of_all(connection: Connection) -> Iterator[OfAll]:
    """All of them, those of periods by their beginning."""
    numbers = ", ".join(f"c.{name}" for name in _COUNTED)
    query = (
        f"SELECT c.promotion, c.period, c.starts_at, c.ends_at, {numbers} FROM counters c "
        f"WHERE {ALL_CUSTOMERS} ORDER BY c.promotion, c.starts_at"
    )
    for row in _streamed(connection, query):
        yield OfAll(row[0], row[1], row[2], row[3], tuple(row[4:]))


# -- holds


def not_held(connection: Connection) -> Found:
    """What unpaid orders took of counters and do not hold, or hold in another measure or until another instant.

    Counters of all and of the customer are joined apart: for an OR of both a database may read those of every customer.
    """
    of_all, of_one = "c.customer = ''", "c.customer = l.customer AND l.customer <> ''"
    return _found(connection, f"{_not_held(of_all)} UNION ALL {_not_held(of_one)}")


def _not_held(counting: str) -> str:
    """Several coupons of one template are one hold."""
    differs = " OR ".join(f"h.{name} <> l.{name}" for name in MEASURES)
    sums = ", ".join(f"SUM(e.{name}) AS {name}" for name in MEASURES)
    return (
        f"SELECT l.order_no, {_KEY} FROM (SELECT e.order_no, e.promotion, e.customer, e.taken_at, {sums} "
        "FROM orders o JOIN ledger e ON e.order_no = o.order_no AND e.kind = 'hold' "
        "WHERE o.pending_until IS NOT NULL GROUP BY e.order_no, e.promotion, e.customer, e.taken_at) l "
        "JOIN orders o ON o.order_no = l.order_no "
        f"JOIN counters c ON c.promotion = l.promotion AND {counting} "
        "AND (c.period = '' OR (l.taken_at >= c.starts_at AND l.taken_at < c.ends_at)) "
        "LEFT JOIN holds h ON h.order_no = l.order_no AND h.promotion = c.promotion "
        "AND h.customer = c.customer AND h.period = c.period "
        f"WHERE (h.order_no IS NULL OR h.until <> o.hold_until OR {differs})"
    )


def held_for_nothing(connection: Connection) -> Found:
    """Holds of orders that are not unpaid, of promotions that they did not take, or of counters that are not there."""
    return _found(
        connection,
        "SELECT h.order_no, h.promotion, h.customer, h.period FROM holds h "
        "LEFT JOIN orders o ON o.order_no = h.order_no AND o.state = 'pending' "
        "LEFT JOIN ledger l ON l.order_no = h.order_no AND l.promotion = h.promotion AND l.kind = 'hold' "
        "LEFT JOIN counters c ON c.promotion = h.promotion AND c.customer = h.customer AND c.period = h.period "
        "WHERE o.order_no IS NULL OR l.order_no IS NULL OR c.promotion IS NULL",
    )


def entries_after(connection: Connection, order_no: str) -> Found:
    """Entries of orders that would come after the last one."""
    query = "SELECT l.order_no, l.promotion, l.kind, l.number FROM ledger l WHERE l.order_no > :order_no"
    return _found(connection, query, order_no=order_no)


# -- reading


def _found(connection: Connection, query: str, **values: object) -> Found:
    counted = text(f"SELECT d.*, COUNT(*) OVER () AS drifted FROM ({query}) d LIMIT {SHOWN}")
    rows = connection.execute(counted, values).all()
    return Found([tuple(row)[:-1] for row in rows], rows[0].drifted if rows else 0)


def _streamed(connection: Connection, query: str, **values: object) -> Iterator[Sequence[Any]]:
    """Rows as they come: the driver keeps no more of them than are asked for at once."""
    yield from connection.execute(text(query).execution_options(yield_per=AT_ONCE), values)
