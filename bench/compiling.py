"""Compiling 100,000 promotions, and changing one of 10,000 while quotes go on."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from bench import cases
from bench.results import Row, below
from youhui.engine import Options

CHANGES = 200


def rows() -> Iterator[Row]:
    """Time and memory of compiling (in a process of its own), time of a change, and what quotes feel of it."""
    out = subprocess.run(
        [sys.executable, "-m", "bench.compiling"], check=True, capture_output=True, text=True
    )
    seconds, version, megabytes = json.loads(out.stdout)
    yield below("compile 100,000 promotions", seconds, 10, "s", f"and {version:.2f} s for the version hash")
    yield below("memory of that process, documents included", megabytes, 1024, "MiB")
    change, stall = _change_one_of_ten_thousand()
    yield below(
        "change one of 10,000: slowest of 200", change * 1e3, 50, "ms", "new ruleset with its version"
    )
    yield below(
        "p99 of a concurrent quote meanwhile", stall * 1e3, 10, "ms", "another thread changes without a pause"
    )


def _change_one_of_ten_thousand() -> tuple[float, float]:
    """(slowest change, p99 of the quotes of another thread), in seconds of the wall clock."""
    current = [cases.ruleset(10_000)]
    old = current[0].promotions()
    cart, options = cases.cart(10), Options(explain="applied")
    assert current[0].version
    slowest, quotes, done = 0.0, [], threading.Event()

    def quote() -> None:
        while not done.is_set():
            start = time.perf_counter()
            current[0].price(cart, at=cases.AT, options=options)
            quotes.append(time.perf_counter() - start)

    thread = threading.Thread(target=quote)
    thread.start()
    for i in range(CHANGES):
        start = time.perf_counter()
        changed = current[0].changed([replace(old[i * 37], priority=i + 1)])
        assert changed.version
        slowest = max(slowest, time.perf_counter() - start)
        current[0] = changed
    done.set()
    thread.join()
    return slowest, sorted(quotes)[len(quotes) * 99 // 100]


def _compile() -> None:
    promotions = cases.promotions(100_000)
    start = time.perf_counter()
    from youhui.engine import Ruleset

    ruleset = Ruleset(promotions)
    compiled = time.perf_counter()
    assert ruleset.version
    hashed = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([compiled - start, hashed - compiled, peak]))


if __name__ == "__main__":
    _compile()
