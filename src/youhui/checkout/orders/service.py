"""What can be done with orders. Each write is a command to the committer: what is answered is committed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic
from typing import TypedDict

from youhui.checkout.following import Following
from youhui.checkout.orders import store
from youhui.checkout.orders.book import Request
from youhui.checkout.orders.commands import (
    Cancel,
    Changed,
    Done,
    GiveBackPart,
    HoldEnded,
    Pay,
    Redemption,
    Versions,
)
from youhui.checkout.orders.committer import Committer
from youhui.checkout.orders.counts import PlacedOrders
from youhui.checkout.orders.entering import moved_by
from youhui.checkout.orders.freezing import place_of
from youhui.checkout.orders.limits import claims_of
from youhui.checkout.orders.model import Claim, FrozenPromotion, Order, Refund
from youhui.checkout.orders.past import placed_again
from youhui.checkout.orders.pricing import Pricing, Quoted
from youhui.checkout.orders.problems import (
    HoldExpired,
    KeyReused,
    OrderExists,
    OrderNotFound,
    QuoteChanged,
)
from youhui.checkout.orders.requests import AskedOrder, AskedRefund, Sent
from youhui.checkout.ports import Coupons
from youhui.checkout.quoting import Quoting
from youhui.checkout.store import LOCKED
from youhui.platform.db import Database
from youhui.platform.gathering import Gathering
from youhui.platform.problems import Invalid, Unavailable
from youhui.platform.readers import Readers

AGE = 10.0
"""seconds that a counter in memory may be old when an order is priced: it is decided on the locked one. So orders of
promotions that are seldom used cost no query of their own.
"""
MOST_TRIES = 3
"""of a command: once, and twice again if rules or counters changed meanwhile"""


@dataclass(frozen=True, slots=True)
class Found:
    """An order and its refunds in their sequence, and when they were read."""

    order: Order
    refunds: tuple[Refund, ...]
    at: datetime


class Orders:
    """The use cases. All may raise Unavailable: then the same request, sent again, says what became of it."""

    def __init__(
        self,
        database: Database,
        committer: Committer,
        pricing: Pricing,
        quoting: Quoting,
        following: Following,
        placed: PlacedOrders,
        coupons: Coupons,
        readers: Readers,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._committer = committer
        self._pricing = pricing
        self._quoting = quoting
        self._following = following
        self._placed = placed
        self._coupons = coupons
        self._readers = readers
        self._clock = clock
        self._look = Gathering[None](readers, lambda _: following.look())

    async def place(self, asked: AskedOrder, sent: Sent) -> Done:
        """Places an order at the payable that the caller expects, or not at all (P13).

        Raises Invalid, QuoteChanged, OrderExists, KeyReused, InFlight.
        """
        try:
            return await self._placed_now(asked, sent)
        except (Invalid, QuoteChanged):
            # What has changed since must not change the answer to a request that has succeeded.
            done = await self._readers.run(self._placed_before, asked.order_no, sent)
            if done is None:
                raise
            return done

    async def place_paid(self, asked: AskedOrder, quoted: Quoted, sent: Sent) -> Done | None:
        """Places an order at this quote that was paid already. None: it has changed since; price it again.

        Raises Invalid, OrderExists, OrderState (it was given back), KeyReused, InFlight.
        """
        try:
            return await self._committer.run(replace(place_of(asked, sent, quoted), paid=True))
        except Changed as changed:
            if not changed.promotions:
                await self._look()
            return None

    async def placed_before(self, order_no: str, sent: Sent) -> Done | None:
        """What the same request was answered. Raises OrderExists, OrderState (it was given back), KeyReused."""
        return await self._readers.run(self._placed_before, order_no, sent)

    async def pay(self, order_no: str, sent: Sent) -> Done:
        """The order was paid; too late, it takes again what it had held.

        Raises OrderNotFound, OrderState, HoldExpired, KeyReused, InFlight.
        """
        command = Pay(order_no=order_no, **_once(sent))
        try:
            return await self._committer.run(command)
        except HoldEnded as ended:
            return await self._pay_late(command, ended.order)

    async def cancel(self, order_no: str, sent: Sent) -> Done:
        """The order will not be paid. Raises OrderNotFound, OrderState, KeyReused, InFlight."""
        return await self._committer.run(Cancel(order_no=order_no, **_once(sent)))

    async def refund(self, order_no: str, asked: AskedRefund, sent: Sent) -> Done:
        """A part of it, or all, is given back.

        Raises OrderNotFound, OrderState, RefundExists, RefundTooMuch, UnknownLines, KeyReused, InFlight.
        """
        command = GiveBackPart(
            order_no=order_no,
            refund_no=asked.refund_no,
            lines=asked.lines,
            shipping=asked.shipping,
            **_once(sent),
        )
        return await self._committer.run(command)

    async def order(self, order_no: str) -> Found:
        """Raises OrderNotFound."""
        return await self._readers.run(self._read, order_no)

    # -- placing

    async def _placed_now(self, asked: AskedOrder, sent: Sent) -> Done:
        for _ in range(MOST_TRIES):
            command = place_of(asked, sent, await self._as_expected(asked))
            try:
                done = await self._committer.run(command)
            except Changed as changed:
                if not changed.promotions:  # else the committer has published what their counters say
                    await self._look()
                continue
            if command.customer is not None:
                self._placed.forget(command.customer)
            return done
        raise _changed(await self._pricing.quoted(asked.asked), asked)

    async def _as_expected(self, asked: AskedOrder) -> Quoted:
        """Raises QuoteChanged, but never for rules or counters in memory that others have changed since."""
        began = monotonic()
        quoted = await self._pricing.quoted(asked.asked, began - AGE)
        if quoted.quote.total != asked.expected_payable:
            await self._look()
            quoted = await self._pricing.quoted(asked.asked, began)
        if quoted.quote.total != asked.expected_payable:
            raise _changed(quoted, asked)
        return quoted

    def _placed_before(self, order_no: str, sent: Sent) -> Done | None:
        """What the same request was answered. Raises OrderExists, KeyReused."""
        key = sent.idempotency_key
        with self._database.reading() as connection:
            order = store.read_order(connection, order_no)
            known = store.known_requests(connection, [] if key is None else [(sent.caller, key)])
        if key is not None:
            same = Request(sent.caller, key, "place", order_no, "", sent.request)
            if any([request != same for request in known.values()]):
                raise KeyReused
        if order is None:
            return None
        if order.request != sent.request:
            raise OrderExists(order_no=order_no)
        return Done(placed_again(order), replayed=True)

    # -- paying late

    async def _pay_late(self, command: Pay, order: Order) -> Done:
        for _ in range(MOST_TRIES):
            versions = versions_of(self._following)._replace(promotions=self._quoting.version)
            again = await self._readers.run(self._again, order)
            try:
                return await self._committer.run(replace(command, again=again, versions=versions))
            except Changed as changed:
                if changed.promotions:
                    raise HoldExpired(order_no=order.order_no) from None
                await self._look()
        raise Unavailable

    def _again(self, order: Order) -> tuple[Redemption, ...]:
        """What it takes by the terms and in the periods of now."""
        at = self._clock()
        return tuple(
            [
                Redemption(one.counted_as, moved_by(one), self._claims(one, order.customer, at), one.coupon)
                for one in order.frozen.promotions
            ]
        )

    def _claims(self, one: FrozenPromotion, customer: str | None, at: datetime) -> tuple[Claim, ...]:
        terms = self._coupons.limits(one.shared) if one.shared else self._quoting.get(one.id)
        return () if terms is None else claims_of(terms, customer, at)

    def _read(self, order_no: str) -> Found:
        with self._database.reading() as connection:
            order = store.read_order(connection, order_no)
            if order is None:
                raise OrderNotFound(order_no=order_no)
            return Found(order, tuple(store.read_refunds(connection, order_no)), self._clock())


def versions_of(following: Following) -> Versions:
    """The newest known ones of what an order is priced by."""
    return Versions(*[following.version(source) for source in LOCKED])


class _Once(TypedDict):
    caller: str
    idempotency_key: str | None
    request: str


def _once(sent: Sent) -> _Once:
    return {"caller": sent.caller, "idempotency_key": sent.idempotency_key, "request": sent.request}


def _changed(quoted: Quoted, asked: AskedOrder) -> QuoteChanged:
    return QuoteChanged(
        quoted.quote,
        quoted.ruleset,
        quoted.options.strategy,
        asked.expected_payable,
        quoted.wallet.unusable,
    )
