"""Why a coupon is not used directly."""

from __future__ import annotations

from functools import partial

from youhui.engine import Verdict
from youhui.engine.money import format_amount
from youhui.engine.prices import Gap
from youhui.engine.sentences import reason_sentence
from youhui.platform.languages import Language, both
from youhui.platform.problems import Fault, Refusal


class CouponNotApplicable(Refusal):
    """The order is not one that it gives something for. The detail's code is the verdict's reason."""

    status = 409
    code = "COUPON_NOT_APPLICABLE"
    sentences = both("优惠券不适用于该订单", "The coupon does not apply to this order")

    def __init__(self, verdict: Verdict, name: str | None, currency: str) -> None:
        assert verdict.reason is not None
        say = partial(_say, verdict, name, currency)
        super().__init__([Fault("", verdict.reason, say, _numbers(verdict.gap, currency))])


def _say(verdict: Verdict, name: str | None, currency: str, language: Language) -> str:
    return reason_sentence(verdict, name, currency, language)


def _numbers(gap: Gap | None, currency: str) -> dict[str, str | int]:
    """What it needs, what there is and what is missing, where these are numbers: money as decimal strings."""
    if gap is None:
        return {}
    numbers = {"needed": gap.needed, "actual": gap.actual, "missing": gap.missing}
    money = gap.unit == "money"
    found: dict[str, str | int] = {"kind": gap.kind}
    for name, value in numbers.items():
        if isinstance(value, int):
            found[name] = format_amount(value, currency) if money else value
    return found


class CouponUseNotFound(Refusal):
    """It was not used with this order."""

    status = 404
    code = "COUPON_USE_NOT_FOUND"
    sentences = both("优惠券未在订单 {order_no} 中使用", "The coupon was not used with order {order_no}")


class CouponUseCancelled(Refusal):
    """This use was cancelled: a new one needs a number of its own."""

    status = 409
    code = "COUPON_USE_CANCELLED"
    sentences = both(
        "订单 {order_no} 的核销已撤销，再次使用请换订单号",
        "The use with order {order_no} was cancelled: use it again with another order_no",
    )
