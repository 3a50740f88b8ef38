"""The units of a line as runs of equal units, and taking money from some of them.

A line of a million units is one run until something treats its units differently, so that work follows the number
of runs. Runs are immutable: taking from a line gives new runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from youhui.engine.spreading import one_pass, spread_units

Run: TypeAlias = tuple[int, int, int]
"""count, running price of each unit, 1 if a shared buy_x_get_y consumed it (else 0)"""
Runs: TypeAlias = tuple[Run, ...]
Line: TypeAlias = "Runs | Deferred"
"""a line's units, or what was taken of them as a whole and not yet laid on each"""
Span: TypeAlias = tuple[int, int]
"""units [start, stop) of a line, counted from 0 in unit order"""
Spans: TypeAlias = tuple[Span, ...] | None
"""which units of a line: sorted, disjoint, none empty; None is all of them"""


class Deferred:
    """Units less an amount taken of the whole line; which unit bears what is worked out when someone asks.

    Most promotions never look at single units, so most quotes never pay for this.
    """

    __slots__ = ("_amount", "_before", "_runs")

    def __init__(self, before: Line, amount: int) -> None:
        self._before = before
        self._amount = amount
        self._runs: Runs | None = None

    def runs(self) -> Runs:
        """The units. The chain of what was taken before is followed without recursion, however long."""
        chain: list[Deferred] = []
        line: Line = self
        while isinstance(line, Deferred):
            if line._runs is not None:
                line = line._runs
                break
            chain.append(line)
            line = line._before
        # Two threads that ask at once work out the same units: whichever is written last changes nothing.
        for link in reversed(chain):
            line = link._runs = take(line, link._amount, 0)
        return line

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Deferred):
            return self.runs() == other.runs()
        return self.runs() == other

    def __hash__(self) -> int:
        return hash(self.runs())

    def __repr__(self) -> str:
        return repr(self.runs())


def runs_of(line: Line) -> Runs:
    """The units of a line as runs."""
    return line.runs() if isinstance(line, Deferred) else line


def count_of(spans: Spans, quantity: int) -> int:
    """How many units these are, of a line of `quantity`."""
    return quantity if spans is None else sum([stop - start for start, stop in spans])


def pieces(runs: Runs, spans: Spans) -> Iterator[tuple[int, int, int, int, bool]]:
    """The runs cut at the spans' bounds: (offset, count, price, consumed, inside), in unit order, all of the line."""
    at = 0
    if spans is None:
        for count, price, consumed in runs:
            yield at, count, price, consumed, True
            at += count
        return
    waiting = iter(spans)
    start, stop = next(waiting, (1 << 62, 1 << 62))
    for count, price, consumed in runs:
        end = at + count
        while at < end:
            inside = start <= at
            until = min(end, stop if inside else start)
            yield at, until - at, price, consumed, inside
            at = until
            if at == stop:
                start, stop = next(waiting, (1 << 62, 1 << 62))


def inside(runs: Runs, spans: Spans) -> list[tuple[int, int, int, int]]:
    """(offset, count, price, consumed) of the units within the spans."""
    if spans is None:
        if len(runs) == 1:
            return [(0, *runs[0])]
        return [piece[:4] for piece in pieces(runs, None)]
    return [piece[:4] for piece in pieces(runs, spans) if piece[4]]


def total(runs: Runs, spans: Spans = None) -> int:
    """Running total of these units."""
    if spans is None:
        return sum([count * price for count, price, _ in runs])
    return sum([count * price for _, count, price, _ in inside(runs, spans)])


def room(runs: Runs, floor: int, spans: Spans = None) -> int:
    """What may still be taken of these units, none below `floor`."""
    return sum([count * (price - floor) for _, count, price, _ in inside(runs, spans) if price > floor])


def merged(runs: list[Run]) -> Runs:
    """The same units with neighbouring equal runs joined and empty ones dropped."""
    out: list[Run] = []
    for run in runs:
        if not run[0]:
            continue
        if out and out[-1][1:] == run[1:]:
            out[-1] = (out[-1][0] + run[0], run[1], run[2])
        else:
            out.append(run)
    return tuple(out)


