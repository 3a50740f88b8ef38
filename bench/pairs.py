"""Two cases measured side by side: interleaved pairs in one run, the median ratio and its 90 % interval."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PAIRS = 21


@dataclass(frozen=True)
class Ratio:
    """case / base over interleaved pairs: the median, and the order statistics that hold it with 90 %."""

    median: float
    low: float
    high: float
    case: float
    base: float
    """their medians: seconds of one call, or what else was measured"""

    def misses(self, most: float) -> bool:
        """A bar is missed only if the whole interval lies beyond it."""
        return self.low > most


def interval(values: list[float]) -> tuple[float, float, float]:
    """The median and the bounds of its 90 % interval (order statistics of the binomial distribution)."""
    ordered = sorted(values)
    n = len(ordered)
    reach = int(1.645 * n**0.5 / 2 + 0.999)
    middle = n // 2
    return statistics.median(ordered), ordered[max(0, middle - reach)], ordered[min(n - 1, middle + reach)]


def ratio_of(cases: Sequence[float], bases: Sequence[float]) -> Ratio:
    """Of what was measured in turns."""
    ratios = [case / base for case, base in zip(cases, bases, strict=True)]
    return Ratio(*interval(ratios), statistics.median(cases), statistics.median(bases))


def seconds(call: Callable[[], object], calls: int) -> float:
    """CPU seconds of one call, over so many calls: what else the machine does counts as little as possible."""
    start = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - start) / calls


def compare(
    case: Callable[[], object], base: Callable[[], object], pairs: int = PAIRS, slice_s: float = 0.03
) -> Ratio:
    """Runs both in turn, `pairs` times, about `slice_s` seconds each."""
    counts = [max(1, int(slice_s / max(seconds(call, 3), 1e-7))) for call in (case, base)]
    cases, bases = [], []
    gc.collect()
    gc.disable()
    try:
        for _ in range(pairs):
            cases.append(seconds(case, counts[0]))
            bases.append(seconds(base, counts[1]))
    finally:
        gc.enable()
    return ratio_of(cases, bases)
