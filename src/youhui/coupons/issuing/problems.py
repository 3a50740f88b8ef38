"""Why a coupon is not issued."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Literal

from youhui.coupons.model import TemplateState
from youhui.platform.languages import Language, both
from youhui.platform.problems import Fault, Refusal

NotNow = TemplateState | Literal["other_way"]
"""where its template stands; or this is none of its ways"""
_NOT_NOW: Mapping[NotNow, Mapping[Language, str]] = {
    "draft": both("草稿", "it is a draft"),
    "scheduled": both("未开始", "it has not begun"),
    "claiming": both("已过使用期", "it could not be used any more"),
    "paused": both("已停发", "it is not issued any more"),
    "ended": both("已结束", "it has ended"),
    "void": both("已作废", "it is void"),
    "other_way": both("不支持此领取方式", "it is not issued in this way"),
}
_PER: Mapping[str, Mapping[Language, str]] = {
    "customer": both("每人限领 {limit} 张", "At most {limit} for one customer"),
    "day": both("每人每天限领 {limit} 张", "At most {limit} a day for one customer"),
    "code": both("此兑换码每人限用 {limit} 次", "At most {limit} uses of this code for one customer"),
}


class CouponNotClaimable(Refusal):
    """Its template issues none now, or not in this way. `state` says why."""

    status = 409
    code = "COUPON_NOT_CLAIMABLE"
    sentences = both("优惠券不可领取：{why}", "This coupon is not issued: {why}")

    def __init__(self, state: NotNow) -> None:
        say = _NOT_NOW[state].__getitem__
        super().__init__([Fault("", state, say, {"state": state})])
        self.state = state
        self._say = say

    def message(self, language: Language) -> str:
        """With the state's own words."""
        return self.sentences[language].format(why=self._say(language))


class CouponNotForCustomer(Refusal):
    """The customer is not of its audience."""

    status = 409
    code = "COUPON_NOT_FOR_CUSTOMER"
    sentences = both("不符合领取条件", "This coupon is not for this customer")


class CouponSoldOut(Refusal):
    """All of them are issued."""

    status = 409
    code = "COUPON_SOLD_OUT"
    sentences = both("优惠券已领完", "All of these coupons are gone")


class CouponLimitReached(Refusal):
    """The customer has as many as one may have, in all ("customer"), of this local day ("day"), or of a code."""

    status = 409
    code = "COUPON_LIMIT_REACHED"
    sentences = both("已达领取上限", "The customer has as many of these coupons as one may have")

    def __init__(self, limit: int, per: Literal["customer", "day", "code"]) -> None:
        params = {"limit": limit, "per": per}
        super().__init__([Fault("", "limit_reached", partial(_limit, per, limit), params)])


class CodeNotFound(Refusal):
    """No code reads like this, or it is void."""

    status = 409
    code = "CODE_NOT_FOUND"
    sentences = both("兑换码无效", "This code is not valid")


class CodeUsedUp(Refusal):
    """All its uses are gone."""

    status = 409
    code = "CODE_USED_UP"
    sentences = both("兑换码已被使用完", "This code was used already")


def _limit(per: str, limit: int, language: Language) -> str:
    return _PER[per][language].format(limit=limit)
