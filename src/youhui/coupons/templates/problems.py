"""Why a template is not stored or changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from youhui.checkout import values
from youhui.coupons.model import TemplateState
from youhui.platform import problems
from youhui.platform.languages import Language, both
from youhui.platform.problems import Fault, InvalidForm, Refusal

Action: TypeAlias = Literal["change", "publish", "pause", "close", "void", "delete"]

REQUIRED: Mapping[str, Mapping[Language, str]] = {
    "name": both("请输入优惠券名称", "Enter a name"),
    "value": both("请输入面额，或折扣（如 8.5）", "Enter what it takes off, or what is paid in tenths: 8.5"),
    "gift": both("请填写赠品", "Say what is given"),
    "gift.sku": both("请填写赠品的 SKU", "Say which item is given"),
    "valid": both("请填写有效期：截止时间，或领取后的天数", "Say until when it can be used, or for how many days"),
    "valid.ends_at": both("请填写截止时间，或天数 days", "Say until when, or for how many days"),
    "ways": both("请至少选择一种发放方式", "Choose at least one way of issuing it"),
    "audience.groups": both("请至少选择一个用户组", "Choose at least one group"),
    "audience.customers": both("请至少选择一个用户", "Choose at least one customer"),
    "payment_from": both(
        "支付后赠送须填写订单金额门槛（可为 0）", "For the way payment say from which amount of an order on (0 is any)"
    ),
}  # fmt: skip
"""of what must be sent"""

SENTENCES: Mapping[str, Mapping[Language, str]] = {
    **values.SENTENCES,
    "not_object": both("须为 JSON 对象", "It must be a JSON object"),
    "unknown_key": both("没有这个字段", "There is no such field"),
    "not_choice": both("须为 {choices} 之一", "It must be one of {choices}"),
    "not_in_range": both(
        "须为 {least} 至 {most} 之间的整数", "It must be a whole number from {least} to {most}"
    ),
    "nothing": both("须大于 0", "It must be more than 0"),
    "not_a_rate": both(
        "折扣须大于 0 折、小于 10 折，最多两位小数，例如 8.5",
        "It must be more than 0 and less than 10, with at most two decimals: 8.5 is 85 % to pay",
    ),
    "not_zone": both("须为 IANA 时区，例如 Asia/Shanghai", "It must be an IANA zone such as Asia/Shanghai"),
    "not_a_tag": both("标签须为 1–64 个字符的文本", "A tag is a text of 1 to 64 characters"),
    "not_of_type": both("{type} 券没有这一项", "A coupon of type {type} has no such field"),
    "only_of_percent": both("只用于折扣券（value_type 为 percent）", "Only with value_type percent"),
    "one_of_two": both(
        "须为截止时间 ends_at 或天数 days 之一", "It is either ends_at or a number of days, not both"
    ),
    "only_with_days": both("只与 days 同用", "Only together with days"),
    "not_after": both("须晚于开始时间", "It must be after the beginning"),
    "two_ends": both("与 valid.ends_at 不一致", "It is not the same as valid.ends_at"),
    "below_per_customer": both(
        "发放总量不能小于每人限领 {per_customer}",
        "The total cannot be less than {per_customer}, the limit of each customer",
    ),
    "above_per_customer": both(
        "每人每日限领不能大于每人限领 {per_customer}",
        "The limit of a day cannot be more than {per_customer}, the limit of each customer",
    ),
    "below_value": both(
        "预算不足以用一张券（{value}）", "It is not enough for a single coupon, which takes {value}"
    ),
    "way_missing": both("发放方式中没有 {way}", "{way} is not among its ways"),
    "over": both("已经过去，不能发布", "It has passed already: it cannot be published"),
    "fixed": both("已发放 {issued} 张，不能修改", "{issued} were issued: it cannot be changed any more"),
}
"""of all other faults, by their codes"""

_STATES: Mapping[TemplateState, Mapping[Language, str]] = {
    "draft": both("草稿", "a draft"),
    "scheduled": both("未开始", "scheduled"),
    "claiming": both("领取中", "being claimed"),
    "ended": both("已结束", "ended"),
    "paused": both("已停发", "paused"),
    "void": both("已作废", "void"),
}
_ACTIONS: Mapping[Action, Mapping[Language, str]] = {
    "change": both("修改", "changed"),
    "publish": both("发布", "published"),
    "pause": both("停发", "paused"),
    "close": both("结束", "closed"),
    "void": both("作废", "voided"),
    "delete": both("删除", "deleted"),
}


def fault(path: str, code: str, **params: str | int) -> Fault:
    """One fault with its sentence."""
    return problems.fault(path, code, SENTENCES[code], params)


def missing(path: str) -> Fault:
    """The fault of a field that must be sent."""
    return Fault(path, "required", REQUIRED[path].__getitem__)


class InvalidTemplate(InvalidForm):
    """What was sent is no template."""


class TemplateInState(Refusal):
    """Where it stands, this cannot be done with it. The detail has `state` and `action`."""

    status = 409
    code = "TEMPLATE_STATE"
    sentences = both(
        "优惠券模板{state}，不能{action}", "The coupon template is {state}: it cannot be {action}"
    )

    def __init__(self, state: TemplateState, action: Action) -> None:
        self._words = _STATES[state], _ACTIONS[action]
        super().__init__([Fault("state", "state", self.message, {"state": state, "action": action})])

    def message(self, language: Language) -> str:
        """In words."""
        state, action = self._words
        return self.sentences[language].format(state=state[language], action=action[language])


class BelowIssued(Refusal):
    """The total cannot be less than what was issued; the detail has how many."""

    status = 409
    code = "BELOW_ISSUED"
    sentences = both(
        "已发放 {issued} 张，发放总量不能更少", "{issued} were issued already: the total cannot be less"
    )

    def __init__(self, issued: int) -> None:
        super().__init__(issued=issued)
        self.details = (Fault("total", "below_issued", self.message, {"issued": issued}),)
