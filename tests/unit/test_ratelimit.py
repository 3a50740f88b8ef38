"""How often a caller may ask: tables of who is counted by what, and laws of the window that slides."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests import servers
from tests.conftest import do_without
from youhui.platform import ratelimit, valkey
from youhui.platform.access import Allowed
from youhui.platform.principals import ANONYMOUS, Principal
from youhui.platform.problems import TooManyRequests
from youhui.platform.ratelimit import LimitName, Rate, RateLimits, Shared, Sums, parse_limit
from youhui.platform.settings import Limits

ROUTE = Allowed(frozenset())
LOG_IN = Allowed(frozenset(), limit="log_in")
START = 1_800_000_000.0
"""the beginning of a minute"""


class Clock:
    """Stands still until it is moved."""

    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def refused(limits: RateLimits, caller: Principal, address: str = "", route: Allowed = ROUTE) -> int:
    """0 if a request is let through, else the seconds to wait."""
    try:
        limits.take(caller, address, route)
    except TooManyRequests as refusal:
        return int(refusal.headers["retry-after"])
    return 0


def let_through(limits: RateLimits, caller: Principal, attempts: int) -> int:
    return sum(not refused(limits, caller, "198.51.100.7") for _ in range(attempts))


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("20/minute", Rate(20, 60)),
        ("5/second", Rate(5, 1)),
        ("1000/hour", Rate(1000, 3600)),
        ("1/day", Rate(1, 86_400)),
    ],
)
def test_a_rate_is_read(text: str, rate: Rate) -> None:
    assert parse_limit(text) == rate


@pytest.mark.parametrize(
    "text", ["", "20", "20/", "/minute", "0/minute", "-1/minute", "1.5/minute", "20/minutes", "20 / minute",
             "٣/minute", "20/week", "99999999/day", "20/minute\n"]
)  # fmt: skip
def test_what_is_no_rate_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="20/minute"):
        parse_limit(text)


def test_every_setting_is_a_limit_with_a_rate() -> None:
    (own, of_routes) = get_args(LimitName)
    assert set(Limits.model_fields) == {*get_args(own), *get_args(of_routes)}
    defaults = {name: rate and parse_limit(rate) for name, rate in Limits()}
    assert defaults == {
        "anonymous": Rate(20, 60), "shopper": Rate(100, 60), "operator": Rate(100, 60), "log_in": Rate(5, 60),
        "storefront": None,
    }  # fmt: skip


SHOPPER, OTHER = Principal("shopper", "c1"), Principal("shopper", "c2")
HERE, THERE = "198.51.100.7", "198.51.100.8"


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ((ANONYMOUS, HERE), (ANONYMOUS, HERE), True),
        ((ANONYMOUS, HERE), (ANONYMOUS, THERE), False),
        ((ANONYMOUS, "2001:db8::1"), (ANONYMOUS, "2001:db8::2"), True),
        ((SHOPPER, HERE), (SHOPPER, THERE), True),
        ((SHOPPER, HERE), (OTHER, HERE), False),
        ((SHOPPER, HERE), (ANONYMOUS, HERE), False),
        ((Principal("viewer", "1"), HERE), (Principal("admin", "1"), HERE), True),
        ((Principal("viewer", "1"), HERE), (Principal("operator", "2"), HERE), False),
        ((Principal("shopper", "1"), HERE), (Principal("operator", "1"), HERE), False),
    ],
)
def test_who_is_counted_together(
    first: tuple[Principal, str], second: tuple[Principal, str], together: bool
) -> None:
    limits = RateLimits(dict.fromkeys(("anonymous", "shopper", "operator"), Rate(1, 60)), None, Clock())
    assert not refused(limits, *first)
    assert bool(refused(limits, *second)) is together


def test_a_route_may_have_a_limit_of_its_own_by_address() -> None:
    """Beside that of the caller, whoever it is: one that is logged in guesses no more passwords than others."""
    limits = RateLimits({"log_in": Rate(2, 60), "anonymous": Rate(5, 60)}, None, Clock())
    assert [bool(refused(limits, who, HERE, LOG_IN)) for who in (ANONYMOUS, SHOPPER, OTHER)] == [
        False,
        False,
        True,
    ]
    assert not refused(limits, ANONYMOUS, THERE, LOG_IN)
    assert [bool(refused(limits, ANONYMOUS, HERE)) for _ in range(5)] == [False] * 4 + [True]


def test_what_has_no_rate_is_not_limited() -> None:
    limits = RateLimits({"storefront": None}, None, Clock())
    assert let_through(limits, Principal("storefront", "k1"), 1000) == 1000


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ([0] * 20, 61),  # the next window has to begin
        ([30] * 20, 31),
        ([59.5] * 20, 1),
        ([0] * 10 + [59] * 10, 2),
        ([0] * 20 + [61], 3),  # 19 of the first 20 are still in sight until the window is 3 seconds old
        ([0] * 20 + [60 + 30] * 10, 1),
        ([0] * 20 + [60 + 30] * 10 + [60 + 30.5], 3),
        ([0] * 20 + [60 + 59] * 20, 2),
        ([0] * 20 + [120] * 20, 61),
    ],
)
def test_how_long_one_waits(asked: list[float], wait: int) -> None:
    """Of 20 a minute, after requests at these seconds."""
    clock = Clock()
    limits = RateLimits({"anonymous": Rate(20, 60)}, None, clock)
    for second in asked:
        clock.now = START + second
        assert not refused(limits, ANONYMOUS)
    assert refused(limits, ANONYMOUS) == wait


RATES = st.builds(Rate, st.integers(1, 30), st.sampled_from([1, 60, 3600]))
GAPS = st.lists(st.integers(0, 40_000), min_size=1, max_size=80)
"""thousandths of a second between requests"""


@given(RATES, GAPS)
def test_never_more_than_the_limit_in_a_window_that_stands(rate: Rate, gaps: list[int]) -> None:
    clock = Clock()
    limits = RateLimits({"anonymous": rate}, None, clock)
    passed: dict[int, int] = {}
    for gap in gaps:
        clock.now += gap / 1000
        if not refused(limits, ANONYMOUS):
            window = int(clock.now // rate.seconds)
            passed[window] = passed.get(window, 0) + 1
    assert max(passed.values()) <= rate.count


@given(RATES, GAPS)
def test_one_waits_as_long_as_one_was_told_and_no_longer(rate: Rate, gaps: list[int]) -> None:
    clock = Clock()
    limits = RateLimits({"anonymous": rate}, None, clock)
    for gap in gaps:
        clock.now += gap / 1000
        if wait := refused(limits, ANONYMOUS):
            asked = clock.now
            clock.now = asked + wait - 1.001
            assert wait == 1 or refused(limits, ANONYMOUS)
            clock.now = asked + wait + 0.001
            assert not refused(limits, ANONYMOUS)


@given(RATES, st.integers(0, 3_600_000), st.integers(1, 1000))
def test_who_keeps_below_the_rate_is_never_refused(rate: Rate, offset: int, slower: int) -> None:
    clock = Clock(START + offset / 1000)
    limits = RateLimits({"anonymous": rate}, None, clock)
    for _ in range(3 * rate.count):
        assert not refused(limits, ANONYMOUS)
        clock.now += rate.seconds / rate.count + slower / 1000


def test_however_many_callers_there_are_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest are forgotten, and may ask again; memory has an end."""
    monkeypatch.setattr(ratelimit, "MOST", 10)
    clock = Clock()
    limits = RateLimits({"anonymous": Rate(1, 60)}, Memory(), clock)
    callers = [f"198.51.100.{i}" for i in range(100)]
    for address in callers:
        assert not refused(limits, ANONYMOUS, address)
    assert refused(limits, ANONYMOUS, callers[-1])
    assert not refused(limits, ANONYMOUS, callers[0])
    window = limits._counters["anonymous"]._now
    assert len(window.counts) == 10
    assert len(window.unsent) <= 20


