"""What a check has found, in words."""

from __future__ import annotations

from collections.abc import Mapping

from youhui.checkout.orders.checking.report import Drift, Promise
from youhui.platform.languages import Language, both

PROMISES: Mapping[Promise, Mapping[Language, str]] = {
    "P1": both("用量不超过限额", "limits are never exceeded"),
    "P2": both("每位顾客的用量不超过限额", "limits of each customer are never exceeded"),
    "P3": both("计数等于流水与占用之和", "counters equal what the ledger and the holds sum to"),
    "P4": both("优惠金额不超过预算", "discounts never exceed a budget"),
    "P7": both("占用只结束一次，且与订单状态相符", "a hold ends once, as the order's state says"),
    "P12": both("各行优惠之和 = 各活动之和 = 总优惠", "what lines got = what promotions gave = the discount"),
    "P14": both(
        "退款之和等于实付，名额按约定退还", "refunds sum to what was paid, limits get back their share"
    ),
    "append-only": both("流水只增不改", "the ledger cannot be changed"),
    "coupons": both(
        "券与订单、流水、发放数相符", "coupons are as the orders, the ledger and their numbers say"
    ),
}
"""what each promise is, in short"""

COUNTED: Mapping[str, Mapping[Language, str]] = {
    "counters": both("{count} 个计数", "{count} counters"),
    "promotions": both("{count} 个有限额的活动", "{count} promotions with limits"),
    "entries": both("{count} 条流水", "{count} entries"),
    "budgets": both("{count} 个预算", "{count} budgets"),
    "orders": both("{count} 笔订单", "{count} orders"),
    "holds": both("{count} 个占用", "{count} holds"),
    "refunds": both("{count} 笔退款", "{count} refunds"),
    "coupons": both("{count} 张券", "{count} coupons"),
    "triggers": both("{count} 个触发器", "{count} triggers"),
}

_WHERE = both(
    "{promotion}，顾客 {customer}，时段 {period}", "{promotion}, customer {customer}, period {period}"
)
_OF_ORDER = both("订单 {order_no}", "order {order_no}")

_RULES: Mapping[str, Mapping[Language, str]] = {
    "over_limit": both(
        "{counter}：{measure} 已用 {used} + 占用 {held}，限额 {limit}",
        "{counter}: {measure} used {used} + held {held}, limit {limit}",
    ),
    "no_such_limit": both(
        "活动 {promotion}：有 {window} 计数，但条款没有这样的限额",
        "{promotion}: there are counters ({window}), and no such limit in its terms",
    ),
    "no_counter": both("活动 {promotion}：有限额而没有计数", "{promotion}: it has a limit and no counter"),
    "not_terms": both(
        "活动 {promotion}：{measure} 限额为 {says}，条款为 {should}",
        "{promotion}: the limit of {measure} is {says}, in its terms {should}",
    ),
    "customer_without_counter": both(
        "活动 {promotion}：顾客 {customer} 用过而没有计数",
        "{promotion}: customer {customer} took of it and has no counter",
    ),
    "not_ledger": both(
        "{counter}：计数为 {says}，流水之和为 {should}",
        "{counter}: it says {says}, the ledger sums to {should}",
    ),
    "not_holds": both(
        "{counter}：计数为 {says}，占用之和为 {should}", "{counter}: it says {says}, orders hold {should}"
    ),
    "times": both("{order}：时间与状态 {state} 不符", "{order}: its instants do not fit its state, {state}"),
    "way": both(
        "{order}（{state}）：活动 {promotion} 的流水为 {entries}",
        "{order} ({state}): the entries of {promotion} are {entries}",
    ),
    "moved": both(
        "{order}：活动 {promotion} 的 {kind} {number} 与其占用不同",
        "{order}: {kind} {number} of {promotion} is not what was held",
    ),
    "not_held": both(
        "{order}：未占用应占用的 {counter}", "{order}: it does not hold what it took of {counter}"
    ),
    "held_for_nothing": both("{order}：不应占用 {counter}", "{order}: it holds of {counter} and should not"),
    "line": both("{order}：行 {line} 的金额不一致", "{order}: the amounts of line {line} do not sum up"),
    "sum": both(
        "{order}：{what} 为 {says}，应为 {should}", "{order}: {what} is {says}, the parts sum to {should}"
    ),
    "negative": both("{order}：有负数金额", "{order}: an amount is negative"),
    "unknown_cut": both(
        "{order}：行上有订单之外的活动 {promotion}",
        "{order}: lines have cuts of {promotion}, which it does not have",
    ),
    "entry": both(
        "{order}：活动 {promotion} 的流水 {kind} {number} 与订单不符",
        "{order}: the entry {kind} {number} of {promotion} is not what the order says",
    ),
    "no_order": both(
        "{order}：不存在，却有活动 {promotion} 的流水 {kind} {number}",
        "{order}: it is not there, and has the entry {kind} {number} of {promotion}",
    ),
    "unreadable": both("{order}：内容无法读取", "{order}: it cannot be read"),
    "refund": both(
        "{order}：退款 {refund_no} 的金额不是应退的",
        "{order}: refund {refund_no} is not what should be refunded",
    ),
    "refunded": both(
        "{order}（{state}）：已退 {says}，退款之和为 {should}，或数量、状态不符",
        "{order} ({state}): refunded {says}, its refunds sum to {should}; or units or state do not fit",
    ),
    "reversal": both(
        "{order}：退款 {refund_no} 对活动 {promotion} 的退还不符合约定",
        "{order}: what refund {refund_no} gives back to {promotion} is not what the policy says",
    ),
    "issued": both(
        "券模板 {template}：已发 {says}，实有 {should}，或超过总量",
        "coupon template {template}: issued {says}, there are {should}, or more than its total",
    ),
    "claimed": both(
        "券模板 {template}：顾客 {customer} 计为 {says} 张，实有 {should}",
        "coupon template {template}: customer {customer} is counted {says} and has {should}",
    ),
    "coupon": both(
        "券 {coupon} 与{order}不符（{status}）", "coupon {coupon} and {order} do not fit: {status}"
    ),
    "used_twice": both("券 {coupon} 被使用 {says} 次", "coupon {coupon} was used {says} times"),
    "no_trigger": both(
        "缺少触发器 {trigger}，请运行 youhui db upgrade",
        "the trigger {trigger} is missing: run youhui db upgrade",
    ),
}


def sentence(drift: Drift, language: Language) -> str:
    """A row that breaks a promise."""
    facts = {name: "-" if value in (None, "") else value for name, value in drift.facts.items()}
    if "period" in facts:
        facts["counter"] = _WHERE[language].format(**facts)
    if "order_no" in facts:
        facts["order"] = _OF_ORDER[language].format(**facts)
    return _RULES[drift.rule][language].format(**facts)
