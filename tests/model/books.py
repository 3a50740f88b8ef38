"""What a database says, read without the code that wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from tests.model.terms import Amounts

_SUMS = "SUM(uses), SUM(amount), SUM(units)"


class Row(NamedTuple):
    """The key of a counter: of a promotion, for a customer or for all (""), in a window or always ("")."""

    promotion: str
    customer: str
    period: str


class Said(NamedTuple):
    """What a counter says without what is held past its deadline."""

    used: Amounts
    held: Amounts


NOTHING = Said(Amounts(), Amounts())


def counters(connection: Connection, now: datetime) -> dict[Row, Said]:
    free: dict[Row, Amounts] = {}
    key = "promotion, customer, period"
    holds = text(f"SELECT {key}, uses, amount, units, until FROM holds")
    for *name, uses, amount, units, until in connection.execute(holds):
        if _instant(until) <= now.replace(tzinfo=None):
            row = Row(*name)
            free[row] = _plus(free.get(row, Amounts()), Amounts(uses, amount, units))
    numbers = "uses_used, amount_used, units_used, uses_held, amount_held, units_held"
    found = {}
    for counter in connection.execute(text(f"SELECT {key}, {numbers} FROM counters")):
        row, held = Row(*counter[:3]), Amounts(*counter[6:9])
        found[row] = Said(Amounts(*counter[3:6]), _minus(held, free.get(row, Amounts())))
    return found


def states(connection: Connection) -> dict[str, tuple[str, int]]:
    """State as it is written, and money refunded, by order."""
    rows = connection.execute(text("SELECT order_no, state, refunded FROM orders"))
    return {row[0]: (row[1], row[2]) for row in rows}


def ledger(connection: Connection) -> Mapping[tuple[str, str], tuple[Amounts, int]]:
    """What was moved and the money of discount in all, by promotion and kind."""
    rows = connection.execute(
        text(f"SELECT promotion, kind, {_SUMS}, SUM(discount) FROM ledger GROUP BY promotion, kind")
    )
    return {(row[0], row[1]): (Amounts(*map(int, row[2:5])), int(row[5])) for row in rows}


def _instant(value: object) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


def _minus(one: Amounts, other: Amounts) -> Amounts:
    return Amounts(*[a - b for a, b in zip(one, other, strict=True)])


def _plus(one: Amounts, other: Amounts) -> Amounts:
    return Amounts(*map(sum, zip(one, other, strict=True)))
