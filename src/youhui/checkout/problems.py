"""What is wrong with a document that was sent, as the answer says it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import partial

import msgspec

from youhui.engine import Problem
from youhui.engine.sentences import problem_sentence
from youhui.platform.languages import Language, both
from youhui.platform.problems import Fault, Invalid

SENTENCES: dict[str, Mapping[Language, str]] = {
    "not_json": both("不是有效的 JSON", "This is not valid JSON"),
    "not_printable": both("文本中不能有空字符（NUL）", "A text must not contain the character NUL"),
    "too_many": both("最多 {most} 项", "At most {most}"),
    "too_long": both("最长 {most} 个字符", "At most {most} characters"),
    "not_this_id": both("与地址中的编号 {id} 不同", "It is not the id {id} of the address"),
    "not_an_id": both(
        "编号须为 1–64 个字符，以文字或数字开头，不含空格、逗号、斜杠",
        "An id has 1 to 64 characters, begins with a letter or digit, and has no space, comma or slash",
    ),
    "counted": both(
        "由订单统计得出，请勿填写；限量件数请填 stock",
        "It is counted from orders: leave it out; how many units there are is `stock`",
    ),
    "reserved_id": both("编号不能以 {got} 开头", "An id must not begin with {got}"),
    "not_a_shop_id": both(
        "编号须为 1–64 个字符，不含空格、逗号和控制字符",
        "An id has 1 to 64 characters, and no space, comma or control character",
    ),
    "not_coupons": both('须为券编号的列表，或 "auto"', 'It must be a list of ids of coupons, or "auto"'),
    "not_an_order_no": both(
        "订单号须为 1–64 个字符，不含空格、逗号、斜杠和控制字符",
        "An order number has 1 to 64 characters, and no space, comma, slash or control character",
    ),
    "not_in_range": both(
        "须为 {least} 至 {most} 之间的整数", "It must be a whole number from {least} to {most}"
    ),
    "nothing_to_refund": both(
        "须指明退什么：lines、shipping 或 all", "Say what is refunded: lines, shipping or all"
    ),
    "all_alone": both("all 不能与 lines、shipping 同时使用", "With `all` there are no lines and no shipping"),
    "needs_lines": both(
        "该券按商品判断，须提供 lines（商品明细）",
        "What is in the order decides about this coupon: send its `lines`",
    ),
    "order_too_large": both("订单金额过大", "The order comes to too much"),
    "unknown_product": both(
        "商城资料中没有商品 {got}，须给出单价", "The directory has no product {got}: state its unit price"
    ),
    "not_for_sale": both("商品 {got} 不存在或已下架", "There is no product {got}, or it is not for sale"),
    "other_currency": both(
        "商品 {got} 以 {currency} 标价，须给出单价",
        "The price of product {got} is in {currency}: state its unit price",
    ),
    "not_for_shoppers": both("顾客只能按当前时间算价", "A shopper is quoted the prices of now"),
}
"""of the faults that only the service finds; the engine has the sentences of its own"""


def invalid(problems: Iterable[Problem]) -> Invalid:
    """The refusal of a document with these faults."""
    return Invalid([Fault(p.path, p.code, partial(_say, p), p.params) for p in problems])


decode_exactly = msgspec.json.Decoder(float_hook=Decimal).decode
"""Numbers with a point or an exponent become Decimals, exactly as they are written."""


def read_json(body: bytes, decode: Callable[[bytes], object] = msgspec.json.decode) -> object:
    """The value of a body: without NaN, lone surrogates or NUL, and not nested without end. Raises Invalid."""
    try:
        value = decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidOperation):
        raise invalid([Problem("", "not_json")]) from None
    if b"\\u0000" in body and (path := _nul(value)) is not None:
        raise invalid([Problem(path, "not_printable")])
    return value


def _say(problem: Problem, language: Language) -> str:
    own = SENTENCES.get(problem.code)
    return problem_sentence(problem, language) if own is None else own[language].format_map(problem.params)


def _nul(root: object) -> str | None:
    """The path of the first text (or key) with a NUL in it: databases refuse them, and no shop means them."""
    stack = [("", root)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, str) and "\0" in value:
            return path
        if isinstance(value, dict):
            if any("\0" in key for key in value):
                return path
            stack += [(f"{path}.{key}" if path else key, inner) for key, inner in value.items()]
        elif isinstance(value, list):
            stack += [(f"{path}[{i}]", inner) for i, inner in enumerate(value)]
    return None
