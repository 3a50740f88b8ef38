"""What a check asks of the database: rows that differ, found where they lie, and orders in pieces of bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, inspect, text

from youhui.checkout.orders.checking.report import SHOWN
from youhui.checkout.orders.model import Frozen, Returned, Vector
from youhui.checkout.orders.tables import MEASURES
from youhui.platform import sql, triggers

AT_ONCE = 1_000
"""orders of a piece; rows of a stream that are in memory together"""

_KEY = "c.promotion, c.customer, c.period"
_USED = "CASE l.kind WHEN 'commit' THEN l.{0} WHEN 'reverse' THEN -l.{0} ELSE 0 END"
_HELD = "CASE l.kind WHEN 'hold' THEN l.{0} WHEN 'reverse' THEN 0 ELSE -l.{0} END"
_SIGNED = {f"{name}_{what}": form.format(name) for what, form in (("used", _USED), ("held", _HELD)) for name in MEASURES}


class Found(NamedTuple):
    """The first rows that differ, and how many there are in all."""

    rows: Sequence[dict[str, Any]]
    all: int


def missing_triggers(connection: Connection) -> Sequence[str]:
    """The triggers that should refuse changes of the ledger, and are not there."""
    return triggers.missing(connection)


def count(connection: Connection, table: str, where: str = "") -> int:
    """How many rows there are."""
    found: int = connection.execute(text(f"SELECT COUNT(*) FROM {table} {where}")).scalar_one()
    return found


# -- counters by themselves


def over_limit(connection: Connection, measures: Sequence[str], which: str) -> Found:
    """Counters with more used and held than the limit beside them, or with less than nothing of either."""
    wrong = " OR ".join(
        f"{name}_used < 0 OR {name}_held < 0 OR {name}_used + {name}_held > {name}_limit" for name in measures
    )
    columns = ", ".join(f"{name}_{what}" for name in measures for what in ("used", "held", "limit"))
    return _found(connection, f"SELECT {_KEY}, {columns} FROM counters c WHERE {which} AND ({wrong})")


ALL_CUSTOMERS = "c.customer = ''"
ONE_CUSTOMER = "c.customer <> ''"


class Scope(NamedTuple):
    """Counters of a promotion that are alike: of one customer or of all, by the length of their period ("": always).

    `limits` of those of all customers that count always.
    """

    promotion: str
    of_one: bool
    length: str
    limits: tuple[int | None, int | None, int | None]


def scopes(connection: Connection) -> Iterator[Scope]:
    """What counters there are, in the order of promotions."""
    limits = ", ".join(f"MAX(CASE WHEN c.customer = '' AND c.period = '' THEN c.{name}_limit END)" for name in MEASURES)
    length = "CASE WHEN c.period = '' THEN '' WHEN c.period LIKE '%/day' THEN 'day' WHEN c.period LIKE '%/week' THEN 'week' WHEN c.period LIKE '%/month' THEN 'month' ELSE '?' END"
    query = (
        f"SELECT c.promotion, CASE WHEN c.customer = '' THEN 0 ELSE 1 END AS of_one, {length} AS length_, {limits} "
        "FROM counters c GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    for promotion, of_one, length_, *most in _streamed(connection, query):
        yield Scope(promotion, bool(of_one), length_, (most[0], most[1], most[2]))
