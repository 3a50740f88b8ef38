"""Watches what campaigns with a breaker give, and stops those that give too much.

Every node does: stopping is idempotent, and one of them writes it down. What several nodes commit at once may become
visible in another order than its ids, so each look reads what came in the last seconds again.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

import structlog

from youhui.checkout.abuse import store
from youhui.checkout.abuse.breakers import shown
from youhui.checkout.abuse.model import MINUTE, Breaker, Redemption, Trip
from youhui.platform import outbox
from youhui.platform.audit import record
from youhui.platform.db import Connection, Database
from youhui.platform.principals import SYSTEM
from youhui.platform.problems import Unavailable

Pauser: TypeAlias = Callable[[str, str], bool]
"""pauses the campaign that the ledger knows by this name, for this reason; whether it was running until then. Raises
whatever it likes where it cannot, Unavailable to be asked again
"""

INTERVAL = 1.0
"""seconds between two looks"""
OVERLAP = timedelta(seconds=6)
"""longer than a transaction of orders may take"""
LEAVE = 2.0
"""seconds that the thread is waited for at the end"""
TRIPPED = "breaker.tripped"

_log = structlog.get_logger()


class Watch:
    """A thread that looks while there is a breaker."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        pause: Pauser,
        *,
        interval: float = INTERVAL,
    ) -> None:
        self._database = database
        self._clock = clock
        self._pause = pause
        self._interval = interval
        self._seen = _Seen()
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def refresh(self) -> None:
        """Finds out whether there is anything to watch. Raises Unavailable."""
        with self._database.reading() as connection:
            wanted = store.any_breaker(connection)
        if wanted:
            self._wanted.set()
        else:
            self._wanted.clear()

    def start(self) -> None:
        """Watches until `stop`."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._follow, name="breakers", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends it."""
        self._stopping.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(LEAVE)

    def look(self) -> None:
        """Stops what is over its limits. Raises Unavailable."""
        now = self._clock()
        with self._database.reading() as connection:
            breakers = store.all_breakers(connection)
            self._seen.read(connection, [one.promotion for one in breakers], now)
        for breaker in breakers:
            trip = breaker.tripped_by(self._seen.given_by(breaker.promotion), now)
            if trip is not None:
                self._stop(breaker, trip, now)

    def _follow(self) -> None:
        while not self._stopping.is_set():
            self._wanted.wait()
            if self._stopping.wait(self._interval):
                return
            try:
                self.look()
            except Unavailable as error:
                _log.warning("breakers not looked at: the database is not available", error=error.cause)
            except Exception:
                _log.exception("breakers failed")

    def _stop(self, breaker: Breaker, trip: Trip, now: datetime) -> None:
        """Pauses first: what is cut off between the two is done again by the next look."""
        running = self._paused(breaker.promotion, f"{trip.rule}: {trip.actual} > {trip.limit}")
        if not running and breaker.tripped_at is not None and now - breaker.tripped_at < MINUTE:
            return  # it has been said: coupons that are out go on being used, though no more are issued
        told = {**trip._asdict(), "currency": breaker.currency, "paused": running is not None}
        with self._database.writing() as connection:
            if not store.trip(connection, breaker, now):
                return
            record(connection, now, SYSTEM, "breaker.trip", breaker.object, before=shown(breaker), after=told)
            outbox.add(connection, now, TRIPPED, breaker.promotion, told)
        _log.warning(TRIPPED, promotion=breaker.promotion, **told)

    def _paused(self, promotion: str, reason: str) -> bool | None:
        """Whether it was running until now; None: it could not be paused, and others must be nevertheless."""
        try:
            return self._pause(promotion, reason)
        except Unavailable:
            raise
        except Exception as error:
            _log.error("campaign not paused", promotion=promotion, error=repr(error))
            return None


class _Seen:
    """What some campaigns gave in the last minute, and up to where the ledger was read."""

    def __init__(self) -> None:
        self._promotions: Sequence[str] = ()
        self._given: dict[str, dict[tuple[str, str, str], Redemption]] = {}
        self._ends: deque[tuple[datetime, int]] = deque()

    def given_by(self, promotion: str) -> Iterable[Redemption]:
        """Each order once: one that takes again what it had lost counts as before."""
        return self._given[promotion].values()

    def read(self, connection: Connection, promotions: Sequence[str], now: datetime) -> None:
        """Reads on; from a minute ago, where others are watched than before or it was long ago."""
        if promotions != self._promotions or not self._ends or now - self._ends[-1][0] > MINUTE:
            start = store.last_entry_before(connection, now - MINUTE - OVERLAP)
            self._promotions, self._ends = promotions, deque([(now, start)])
            self._given = {name: {} for name in promotions}
        end = store.last_entry(connection)
        for one in store.given_after(connection, self._ends[0][1], promotions):
            for name in {one.promotion, one.promotion.rpartition("#")[0]} & self._given.keys():
                self._given[name].setdefault((one.promotion, one.order_no, one.coupon), one)
        for name, given in self._given.items():
            self._given[name] = {key: one for key, one in given.items() if one.at > now - MINUTE}
        self._ends.append((now, end))
        while len(self._ends) > 1 and self._ends[1][0] <= now - OVERLAP:
            self._ends.popleft()