def take(runs: Runs, amount: int, floor: int, spans: Spans = None) -> Runs:
    """Takes an amount (from 1 to the room) from these units, spread by running price, largest fraction first."""
    if spans is None and len(runs) == 1:
        count, price, consumed = runs[0]
        each, rest = divmod(amount, count)
        if not rest:
            return ((count, price - each, consumed),)
        return ((rest, price - each - 1, consumed), (count - rest, price - each, consumed))
    if spans is None and not floor:
        return _take_of_all(runs, amount)
    cut = list(pieces(runs, spans))
    parts = [(count, price, price - floor) if within else (count, 0, 0) for _, count, price, _, within in cut]
    return _less(cut, spread_units(amount, parts))


def _take_of_all(runs: Runs, amount: int) -> Runs:
    """Of all units of a line without a floor: no share exceeds its room, so one pass is enough."""
    out: list[Run] = []
    shares = one_pass(amount, [(count, price) for count, price, _ in runs])
    for (count, price, consumed), (share, more) in zip(runs, shares, strict=True):
        price -= share
        if more:
            out.append((more, price - 1, consumed))
            count -= more
        if count:
            out.append((count, price, consumed))
    return merged(out)


def take_like(runs: Runs, after: Runs, amount: int) -> Runs:
    """Takes an amount spread as `after` differs from `runs`: each unit's difference is its weight and its room."""
    both = list(_side_by_side(runs, after))
    shares = spread_units(amount, [(count, price - then, price - then) for count, price, then, _ in both])
    out: list[Run] = []
    for (_, price, _, consumed), parts in zip(both, shares, strict=True):
        out.extend((count, price - share, consumed) for count, share in parts)
    return merged(out)


def take_each(runs: Runs, each: Callable[[int], int], floor: int, spans: Spans = None) -> tuple[Runs, int]:
    """Takes each(running price) from every one of these units, cut to the unit's room; and how much that is."""
    out: list[Run] = []
    amount = 0
    cut = [(0, *run, True) for run in runs] if spans is None else pieces(runs, spans)
    for _, count, price, consumed, within in cut:
        if within and price > floor and (off := each(price)) > 0:
            off = min(off, price - floor)
            amount += count * off
            price -= off
        out.append((count, price, consumed))
    return merged(out), amount


def consume(runs: Runs, spans: Spans) -> Runs:
    """The same units, these marked as consumed."""
    return merged(
        [(count, price, 1 if within else mark) for _, count, price, mark, within in pieces(runs, spans)]
    )


def differences(before: Line, after: Line) -> tuple[tuple[int, int], ...]:
    """What was taken of a line, as runs of equal units in unit order: (count, amount from each)."""
    out: list[tuple[int, int]] = []
    for count, price, then, _ in _side_by_side(runs_of(before), runs_of(after)):
        off = price - then
        if out and out[-1][1] == off:
            out[-1] = (out[-1][0] + count, off)
        else:
            out.append((count, off))
    return tuple(out)


def join(spans: list[Span]) -> Spans:
    """Spans in order, neighbours joined; no span at all is the empty tuple."""
    out: list[Span] = []
    for start, stop in sorted(spans):
        if out and out[-1][1] >= start:
            out[-1] = (out[-1][0], max(out[-1][1], stop))
        elif start < stop:
            out.append((start, stop))
    return tuple(out)


def _less(cut: list[tuple[int, int, int, int, bool]], shares: list[list[tuple[int, int]]]) -> Runs:
    out: list[Run] = []
    for (_, _, price, consumed, _), parts in zip(cut, shares, strict=True):
        out.extend((count, price - share, consumed) for count, share in parts)
    return merged(out)


def _side_by_side(before: Runs, after: Runs) -> Iterator[tuple[int, int, int, int]]:
    """(count, price before, price after, consumed after) for runs of both that are cut alike."""
    i = j = 0
    left, right = before[0][0], after[0][0]
    while True:
        count = min(left, right)
        yield count, before[i][1], after[j][1], after[j][2]
        left, right = left - count, right - count
        if not left:
            i += 1
            if i == len(before):
                return
            left = before[i][0]
        if not right:
            j += 1
            right = after[j][0]
