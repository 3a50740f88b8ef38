"""`POST /api/marketing/coupons/{id}/use` and `…/cancel-use`: thin."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Path

from youhui.checkout.abuse.asking import read_risk
from youhui.checkout.abuse.service import Abuse
from youhui.checkout.orders.http import Key
from youhui.checkout.requests import Requests
from youhui.coupons.problems import CouponNotFound
from youhui.coupons.store import numbers
from youhui.coupons.using.schemas import CANCEL, USE, UndoneOut, UsedOut, undone_out, used_out
from youhui.coupons.using.service import Using
from youhui.coupons.using.values import once, read_cancel, read_object, read_use
from youhui.platform.openapi import ERRORS
from youhui.platform.requests import Asked

PREFIX = "/api/marketing/coupons"


Id: TypeAlias = Annotated[str, Path(description="Of the issued coupon")]


def router(using: Using, requests: Requests, abuse: Abuse, currency: str) -> APIRouter:
    """The routes. `currency` is of an order that names none."""
    routes = APIRouter(prefix=PREFIX, tags=["coupons"], responses=ERRORS)

    @routes.post("/{id}/use", summary="Use a coupon in an order of the shop's own", openapi_extra=USE)
    async def use(call: Asked, id: Id, key: Key = None) -> UsedOut:  # noqa: A002
        """For a shop that keeps its own orders: the coupon is checked against the order, its discount worked out, and
        redeemed, in one step and once: the same `order_no` again gets the same answer. Of the order either its `lines`
        are sent, or its `order_amount` where the coupon asks for nothing more.

        400 COUPON_EXPIRED 优惠券已过期; 404 COUPON_NOT_FOUND, also for another customer's; 409 COUPON_USED,
        COUPON_LOCKED, COUPON_VOID, COUPON_NOT_STARTED, COUPON_OTHER_CURRENCY; 409 COUPON_NOT_APPLICABLE with the reason
        and what is missing as its detail; 409 COUPON_USE_CANCELLED after `cancel-use` of this `order_no`.
        """
        coupon = _id(id)
        document = read_object(call.body)
        asked = read_use(document, requests, currency)
        abuse.admit("use", read_risk(call, asked.customer, document.get("risk")))
        return used_out(await using.use(coupon, asked, once(call, document)))

    @routes.post("/{id}/cancel-use", summary="Undo the use of a coupon", openapi_extra=CANCEL)
    async def cancel(call: Asked, id: Id, key: Key = None) -> UndoneOut:  # noqa: A002
        """The shop's order was cancelled or refunded as a whole: the coupon, its budget and its uses come back as its
        terms say (`give_back`). The same again gets the same answer.
        """
        coupon = _id(id)
        document = read_object(call.body)
        return undone_out(await using.cancel(coupon, read_cancel(document), once(call, document)))

    return routes


def _id(text: str) -> int:
    """Raises CouponNotFound for what cannot be the id of one."""
    found = numbers([text])
    if not found:
        raise CouponNotFound(id=ascii(text)[1:-1][:60])
    return found[0]
