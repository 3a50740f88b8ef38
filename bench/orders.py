"""Orders: over HTTP on durable PostgreSQL beside hand-written references, in process on SQLite, and on grown databases.

Over HTTP each turn has a database of its own, whose counters, ledger and keys are compared with the accepted answers
when it ends. All that are measured take turns.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import order_growth, order_shop, order_store
from bench.order_load import OTHERS_CORE, Bench, Turn
from bench.pairs import ratio_of
from bench.results import Row, least, most
from tests import servers

ROUNDS = 15
HOT, MANY, FREE = "p0", "many", order_shop.FREE
TURNS = (
    ("youhui", HOT),
    ("batched", HOT),
    ("priced", HOT),
    ("youhui", FREE),
    ("youhui", MANY),
    ("priced", MANY),
    ("single", HOT),
    ("priced", FREE),
)
Turns = dict[tuple[str, str], list[Turn]]


def rows() -> Iterator[Row]:
    """All of it, about twenty minutes."""
    yield from _over_http()
    yield from order_store.rows()
    yield from order_growth.rows()


def _over_http() -> Iterator[Row]:
    if shutil.which("wrk") is None:
        yield Row("POST /api/orders", "wrk is not installed: Debian's package wrk")
        return
    os.sched_setaffinity(0, {int(OTHERS_CORE)})  # PostgreSQL inherits it
    try:
        turns = _turns()
    finally:
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    yield from _ratios(turns)
    for (name, promotion), found in turns.items():
        yield _described(f"{name}, {_SAID[promotion]}", found)


def _turns() -> Turns:
    turns: Turns = {which: [] for which in TURNS}
    with (
        servers.postgresql(durable=True) as postgresql,
        tempfile.TemporaryDirectory() as folder,
        postgresql.database() as prepared,
    ):
        bench = Bench(postgresql, Path(folder), prepared)
        for _ in range(ROUNDS):
            for name, promotion in TURNS:
                turns[name, promotion].append(bench.turn(name, promotion))
    return turns


def _ratios(turns: Turns) -> Iterator[Row]:
    hot, free, many = turns["youhui", HOT], turns["youhui", FREE], turns["youhui", MANY]
    batched, priced = turns["batched", HOT], turns["priced", HOT]
    yield _least("orders on one limited promotion / batched, unpriced", hot, batched, 0.35)
    yield _least("… / a statement a request, priced", hot, priced, 2.5)
    p99 = ratio_of([turn.p99 for turn in hot], [turn.p99 for turn in priced])
    yield most("… its p99 / that p99", p99, 1, f"{p99.case:.1f} ms / {p99.base:.1f} ms")
    yield _least("… / without a limit", hot, free, 0.8)
    over = "orders over 1,000 limited promotions / a statement a request, priced"
    yield _least(over, many, turns["priced", MANY], 0.8)
    pricing = [
        with_it.server - without.server for with_it, without in zip(priced, turns["single", HOT], strict=True)
    ]
    yield Row("pricing and freezing in a reference", f"{statistics.median(pricing):,.0f} µs of CPU an order")


def _least(name: str, ours: Sequence[Turn], base: Sequence[Turn], bar: float) -> Row:
    ratio = ratio_of([turn.rate for turn in ours], [turn.rate for turn in base])
    return least(name, ratio, bar, f"{ratio.case:,.0f}/s / {ratio.base:,.0f}/s")


_SAID = {HOT: "one limited promotion", MANY: "1,000 limited promotions", FREE: "no limit"}


def _described(name: str, turns: Sequence[Turn]) -> Row:
    middle = Turn(*[statistics.median(values) for values in zip(*turns, strict=True)])
    return Row(
        name,
        f"{middle.rate:,.0f} orders/s",
        detail=f"p50 {middle.p50:.1f} ms, p99 {middle.p99:.1f} ms; µs of CPU an order: "
        f"server {middle.server:,.0f}, PostgreSQL {middle.database:,.0f}",
    )
