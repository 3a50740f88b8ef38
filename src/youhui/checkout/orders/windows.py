"""Days, weeks and months of a zone as instants: half-open, without gap or overlap, whatever its clocks do (P15)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from youhui.engine.forms import zone_of

Length: TypeAlias = Literal["day", "week", "month"]


class Period(NamedTuple):
    """One day, week or month: it holds `starts_at` and not `ends_at`, both in UTC."""

    name: str
    starts_at: datetime
    ends_at: datetime


def period_at(length: Length, timezone: str, at: datetime) -> Period:
    """The one in which an instant lies. Raises Misfit if there is no such zone."""
    period = _of_hour(length, timezone, int(at.timestamp()) // 3600)
    if period.starts_at <= at < period.ends_at:
        return period
    return _worked_out(length, zone_of(timezone), at)  # it changes within the hour


@lru_cache(1024)
def _of_hour(length: Length, timezone: str, hour: int) -> Period:
    return _worked_out(length, zone_of(timezone), datetime.fromtimestamp(hour * 3600, UTC))


def _worked_out(length: Length, zone: tzinfo, at: datetime) -> Period:
    first = _FIRST[length](at.astimezone(zone).date())
    after = _NEXT[length](first)
    if at >= (end := _begins(after, zone)):  # clocks went back over midnight: it is the day before once more
        first, after = after, _NEXT[length](after)
        return _period(length, end, _begins(after, zone))
    return _period(length, _begins(first, zone), end)


def _period(length: Length, start: datetime, end: datetime) -> Period:
    seconds = ":%S" if start.second else ""  # zones of the 19th century have them
    return Period(f"{start:%Y-%m-%dT%H:%M{seconds}Z}/{length}", start, end)


def _begins(day: date, zone: tzinfo) -> datetime:
    """The first instant of a date: midnight, the first of two, or where there is none what follows the gap."""
    midnight = datetime.combine(day, time(), zone)
    at = midnight.astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return at
    # By the clock before the gap it is too late, by the one after it too early.
    early = midnight.replace(fold=1).astimezone(UTC)
    instants = range(int(early.timestamp()), int(at.timestamp()))
    found = bisect_left(instants, day, key=lambda second: datetime.fromtimestamp(second, zone).date())
    return early + timedelta(seconds=found)


_FIRST: Mapping[Length, Callable[[date], date]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
}
_NEXT: Mapping[Length, Callable[[date], date]] = {
    "day": lambda day: day + timedelta(days=1),
    "week": lambda day: day + timedelta(days=7),
    "month": lambda day: (day.replace(day=1) + timedelta(days=32)).replace(day=1),
}
