"""How often a caller may ask: counted in memory, so that no request waits for it, and evened out between nodes.

A window that slides is approximated by two that stand: what was let through in this one, and of the one before the part
that the sliding one still covers. A caller that keeps below its rate is never refused, whoever waits as long as it was
told is let through, and in one standing window never more than the limit passes.

With a place to share counts, a thread of its own adds there what this node has let through and learns the sums of all
nodes, twice a second. What comes to several nodes within one such pause each of them may let through, up to its limit;
the excess is in the sums afterwards and is waited for. Without the place each node counts alone until it is back.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Literal, Protocol, TypeAlias

import structlog

from youhui.platform.access import Allowed, LimitClass
from youhui.platform.addresses import household
from youhui.platform.principals import Principal, Role
from youhui.platform.problems import TooManyRequests

LimitName: TypeAlias = Literal["anonymous", "shopper", "storefront", "operator"] | LimitClass

MOST = 50_000
"""callers that are remembered of one window of one limit; beyond, the oldest is forgotten"""
BATCH = 500
"""callers whose counts are shared in one round trip"""
PAUSE = 0.5
"""seconds between two exchanges with the other nodes"""
LONGEST_PAUSE = 8.0
"""seconds between two attempts while the shared place is away"""

_LIMIT_OF: Mapping[Role, LimitName] = {
    "anonymous": "anonymous",
    "shopper": "shopper",
    "storefront": "storefront",
    "viewer": "operator",
    "operator": "operator",
    "admin": "operator",
}
_GUESS = "guess"
"""credentials that were made up, by address: as many as one may ask without any"""
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_RATE = re.compile(r"([1-9][0-9]{0,6})/(second|minute|hour|day)")

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many seconds."""

    count: int
    seconds: int


def parse_limit(text: str) -> Rate:
    """The rate that "20/minute" says. Raises ValueError."""
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError(
            f"{text!r} is not a rate: write a whole number from 1 to 9999999, a slash, and one of second, minute, "
            f"hour, day: 20/minute"
        )
    return Rate(int(found[1]), _UNITS[found[2]])


Sums: TypeAlias = Mapping[str, tuple[int, int]]
"""by caller: what all nodes let through in a window, and in the one before"""


class Shared(Protocol):
    """Where nodes add up what they let through. Raises whatever it likes when it is away."""

    def add(self, name: str, window: int, keep: int, counts: Mapping[str, int]) -> Sums:
        """Adds to what was let through in a window of a limit, to be kept for so many seconds."""


class RateLimits:
    """Implements the guard's limits. `clock` tells seconds, by which the windows of all nodes begin together."""

    def __init__(
        self,
        rates: Mapping[str, Rate | None],
        shared: Shared | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        share = shared is not None
        rates = {**rates, _GUESS: rates.get("anonymous")}
        self._counters = {name: _Counter(rate, share) for name, rate in rates.items() if rate is not None}
        self._shared = shared
        self._clock = clock
        self._together = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self, principal: Principal, address: str, allowed: Allowed) -> None:
        """Counts one request of this caller. Raises TooManyRequests with the seconds until one is let through."""
        if allowed.limit is not None:
            self._count(allowed.limit, household(address))
        name = _LIMIT_OF[principal.role]
        self._count(name, principal.id if name != "anonymous" else household(address))

    def may_guess(self, address: str) -> None:
        """Raises TooManyRequests where too many credentials were made up."""
        counter = self._counters.get(_GUESS)
        if counter is not None and (seconds := counter.wait(household(address), self._clock())):
            raise TooManyRequests(seconds)

    def guessed(self, address: str) -> None:
        """Counts credentials that turned out to be made up."""
        counter = self._counters.get(_GUESS)
        if counter is not None:
            counter.take(household(address), self._clock())

    def take_all(self, keys: Mapping[str, str]) -> tuple[str, int] | None:
        """Counts one of each of these callers, by the names of their limits, if all let it through.

        Else it counts none and answers which limit lets none through for longest, and for how many seconds.
        """
        at = self._clock()
        counted = [(name, self._counters[name], key) for name, key in keys.items() if name in self._counters]
        with self._together:
            waits = {name: counter.wait(key, at) for name, counter, key in counted}
            longest = max(waits, key=waits.__getitem__, default="")
            refused = bool(waits.get(longest))
            for name, counter, key in counted:
                if bool(waits[name]) == refused:  # who refuses counts nothing, and asks what other nodes know
                    counter.take(key, at)
        return (longest, waits[longest]) if refused else None

    def _count(self, name: LimitName, key: str) -> None:
        counter = self._counters.get(name)
        if counter is not None and (seconds := counter.take(key, self._clock())):
            raise TooManyRequests(seconds)

    def start(self) -> None:
        """From now on counts are exchanged with the other nodes, if there is a place for it."""
        if self._shared is not None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._exchange, name="rate limits", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends the exchange."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def synchronise(self) -> bool:
        """One exchange; whether there was something to exchange. Raises what the shared place raises.

        What was being sent is then not sent again: it may have arrived, and a caller that is counted twice would be
        refused for nothing.
        """
        assert self._shared is not None
        exchanged = False
        for name, counter in self._counters.items():
            for window, counts in counter.unsent():
                sums = self._shared.add(name, window, 2 * counter.rate.seconds, counts)
                counter.learn(window, sums)
                exchanged = True
        return exchanged

    def _exchange(self) -> None:
        pause = PAUSE
        while not self._stopping.wait(pause):
            try:
                back = self.synchronise() and pause != PAUSE
            except Exception as error:
                if pause == PAUSE:
                    _log.warning("rate limits counted alone", error=repr(error))
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                if back:
                    _log.info("rate limits counted together again")
                    pause = PAUSE


