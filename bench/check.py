"""`youhui check` of a million orders: how long it takes, and the memory of its process.

The orders are written in bulk, past the committer, as it would have left them: of 200 promotions, of which one is limited
for each of 100,000 customers; four fifths of them are paid, some of these refunded in part.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Table, insert

from bench.results import Row
from youhui.checkout.orders.model import (
    NOTHING,
    Entry,
    Frozen,
    FrozenCut,
    FrozenLine,
    FrozenPromotion,
    Kind,
    Order,
    Refund,
    Returned,
    Vector,
)
from youhui.platform.db import Database, metadata

COUNT = 1_000_000
CUSTOMERS = 100_000
PROMOTIONS = 200
AT_ONCE = 5_000
MOST = 60.0
"""seconds"""
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
OFF = Vector(1, 133, 0)
"""what one order takes of one promotion: 1.00 of the first line, 0.33 of the second"""


def rows() -> Iterator[Row]:
    """SQLite, then PostgreSQL."""
    from tests import servers

    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
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
    detail = f"{found['entries']:,} entries, {found['counters']:,} counters; peak of memory {found['memory']:,.0f} MiB"
    return Row(name, f"{seconds:,.1f} s", f"≤ {MOST:g} s", seconds > MOST, detail)


def _check(url: str) -> dict[str, object]:
    from youhui import bootstrap
    from youhui.checkout.orders.checking import check
    from youhui.platform.settings import Settings

    service = bootstrap.service(Settings(database_url=url))
    began = time.perf_counter()
    report = check(service.database)
    seconds = time.perf_counter() - began
    service.database.close()
    counted = {proof.promise: proof.counted for proof in report.proofs}
    return {
        "seconds": seconds,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "broken": report.broken,
        "orders": counted["P7"]["orders"],
        "entries": counted["P3"]["entries"],
        "counters": counted["P3"]["counters"],
    }


# -- a database full of orders


class Made(NamedTuple):
    """An order and what belongs to it."""

    order: Order
    entries: Sequence[Entry]
    refund: Refund | None


def fill(url: str, count: int) -> None:
    """An empty database with so many orders, as the committer would have left them. Tells how far it is."""
    from youhui import bootstrap
    from youhui.platform import migrate

    assert bootstrap
    database = Database(url)
    migrate.upgrade(database)
    totals: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * 6)
    chance = random.Random(1)
    for start in range(0, count, AT_ONCE):
        made = [_made(number, chance) for number in range(start, min(start + AT_ONCE, count))]
        with database.writing() as connection:
            _add(connection, "orders", (_order_row(one.order) for one in made))
            _add(connection, "refunds", (_refund_row(one.refund) for one in made if one.refund))
            entries = [entry for one in made for entry in one.entries]
            _add(connection, "ledger", map(_entry_row, entries))
            _add(connection, "holds", (row for one in made for row in _hold_rows(one.order)))
        _count(entries, totals)
        if sys.stderr.isatty():
            print(f"\r{start + len(made):,} orders", end="", file=sys.stderr)
    with database.writing() as connection:
        _add(connection, "counters", (_counter_row(*key, numbers) for key, numbers in totals.items()))
    _analyse(database)
    database.close()


def _analyse(database: Database) -> None:
    """As a server that has lived for a while knows its tables by its own doing."""
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _made(number: int, chance: random.Random) -> Made:
    at = BEGAN + timedelta(seconds=number)
    customer = f"u{chance.randrange(CUSTOMERS)}"
    names = ["each"] if chance.random() < 0.5 else [f"p{chance.randrange(PROMOTIONS)}", "each"]
    state = chance.choices(["paid", "partially_refunded", "cancelled", "pending"], [80, 5, 10, 5])[0]
    paid = state in ("paid", "partially_refunded")
    refunded = state == "partially_refunded"
    order = Order(
        order_no=f"{chance.getrandbits(48):012x}{number}",
        state=state,
        currency="CNY",
        customer=customer,
        total=4003,
        discount=133 * len(names),
        payable=4003 - 133 * len(names),
        refunded=_share(3003 - 100 * len(names)) if refunded else 0,
        placed_at=at,
        hold_until=at + timedelta(minutes=15),
        taken_at=at,
        paid_at=at if paid else None,
        ended_at=at if state == "cancelled" else None,
        returned=Returned({"1": 1}) if refunded else Returned(),
        frozen=_frozen(names),
        request="0" * 32,
    )
    kinds: list[Kind] = ["hold"]
    if state != "pending":
        kinds.append("commit" if paid else "release")
    entries = [_entry(order, name, kind) for name in names for kind in kinds]
    refund = _refund(order) if refunded else None
    if refunded:
        entries += [_reversal(order, name) for name in names]
    return Made(order, entries, refund)


def _share(amount: int) -> int:
    """Of one unit of three."""
    return amount // 3


def _frozen(names: Sequence[str]) -> Frozen:
    cuts = (((1, 34), (2, 33)), ((1, 17), (1, 16)))
    first, second = (
        tuple(FrozenCut(name, sum(count * each for count, each in runs), runs) for name in names)
        for runs in cuts
    )
    lines = (
        FrozenLine("1", "MUG", "MUG", 3, 1001, 3003 - 100 * len(names), first),
        FrozenLine("2", "CUP", "CUP", 2, 500, 1000 - 33 * len(names), second),
    )
    return Frozen(lines, tuple(FrozenPromotion(name, None, 133) for name in names), 0, 0)


def _entry(order: Order, promotion: str, kind: Kind) -> Entry:
    return Entry(
        at=order.placed_at,
        taken_at=order.taken_at,
        kind=kind,
        order_no=order.order_no,
        promotion=promotion,
        customer=order.customer,
        currency="CNY",
        moved=OFF,
        discount=OFF.amount,
        lines={"1": 100, "2": 33},
    )


def _reversal(order: Order, promotion: str) -> Entry:
    return Entry(
        at=order.placed_at,
        taken_at=order.taken_at,
        kind="reverse",
        order_no=order.order_no,
        number="r1",
        promotion=promotion,
        customer=order.customer,
        currency="CNY",
        moved=NOTHING,
        discount=_share(100),
        lines={"1": _share(100)},
    )


def _refund(order: Order) -> Refund:
    return Refund(
        order_no=order.order_no,
        refund_no="r1",
        sequence=1,
        at=order.placed_at,
        amount=order.refunded,
        lines={"1": (1, order.refunded)},
        shipping=0,
        returns_shipping=False,
        request="0" * 32,
    )


def _count(entries: Iterable[Entry], totals: dict[tuple[str, str], list[int]]) -> None:
    for entry in entries:
        keys = [(entry.promotion, "")]
        if entry.promotion == "each":
            keys.append(("each", entry.customer or ""))
        used = entry.kind == "commit"
        held = {"hold": 1, "commit": -1, "release": -1}.get(entry.kind, 0)
        for key in keys:
            total = totals[key]
            for place, measure in enumerate(entry.moved):
                total[place] += measure * used
                total[3 + place] += measure * held


# -- rows, by column


def _order_row(order: Order) -> dict[str, object]:
    names = (
        "order_no", "state", "currency", "customer", "total", "discount", "payable", "refunded", "placed_at",
        "hold_until", "taken_at", "paid_at", "ended_at", "request",
    )  # fmt: skip
    return {
        **{name: getattr(order, name) for name in names},
        "pending_until": order.hold_until if order.state == "pending" else None,
        "returned": msgspec.to_builtins(order.returned),
        "frozen": msgspec.to_builtins(order.frozen),
    }


def _refund_row(refund: Refund) -> dict[str, object]:
    names = ("order_no", "refund_no", "sequence", "at", "amount", "shipping", "returns_shipping", "request")
    return {**{name: getattr(refund, name) for name in names}, "by_line": dict(refund.lines)}


def _entry_row(entry: Entry) -> dict[str, object]:
    names = ("at", "taken_at", "kind", "order_no", "number", "promotion", "customer", "currency", "discount")
    return {
        **{name: getattr(entry, name) for name in names},
        **entry.moved._asdict(),
        "by_line": dict(entry.lines),
    }


def _hold_rows(order: Order) -> Iterator[dict[str, object]]:
    if order.state == "pending":
        for promotion in order.frozen.promotions:
            for customer in ("", order.customer) if promotion.id == "each" else ("",):
                key = {"promotion": promotion.id, "customer": customer, "period": ""}
                yield {"order_no": order.order_no, **key, **OFF._asdict(), "until": order.hold_until}


def _counter_row(promotion: str, customer: str, numbers: Sequence[int]) -> dict[str, object]:
    names = [f"{name}_{what}" for what in ("used", "held") for name in Vector._fields]
    limits = {f"{name}_limit": None for name in Vector._fields} | {"uses_limit": 10**9}
    key = {"promotion": promotion, "customer": customer, "period": "", "starts_at": None, "ends_at": None}
    return {**key, **limits, **dict(zip(names, numbers, strict=True))}


def _add(connection: Connection, table: str, rows: Iterable[dict[str, object]]) -> None:
    found: Table = metadata.tables[table]
    written = list(rows)
    if written:
        connection.execute(insert(found), written)


if __name__ == "__main__":
    print(json.dumps(_check(sys.argv[1])))
