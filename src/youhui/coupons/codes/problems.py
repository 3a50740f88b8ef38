"""Why codes are not made, stored or found."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from youhui.platform.languages import Language, both
from youhui.platform.problems import Fault, Refusal

SENTENCES: Mapping[str, Mapping[Language, str]] = {
    "missing": both("缺少此项", "It is missing"),
    "unknown_key": both("没有这个字段", "There is no such field"),
    "not_code": both(
        "兑换码须为 1–{most} 个字母、数字或 - _ .，且以字母或数字开头",
        "A code has 1 to {most} letters, digits and - _ . and begins with a letter or a digit",
    ),
    "not_pattern": both(
        "须为最多 {most} 个字母、数字、- _ . 和 #（随机字符），且不以 - _ . 开头，例如 SUMMER-####-####",
        "It has at most {most} letters, digits, - _ . and # (drawn), and does not begin with - _ . : SUMMER-####-####",
    ),
    "too_few_drawn": both("至少要有 {least} 个 #（随机字符）", "It needs at least {least} #, which are drawn"),
    "not_charset": both(
        "须为 2–36 个不同的英文字母或数字（不区分大小写）",
        "It must be 2 to 36 letters and digits of ASCII, all different whatever their case",
    ),
    "no_pattern": both(
        "请给出 pattern，或 prefix 与 length", "Give a pattern, or a prefix and a length"
    ),
    "two_ways": both(
        "只能选一种：code，pattern，或 prefix 与 length", "Give one of: code, pattern, prefix and length"
    ),
    "too_small": both(
        "组合太少，容易被猜中：{codes} 个码至少需要 {needed} 种组合，现有 {space} 种；请再加 {more} 个 #",
        "Too easy to guess: {codes} codes need {needed} combinations and there are {space}; add {more} more #",
    ),
    "mistyped": both("输入有误，请核对后重试", "It was mistyped: look at it again"),
    "needs_limit": both("通用码须有使用次数上限", "A code that many may use needs a limit of uses"),
    "not_of_shared": both("仅用于通用码（code）", "Only a shared code, `code`, has it"),
    "not_count": both("须为 1 到 {most} 的整数", "It must be a whole number from 1 to {most}"),
    "code_taken": both("此码已被其他券使用", "The code is another template's"),
    "code_differs": both("此码已存在，且次数限制不同", "The code is there already, with other limits"),
    "void_what": both("请给出 code 或 task 之一", "Give either code or task"),
    "not_its_task": both("此任务没有为该券生成兑换码", "This task has made no codes of this template"),
}  # fmt: skip
"""by their codes"""


def fault(path: str, code: str, **params: str | int) -> Fault:
    """One fault with its sentence."""
    return Fault(path, code, partial(_say, code, params), params)


def _say(code: str, params: Mapping[str, str | int], language: Language) -> str:
    return SENTENCES[code][language].format_map(params)


class CodeExists(Refusal):
    """There is such a code already, whatever its case or width."""

    status = 409
    code = "CODE_EXISTS"
    sentences = both("兑换码 {given} 已存在", "There is a code {given} already")


class NoCodes(Refusal):
    """The template does not issue coupons by code."""

    status = 409
    code = "TEMPLATE_WITHOUT_CODES"
    sentences = both(
        "该券的发放方式不含兑换码，请先在 ways 中加入 code",
        "Coupons of this template are not issued by code: add code to its ways first",
    )


class CodesExhausted(Refusal):
    """Whatever is drawn is there already."""

    status = 409
    code = "CODES_EXHAUSTED"
    sentences = both("随机组合已用尽，请换一个格式", "All combinations are taken; choose another pattern")


class CodesInProgress(Refusal):
    """They are still being made."""

    status = 409
    code = "CODES_IN_PROGRESS"
    sentences = both(
        "任务 {task} 仍在生成兑换码，请先取消任务", "Task {task} still makes codes: cancel it first"
    )


class TemplateOver(Refusal):
    """Nothing of it will be issued any more."""

    status = 409
    code = "TEMPLATE_OVER"
    sentences = both(
        "优惠券模板已结束或已作废，不能添加兑换码",
        "The coupon template has ended or is void: it cannot be given codes",
    )


class CodeVoid(Refusal):
    """It was voided."""

    status = 409
    code = "CODE_VOID"
    sentences = both("兑换码已作废", "This code is void")
