"""What the database says, past the service: it is compared with what the service has answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, NullPool, create_engine, text


@contextmanager
def _reading(database: str) -> Iterator[Connection]:
    engine = create_engine(database, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def states(database: str, start: str) -> dict[str, str]:
    """The state of each order whose number starts so."""
    with _reading(database) as connection:
        rows = connection.execute(
            text("SELECT order_no, state FROM orders WHERE order_no LIKE :start"), {"start": f"{start}%"}
        )
        return {row.order_no: row.state for row in rows}


def taken(database: str, promotion: str) -> tuple[int, int]:
    """Uses and amount of a promotion, used and held together, for all customers and always."""
    with _reading(database) as connection:
        row = connection.execute(
            text(
                "SELECT uses_used + uses_held, amount_used + amount_held FROM counters "
                "WHERE promotion = :promotion AND customer = '' AND period = ''"
            ),
            {"promotion": promotion},
        ).one()
        return int(row[0]), int(row[1])


def entries(database: str, start: str) -> dict[tuple[str, str], int]:
    """How many entries of each kind the orders have whose numbers start so: by order and kind."""
    with _reading(database) as connection:
        rows = connection.execute(
            text(
                "SELECT order_no, kind, COUNT(*) FROM ledger WHERE order_no LIKE :start GROUP BY order_no, kind"
            ),
            {"start": f"{start}%"},
        )
        return {(number, kind): count for number, kind, count in rows}