def test_a_clock_that_is_set_back_stops_nobody() -> None:
    clock = Clock()
    limits = RateLimits({"anonymous": Rate(2, 60)}, None, clock)
    assert let_through(limits, ANONYMOUS, 3) == 2
    clock.now -= 7200
    assert let_through(limits, ANONYMOUS, 3) == 2


# Several nodes


class Memory:
    """Counts of all nodes in this process; what is done before each exchange is the test's choice."""

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        self.before = before
        self.counts: dict[tuple[str, int], dict[str, int]] = {}

    def add(self, name: str, window: int, keep: int, counts: Mapping[str, int]) -> Sums:
        self.before()
        now = self.counts.setdefault((name, window), {})
        before = self.counts.get((name, window - 1), {})
        for key, count in counts.items():
            now[key] = now.get(key, 0) + count
        return {key: (now[key], before.get(key, 0)) for key in counts}


@pytest.fixture(scope="module", params=["memory", pytest.param("valkey", marks=pytest.mark.servers)])
def shared(request: pytest.FixtureRequest) -> Iterator[Callable[[], Shared]]:
    """What makes the place of one node; all of them are one place."""
    if request.param == "memory":
        memory = Memory()
        yield lambda: memory
        return
    try:
        with servers.valkey() as url:
            yield lambda: valkey.SharedCounts(valkey.connect(url))
    except servers.Unavailable as reason:
        do_without(reason)


def nodes(shared: Callable[[], Shared], clock: Clock) -> list[RateLimits]:
    return [RateLimits({"shopper": Rate(20, 60)}, shared(), clock) for _ in range(2)]


def caller() -> Principal:
    return Principal("shopper", f"顾客-{random.getrandbits(64)}")


