"""What is wrong with a row, or with what was asked of a list."""

from __future__ import annotations

from collections.abc import Mapping

from youhui.checkout import values
from youhui.platform import problems
from youhui.platform.languages import Language, both
from youhui.platform.problems import Fault

SENTENCES: Mapping[str, Mapping[Language, str]] = {
    **values.SENTENCES,
    "missing": both("缺少此项", "It is missing"),
    "unknown_key": both("没有这个字段", "There is no such field"),
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
    "unknown_parent": both("上级分类 {parent} 不存在或未被接受", "There is no category {parent}, or it was rejected"),
    "cycle": both("分类不能位于自己的下级 {parent} 之下", "A category cannot lie below itself, by way of {parent}"),
    "too_deep": both("分类最多 {most} 级", "Categories have at most {most} levels"),
    "has_children": both("还有下级分类，不能删除", "It has categories below it and cannot be deleted"),
    "too_many_categories": both("最多 {most} 个分类", "There can be at most {most} categories"),
    "too_many_ids": both("一次最多查询 {most} 个编号", "At most {most} ids at once"),
}  # fmt: skip
"""by their codes"""


def fault(path: str, code: str, **params: str | int) -> Fault:
    """One fault with its sentence."""
    return problems.fault(path, code, SENTENCES[code], params)