class _Window:
    """What is known to have been let through of each caller in one window, and what of it was not sent yet."""

    __slots__ = ("counts", "number", "unsent")

    def __init__(self, number: int) -> None:
        self.number = number
        self.counts: OrderedDict[str, int] = OrderedDict()
        self.unsent: dict[str, int] = {}

    def put(self, key: str, count: int) -> None:
        if len(self.counts) >= MOST and key not in self.counts:
            forgotten, _ = self.counts.popitem(last=False)
            self.unsent.pop(forgotten, None)
        self.counts[key] = count

    def learn(self, sums: Mapping[str, int]) -> None:
        """The sums of all nodes: less than is known here they are only where the shared place has lost some."""
        for key, count in sums.items():
            together = count + self.unsent.get(key, 0)
            if together > self.counts.get(key, 0):
                self.put(key, together)


class _Counter:
    """One limit."""

    def __init__(self, rate: Rate, share: bool) -> None:
        self.rate = rate
        self._share = share
        self._now, self._before = _Window(0), _Window(-1)
        self._lock = threading.Lock()

    def take(self, key: str, at: float) -> int:
        """Counts one and returns 0, or returns the seconds until one will be let through."""
        with self._lock:
            seconds = self._wait(key, at)
            window = self._now
            if not seconds:
                window.put(key, window.counts.get(key, 0) + 1)
            if self._share:  # also of who is refused: what others let through is asked for with it
                window.unsent[key] = window.unsent.get(key, 0) + (not seconds)
        return seconds

    def wait(self, key: str, at: float) -> int:
        """The seconds until one will be let through, 0 for at once; counts nothing."""
        with self._lock:
            return self._wait(key, at)

    def _wait(self, key: str, at: float) -> int:
        number, into = divmod(at, self.rate.seconds)
        if number != self._now.number:
            self._turn(int(number))
        return wait(self.rate, self._now.counts.get(key, 0), self._before.counts.get(key, 0), into)

    def _turn(self, number: int) -> None:
        follows = number == self._now.number + 1
        self._before = self._now if follows else _Window(number - 1)
        self._now = _Window(number)

    def unsent(self) -> Iterator[tuple[int, Mapping[str, int]]]:
        """What was not sent yet, by window, in batches; from then on it counts as sent."""
        for window in (self._before, self._now):
            with self._lock:
                counts, window.unsent = window.unsent, {}
            items = iter(counts.items())
            while batch := dict(islice(items, BATCH)):
                yield window.number, batch

    def learn(self, number: int, sums: Sums) -> None:
        """What all nodes let through in the window of this number, and in the one before."""
        with self._lock:
            for window in (self._now, self._before):
                if window.number in (number, number - 1):
                    which = number - window.number
                    window.learn({key: counts[which] for key, counts in sums.items()})


def wait(rate: Rate, count: int, before: int, into: float) -> int:
    """Seconds until the sliding window covers less than the limit, if nothing is let through till then; 0: it does.

    `count` is of the standing window, `before` of the one before it, `into` how many seconds old the former is.
    """
    if count + before * (1 - into / rate.seconds) < rate.count:
        return 0
    if count < rate.count:
        free = _slid_out(rate, before, rate.count - count)
    else:  # not in this window: in the next one, in which it is the one before
        free = _slid_out(rate, count, rate.count) + rate.seconds
    return int(free - into) + 1


def _slid_out(rate: Rate, before: int, room: int) -> float:
    """How far into a window `room` is what remains in sight of the `before` of the one before it."""
    return rate.seconds * (1 - room / before)
