"""Why a promotion is not stored, changed, published or found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from youhui.checkout.problems import invalid
from youhui.engine import Problem
from youhui.platform.languages import Language, both
from youhui.platform.problems import Fault, Invalid, Refusal


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


STATES: Mapping[str, Mapping[Language, str]] = {
    "draft": both("草稿", "a draft"),
    "scheduled": both("未开始", "not begun"),
    "running": both("进行中", "running"),
    "paused": both("已暂停", "paused"),
    "ended": both("已结束", "over"),
    "closed": both("已关闭", "closed"),
}
"""each state in words"""


class PromotionState(Refusal):
    """What was asked for cannot be done in its state: nothing with a closed one, for example."""

    status = 409
    code = "PROMOTION_STATE"
    sentences = both(
        "促销活动 {id} {what}，不能执行此操作", "Promotion {id} is {what}: this cannot be done now"
    )

    def __init__(self, name: str, state: str) -> None:
        super().__init__(id=name, state=state)
        self.beside = {"state": state}

    def message(self, language: Language) -> str:
        """With the state in words."""
        what = STATES[str(self.params["state"])][language]
        return self.sentences[language].format(id=self.params["id"], what=what)


class PromotionOverlap(Refusal):
    """Another flash sale has one of its products at the same time."""

    status = 409
    code = "PROMOTION_OVERLAP"
    sentences = both(
        "{product} 同一时段已在秒杀活动 {other} 中；如确需发布，请加 confirm",
        "{product} is in flash sale {other} at the same time; to publish it nevertheless, send confirm",
    )

    def __init__(self, product: str, other: str) -> None:
        super().__init__(product=product, other=other)
        self.beside = {"promotion": other}


class BelowCost(Refusal):
    """With what else runs it can bring an order below cost, or make it free."""

    status = 409
    code = "BELOW_COST"
    sentences = both(
        "与其他活动叠加后可能低于成本；如确需发布，请加 confirm",
        "Together with what else runs an order can come below cost; to publish it nevertheless, send confirm",
    )


class PromotionNotActive(Refusal):
    """It does not run now (the seed's)."""

    status = 400
    code = "PROMOTION_NOT_ACTIVE"
    sentences = both("活动未开始或已结束", "The promotion has not begun, or is over")


class NeedsCart(Refusal):
    """What it takes off depends on lines, of which an amount says nothing."""

    status = 400
    code = "NEEDS_CART"
    sentences = both(
        "该活动的优惠取决于购物车中的商品，请提供 cart",
        "What this promotion takes off depends on the lines of a cart: send a cart",
    )


EXPECTED: Mapping[str, str] = {
    "a 折: more than 0 and less than 10, with at most 2 decimals (8.5 pays 85 %)": (
        "折扣：大于 0 小于 10，最多 2 位小数，例如 8.5 折"
    ),
    "a list of groups, together with kind: groups": "客户组的列表，且 kind 为 groups",
    "later than starts_at": "晚于 starts_at",
    "at most 20": "最多 20 项",
    "1 to 500 products": "1 到 500 个商品",
    "each product once": "每个商品只出现一次",
    "either product or sku": "product 与 sku 二选一",
    "exactly one of price, percent, amount": "price、percent、amount 恰填其一",
    "either amount or percent": "amount 与 percent 二选一",
    "1 to 20 tiers, all from different levels": "1 到 20 档，各档门槛不同",
    "an amount for amount_off_at and every, else a percent": "amount_off_at 与 every 填 amount，其余填 percent",
    "one tier of more than nothing": "一档，门槛大于零",
    "subtotal, where kind is every": "kind 为 every 时应为 subtotal",
    "absent, or together with kind: every": "不填，或 kind 为 every",
    "an amount, together with kind: at_least": "金额，且 kind 为 at_least",
    "what is bought, together with kind: buy": "购买的商品与件数，且 kind 为 buy",
    "absent: what is bought has a scope in per": "不填：范围写在 per 中",
}
"""what the forms expect of fields that go together, in Chinese"""
SENTENCES: Mapping[str, Mapping[Language, str]] = {
    "no_hash": both("新的编号不能含有 #", "A new id has no #"),
    "not_a_type": both("应为 {choices} 之一", "It is one of {choices}"),
    "type_fixed": both("类型不能更改，应为 {type}", "The type cannot be changed: it is {type}"),
    "not_a_status": both("应为 draft 或 published", "It is draft or published"),
    "one_of": both("order_amount 与 cart 二选一", "Either order_amount or cart"),
}
"""of the faults that only promotions have"""


def refused(problems: Iterable[Problem]) -> Invalid:
    """The refusal of a document with these faults."""
    faults = invalid(problems).details
    return Invalid([Fault(one.path, one.code, partial(_say, one), one.params) for one in faults])


def _say(fault: Fault, language: Language) -> str:
    if fault.code in SENTENCES:
        return SENTENCES[fault.code][language].format_map(fault.params)
    expected = EXPECTED.get(str(fault.params.get("expected"))) if language == "zh-CN" else None
    return fault.say(language) if expected is None else f"应为：{expected}。"
