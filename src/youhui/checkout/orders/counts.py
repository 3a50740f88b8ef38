"""What pricing is told of usage, from memory: as of a second ago at most.

The committer writes over what is held as soon as it has committed. So what this process takes is known at once, and
what others take within a second; what decides is locked by the committer, whatever is held here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from time import monotonic
from typing import NamedTuple

from youhui.checkout.orders import counter_store, store
from youhui.checkout.orders.limits import used_of
from youhui.checkout.orders.model import NOTHING, Key, Numbers
from youhui.engine import Promotion, Usage, Used
from youhui.platform.db import Database
from youhui.platform.gathering import Gathering
from youhui.platform.readers import Readers
from youhui.platform.recent import Recent

SECONDS = 1.0
"""how old a number may be that a quote is priced with"""
MOST = 100_000
"""counters, and customers, of which something is held: about 0.5 kB each"""

_UNUSED = Used()
_NONE: Mapping[str, Used] = {}
_ZERO = Numbers(NOTHING, NOTHING)


class _Made(NamedTuple):
    """What was told of a promotion to a customer's quote, and of which numbers it was made.

    `minute`: where something counts in periods, in which minute; they begin with a whole one. None: nothing does.
    """

    terms: Promotion
    minute: datetime | None
    numbers: tuple[tuple[Key, Numbers], ...]
    used: Used


class Counts:
    """The numbers of counters as they were read, or committed by this process, a moment ago. Of one event loop."""

    def __init__(self, database: Database, readers: Readers, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._held: Recent[Key, Numbers] = Recent(MOST)
        self._reading = Gathering(readers, self._read)
        self.get = self._held.get
        """of a key, what is known as of this instant (monotonic) or later; None: nothing. Without a row it is zero."""
        self._made: dict[tuple[str, str | None], _Made] = {}

    def publish(self, numbers: Mapping[Key, Numbers]) -> None:
        """What was just committed. Called in any thread."""
        self._held.put(numbers, monotonic())

    def used(self, terms: Promotion, customer: str | None, at: datetime, since: float) -> Used | None:
        """What was told before, if it is made of what is known now."""
        made = self._made.get((terms.id, customer))
        if made is None or made.terms is not terms:
            return None
        if made.minute is not None and made.minute != _minute(at):
            return None
        get = self.get
        for key, numbers in made.numbers:
            if get(key, since) is not numbers:
                return None
        return made.used

    def keep(
        self, terms: Promotion, customer: str | None, at: datetime, found: Mapping[Key, Numbers], used: Used
    ) -> None:
        """What is told now, made of these numbers."""
        minute = _minute(at) if any([key.period for key in found]) else None
        if len(self._made) >= MOST:
            self._made.clear()
        self._made[terms.id, customer] = _Made(terms, minute, tuple(found.items()), used)

    async def look_up(self, keys: Collection[Key]) -> None:
        """Reads these as they are now, together with what others ask for meanwhile. Raises Unavailable."""
        await self._reading(keys)

    def _read(self, keys: Collection[Key]) -> None:
        at = monotonic()
        with self._database.reading() as connection:
            found = counter_store.read_numbers(connection, keys, self._clock())
        self._held.put({key: found.get(key, _ZERO) for key in keys}, at)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


class Told(Usage):
    """What one pricing is told. It costs something for the `counted` promotions only, once each.

    `since`: how old the numbers may be. `missing` gets the keys of what is not held: those were taken for zero.
    """

    __slots__ = ("_at", "_counted", "_counts", "_customer", "_since", "_told", "missing")
    # Not frozen: a frozen one fills each slot by a slow call, and every quote makes one.
    __setattr__ = object.__setattr__

    def __init__(
        self,
        counted: Mapping[str, Promotion],
        counts: Counts,
        customer: str | None,
        at: datetime,
        since: float,
    ) -> None:
        super().__init__(_NONE)
        self.missing: set[Key] = set()
        self._counted = counted
        self._counts = counts
        self._customer = customer
        self._at = at
        self._since = since
        self._told: dict[str, Used] = {}

    def of(self, promotion: str) -> Used:
        """What was used of this promotion."""
        terms = self._counted.get(promotion)
        if terms is None:
            return _UNUSED
        used = self._told.get(promotion)
        if used is None:
            used = self._counts.used(terms, self._customer, self._at, self._since)
            used = self._told[promotion] = used or self._made(terms)
        return used

    def _made(self, terms: Promotion) -> Used:
        found: dict[Key, Numbers] = {}
        missing: list[Key] = []

        def numbers(key: Key) -> Numbers | None:
            known = self._counts.get(key, self._since)
            if known is None:
                missing.append(key)
            else:
                found[key] = known
            return known

        used = used_of(terms, self._customer, self._at, numbers)
        if missing:
            self.missing.update(missing)
        else:
            self._counts.keep(terms, self._customer, self._at, found, used)
        return used


class PlacedOrders:
    """How many orders a customer has placed (checkout's port), if the rules of the currency look at it, else 0."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], looked_at: Callable[[str], bool]
    ) -> None:
        self._database = database
        self._clock = clock
        self._looked_at = looked_at
        self._held: Recent[str, int] = Recent(MOST)

    def held(self, customer: str, currency: str) -> int | None:
        """From memory, without waiting: as of a second ago at most."""
        return self._held.get(customer, monotonic() - SECONDS) if self._looked_at(currency) else 0

    def count(self, customer: str, currency: str) -> int:
        """The same, looked up. Raises Unavailable."""
        held = self.held(customer, currency)
        if held is not None:
            return held
        at = monotonic()
        with self._database.reading() as connection:
            found = store.count_orders(connection, customer, self._clock())
        self._held.put({customer: found}, at)
        return found

    def forget(self, customer: str) -> None:
        """The customer has just placed one."""
        self._held.put({customer: None}, monotonic())
