"""CPU per order where there are 10^6 orders, and where there are 10^4: placed and paid by the committer, 64 at once.

On PostgreSQL its own processes are counted too.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import msgspec
from sqlalchemy import text

from bench import order_shop, order_store
from bench.order_load import database_cpu, postmaster
from bench.order_store import BY_LINE, FROZEN, HOT, callers
from bench.pairs import Ratio, ratio_of
from bench.results import Row, most
from tests import servers
from youhui.checkout.orders.commands import AnyCommand, Pay, Place
from youhui.platform.db import Database

FEW, MANY = 10_000, 1_000_000
PAIRS = 15
ORDERS = 1_000
"""of one turn: each is placed and paid"""
TOGETHER = 64


def rows() -> Iterator[Row]:
    """Two on each database."""
    with tempfile.TemporaryDirectory() as folder:
        urls = [f"sqlite:///{Path(folder)}/{count}.db" for count in (MANY, FEW)]
        yield from _rows("SQLite", urls, lambda: 0.0)
    with servers.postgresql(durable=True) as server, server.database() as many, server.database() as few:
        parent = postmaster(server.url)
        yield from _rows("PostgreSQL", [many, few], lambda: database_cpu(parent))


def _rows(name: str, urls: Sequence[str], beside: Callable[[], float]) -> Iterator[Row]:
    with ExitStack() as stack:
        costs = []
        for url, count in zip(urls, (MANY, FEW), strict=True):
            made = stack.enter_context(order_store.database(url))
            fill(made, count)
            costs.append(_Cost(made, beside, stack))
        yield most(f"{_SAID}, {name}", _ratio(costs, order_store.counted), 1.3)
        anywhere = _ratio(costs, order_store.scattered)
        yield replace(most(f"{_SAID}, {name}, numbers without an order", anywhere, 1.3), bar="", missed=False)


_SAID = "CPU of an order among 10^6 / among 10^4"


def _ratio(costs: Sequence[_Cost], number_of: Callable[[int], str]) -> Ratio:
    spent: list[list[float]] = [[] for _ in costs]
    for turn in range(PAIRS):
        numbers = [number_of(turn * ORDERS + i) for i in range(ORDERS)]
        for cost, found in zip(costs, spent, strict=True):
            found.append(cost.of(numbers))
    return ratio_of(*spent)


class _Cost:
    """What orders cost on one database."""

    def __init__(self, made: Database, beside: Callable[[], float], stack: ExitStack) -> None:
        self._committer = stack.enter_context(order_store.committing(made))
        self._versions = order_store.versions_of(made)
        self._beside = beside

    def of(self, numbers: Sequence[str]) -> float:
        """CPU seconds of placing and paying one order."""
        places = list(order_store.places(numbers, self._versions))
        before = self._now()
        for commands in (places, map(_paid, places)):
            callers(self._committer, commands, TOGETHER)
        return (self._now() - before) / len(places)

    def _now(self) -> float:
        return time.process_time() + self._beside()


def _paid(one: Place) -> AnyCommand:
    return Pay(order_no=one.order_no, request=one.request, caller=one.caller)


def fill(made: Database, count: int) -> None:
    """So many orders that were placed and paid, with all that is left of them; the counter counts them.

    Their numbers are without an order.
    """
    with made.writing(within=None) as connection:
        scattered = (
            "md5(CAST(i AS text))"
            if made.engine.dialect.name == "postgresql"
            else "lower(hex(randomblob(16)))"
        )
        values = {
            "count": count,
            "currency": order_shop.CURRENCY,
            "total": order_shop.TOTAL,
            "discount": order_shop.DISCOUNT,
            "at": "2026-01-01 00:00:00.000000",
            "until": "2026-01-01 00:15:00.000000",
            "frozen": msgspec.json.encode(FROZEN).decode(),
            "by_line": msgspec.json.encode(BY_LINE).decode(),
            "promotion": HOT,
            "limit": order_shop.LIMIT,
        }
        for statement in _FILL:
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(text(statement.replace("SCATTERED", scattered)), used)
    with made.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


_FILL = (
    """INSERT INTO orders (order_no, state, currency, customer, total, discount, payable, refunded, placed_at, taken_at,
    hold_until, paid_at, returned, frozen, request)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
SELECT SCATTERED, 'paid', :currency, 'c' || i % 1000, :total, :discount, :total - :discount, 0, :at, :at, :until, :at,
    '{}', :frozen, '00000000000000000000000000000000' FROM n""",
    *(
        f"""INSERT INTO ledger (at, taken_at, kind, order_no, number, promotion, customer, currency, uses, amount,
    units, discount, by_line)
SELECT placed_at, placed_at, '{kind}', order_no, '', :promotion, customer, currency, 1, discount, 0, discount, :by_line
FROM orders"""
        for kind in ("hold", "commit")
    ),
    """INSERT INTO request_keys (caller, idempotency_key, operation, order_no, number, request, at)
SELECT 'key:1', order_no, 'place', order_no, '', request, placed_at FROM orders""",
    """INSERT INTO counters (promotion, customer, period, uses_limit, uses_used, amount_used, units_used, uses_held,
    amount_held, units_held)
SELECT :promotion, '', '', :limit, count(*), sum(discount), 0, 0, 0, 0 FROM orders""",
)
