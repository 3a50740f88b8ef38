"""`youhui check` of a million orders: how long it takes, and the memory of its process.

The orders are of 200 limited promotions and of one more that is limited for each of 100,000 customers too. They are
written in bulk, by the same code that decides and writes the orders of customers.
"""

from __future__ import annotations

import gc
import importlib
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.results import Row
from youhui.checkout.orders.batch import write
from youhui.checkout.orders.book import Book, Counter, Locked, Writes
from youhui.checkout.orders.commands import (
    AnyCommand,
    Cancel,
    GiveBackPart,
    Pay,
    Place,
    Redemption,
    Versions,
)
from youhui.checkout.orders.counter_store import add_counters, change_counters
from youhui.checkout.orders.deciding import decide
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
from youhui.platform.db import Database

COUNT = 1_000_000
CUSTOMERS = 100_000
PROMOTIONS = 200
AT_ONCE = 5_000
MOST = 60.0
"""seconds"""
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
VERSIONS = Versions(0, 0)
OFF = Vector(1, 133, 0)
"""what one order takes of one promotion: 1.00 of the first line, 0.33 of the second"""
EACH = "each"
"""the promotion of all orders, limited for each customer"""


def rows() -> Iterator[Row]:
    """SQLite, then PostgreSQL."""
    from tests import servers

    with tempfile.TemporaryDirectory() as folder:
        yield _measured(f"sqlite:///{folder}/youhui.db", COUNT)
    with servers.postgresql() as server, server.database() as url:
        yield _measured(url, COUNT)


def _measured(url: str, count: int) -> Row:
    fill(url, count)
    out = subprocess.run(
        [sys.executable, "-m", "bench.check", url], capture_output=True, text=True, check=True
    ).stdout
    found: dict[str, Any] = json.loads(out)
    assert found["broken"] == [], found
    assert found["orders"] == count
    name = f"youhui check of {count:,} orders, {url.partition(':')[0].partition('+')[0]}"
    seconds = found["seconds"]
    detail = (
        f"{found['entries']:,} entries, {found['counters']:,} counters; {found['cpu']:,.1f} s of CPU, "
        f"peak of memory {found['memory']:,.0f} MiB"
    )
    return Row(name, f"{seconds:,.1f} s", f"≤ {MOST:g} s", seconds > MOST, detail)


def _check(url: str) -> dict[str, object]:
    from youhui import bootstrap
    from youhui.checkout.orders.checking import check
    from youhui.platform.settings import Settings

    service = bootstrap.service(Settings(database_url=url))
    gc.freeze()  # as the command does
    began, cpu = time.perf_counter(), time.process_time()
    report = check(service.database)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    service.database.close()
    counted = {proof.promise: proof.counted for proof in report.proofs}
    return {
        "seconds": seconds,
        "cpu": cpu,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "broken": report.broken,
        "orders": counted["P7"]["orders"],
        "entries": counted["P3"]["entries"],
        "counters": counted["P3"]["counters"],
    }


# -- a database full of orders


def fill(url: str, count: int) -> None:
    """An empty database with so many orders, decided and written as the committer does, with counters in memory."""
    from youhui.platform import migrate

    importlib.import_module("youhui.bootstrap")  # knows every table
    database = Database(url)
    migrate.upgrade(database)
    counters: dict[Key, Counter] = {}
    chance = random.Random(1)
    for start in range(0, count, AT_ONCE):
        writes = _decided(range(start, min(start + AT_ONCE, count)), counters, chance)
        with database.writing(None) as connection:
            write(connection, writes, BEGAN)
        _told(start + AT_ONCE, count)
    with database.writing(None) as connection:
        add_counters(connection, [Claim(key, counter.limits) for key, counter in counters.items()])
        change_counters(connection, counters.values())
    _analyse(database)
    database.close()


def _told(done: int, count: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{min(done, count):,} of {count:,} orders written", end="", file=sys.stderr)


def _analyse(database: Database) -> None:
    """As a server that has lived for a while knows its tables by its own doing."""
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _decided(numbers: range, counters: dict[Key, Counter], chance: random.Random) -> Writes:
    now = BEGAN + timedelta(seconds=numbers.start)
    book = Book(Locked(now, VERSIONS, counters=counters))
    for number in numbers:
        place = _place(f"20261101{number:010d}", chance)
        for claim in (claim for one in place.redemptions for claim in one.claims):
            counters.setdefault(claim.key, Counter(claim.key, claim.limits, None, None))
        for command in (place, *_then(place.order_no, chance.random())):
            decide(command, book)
    book.writes.counters = {}  # written once, at the end
    return book.writes


def _place(order_no: str, chance: random.Random) -> Place:
    customer = f"u{chance.randrange(CUSTOMERS)}"
    names = [EACH] if chance.random() < 0.5 else [f"p{chance.randrange(PROMOTIONS)}", EACH]
    cuts = [
        tuple([FrozenCut(name, sum([count * each for count, each in runs]), runs) for name in names])
        for runs in (((1, 34), (2, 33)), ((1, 17), (1, 16)))
    ]
    lines = (
        FrozenLine("1", "MUG", "MUG", 3, 1001, 3003 - 100 * len(names), cuts[0]),
        FrozenLine("2", "CUP", "CUP", 2, 500, 1000 - 33 * len(names), cuts[1]),
    )
    return Place(
        order_no=order_no,
        request="0" * 32,
        caller="bench",
        currency="CNY",
        customer=customer,
        total=4003,
        discount=OFF.amount * len(names),
        frozen=Frozen(lines, tuple([FrozenPromotion(name, None, OFF.amount) for name in names]), 0, 0),
        redemptions=tuple([Redemption(name, OFF, tuple(_claims(name, customer))) for name in names]),
        hold_for=timedelta(minutes=15),
        versions=VERSIONS,
    )


def _claims(promotion: str, customer: str) -> Iterator[Claim]:
    yield Claim(Key(promotion), Limits(uses=10**9))
    if promotion == EACH:
        yield Claim(Key(promotion, customer), Limits(uses=10**6))


def _then(order_no: str, chance: float) -> Iterator[AnyCommand]:
    """What becomes of an order: of 20, 16 are paid, one is refunded in part, two are cancelled, one is left unpaid."""
    terms: dict[str, Any] = {"order_no": order_no, "request": "0" * 32, "caller": "bench"}
    if chance < 0.85:
        yield Pay(**terms)
    elif chance < 0.95:
        yield Cancel(**terms)
    if chance < 0.05:
        yield GiveBackPart(refund_no="r1", lines={"1": 1}, **terms)


if __name__ == "__main__":
    print(json.dumps(_check(sys.argv[1])))
