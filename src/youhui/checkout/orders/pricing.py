"""Prices carts by the rules and the counters of now, for quotes and for orders: from memory where it can be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from time import monotonic, perf_counter

from youhui.checkout.completing import Completing, Ready
from youhui.checkout.orders.commands import Versions
from youhui.checkout.orders.counts import SECONDS, Counts, Told
from youhui.checkout.orders.model import Key
from youhui.checkout.quoting import Quoting
from youhui.checkout.requests import Asked
from youhui.engine import Cart, Options, Quote, Ruleset, Usage
from youhui.platform.metrics import Cache
from youhui.platform.readers import Readers

MOST_TURNS = 3
"""A cart is priced again with counters that were not held. What comes in place of an exhausted promotion may ask for
others; beyond this it is priced with what is held: an order is decided on the locked numbers anyway."""

_UNUSED = Usage()


@dataclass(frozen=True, slots=True)
class Quoted:
    """A cart with nothing left out, its quote, and what it was priced by."""

    cart: Cart
    quote: Quote
    ruleset: Ruleset
    versions: Versions
    options: Options


class Pricing:
    """Prices what was asked. `discounts` tells, without waiting, the newest known version of the discounts."""

    def __init__(
        self,
        quoting: Quoting,
        completing: Completing,
        counts: Counts,
        readers: Readers,
        clock: Callable[[], datetime],
        discounts: Callable[[], int],
        timed: Callable[[float], None],
        looked: Cache,
    ) -> None:
        self._quoting = quoting
        self._completing = completing
        self._counts = counts
        self._readers = readers
        self._clock = clock
        self._discounts = discounts
        self._timed = timed
        self._looked = looked

    async def quoted(self, asked: Asked, since: float | None = None) -> Quoted:
        """The quote. With `since` no counter is older than that instant (monotonic); else none than a second.

        Raises Invalid, Unavailable.
        """
        since = monotonic() - SECONDS if since is None else since
        at = asked.at or self._clock()
        # Before anything is looked at: if it changes meanwhile, the quote is newer than it says, never older.
        discounts = self._discounts()
        ready = self._completing.held(asked.stated, at)
        if ready is None:
            ready = await self._readers.run(self._completing.looked_up, asked.stated, at)
        for _ in range(MOST_TURNS):
            arguments = asked.options, ready, at, discounts, since
            long = is_long(asked.options)
            quoted, missing = (
                await asyncio.to_thread(self._priced, *arguments) if long else self._priced(*arguments)
            )
            if not missing:
                break
            await self._counts.look_up(missing)
        return quoted

    def _priced(
        self, options: Options, ready: Ready, at: datetime, discounts: int, since: float
    ) -> tuple[Quoted, Collection[Key]]:
        began = perf_counter()
        cart, versions = ready.cart, Versions(self._quoting.version, discounts)
        customer = cart.customer
        rules = self._quoting.priced(cart.currency)
        ruleset = rules.ruleset.overlay(ready.layer)
        told = None
        if rules.counted:
            told = Told(rules.counted, self._counts, None if customer is None else customer.id, at, since)
        quote = ruleset.price(cart, told or _UNUSED, at=at, options=options)
        self._timed(perf_counter() - began)
        if told is not None:
            (self._looked.miss if told.missing else self._looked.hit)()
        return Quoted(cart, quote, ruleset, versions, options), told.missing if told else ()


def is_long(options: Options) -> bool:
    """Whether it may take milliseconds: a search, hints, verdicts of all promotions. Other requests need not wait."""
    return options.strategy != "priority" or options.hints or options.explain == "all"
