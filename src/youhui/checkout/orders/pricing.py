"""Prices carts by the rules and the counters of now, for quotes and for orders: from memory where it can be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic, perf_counter
from typing import NamedTuple

from youhui.checkout.completing import Completing, Ready
from youhui.checkout.orders.commands import Versions
from youhui.checkout.orders.counts import SECONDS, Counts, Told
from youhui.checkout.orders.limits import scopes_of
from youhui.checkout.orders.model import Key
from youhui.checkout.orders.sharing import Shared, beyond_what_is_left
from youhui.checkout.ports import NO_WALLET, Coupons, Wallet
from youhui.checkout.quoting import Priced, Quoting
from youhui.checkout.requests import Asked
from youhui.engine import Cart, Customer, Layer, Options, Quote, Ruleset, Usage
from youhui.platform.metrics import Cache
from youhui.platform.readers import Readers

MOST_TURNS = 3
"""A cart is priced again with counters that were not held. What comes in place of an exhausted promotion may ask for
others; beyond this it is priced with what is held: an order is decided on the locked numbers anyway."""
A_FEW = 20
"""coupons, each of which takes a fifth of a millisecond: more are priced in a thread"""

_UNUSED = Usage()
_NO_RULES = Priced()


@dataclass(frozen=True, slots=True)
class Quoted:
    """A cart with nothing left out, its quote, and what it was priced by."""

    cart: Cart
    quote: Quote
    ruleset: Ruleset
    versions: Versions
    options: Options
    wallet: Wallet = NO_WALLET


class Opened(NamedTuple):
    """A cart with nothing left out, to be priced several times as of one instant."""

    ready: Ready
    at: datetime
    versions: Versions


class Try(NamedTuple):
    """The coupons to price it with, and how."""

    wallet: Wallet
    options: Options


class Pricing:
    """Prices what was asked. `versions` tells, without waiting, the newest known; `coupons` finds those of a cart."""

    def __init__(
        self,
        quoting: Quoting,
        completing: Completing,
        counts: Counts,
        readers: Readers,
        clock: Callable[[], datetime],
        versions: Callable[[], Versions],
        timed: Callable[[float], None],
        looked: Cache,
        coupons: Coupons,
    ) -> None:
        self._quoting = quoting
        self._completing = completing
        self._counts = counts
        self._readers = readers
        self._clock = clock
        self._versions = versions
        self._coupons = coupons
        self._timed = timed
        self._looked = looked

    async def quoted(self, asked: Asked, since: float | None = None) -> Quoted:
        """The quote. With `since` no counter is older than that instant (monotonic); else none than a second.

        Raises Invalid, Unavailable.
        """
        since = monotonic() - SECONDS if since is None else since
        ready, at, versions = await self.opened(asked)
        wallet = NO_WALLET if asked.coupons == () else await self._wallet(asked.coupons, ready.cart, at)
        for _ in range(MOST_TURNS):
            arguments = asked.options, ready, wallet, at, versions, since
            long = is_long(asked.options) or len(wallet.rules) > A_FEW
            quoted, missing = (
                await asyncio.to_thread(self._priced, *arguments) if long else self._priced(*arguments)
            )
            if not missing:
                break
            await self._counts.look_up(missing)
        return quoted

    async def alone(self, asked: Asked, wallet: Wallet, since: float | None = None) -> Quoted:
        """A cart priced by these coupons alone, whatever else there is. Raises Invalid, Unavailable."""
        since = monotonic() - SECONDS if since is None else since
        at = asked.at or self._clock()
        versions = self._versions()
        ready = await self._readers.run(self._completing.looked_up, asked.stated, at)
        only = Ready(ready.cart, Layer())
        quoted, missing = self._priced(asked.options, only, wallet, at, versions, since, _NO_RULES)
        if missing:
            await self._counts.look_up(missing)
            quoted, _ = self._priced(asked.options, only, wallet, at, versions, since, _NO_RULES)
        return quoted

    async def opened(self, asked: Asked) -> Opened:
        """The cart as `quoted` would price it now. Raises Invalid, Unavailable."""
        at = asked.at or self._clock()
        # Before anything is looked at: if it changes meanwhile, the quote is newer than it says, never older.
        versions = self._versions()
        ready = self._completing.held(asked.stated, at)
        if ready is None:
            ready = await self._readers.run(self._completing.looked_up, asked.stated, at)
        return Opened(ready, at, versions)

    async def each(self, opened: Opened, tries: Sequence[Try]) -> list[Quoted]:
        """One cart priced with each of these, in a thread. Raises Unavailable."""
        since = monotonic() - SECONDS
        for _ in range(MOST_TURNS):
            priced = await asyncio.to_thread(self._priced_each, opened, tries, since)
            missing = {key for _, keys in priced for key in keys}
            if not missing:
                break
            await self._counts.look_up(missing)
        return [quoted for quoted, _ in priced]

    def _priced_each(
        self, opened: Opened, tries: Sequence[Try], since: float
    ) -> list[tuple[Quoted, Collection[Key]]]:
        ready, at, versions = opened
        return [self._priced(one.options, ready, one.wallet, at, versions, since) for one in tries]

    async def _wallet(self, coupons: Sequence[str] | None, cart: Cart, at: datetime) -> Wallet:
        customer = None if cart.customer is None else cart.customer.id
        return await self._readers.run(self._coupons.wallet, coupons, customer, cart.currency, at)

    def _priced(
        self,
        options: Options,
        ready: Ready,
        wallet: Wallet,
        at: datetime,
        versions: Versions,
        since: float,
        rules: Priced | None = None,
    ) -> tuple[Quoted, Collection[Key]]:
        began = perf_counter()
        cart = ready.cart
        priced_by = versions._replace(
            promotions=self._quoting.version
        )  # before the rules: never older than it says
        rules = rules or self._quoting.priced(cart.currency)
        ruleset = rules.ruleset.overlay(_layer(ready, wallet))
        told = self._told(rules, wallet, cart.customer, at, since)
        usage = told or _UNUSED
        quote = ruleset.price(cart, usage, at=at, options=options)
        if wallet.rules:
            quote = _with_coupons(quote, ruleset, wallet, cart, usage, options)
        self._timed(perf_counter() - began)
        if told is not None:
            (self._looked.miss if told.missing else self._looked.hit)()
        return Quoted(cart, quote, ruleset, priced_by, options, wallet), told.missing if told else ()

    def _told(
        self, rules: Priced, wallet: Wallet, customer: Customer | None, at: datetime, since: float
    ) -> Told | None:
        """What is known of usage; None: nothing here is limited."""
        counted = rules.counted
        if wallet.rules:
            shared = {rule.promotion.id: rule.limits for rule in wallet.rules if scopes_of(rule.limits)}
            counted = {**counted, **shared}
        return (
            Told(counted, self._counts, None if customer is None else customer.id, at, since)
            if counted
            else None
        )


def _layer(ready: Ready, wallet: Wallet) -> Layer:
    """The cart's own rules, then its coupons."""
    if not wallet.rules:
        return ready.layer
    own = [rule.promotion for rule in ready.layer.rules.values()]
    return Layer([*own, *[rule.promotion for rule in wallet.rules]])


def _with_coupons(
    quote: Quote, ruleset: Ruleset, wallet: Wallet, cart: Cart, usage: Usage, options: Options
) -> Quote:
    """No more of them than their templates have left together; and a verdict of each, of those too that give nothing
    for anything in the cart and were passed over.
    """
    for _ in range(MOST_TURNS):
        beyond = beyond_what_is_left(quote, wallet, usage)
        if not beyond:
            break
        usage = Shared(usage, beyond)
        quote = ruleset.price(cart, usage, at=quote.at, options=options)
    told = {verdict.promotion for verdict in quote.verdicts}
    left = [rule.promotion for rule in wallet.rules if rule.promotion.id not in told]
    if not left:
        return quote
    alone = Options(explain="all", guests=options.guests)
    verdicts = Ruleset(left).price(cart, usage, at=quote.at, options=alone).verdicts
    return replace(quote, verdicts=(*quote.verdicts, *verdicts))


def is_long(options: Options) -> bool:
    """Whether it may take milliseconds: a search, hints, verdicts of all promotions. Other requests need not wait."""
    return options.strategy != "priority" or options.hints or options.explain == "all"
