"""Why a promotion is not stored, changed or found."""

from __future__ import annotations

from youhui.platform.languages import both
from youhui.platform.problems import Refusal


class PromotionExists(Refusal):
    """Its id is taken."""

    status = 409
    code = "PROMOTION_EXISTS"
    sentences = both("促销活动 {id} 已存在", "A promotion {id} exists already")


class CurrencyFixed(Refusal):
    """Orders took of it in another currency: what was used and held would be of no currency."""

    status = 409
    code = "CURRENCY_FIXED"
    sentences = both(
        "促销活动 {id} 已有 {currency} 订单，不能更换货币",
        "There are orders in {currency} with promotion {id}: its currency cannot be changed",
    )


class PromotionNotFound(Refusal):
    """There is none with this id."""

    status = 404
    code = "PROMOTION_NOT_FOUND"
    sentences = both("没有促销活动 {id}", "There is no promotion {id}")
