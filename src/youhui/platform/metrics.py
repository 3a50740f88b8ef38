"""Numbers about what a process does, for Prometheus.

What a request costs is counted in plain integers and made into metrics when it is asked for: a labelled counter of
prometheus-client takes a lock and several dictionaries each time, on a hot route more than all else of the edge.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from youhui.platform import statements

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
CALCULATION = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 1.0)
QUERIES = (0.0, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0, 500.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

Read = Callable[[], float | Mapping[str, float]]
"""the value of a gauge now, or one for each value of its label"""


class Histogram:
    """How often values fell below each bound."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Adds a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def plus(self, other: Histogram) -> None:
        """Adds all values of another one with the same bounds."""
        self._counts = [mine + theirs for mine, theirs in zip(self._counts, other._counts, strict=True)]
        self._sum += other._sum

    @property
    def count(self) -> int:
        """How many values there are."""
        return sum(self._counts)

    def add_to(self, family: HistogramMetricFamily, labels: Sequence[str] = ()) -> None:
        """Makes it a sample of the family."""
        below, buckets = 0, []
        for bound, count in zip((*self._bounds, float("inf")), self._counts, strict=True):
            below += count
            buckets.append(("+Inf" if bound == float("inf") else str(bound), float(below)))
        family.add_metric(labels, buckets, self._sum)


class Cache:
    """Hits and misses of one cache."""

    __slots__ = ("hits", "misses")

    def __init__(self) -> None:
        self.hits = 0
        self.misses = 0

    def hit(self) -> None:
        """What was asked for was held."""
        self.hits += 1

    def miss(self) -> None:
        """It had to be looked up."""
        self.misses += 1


class Metrics(Collector):
    """All of one service. Whoever counts, counts here; whoever only has a number is asked for it (`gauge`)."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, str, int], tuple[Histogram, Histogram]] = {}
        self._caches: dict[str, Cache] = {}
        self._gauges: list[tuple[str, str, str, Read]] = []
        self._histograms: list[tuple[str, str, Histogram]] = []
        self._tallies: list[tuple[str, str, str, Counter[str]]] = []
        self.calculation = self.histogram("youhui_calculation_seconds", "Pricing of one cart", CALCULATION)
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._registry.register(self)

    def observe(self, method: str, template: str, status: int, seconds: float) -> None:
        """One request. Its template is that of its route, "" for none: what callers make up is no label."""
        key = (method, template, status)
        cell = self._requests.get(key)
        if cell is None:
            key = (method if method in METHODS else "other", template, status)
            cell = self._requests.setdefault(key, (Histogram(SECONDS), Histogram(QUERIES)))
        cell[0].observe(seconds)
        cell[1].observe(statements.sent())

    def cache(self, name: str) -> Cache:
        """The counters of the cache of this name."""
        return self._caches.setdefault(name, Cache())

    def histogram(self, name: str, about: str, bounds: Sequence[float]) -> Histogram:
        """A new one, of this name."""
        made = Histogram(bounds)
        self._histograms.append((name, about, made))
        return made

    def tally(self, name: str, about: str, label: str) -> Counter[str]:
        """A new counter for each value of this label: what is added to it is shown."""
        made = Counter[str]()
        self._tallies.append((name, about, label, made))
        return made

    def gauge(self, name: str, about: str, read: Read, label: str = "") -> None:
        """A number that is read when it is asked for; with a `label` several, by the label's values."""
        self._gauges.append((name, about, label, read))

    def page(self) -> bytes:
        """All of them in Prometheus' text format."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing: what there is to say changes, and asking for it at the start would read every gauge."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Asked for by the registry."""
        yield from self._of_requests()
        yield from self._of_caches()
        for name, about, histogram in self._histograms:
            family = HistogramMetricFamily(name, about)
            histogram.add_to(family)
            yield family
        for name, about, label, tally in self._tallies:
            counters = CounterMetricFamily(name, about, labels=(label,))
            for of, number in list(tally.items()):
                counters.add_metric((of,), number)
            yield counters
        for name, about, label, read in self._gauges:
            yield _gauge(name, about, label, read())

    def _of_requests(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "youhui_requests", "Requests answered", labels=("method", "route", "status")
        )
        limited = CounterMetricFamily("youhui_rate_limited", "Requests refused as too many")
        took = HistogramMetricFamily(
            "youhui_request_seconds", "From a request to its answer", labels=("method", "route")
        )
        queries = HistogramMetricFamily(
            "youhui_request_queries", "Database statements of a request", labels=("method", "route")
        )
        routes: dict[tuple[str, str], tuple[Histogram, Histogram]] = {}
        refused = 0
        for (method, template, status), (seconds, sent) in list(self._requests.items()):
            requests.add_metric((method, template, str(status)), seconds.count)
            refused += seconds.count if status == 429 else 0
            of_route = routes.setdefault((method, template), (Histogram(SECONDS), Histogram(QUERIES)))
            of_route[0].plus(seconds)
            of_route[1].plus(sent)
        for route, (seconds, sent) in routes.items():
            seconds.add_to(took, route)
            sent.add_to(queries, route)
        limited.add_metric((), refused)
        yield from (requests, limited, took, queries)

    def _of_caches(self) -> Iterator[Metric]:
        asked = CounterMetricFamily("youhui_cache", "Lookups in a cache", labels=("cache", "result"))
        for name, cache in list(self._caches.items()):
            asked.add_metric((name, "hit"), cache.hits)
            asked.add_metric((name, "miss"), cache.misses)
        yield asked


def _gauge(name: str, about: str, label: str, value: float | Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=(label,) if label else ())
    if isinstance(value, Mapping):
        for of, number in value.items():
            family.add_metric((of,), number)
    else:
        family.add_metric((), value)
    return family
