"""Orders without HTTP and without pricing: the committer on SQLite beside a raw loop, and on databases that have grown."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import msgspec

from bench import order_shop
from youhui.checkout.orders.commands import Place, Redemption, Versions
from youhui.checkout.orders.committer import Committer
from youhui.checkout.orders.model import (
    Claim,
    Frozen,
    FrozenCut,
    FrozenLine,
    FrozenPromotion,
    Key,
    Limits,
    Vector,
)
from youhui.checkout.store import Source, read_versions
from youhui.platform import migrate
from youhui.platform.db import Database

HOT = "p0"
CLAIM = Claim(Key(HOT), Limits(order_shop.LIMIT))
FROZEN = Frozen(
    lines=tuple(
        [
            FrozenLine(
                sku.lower(), sku, sku, quantity, price, quantity * (price - price // 10),
                (FrozenCut(HOT, quantity * (price // 10), ((quantity, price // 10),)),),
            )
            for sku, quantity, price in order_shop.LINES
        ]
    ),
    promotions=(FrozenPromotion(HOT, f"Promotion {HOT}", order_shop.DISCOUNT),),
    shipping=0,
    shipping_paid=0,
)  # fmt: skip
BY_LINE = {line.id: line.cuts[0].amount for line in FROZEN.lines}


def versions_of(database: Database) -> Versions:
    """Of the rules, which orders are placed by."""
    with database.reading() as connection:
        found = read_versions(connection)
    return Versions(found[Source.PROMOTIONS], found[Source.DISCOUNTS])


def places(prefix: str, versions: Versions) -> Iterator[Place]:
    """Orders of the hot promotion, each with a key of its own."""
    for i in itertools.count():
        number = f"{prefix}{i:x}"
        yield Place(
            order_no=number,
            request="0" * 32,
            caller="key:1",
            idempotency_key=number,
            currency=order_shop.CURRENCY,
            customer=f"c{i % order_shop.CUSTOMERS}",
            total=order_shop.TOTAL,
            discount=order_shop.DISCOUNT,
            frozen=FROZEN,
            redemptions=(Redemption(HOT, Vector(1, order_shop.DISCOUNT, 0), (CLAIM,)),),
            hold_for=timedelta(seconds=order_shop.HOLD_SECONDS),
            versions=versions,
        )


@contextmanager
def database(url: str) -> Iterator[Database]:
    """An up-to-date one."""
    made = Database(url)
    migrate.upgrade(made)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def committing(made: Database) -> Iterator[Committer]:
    """A committer that works on it."""
    committer = Committer(made, clock=None, published=lambda numbers: None)
    committer.start()
    try:
        yield committer
    finally:
        committer.stop()


def one_caller(committer: Committer, orders: Iterator[Place], count: int) -> float:
    """Orders a second of one thread that waits for each."""
    began = perf_counter()
    for command in itertools.islice(orders, count):
        committer.wait(command)
    return count / (perf_counter() - began)


def many_callers(committer: Committer, orders: Iterator[Place], count: int, callers: int = 16) -> float:
    """Orders a second of so many tasks, each of which waits for its own."""
    left = itertools.islice(orders, count)

    async def call() -> None:
        for command in left:
            await committer.run(command)

    async def all_of_them() -> None:
        await asyncio.gather(*[call() for _ in range(callers)])

    began = perf_counter()
    asyncio.run(all_of_them())
    return count / (perf_counter() - began)


class Raw:
    """The same rows by the driver alone, one order a commit, with the settings of ours."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=2000", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")

    def rate(self, orders: Iterator[Place], count: int) -> float:
        """Orders a second."""
        began = perf_counter()
        for command in itertools.islice(orders, count):
            self._place(command)
        return count / (perf_counter() - began)

    def close(self) -> None:
        """Lets go of the file."""
        self._connection.close()

    def _place(self, one: Place) -> None:
        execute, now = self._connection.execute, datetime.now(UTC).replace(tzinfo=None)
        at, until = now.isoformat(" ", "microseconds"), (now + one.hold_for).isoformat(" ", "microseconds")
        frozen, by_line = msgspec.json.encode(one.frozen).decode(), msgspec.json.encode(BY_LINE).decode()
        execute("BEGIN IMMEDIATE")
        taken = execute(_COUNTER, (one.discount, HOT))
        assert taken.rowcount == 1
        execute(
            _ORDER,
            (
                one.order_no, "pending", one.currency, one.customer, one.total, one.discount,
                one.total - one.discount, 0, at, at, until, until, "{}", frozen, one.request,
            ),
        )  # fmt: skip
        execute(_HOLD, (one.order_no, HOT, "", "", 1, one.discount, 0, until))
        execute(
            _ENTRY,
            (at, at, "hold", one.order_no, "", HOT, one.customer, one.currency, 1, one.discount, 0, one.discount, by_line),
        )  # fmt: skip
        execute(_KEY, (one.caller, one.idempotency_key, "place", one.order_no, "", one.request, at))
        execute("COMMIT")


_COUNTER = """UPDATE counters SET uses_held = uses_held + 1, amount_held = amount_held + ?
WHERE promotion = ? AND customer = '' AND period = '' AND uses_used + uses_held < uses_limit"""
_ORDER = """INSERT INTO orders (order_no, state, currency, customer, total, discount, payable, refunded, placed_at,
  taken_at, hold_until, pending_until, returned, frozen, request)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_HOLD = """INSERT INTO holds (order_no, promotion, customer, period, uses, amount, units, until)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_ENTRY = """INSERT INTO ledger (at, taken_at, kind, order_no, number, promotion, customer, currency, uses, amount,
  units, discount, by_line) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_KEY = """INSERT INTO request_keys (caller, idempotency_key, operation, order_no, number, request, at)
VALUES (?, ?, ?, ?, ?, ?, ?)"""
