"""Why a discount is not stored, changed or found."""

from __future__ import annotations

from collections.abc import Mapping

from youhui.checkout import values
from youhui.platform import problems
from youhui.platform.languages import Language, both
from youhui.platform.problems import Fault, InvalidForm, Refusal

REQUIRED: Mapping[str, Mapping[Language, str]] = {
    "name": both("请输入折扣名称", "Enter a name"),
    "amount": both("请输入折扣金额", "Enter an amount"),
    "discount_value": both("请输入折扣力度，例如 9.5（折）", "Enter what is paid, in tenths: 9.5 is 95 %"),
    "user_id": both("请至少选择一个用户", "Choose at least one user"),
    "user_ids": both("请至少选择一个用户", "Choose at least one user"),
    "product_ids": both("请至少选择一个商品", "Choose at least one product"),
    "effective_time": both("请选择生效时间", "Choose when it takes effect"),
    "expiration_time": both("请选择过期时间", "Choose when it expires"),
}
"""of what must be sent, the words of the seed's form"""

SENTENCES: Mapping[str, Mapping[Language, str]] = {
    **values.SENTENCES,
    "not_object": both("须为 JSON 对象", "It must be a JSON object"),
    "unknown_key": both("没有这个字段", "There is no such field"),
    "negative": both("请输入折扣金额，不能小于 0", "Enter an amount, at least 0"),
    "not_a_rate": both(
        "折扣须大于 0 折、小于 10 折，最多两位小数，例如 9.5",
        "It must be more than 0 and less than 10, with at most two decimals: 9.5 is 95 % to pay",
    ),
    "not_a_type": both("须为 amount 或 percent", "It must be amount or percent"),
    "not_changeable": both("创建后不能修改", "It cannot be changed afterwards"),
    "two_values": both("与 amount 不一致", "It is not the same as amount"),
    "not_of_percent": both(
        "discount_type 为 percent 时请用 discount_value",
        "With discount_type percent, send discount_value instead",
    ),
    "not_after": both("过期时间须晚于生效时间", "It must expire after it takes effect"),
    "two_ways": both(
        "请整体替换，或增删部分，不能同时", "Replace the list or add and remove, not both at once"
    ),
    "added_and_removed": both("{id} 同时被添加和移除", "{id} is to be added and removed"),
    "unknown_user": both("{count} 个用户不存在：{ids}", "{count} users do not exist: {ids}"),
    "unknown_product": both("{count} 个商品不存在：{ids}", "{count} products do not exist: {ids}"),
    "unknown_category": both("{count} 个分类不存在：{ids}", "{count} categories do not exist: {ids}"),
    "pair": both("user 与 product 须同时给出", "user and product are given together"),
    "archived": both("折扣已归档，不能修改", "The discount is archived and cannot be changed"),
}
"""of all other faults, by their codes"""


def fault(path: str, code: str, **params: str | int) -> Fault:
    """One fault with its sentence."""
    return problems.fault(path, code, SENTENCES[code], params)


def missing(path: str) -> Fault:
    """The fault of a field that must be sent."""
    return Fault(path, "required", REQUIRED[path].__getitem__)


class InvalidDiscount(InvalidForm):
    """What was sent is no discount."""


class DiscountNotFound(Refusal):
    """There is none with this id."""

    status = 404
    code = "DISCOUNT_NOT_FOUND"
    sentences = both("没有折扣 {id}", "There is no discount {id}")


class DiscountDeleted(Refusal):
    """There was one with this id."""

    status = 404
    code = "DISCOUNT_DELETED"
    sentences = both("折扣已删除", "The discount is deleted")


class DiscountArchived(Refusal):
    """It is long over and was put away; its history stays as it was."""

    status = 409
    code = "DISCOUNT_ARCHIVED"
    sentences = SENTENCES["archived"]


class DiscountExists(Refusal):
    """Its key is taken."""

    status = 409
    code = "DISCOUNT_EXISTS"
    sentences = both("已有 key 为 {key} 的折扣", "A discount with the key {key} exists already")
