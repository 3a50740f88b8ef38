"""The directory: rows brought in a second on SQLite and the memory that it takes, and how long a picker waits.

Each import runs in a process of its own, whose peak of memory is that of the import. `YOUHUI_BENCH_DATABASE` names
another database (an empty one) for the searches.
"""

from __future__ import annotations

import gc
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

from bench.results import Row

SIZES = (("customers", 100_000), ("products", 100_000), ("products", 1_000_000))
LEAST = 10_000
"""rows a second"""
SEARCHED = 100_000
TIMES = 25
CATEGORIES = 300

_COLOURS = "红 蓝 白 黑 灰 绿 粉 紫".split()
_THINGS = "马克杯 T恤 耳机 手机壳 书包 台灯 雨伞 键盘".split()


def rows() -> Iterator[Row]:
    """Rates of import, then times of searches."""
    with tempfile.TemporaryDirectory() as folder:
        for kind, count in SIZES:
            yield from _imported(f"sqlite:///{folder}/{kind}-{count}.db", kind, count)
        url = os.environ.get("YOUHUI_BENCH_DATABASE", f"sqlite:///{folder}/products-{SEARCHED}.db")
        if "YOUHUI_BENCH_DATABASE" in os.environ:
            yield from _imported(url, "products", SEARCHED)
        yield from _searches(url)


def _imported(url: str, kind: str, count: int) -> Iterator[Row]:
    """The first time all rows are new, then none is, then each is another."""
    command = [sys.executable, "-m", "bench.directory", url, kind, str(count)]
    for what, seed in (("new", "1"), ("unchanged", "1"), ("changed", "2")):
        out = subprocess.run([*command, seed], capture_output=True, text=True, check=True).stdout
        found: dict[str, float] = json.loads(out)
        name = f"import {count:,} {kind}, all {what}"
        detail = f"{found['cpu']:,.0f} a second of CPU; peak of memory {found['memory']:,.0f} MiB"
        rate = found["wall"]
        yield Row(name, f"{rate:,.0f} rows/s", f"≥ {LEAST:,} rows/s", rate < LEAST, detail)


def _import(url: str, kind: Any, count: int, seed: int = 1) -> dict[str, float]:
    from youhui import bootstrap
    from youhui.platform import migrate
    from youhui.platform.principals import SYSTEM
    from youhui.platform.rows import Written
    from youhui.platform.settings import Settings

    service = bootstrap.service(Settings(database_url=url))
    migrate.upgrade(service.database)
    gc.freeze()  # as the service does when it starts, and the command
    upload = service.directory.upload(kind, Written("jsonl"), SYSTEM)
    wall = cpu = 0.0
    for piece in _pieces(kind, count, seed):
        wall, cpu = wall - time.perf_counter(), cpu - time.process_time()
        upload.feed(piece)
        wall, cpu = wall + time.perf_counter(), cpu + time.process_time()
    wall, cpu = wall - time.perf_counter(), cpu - time.process_time()
    assert upload.finish().rejected == 0
    wall, cpu = wall + time.perf_counter(), cpu + time.process_time()
    service.database.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": count / wall, "cpu": count / cpu, "memory": peak}


def _pieces(kind: str, count: int, seed: int, size: int = 1_000) -> Iterator[bytes]:
    """The same rows each time; of another seed other values under the same ids."""
    make = _customer if kind == "customers" else _product
    chance = random.Random(seed)
    for start in range(0, count, size):
        made = (make(i, chance) for i in range(start, min(start + size, count)))
        yield "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in made).encode()


def _product(i: int, chance: random.Random) -> dict[str, object]:
    return {
        "id": f"p{i}",
        "sku": f"SKU-{i:07d}",
        "name": f"{chance.choice(_COLOURS)}色{chance.choice(_THINGS)} {chance.randrange(10**6):06d}",
        "price": f"{chance.randrange(100, 100_000) / 100:.2f}",
        "stock": chance.randrange(1_000),
        "categories": [f"c{chance.randrange(CATEGORIES)}"],
        "attributes": {"brand": f"b{chance.randrange(1_000)}", "size": chance.choice("SML")},
    }


def _customer(i: int, chance: random.Random) -> dict[str, object]:
    return {
        "id": f"u{i}",
        "name": f"{chance.choice('赵钱孙李周吴郑王')}{chance.choice('伟芳娜敏静丽强磊')}",
        "phone": f"1{chance.randrange(3 * 10**9, 10**10)}",
        "groups": [f"g{chance.randrange(20)}"],
        "registered_at": "2026-01-02T03:04:05+08:00",
    }


def _searches(url: str) -> Iterator[Row]:
    """The first page of each question that a picker asks, with its count."""
    from youhui import bootstrap
    from youhui.directory.model import Filters
    from youhui.platform.settings import Settings

    service = bootstrap.service(Settings(database_url=url))
    name = service.database.engine.dialect.name

    def asked(filters: Filters, **more: Any) -> Callable[[], object]:
        wanted: dict[str, Any] = {"sort": "id", "offset": 0, "limit": 20, **more}
        return lambda: service.directory.page("products", filters, **wanted)

    questions = {
        "no search": asked(Filters()),
        "no search, by name": asked(Filters(), sort="name"),
        "page 4,000": asked(Filters(), offset=80_000),
        "the beginning of a sku, 10 hits": asked(Filters("sku-000123")),
        "the beginning of an id, 11,111 hits": asked(Filters("p1")),
        "a part of a name, 1,600 hits": asked(Filters("红色马克杯")),
        "a part of a name, 1,600 hits, by name": asked(Filters("红色马克杯"), sort="name"),
        "a part of a name, 12,500 hits": asked(Filters("马克杯")),
        "no hit": asked(Filters("nothing like it")),
        "no hit, by name": asked(Filters("nothing like it"), sort="name"),
        "a category": asked(Filters(), category="c7"),
        "a category and a part of a name": asked(Filters("马克杯"), category="c7"),
    }
    for what, ask in questions.items():
        ask()
        times = sorted(_seconds(ask) for _ in range(TIMES))
        detail = f"p95 {times[int(TIMES * 0.95)] * 1e3:,.1f} ms, on {name}"
        median = statistics.median(times) * 1e3
        yield Row(f"{SEARCHED:,} products, {what}: p50", f"{median:,.1f} ms", "", False, detail)
    service.database.close()


def _seconds(ask: Callable[[], object]) -> float:
    start = time.perf_counter()
    ask()
    return time.perf_counter() - start


if __name__ == "__main__":
    print(json.dumps(_import(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))))
