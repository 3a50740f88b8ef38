"""What is wrong with a row, or with what was asked of a list."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from youhui.platform.languages import Language, both
from youhui.platform.problems import Fault

SENTENCES: Mapping[str, Mapping[Language, str]] = {
    "missing": both("缺少此项", "It is missing"),
    "unknown_key": both("没有这个字段", "There is no such field"),
    "not_a_shop_id": both(
        "编号须为 1–64 个字符，不含空格、逗号和控制字符",
        "An id has 1 to 64 characters, and no space, comma or control character",
    ),
    "not_list": both("须为编号的列表", "It must be a list of ids"),
    "too_many": both("最多 {most} 项", "At most {most}"),
    "not_text": both("须为文本", "It must be a text"),
    "too_long": both("最长 {most} 个字符", "At most {most} characters"),
    "not_printable": both("文本中不能有控制字符", "A text must not contain control characters"),
    "not_phone": both("须为电话号码", "It must be a phone number"),
    "not_attributes": both(
        "须为对象，例如 {{\"颜色\": \"红\"}}", "It must be an object such as {{\"colour\": \"red\"}}"
    ),
    "not_attribute_name": both(
        "属性名须为 1–{most} 个字符，不含控制字符",
        "The name of an attribute has 1 to {most} characters, and no control character",
    ),
    "not_attribute": both(
        "属性值须为文本、整数或 true/false", "An attribute must be a text, a whole number, true or false"
    ),
    "not_amount": both(
        "须为不小于 0 的金额，最多 {digits} 位小数",
        "It must be an amount of at least 0, with at most {digits} decimals",
    ),
    "too_large": both("金额过大", "The amount is too large"),
    "not_whole": both("须为 −2^53 与 2^53 之间的整数", "It must be a whole number between −2^53 and 2^53"),
    "not_flag": both("须为 true 或 false", "It must be true or false"),
    "not_currency": both("须为三个大写字母的货币代码", "It must be three capital letters such as CNY"),
    "not_instant": both(
        "须为带时区的 ISO 8601 时间，例如 2026-11-11T00:00:00+08:00",
        "It must be an ISO 8601 time with its offset, such as 2026-11-11T00:00:00+08:00",
    ),
    "unknown_parent": both("上级分类 {parent} 不存在或未被接受", "There is no category {parent}, or it was rejected"),
    "cycle": both("分类不能位于自己的下级 {parent} 之下", "A category cannot lie below itself, by way of {parent}"),
    "too_deep": both("分类最多 {most} 级", "Categories have at most {most} levels"),
    "has_children": both("还有下级分类，不能删除", "It has categories below it and cannot be deleted"),
    "too_many_categories": both("最多 {most} 个分类", "There can be at most {most} categories"),
    "too_many_ids": both("一次最多查询 {most} 个编号", "At most {most} ids at once"),
    "not_received": both("请求体没有传完", "The body did not arrive as a whole"),
}  # fmt: skip
"""by their codes"""


def fault(path: str, code: str, **params: str | int) -> Fault:
    """One fault with its sentence."""
    return Fault(path, code, partial(_say, code, params), params)


def _say(code: str, params: Mapping[str, str | int], language: Language) -> str:
    return SENTENCES[code][language].format_map(params)
