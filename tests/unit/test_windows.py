"""Days, weeks and months by the clocks of a zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from youhui.checkout.orders.windows import Length, period_at

ODD = [
    "UTC",
    "Asia/Shanghai",
    "America/New_York",
    "America/Sao_Paulo",  # clocks went forward at midnight, and back over it
    "America/Havana",  # midnight comes twice
    "America/St_Johns",  # clocks changed at one minute past midnight
    "Pacific/Apia",  # a day that never was
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Kathmandu",
]
INSTANTS = st.datetimes(datetime(1985, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def hours(start: datetime, end: datetime) -> float:
    return (end - start) / timedelta(hours=1)


@pytest.mark.parametrize(
    ("why", "zone", "length", "at", "name", "long"),
    [
        ("a day of Shanghai", "Asia/Shanghai", "day", "2026-11-11T03:00", "2026-11-10T16:00Z/day", 24),
        ("its first instant", "Asia/Shanghai", "day", "2026-11-10T16:00", "2026-11-10T16:00Z/day", 24),
        ("the one before", "Asia/Shanghai", "day", "2026-11-10T15:59:59.999999", "2026-11-09T16:00Z/day", 24),
        ("a week from Monday", "UTC", "week", "2026-11-15T12:00", "2026-11-09T00:00Z/week", 168),
        ("a month", "Asia/Shanghai", "month", "2026-01-31T16:00", "2026-01-31T16:00Z/month", 28 * 24),
        ("the last month of a year", "UTC", "month", "2026-12-31T23:59", "2026-12-01T00:00Z/month", 31 * 24),
        ("in spring a day has 23 hours", "America/New_York", "day", "2026-03-08T12:00", "2026-03-08T05:00Z/day", 23),
        ("in autumn 25", "America/New_York", "day", "2026-11-01T12:00", "2026-11-01T04:00Z/day", 25),
        ("such a week has 169", "America/New_York", "week", "2026-11-01T12:00", "2026-10-26T04:00Z/week", 169),
        ("no midnight: from 01:00", "America/Sao_Paulo", "day", "2018-11-04T12:00", "2018-11-04T03:00Z/day", 23),
        ("two midnights: the first", "America/Havana", "day", "2026-11-01T12:00", "2026-11-01T04:00Z/day", 25),
        ("23:01 once more", "America/St_Johns", "day", "2000-10-29T03:00", "2000-10-29T02:30Z/day", 25),
        ("before a day that never was", "Pacific/Apia", "day", "2011-12-30T09:59", "2011-12-29T10:00Z/day", 24),
        ("and the first after it", "Pacific/Apia", "day", "2011-12-30T10:00", "2011-12-30T10:00Z/day", 24),
        ("clocks with seconds", "Asia/Shanghai", "day", "1899-12-31T12:00", "1899-12-30T15:54:17Z/day", 24),
    ],
)  # fmt: skip
def test_periods(why: str, zone: str, length: Length, at: str, name: str, long: int) -> None:
    period = period_at(length, zone, datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert (period.name, hours(period.starts_at, period.ends_at)) == (name, long), why
    assert len(period.name) <= 32, "as long as the column"


@given(INSTANTS, st.sampled_from(ODD), st.sampled_from(["day", "week", "month"]))
def test_each_instant_lies_in_one(at: datetime, zone: str, length: Length) -> None:
    """In one only: its period ends where the next begins, and all its instants say so."""
    period = period_at(length, zone, at)
    assert period.starts_at <= at < period.ends_at
    assert period_at(length, zone, period.starts_at) == period
    assert period_at(length, zone, period.ends_at - timedelta(microseconds=1)) == period
    assert period_at(length, zone, period.ends_at).starts_at == period.ends_at


@given(INSTANTS, st.sampled_from(ODD))
def test_a_day_begins_with_its_date(at: datetime, zone: str) -> None:
    tz = ZoneInfo(zone)
    period = period_at("day", zone, at)
    first, before = period.starts_at, period.starts_at - timedelta(microseconds=1)
    assert first.astimezone(tz).date() > before.astimezone(tz).date()