def exchange(limits: list[RateLimits]) -> None:
    """Each node learns what those before it have sent, of callers that have asked it since its last exchange."""
    for one in limits:
        one.synchronise()


def test_nodes_know_of_each_other_after_an_exchange(shared: Callable[[], Shared]) -> None:
    one, other = limits = nodes(shared, Clock())
    who, stranger = caller(), caller()
    assert let_through(one, who, 15) == 15
    assert let_through(other, who, 1) == 1
    exchange(limits)
    assert let_through(other, who, 10) == 4
    exchange(limits)
    assert let_through(one, who, 1) == 1, "it hears of the four with its own next exchange"
    exchange(limits)
    assert let_through(one, who, 10) == 0
    assert let_through(one, stranger, 30) == 20


def test_what_came_to_both_at_once_is_waited_for(shared: Callable[[], Shared]) -> None:
    """The bound: within one pause each node lets its limit through; over the time it is one limit all the same."""
    clock = Clock()
    one, other = limits = nodes(shared, clock)
    who = caller()
    assert let_through(one, who, 30) + let_through(other, who, 30) == 40
    exchange(limits)
    assert refused(one, who) == 61
    exchange(limits)
    assert refused(one, who) == refused(other, who) == 60 + 31, "half of the next minute"


def test_two_nodes_let_through_about_the_limit(shared: Callable[[], Shared]) -> None:
    """Ten a second at either, for five minutes, exchanged twice a second: 20 a minute, and what one pause lets slip."""
    clock = Clock()
    limits = nodes(shared, clock)
    who = caller()
    passed = 0
    for step in range(5 * 60 * 10):
        clock.now = START + step / 10
        passed += sum(let_through(one, who, 1) for one in limits)
        if step % 5 == 4:
            exchange(limits)
    assert 5 * 20 <= passed <= 5 * 20 * 1.1


def test_a_caller_that_moves_on_takes_its_past_along(shared: Callable[[], Shared]) -> None:
    clock = Clock()
    one, other = limits = nodes(shared, clock)
    who = caller()
    assert let_through(one, who, 20) == 20
    exchange(limits)
    clock.now += 60
    assert let_through(other, who, 1) == 1, "it has not asked about this one yet"
    exchange(limits)
    clock.now += 30
    assert let_through(other, who, 20) == 9


def test_what_passes_during_an_exchange_is_counted_once() -> None:
    clock = Clock()
    memory = Memory()
    (limits, _) = nodes(lambda: memory, clock)
    who = caller()
    memory.before = lambda: limits.take(who, "", ROUTE)
    assert let_through(limits, who, 5) == 5
    limits.synchronise()
    memory.before = lambda: None
    assert let_through(limits, who, 20) == 14
    limits.synchronise()
    assert sum(count for counts in memory.counts.values() for count in counts.values()) == 20


def test_counts_of_a_window_that_is_over_are_still_sent() -> None:
    clock = Clock(START + 59)
    memory = Memory()
    one, other = nodes(lambda: memory, clock)
    who = caller()
    assert let_through(one, who, 20) == 20
    clock.now += 1
    assert refused(one, who)
    exchange([one, other])
    assert let_through(other, who, 1) == 1
    exchange([one, other])
    assert refused(other, who)


def test_a_place_that_is_away_leaves_each_node_to_itself() -> None:
    def away() -> None:
        raise ConnectionError

    clock = Clock()
    memory = Memory(away)
    one, other = nodes(lambda: memory, clock)
    who = caller()
    for limits in (one, other):
        assert let_through(limits, who, 10) == 10
        with pytest.raises(ConnectionError):
            limits.synchronise()
        assert let_through(limits, who, 20) == 10


def test_counts_that_the_place_has_lost_are_not_forgotten_here() -> None:
    clock = Clock()
    memory = Memory()
    one, _ = nodes(lambda: memory, clock)
    who = caller()
    assert let_through(one, who, 20) == 20
    one.synchronise()
    memory.counts.clear()
    assert refused(one, who)
    one.synchronise()
    assert refused(one, who)


def test_the_exchange_goes_on_by_itself_and_says_once_that_it_is_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ratelimit, "PAUSE", 0.001)
    failures = iter([ConnectionError("gone"), TimeoutError("slow"), ConnectionError("gone")])
    back = threading.Event()

    def away() -> None:
        if (error := next(failures, None)) is not None:
            raise error
        back.set()

    one, other = nodes(lambda: Memory(away), Clock())
    with capture_logs() as lines:
        one.start()
        for _ in range(1000):  # something to exchange at each turn, until one of them arrives
            one.take(caller(), "", ROUTE)
            if back.wait(0.01):
                break
        one.stop()
    assert back.is_set()
    assert [line["event"] for line in lines] == [
        "rate limits counted alone",
        "rate limits counted together again",
    ]
    other.stop()
