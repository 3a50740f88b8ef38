"""The sums of entries that count all customers: added up while orders are read, since every entry comes by there.

The database would have to look up each entry by its promotion, far from its neighbours. In memory are the counters of
all customers: of each limited promotion one, or one a period.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from youhui.checkout.orders.checking import store
from youhui.checkout.orders.checking.reading import EntryRow
from youhui.checkout.orders.checking.store import OfAll
from youhui.platform.db import Connection

_USED = {"commit": 1, "reverse": -1}
_HELD = {"hold": 1, "commit": -1, "release": -1, "expire": -1}


@dataclass(slots=True)
class _Total:
    """A counter, and what the entries of its scope sum to, by kind."""

    counter: OfAll
    by_kind: dict[str, list[int]] = field(default_factory=dict)

    def add(self, entry: EntryRow) -> None:
        sums = self.by_kind.get(entry[1])
        if sums is None:
            sums = self.by_kind[entry[1]] = [0, 0, 0]
        sums[0] += entry[7]
        sums[1] += entry[8]
        sums[2] += entry[9]

    def numbers(self) -> tuple[int, ...]:
        """What the counter should say: used, then held."""
        return (*self._signed(_USED), *self._signed(_HELD))

    def _signed(self, signs: Mapping[str, int]) -> Iterator[int]:
        for place in range(3):
            yield sum(
                [sign * self.by_kind[kind][place] for kind, sign in signs.items() if kind in self.by_kind]
            )


@dataclass(slots=True)
class _Periods:
    """Counters of one promotion in periods of one length, which do not overlap, by their beginning."""

    starts: list[Any] = field(default_factory=list)
    totals: list[_Total] = field(default_factory=list)


class Totals:
    """Of all counters that count all customers."""

    def __init__(self, connection: Connection) -> None:
        self._always: dict[str, _Total] = {}
        self._periods: dict[str, dict[str, _Periods]] = {}
        for counter in store.counters_of_all(connection):
            if not counter.period:
                self._always[counter.promotion] = _Total(counter)
                continue
            length = counter.period.rpartition("/")[2]
            periods = self._periods.setdefault(counter.promotion, {}).setdefault(length, _Periods())
            periods.starts.append(counter.starts_at)
            periods.totals.append(_Total(counter))

    def add(self, entries: Iterable[EntryRow]) -> None:
        """Some entries."""
        for entry in entries:
            promotion = entry.counted_as
            total = self._always.get(promotion)
            if total is not None:
                total.add(entry)
            if promotion in self._periods:
                self._add_in_period(entry)

    def _add_in_period(self, entry: EntryRow) -> None:
        for periods in self._periods[entry.counted_as].values():
            place = bisect_right(periods.starts, entry.taken_at) - 1
            if place >= 0 and entry.taken_at < periods.totals[place].counter.ends_at:
                periods.totals[place].add(entry)

    def differing(self) -> Iterator[tuple[OfAll, Sequence[int]]]:
        """Counters that say something else than their entries sum to, and what these sum to."""
        in_periods = (
            total
            for by_length in self._periods.values()
            for one in by_length.values()
            for total in one.totals
        )
        for total in (*self._always.values(), *in_periods):
            numbers = total.numbers()
            if numbers != total.counter.numbers:
                yield total.counter, numbers
