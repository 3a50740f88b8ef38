"""A shop that keeps its own orders has a coupon checked, computed and redeemed in one call, and may undo that.

Such a use is an order of that coupon alone, placed and paid at once: what counts orders, gives back and proves the
ledger need not know of it. It has a number of its own, so that several coupons may be used in one order of the shop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic

from youhui.checkout.orders.model import Frozen, Order
from youhui.checkout.orders.pricing import Pricing, Quoted
from youhui.checkout.orders.problems import OrderExists, OrderNotFound, OrderState
from youhui.checkout.orders.requests import USE, AskedOrder, AskedRefund, Sent
from youhui.checkout.orders.service import Orders
from youhui.checkout.ports import Wallet
from youhui.checkout.problems import invalid
from youhui.checkout.requests import Asked
from youhui.coupons.lookup import Coupons
from youhui.coupons.problems import UNUSABLE, CouponNotFound, CouponUsed
from youhui.coupons.using.problems import CouponNotApplicable, CouponUseCancelled, CouponUseNotFound
from youhui.engine import Problem, Promotion
from youhui.platform.problems import Refusal, Unavailable
from youhui.platform.readers import Readers

LONGEST_ORDER_NO = 40
"""characters of the shop's own number, which is part of that"""
CANCEL = "cancel-use"
"""the refund_no of what is undone"""
MOST_TRIES = 10
"""times that rules or limits may change under a use, until it is told to come again: some seconds"""


@dataclass(frozen=True, slots=True)
class AskedUse:
    """A use: of which cart, in which of the shop's orders. `whole`: only the amount of the order was stated."""

    asked: Asked
    customer: str
    order_no: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Used:
    """A use as it was done."""

    coupon_id: int
    order_no: str
    customer: str
    currency: str
    total: int
    discount: int
    payable: int
    used_at: datetime
    frozen: Frozen


@dataclass(frozen=True, slots=True)
class Undone:
    """A use that was undone: whether the coupon came back, as its terms say, and how much money was given back."""

    coupon_id: int
    order_no: str
    returned: bool
    refunded: int
    currency: str


class Using:
    """The use cases. All raise Unavailable: the same request, sent again, says what became of it."""

    def __init__(
        self,
        coupons: Coupons,
        orders: Orders,
        pricing: Pricing,
        readers: Readers,
        clock: Callable[[], datetime],
    ) -> None:
        self._coupons = coupons
        self._orders = orders
        self._pricing = pricing
        self._readers = readers
        self._clock = clock

    async def use(self, coupon_id: int, asked: AskedUse, sent: Sent) -> Used:
        """Checks, computes and redeems; once for an order of the shop's, however often it is asked.

        Raises CouponNotFound, CouponExpired, CouponUsed, CouponLocked, CouponVoid, CouponNotStarted,
        CouponOtherCurrency, CouponNotApplicable, CouponUseCancelled, Invalid, KeyReused, InFlight.
        """
        number = _number(coupon_id, asked.order_no)
        try:
            return await self._used_now(coupon_id, number, asked, sent)
        except OrderExists:
            raise CouponUsed from None
        except OrderState:
            raise CouponUseCancelled(order_no=asked.order_no) from None
        except Refusal:
            # What the first of them has changed must not change the answer to the same request.
            known = await self._used_before(number, asked, sent)
            if known is None:
                raise
            return _used(coupon_id, asked, known)

    async def cancel(self, coupon_id: int, order_no: str, sent: Sent) -> Undone:
        """Undoes a use: what its terms give back on a full refund comes back. Once, however often it is asked.

        Raises CouponUseNotFound, KeyReused, InFlight.
        """
        # Whoever undoes it, and however often: it is the same.
        same = replace(sent, request=CANCEL)
        try:
            done = await self._orders.refund(
                _number(coupon_id, order_no), AskedRefund(refund_no=CANCEL), same
            )
        except OrderNotFound:
            raise CouponUseNotFound(order_no=order_no) from None
        assert done.refund is not None
        (one,) = done.order.frozen.promotions
        return Undone(coupon_id, order_no, one.give_back != "never", done.refund.amount, done.order.currency)

    async def _used_now(self, coupon_id: int, number: str, asked: AskedUse, sent: Sent) -> Used:
        for attempt in range(MOST_TRIES):
            # From the second time on nothing in memory may be older than what has just changed.
            quoted = await self._quoted(str(coupon_id), asked, monotonic() if attempt else None)
            order = AskedOrder(
                asked=asked.asked,
                order_no=number,
                expected_payable=quoted.quote.total,
                hold_for=timedelta(0),
            )
            done = await self._orders.place_paid(order, quoted, sent)
            if done is not None:
                return _used(coupon_id, asked, done.order)
        raise Unavailable("rules and limits keep changing")

    async def _quoted(self, coupon: str, asked: AskedUse, since: float | None) -> Quoted:
        currency = asked.asked.stated.cart.currency
        wallet = await self._readers.run(self._coupons.one, coupon, asked.customer, currency, self._clock())
        rule = _usable(wallet, coupon)
        if asked.whole and needs_lines(rule):
            raise invalid([Problem("lines", "needs_lines")])
        quoted = await self._pricing.alone(asked.asked, wallet, since)
        if not quoted.quote.applied:
            (verdict,) = [one for one in quoted.quote.verdicts if one.promotion == rule.id]
            raise CouponNotApplicable(verdict, rule.name, currency)
        return quoted

    async def _used_before(self, number: str, asked: AskedUse, sent: Sent) -> Order | None:
        try:
            done = await self._orders.placed_before(number, sent)
        except OrderExists:
            raise CouponUsed from None
        except OrderState:
            raise CouponUseCancelled(order_no=asked.order_no) from None
        return None if done is None else done.order


def _usable(wallet: Wallet, coupon: str) -> Promotion:
    """Raises CouponNotFound and what else may be wrong with it."""
    why = wallet.unusable.get(coupon)
    if why == "unknown":
        raise CouponNotFound(id=coupon)
    if why is not None:
        refused = UNUSABLE[why]
        raise refused()
    return wallet.rules[0].promotion


def needs_lines(promotion: Promotion) -> bool:
    """Whether what is in an order matters, and not only for how much it is."""
    parts = (*promotion.conditions, *promotion.actions)
    return any([getattr(part, "selector", None) is not None for part in parts])


def _number(coupon_id: int, order_no: str) -> str:
    """ "use:41:A17" is of coupon 41 in the shop's order A17."""
    return f"{USE}{coupon_id}:{order_no}"


def _used(coupon_id: int, asked: AskedUse, order: Order) -> Used:
    return Used(
        coupon_id=coupon_id,
        order_no=asked.order_no,
        customer=asked.customer,
        currency=order.currency,
        total=order.total,
        discount=order.discount,
        payable=order.payable,
        used_at=order.placed_at,
        frozen=order.frozen,
    )
