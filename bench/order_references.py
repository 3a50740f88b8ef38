"""Two hand-written ways to take an order into PostgreSQL, which `POST /api/orders` is measured against.

They decode the same body and write the same rows: order, holds, ledger, counters, key. They know one kind of promotion,
check nobody's credentials, refuse nothing but an exhausted limit, and are what is left if everything else is.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import psycopg
from psycopg_pool import AsyncConnectionPool

from bench import order_shop
from bench.order_bodies import Taken

BATCH = 256


_LIMITED = """WITH counted AS (UPDATE counters SET uses_held = uses_held + 1, amount_held = amount_held + %(discount)s
  WHERE promotion = %(promotion)s AND customer = '' AND period = '' AND uses_used + uses_held < uses_limit RETURNING 1),
held AS (INSERT INTO holds (order_no, promotion, customer, period, uses, amount, units, until)
  SELECT %(order_no)s, %(promotion)s, '', '', 1, %(discount)s, 0, %(until)s FROM counted),
{rest} FROM counted"""
_REST = """ordered AS (INSERT INTO orders (order_no, state, currency, customer, total, discount, payable, refunded,
    placed_at, taken_at, hold_until, pending_until, returned, frozen, request)
  SELECT %(order_no)s, 'pending', %(currency)s, %(customer)s, %(total)s, %(discount)s, %(payable)s, 0,
    %(at)s, %(at)s, %(until)s, %(until)s, '{{}}', %(frozen)s, %(request)s {counted}),
keyed AS (INSERT INTO request_keys (caller, idempotency_key, operation, order_no, number, request, at)
  SELECT 'key:1', %(key)s, 'place', %(order_no)s, '', %(request)s, %(at)s {counted})
INSERT INTO ledger (at, taken_at, kind, order_no, number, promotion, customer, currency, uses, amount, units, discount,
    by_line)
  SELECT %(at)s, %(at)s, 'hold', %(order_no)s, '', %(promotion)s, %(customer)s, %(currency)s, 1, %(discount)s, 0,
    %(discount)s, %(by_line)s"""
LIMITED = _LIMITED.format(rest=_REST.format(counted="FROM counted"))
UNLIMITED = f"WITH {_REST.format(counted='')}"


class Single:
    """A statement a request, which is its transaction; the counter by a conditional update."""

    def __init__(self, url: str, size: int) -> None:
        self._pool = AsyncConnectionPool(
            url, min_size=size, max_size=size, open=False, kwargs={"autocommit": True, "prepare_threshold": 1}
        )

    async def start(self) -> None:
        """Opens the connections."""
        await self._pool.open(wait=True)

    async def stop(self) -> None:
        """Closes them."""
        await self._pool.close()

    async def take(self, one: Taken) -> bool:
        """Whether there was room."""
        statement = UNLIMITED if one.promotion == order_shop.FREE else LIMITED
        async with self._pool.connection() as connection:
            cursor = await connection.execute(statement, _parameters(one))
            return cursor.rowcount == 1


def _parameters(one: Taken) -> dict[str, object]:
    body = one.body
    return {
        "order_no": one.order_no,
        "key": one.key,
        "request": one.request,
        "currency": body.currency,
        "customer": body.customer.id,
        "promotion": one.promotion,
        "total": one.total,
        "discount": one.discount,
        "payable": one.total - one.discount,
        "at": one.at,
        "until": one.until,
        "frozen": one.frozen,
        "by_line": one.by_line,
    }


_LOCK = """SELECT promotion, uses_limit - uses_used - uses_held FROM counters
WHERE promotion = ANY(%s) AND customer = '' AND period = '' ORDER BY promotion FOR UPDATE"""
_ORDERS = """INSERT INTO orders (order_no, state, currency, customer, total, discount, payable, refunded, placed_at,
    taken_at, hold_until, pending_until, returned, frozen, request)
SELECT order_no, 'pending', currency, customer, total, discount, total - discount, 0, at, at, until, until, '{}',
    frozen::json, request
FROM unnest(%b::text[], %b::text[], %b::text[], %b::bigint[], %b::bigint[], %b::timestamp[], %b::timestamp[],
    %b::text[], %b::text[]) AS t(order_no, currency, customer, total, discount, at, until, frozen, request)"""
_KEYS = """INSERT INTO request_keys (caller, idempotency_key, operation, order_no, number, request, at)
SELECT 'key:1', key, 'place', order_no, '', request, at
FROM unnest(%b::text[], %b::text[], %b::text[], %b::timestamp[]) AS t(key, order_no, request, at)"""
_LEDGER = """INSERT INTO ledger (at, taken_at, kind, order_no, number, promotion, customer, currency, uses, amount,
    units, discount, by_line)
