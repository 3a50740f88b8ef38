"""Why a coupon is not issued or used, as all parts say it."""

from __future__ import annotations

from collections.abc import Mapping

from youhui.checkout.ports import Unusable
from youhui.platform.languages import both
from youhui.platform.problems import Refusal


class CouponTemplateNotFound(Refusal):
    """There is none with this id."""

    status = 404
    code = "COUPON_TEMPLATE_NOT_FOUND"
    sentences = both("没有优惠券模板 {id}", "There is no coupon template {id}")


class CouponNotFound(Refusal):
    """There is none with this id, or it is another customer's."""

    status = 404
    code = "COUPON_NOT_FOUND"
    sentences = both("没有优惠券 {id}", "There is no coupon {id}")


class CouponExpired(Refusal):
    """Its time is over (the seed's CouponExpiredError)."""

    status = 400
    code = "COUPON_EXPIRED"
    sentences = both("优惠券已过期", "The coupon has expired")


class CouponUsed(Refusal):
    """It was used, in another order or with another request."""

    status = 409
    code = "COUPON_USED"
    sentences = both("优惠券已使用", "The coupon has been used")


class CouponLocked(Refusal):
    """An unpaid order holds it."""

    status = 409
    code = "COUPON_LOCKED"
    sentences = both("优惠券已被另一笔订单占用", "Another order holds the coupon")


class CouponVoid(Refusal):
    """It was voided, or its template was."""

    status = 409
    code = "COUPON_VOID"
    sentences = both("优惠券已作废", "The coupon has been voided")


class CouponNotStarted(Refusal):
    """Its time has not begun."""

    status = 409
    code = "COUPON_NOT_STARTED"
    sentences = both("优惠券尚未生效", "The coupon cannot be used yet")


class CouponOtherCurrency(Refusal):
    """It is of another currency than the order."""

    status = 409
    code = "COUPON_OTHER_CURRENCY"
    sentences = both("优惠券的货币与订单不同", "The coupon is of another currency")


UNUSABLE: Mapping[Unusable, type[Refusal]] = {
    "unknown": CouponNotFound,
    "used": CouponUsed,
    "locked": CouponLocked,
    "void": CouponVoid,
    "expired": CouponExpired,
    "not_started": CouponNotStarted,
    "other_currency": CouponOtherCurrency,
}
