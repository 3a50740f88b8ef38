"""The committer without HTTP and without pricing: on SQLite, beside a raw loop that writes the same rows."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path
from time import perf_counter

import msgspec

from bench import order_shop
from bench.pairs import ratio_of
from bench.results import Row, least
from tests.checked import assert_sound
from youhui.checkout.orders.commands import AnyCommand, Place, Redemption, Versions
from youhui.checkout.orders.committer import Committer
from youhui.checkout.orders.counter_store import add_counters
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

PAIRS = 15
ORDERS = 1_000
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


def rows() -> Iterator[Row]:
    """SQLite beside the raw loop: for one caller, and for 16."""
    rates: dict[str, list[float]] = {"raw": [], "one": [], "16": []}
    with (
        tempfile.TemporaryDirectory() as folder,
        database(f"sqlite:///{folder}/bench.db") as made,
        committing(made) as committer,
    ):
        limit(made)
        raw, orders = (
            Raw(Path(folder) / "bench.db"),
            places(map(counted, itertools.count()), versions_of(made)),
        )
        cases: dict[str, Callable[[Iterable[Place]], object]] = {
            "raw": raw.place_all,
            "one": lambda given: one_caller(committer, given),
            "16": lambda given: callers(committer, given, 16),
        }
        for _ in range(PAIRS):
            for name, case in cases.items():
                given = list(itertools.islice(orders, ORDERS))
                began = perf_counter()
                case(given)
                rates[name].append(ORDERS / (perf_counter() - began))
        raw.close()
        _check(made, PAIRS * len(cases) * ORDERS)
        assert_sound(f"sqlite:///{folder}/bench.db", stored_terms=False)
    for name, said, bar in (("one", "one caller", 0.5), ("16", "16 callers", 1.0)):
        ratio = ratio_of(rates[name], rates["raw"])
        detail = f"{ratio.case:,.0f}/s / {ratio.base:,.0f}/s"
        yield least(f"orders on SQLite FULL, {said} / a raw loop, one a commit", ratio, bar, detail)


def limit(made: Database) -> None:
    """Makes the counter of the hot promotion."""
    with made.writing() as connection:
        add_counters(connection, [CLAIM])


def _check(made: Database, accepted: int) -> None:
    """Counter = ledger = keys = orders = those that were accepted. Raises AssertionError."""
    tables = (
        "SELECT count(*) FROM orders",
        "SELECT count(*) FROM ledger",
        "SELECT count(*) FROM request_keys",
    )
    counter = f"SELECT uses_held FROM counters WHERE promotion = '{HOT}' AND uses_held <= uses_limit"
    with made.reading() as connection:
        found = [connection.exec_driver_sql(query).scalar() for query in (*tables, counter)]
    assert found == [accepted] * 4, (found, accepted)


def versions_of(made: Database) -> Versions:
    """Of the rules, which orders are placed by."""
    with made.reading() as connection:
        found = read_versions(connection)
    return Versions(found[Source.PROMOTIONS], found[Source.DISCOUNTS])


def counted(i: int) -> str:
    """A number after the one before, and after those of `order_growth.fill`."""
    return f"N{i:08d}"


def scattered(i: int) -> str:
    """A number anywhere among those of `order_growth.fill`."""
    return md5(f"new {i}".encode(), usedforsecurity=False).hexdigest()


def places(numbers: Iterable[str], versions: Versions) -> Iterator[Place]:
    """Orders of the hot promotion with these numbers, each with a key of its own."""
    for i, number in enumerate(numbers):
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


def one_caller(committer: Committer, commands: Iterable[AnyCommand]) -> None:
    """Of one thread, which waits for each."""
    for command in commands:
        committer.wait(command)


def callers(committer: Committer, commands: Iterable[AnyCommand], count: int) -> None:
    """Of so many tasks, each of which waits for its own."""
    left = iter(commands)

    async def call() -> None:
        for command in left:
            await committer.run(command)

    async def all_of_them() -> None:
        await asyncio.gather(*[call() for _ in range(count)])

    asyncio.run(all_of_them())


class Raw:
    """The same rows by the driver alone, one order a commit, with the settings of ours."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=2000", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")

    def close(self) -> None:
        """Lets go of the file."""
        self._connection.close()

    def place_all(self, orders: Iterable[Place]) -> None:
        """One after the other."""
        for one in orders:
            self._place(one)

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
            (
                at, at, "hold", one.order_no, "", HOT, one.customer, one.currency, 1, one.discount, 0,
                one.discount, by_line,
            ),
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
