"""When time windows are open: an instant at which they all are as wanted, or a proof that there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from youhui.engine.conditions.time_window import DAYS, TimeWindow
from youhui.engine.facts import Cart
from youhui.engine.prices import Facts, Prices
from youhui.engine.promotion import Promotion
from youhui.lint.branches import Branch, Literal

SOME_DAY = datetime(2026, 1, 5, 12, tzinfo=UTC)
"""where looking begins for promotions without a window: a Monday, for there is no clock here"""
HORIZON = timedelta(days=15)
"""as far as is looked: each minute of a week comes up in it, also where clocks are changed"""

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_MICROSECOND = timedelta(microseconds=1)
_WEEK = 7 * 1440
_FIRST, _LAST = datetime(1980, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""within these years every zone is whole minutes away from UTC"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` on, until before `until`; None: without that end."""

    start: datetime | None = None
    until: datetime | None = None

    @property
    def empty(self) -> bool:
        """Whether no instant lies in it."""
        return self.start is not None and self.until is not None and self.start >= self.until


@dataclass(frozen=True, slots=True)
class Opening:
    """`at`: an instant at which all is as wanted. None: `never` says whether that is proved."""

    at: datetime | None
    never: bool = False


def instant(microseconds: int) -> datetime:
    """Microseconds since 1970 as an aware instant."""
    return _EPOCH + timedelta(microseconds=microseconds)


def span_of(promotions: Sequence[Promotion]) -> Span:
    """The instants at which all of these promotions are valid."""
    starts = [p.valid_from for p in promotions if p.valid_from is not None]
    ends = [p.valid_until for p in promotions if p.valid_until is not None]
    return Span(instant(max(starts)) if starts else None, instant(min(ends)) if ends else None)


def opening(branch: Branch, span: Span) -> Opening:
    """The first instant found in the span at which each time window of the branch is open or shut as wanted."""
    windows = tuple(literal for literal in branch if isinstance(literal.condition, TimeWindow))
    if span.empty or never_in_a_week(windows):
        return Opening(None, True)
    start, end = _looked_through(span)
    if not windows:
        return Opening(start)
    if not _FIRST <= start < end <= _LAST:
        return Opening(None)
    found = next((at for at in _candidates(windows, start, end) if _as_wanted(windows, at)), None)
    return Opening(found, found is None and end == span.until and start == span.start)


def _looked_through(span: Span) -> tuple[datetime, datetime]:
    """The first HORIZON of the span, or the last one of a span without a start."""
    try:
        start = span.start or (SOME_DAY if span.until is None else min(SOME_DAY, span.until - HORIZON))
        return start, start + HORIZON if span.until is None else min(span.until, start + HORIZON)
    except OverflowError:
        # At either end of the calendar: one instant inside is all that is asked of it.
        some = span.start or (span.until or SOME_DAY) - _MICROSECOND
        return some, some + _MICROSECOND


def never_in_a_week(windows: Branch) -> bool:
    """Whether some windows of one zone share no minute of a week, as its clocks show it."""
    zones: dict[str, int] = {}
    for literal in windows:
        assert isinstance(literal.condition, TimeWindow)
        minutes = minutes_of(literal.condition)
        if not literal.wanted:
            minutes = ~minutes & _ALL
        zone = literal.condition.timezone
        zones[zone] = zones.get(zone, _ALL) & minutes
    return any(minutes == 0 for minutes in zones.values())


@lru_cache(4096)
def minutes_of(window: TimeWindow) -> int:
    """The minutes of the week (bit 0: Monday 00:00) that the clocks of its zone show while it is open."""
    week = 0
    length = (window.until - window.from_) % 1440 or 1440
    for day, name in enumerate(DAYS):
        if window.days is None or name in window.days:
            bits = ((1 << length) - 1) << (day * 1440 + window.from_)
            week |= (bits & _ALL) | (bits >> _WEEK)
    return week


_ALL = (1 << _WEEK) - 1


def _candidates(windows: Sequence[Literal], start: datetime, end: datetime) -> Iterator[datetime]:
    """Instants of which one is wanted if any is: what is open changes only where a clock shows an end or is changed."""
    yield start
    day = start
    while day < end:
        stop = min(day + _DAY, end)
        yield from sorted({at for at in _changes(windows, day) if day < at < stop})
        if stop < end:
            yield stop
        day = stop


def _changes(windows: Sequence[Literal], day: datetime) -> Iterator[datetime]:
    for literal in windows:
        window = literal.condition
        assert isinstance(window, TimeWindow)
        zone = ZoneInfo(window.timezone)
        if day.astimezone(zone).utcoffset() != (day + _DAY).astimezone(zone).utcoffset():
            whole = day.replace(second=0, microsecond=0)
            yield from (whole + n * _MINUTE for n in range(1441))
            return
        local = day.astimezone(zone)
        into = timedelta(
            hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond
        )
        for minute in (0, window.from_, window.until):
            at = day - into + minute * _MINUTE
            yield from (at, at + _DAY)


def _as_wanted(windows: Sequence[Literal], at: datetime) -> bool:
    facts = Facts(_EMPTY, at)
    prices = Prices.untouched(facts)
    return all(literal.condition.holds(facts, prices) is literal.wanted for literal in windows)


_EMPTY = Cart("CNY", ())
