"""best_for_customer over promotions that all apply to one cart, some of which exclude each other."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from bench import search_cases
from bench.results import Row, below
from youhui.engine import Options, Ruleset

CASES = 51
OPTIONS = Options(strategy="best_for_customer", explain="applied")


def rows() -> Iterator[Row]:
    """Half of the searches over 12 promotions within 5 ms, all of them optimal; those over 30 within their budget."""
    times, optimal, _ = _measure(12)
    detail = f"slowest of {CASES} cases {max(times) * 1e3:,.1f} ms; {optimal} of {CASES} proved optimal"
    yield below("best_for_customer, 12 applicable: p50", statistics.median(times) * 1e3, 5, "ms", detail)
    times, optimal, open_ = _measure(30)
    far = f"the bound of the others up to {open_:.0%} away"
    detail = f"slowest {max(times) * 1e3:,.0f} ms; {optimal} of {CASES} proved optimal, {far}"
    yield Row(
        "best_for_customer, 30 applicable: p50",
        f"{statistics.median(times) * 1e3:,.1f} ms",
        "",
        False,
        detail,
    )


def _measure(count: int) -> tuple[list[float], int, float]:
    """(CPU seconds of each case, how many were proved optimal, the largest share that a bound is above its saving)."""
    cart = search_cases.cart()
    times, optimal, away = [], 0, 0.0
    for seed in range(CASES):
        ruleset = Ruleset(search_cases.promotions(count, seed))
        start = time.process_time()
        search = ruleset.price(cart, at=search_cases.AT, options=OPTIONS).search
        times.append(time.process_time() - start)
        assert search is not None
        optimal += search.optimal
        away = max(away, search.bound / search.saving - 1)
    return times, optimal, away
