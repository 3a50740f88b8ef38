"""What is held of counters for a moment, one look-up for many who ask, and the clock that all nodes go by."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from youhui.checkout.orders.counts import SECONDS, Counts, Told
from youhui.checkout.orders.model import NOTHING, Key, Numbers, Vector
from youhui.engine import Promotion, Usage, Used
from youhui.engine.actions.free_shipping import FreeShipping
from youhui.platform.clock import DatabaseClock
from youhui.platform.db import Connection, Database
from youhui.platform.gathering import Gathering
from youhui.platform.problems import Unavailable
from youhui.platform.readers import Readers
from youhui.platform.recent import Recent

NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)
KEY = Key("p1")


@contextmanager
def readers() -> Iterator[Readers]:
    made = Readers()
    yield made
    made.stop()


# -- what is held


FOUND = st.lists(st.tuples(st.integers(0, 9), st.sampled_from("abc"), st.integers() | st.none()), max_size=20)


@given(FOUND, st.integers(0, 9))
def test_the_newest_counts_whichever_thread_brings_it_first(
    found: list[tuple[int, str, int | None]], since: int
) -> None:
    held: Recent[str, int] = Recent(3)
    newest: dict[str, tuple[int, int | None]] = {}
    for at, name, value in found:
        held.put({name: value}, at)
        if at >= newest.get(name, (-1, None))[0]:
            newest[name] = at, value
    for name in "abc":
        at, value = newest.get(name, (-1, None))
        assert held.get(name, since) == (value if at >= since else None)


def test_those_brought_longest_ago_go_first() -> None:
    held: Recent[str, int] = Recent(2)
    for at, name in enumerate("abac"):
        held.put({name: at}, at)
    assert [held.get(name, 0) for name in "abc"] == [2, None, 3]


# -- one look-up for many


def test_who_asks_at_once_shares_a_look_up() -> None:
    """Two at most: one that runs already may have begun too early for who asks now."""
    calls: list[set[int]] = []
    running, go_on = Event(), Event()

    def look(keys: Collection[int]) -> None:
        calls.append(set(keys))
        running.set()
        assert go_on.wait(10)

    async def ask() -> None:
        first = asyncio.create_task(gathering([1]))
        await asyncio.to_thread(running.wait, 10)
        others = [asyncio.create_task(gathering([n % 3])) for n in range(64)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in [first, *others])
        go_on.set()
        await asyncio.gather(first, *others)

    with readers() as threads:
        gathering = Gathering[int](threads, look)
        asyncio.run(ask())
    assert calls == [{1}, {0, 1, 2}]


def test_what_fails_fails_for_all_who_waited_and_not_for_the_next() -> None:
    outcomes: list[Exception | None] = [Unavailable(), None]

    def look(_: Collection[int]) -> None:
        if (error := outcomes.pop(0)) is not None:
            raise error

    async def ask() -> tuple[BaseException | None, ...]:
        both = await asyncio.gather(gathering([1]), gathering([2]), return_exceptions=True)
        await gathering([3])
        return both

    with readers() as threads:
        gathering = Gathering[int](threads, look)
        assert [type(error) for error in asyncio.run(ask())] == [Unavailable, Unavailable]
    assert not outcomes


def test_who_goes_away_takes_nobody_along() -> None:
    async def ask() -> None:
        one, other = (asyncio.create_task(gathering([n])) for n in range(2))
        await asyncio.sleep(0)
        one.cancel()
        await other
        assert one.cancelled()

    with readers() as threads:
        gathering = Gathering[int](threads, lambda keys: None)
        asyncio.run(ask())


# -- what pricing is told


def promotion(name: str = "p1", **more: Any) -> Promotion:
    return Promotion(id=name, actions=(FreeShipping(),), **more)


@pytest.fixture
def counts() -> Iterator[Counts]:
    """In memory: nothing here is looked up."""
    with readers() as threads:
        yield Counts(cast("Database", None), threads, lambda: NOON)


def uses(count: int) -> Numbers:
    return Numbers(Vector(count, 0, 0), NOTHING)


def told(counts: Counts, *counted: Promotion, customer: str | None = "ann", at: datetime = NOON) -> Told:
    return Told({one.id: one for one in counted}, counts, customer, at, 0.0)


def test_a_promotion_without_limits_is_asked_for_nothing(counts: Counts) -> None:
    usage = told(counts, promotion("limited", usage_limit=5))
    assert usage.of("p1") == Used() == Usage().of("p1")
    assert usage.missing == set()


def test_what_is_not_held_counts_for_nothing_and_is_noted(counts: Counts) -> None:
    counts.publish({KEY: uses(3)})
    limited = promotion(usage_limit=5, usage_limit_per_customer=1)
    usage = told(counts, limited)
    assert usage.of("p1") == usage.of("p1") == Used(used=3, by_customer=0)
    assert usage.missing == {Key("p1", "ann")}
    guest = told(counts, limited, customer=None)
    assert (guest.of("p1"), guest.missing) == (Used(used=3), set()), "nothing is counted for each guest"


def test_what_was_told_is_told_again_only_while_it_is_true(counts: Counts) -> None:
    """By the terms, the customer, the numbers, their age and the period."""
    ann, day = Key("p1", "ann"), [Key("p1", "", f"2026-11-{n}T00:00Z/day") for n in (11, 12)]
    limited = promotion(usage_limit=5, usage_limit_per_customer=5)
    daily = promotion(usage_limit=5, usage_window="day")
    counts.publish({KEY: uses(3), ann: uses(1), Key("p1", "bob"): uses(2), day[0]: uses(4), day[1]: uses(0)})
    for _ in range(2):
        assert told(counts, limited).of("p1") == Used(used=3, by_customer=1)
        assert told(counts, limited, customer="bob").of("p1") == Used(used=3, by_customer=2)
        assert told(counts, daily).of("p1") == Used(used=4)
        midnight = NOON + timedelta(hours=12)
        for at, count in ((midnight - timedelta(microseconds=1), 4), (midnight, 0)):
            assert told(counts, daily, at=at).of("p1") == Used(used=count)
        assert told(counts, promotion(usage_limit_per_customer=5)).of("p1") == Used(by_customer=1)
    counts.publish({ann: uses(2)})
    assert told(counts, limited).of("p1") == Used(used=3, by_customer=2)
    later = Told({"p1": limited}, counts, "ann", NOON, monotonic() + 1)
    assert (later.of("p1"), later.missing) == (Used(), {KEY, ann})


def test_what_is_published_is_known_at_once_and_for_a_second(counts: Counts) -> None:
    three = Numbers(Vector(1, 100, 2), Vector(2, 200, 0))
    before = monotonic()
    counts.publish({KEY: three})
    assert counts.get(KEY, before) == three
    assert counts.get(KEY, monotonic() + SECONDS) is None
    assert counts.get(Key("other"), before) is None
    assert SECONDS <= 1


# -- the clock


class Slow:
    """A machine's clock that is ahead of the database's, and a question that takes a while on its way."""

    def __init__(self, ahead: timedelta, there: float, back: float) -> None:
        self.real = NOON
        self.ahead = ahead
        self.there, self.back = timedelta(milliseconds=there), timedelta(milliseconds=back)

    def local(self) -> datetime:
        return self.real + self.ahead

    def ask(self, _: Connection) -> datetime:
        self.real += self.there
        told = self.real
        self.real += self.back
        return told


class _Connection:
    class dialect:  # noqa: N801
        name = "postgresql"


POSTGRESQL = cast("Connection", _Connection())


@pytest.mark.parametrize("hours", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize(("there", "back"), [(1, 1), (0, 4), (4, 0)])
def test_a_node_an_hour_off_tells_the_databases_time(hours: float, there: float, back: float) -> None:
    slow = Slow(timedelta(hours=hours), there, back)
    clock = DatabaseClock(slow.ask, slow.local)
    clock.compare(POSTGRESQL)
    assert abs(clock() - slow.real) <= timedelta(milliseconds=there + back) / 2


def test_the_time_does_not_jitter_with_the_network() -> None:
    slow = Slow(timedelta(hours=1), 1, 1)
    clock = DatabaseClock(slow.ask, slow.local)
    clock.compare(POSTGRESQL)
    known = clock() - slow.local()
    for there, back in ((0, 9), (9, 0), (3, 5)):
        slow.there, slow.back = timedelta(milliseconds=there), timedelta(milliseconds=back)
        clock.compare(POSTGRESQL)
        assert clock() - slow.local() == known
    slow.ahead += timedelta(seconds=1)
    clock.compare(POSTGRESQL)
    assert abs(clock() - slow.real) <= timedelta(milliseconds=4)


def test_the_clock_of_a_file_is_this_machines(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/x.db")
    clock = DatabaseClock(lambda connection: NOON, lambda: NOON + timedelta(hours=1))
    with database.reading() as connection:
        clock.compare(connection)
    assert clock() == NOON + timedelta(hours=1)
    database.close()