SELECT at, at, 'hold', order_no, '', promotion, customer, currency, 1, discount, 0, discount, by_line::json
FROM unnest(%b::timestamp[], %b::text[], %b::text[], %b::text[], %b::text[], %b::bigint[], %b::text[])
    AS t(at, order_no, promotion, customer, currency, discount, by_line)"""
_HOLDS = """INSERT INTO holds (order_no, promotion, customer, period, uses, amount, units, until)
SELECT order_no, promotion, '', '', 1, discount, 0, until
FROM unnest(%b::text[], %b::text[], %b::bigint[], %b::timestamp[]) AS t(order_no, promotion, discount, until)"""
_COUNTERS = """UPDATE counters SET uses_held = uses_held + n, amount_held = amount_held + discount
FROM unnest(%b::text[], %b::bigint[], %b::bigint[]) AS t(p, n, discount)
WHERE promotion = p AND customer = '' AND period = ''"""


class Batched:
    """All that wait together go in one transaction: the counters locked, then a statement for each table."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: asyncio.Queue[tuple[Taken, asyncio.Future[bool]]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connects."""
        self._connection = await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, prepare_threshold=1
        )
        self._task = asyncio.create_task(self._flush())

    async def stop(self) -> None:
        """Disconnects."""
        if self._task is not None:
            self._task.cancel()
        await self._connection.close()

    async def take(self, one: Taken) -> bool:
        """Whether there was room."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((one, future))
        return await future

    async def _flush(self) -> None:
        """While a transaction commits, the next batch gathers."""
        while True:
            waiting = [await self._waiting.get()]
            while not self._waiting.empty() and len(waiting) < BATCH:
                waiting.append(self._waiting.get_nowait())
            room = await self._write([one for one, _ in waiting])
            for (_, future), taken in zip(waiting, room, strict=True):
                future.set_result(taken)

    async def _write(self, batch: Sequence[Taken]) -> list[bool]:
        connection = self._connection
        async with connection.pipeline():
            await connection.execute("BEGIN")
            cursor = await connection.execute(_LOCK, [list({one.promotion for one in batch})])
            left: dict[str, int] = dict(await cursor.fetchall())
        room = []
        for one in batch:
            left[one.promotion] = left.get(one.promotion, order_shop.LIMIT) - 1
            room.append(left[one.promotion] >= 0)
        placed = [one for one, found in zip(batch, room, strict=True) if found]
        async with connection.pipeline():
            for statement, columns in _statements(placed):
                await connection.execute(statement, columns)
            await connection.execute("COMMIT")
        return room


def _statements(placed: Sequence[Taken]) -> list[tuple[str, Sequence[Sequence[object]]]]:
    numbers, at = [one.order_no for one in placed], [one.at for one in placed]
    customers, currencies = [one.body.customer.id for one in placed], [one.body.currency for one in placed]
    totals, discounts = [one.total for one in placed], [one.discount for one in placed]
    until, frozen = [one.until for one in placed], [one.frozen for one in placed]
    requests, keys = [one.request for one in placed], [one.key for one in placed]
    promotions, by_line = [one.promotion for one in placed], [one.by_line for one in placed]
    made: list[tuple[str, Sequence[Sequence[object]]]] = [
        (_KEYS, [keys, numbers, requests, at]),
        (_ORDERS, [numbers, currencies, customers, totals, discounts, at, until, frozen, requests]),
        (_LEDGER, [at, numbers, promotions, customers, currencies, discounts, by_line]),
    ]
    limited = [one for one in placed if one.promotion != order_shop.FREE]
    if limited:
        uses = Counter([one.promotion for one in limited])
        money: Counter[str] = Counter()
        for one in limited:
            money[one.promotion] += one.discount
        names = sorted(uses)
        held = [[one.order_no for one in limited], [one.promotion for one in limited]]
        made.append((_HOLDS, [*held, [one.discount for one in limited], [one.until for one in limited]]))
        made.append((_COUNTERS, [names, [uses[n] for n in names], [money[n] for n in names]]))
    return made
