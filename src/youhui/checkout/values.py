"""Reads one value that was sent: ids, amounts, instants and the other scalars that several capabilities have.

JSON numbers come as int or Decimal, exactly as they were written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

from youhui.engine.forms import LARGEST
from youhui.engine.money import digits, is_currency, parse_amount
from youhui.platform.ids import is_shop_id
from youhui.platform.languages import Language, both

SENTENCES: Mapping[str, Mapping[Language, str]] = {
    "not_text": both("须为文本", "It must be a text"),
    "too_long": both("最长 {most} 个字符", "At most {most} characters"),
    "not_printable": both("文本中不能有控制字符", "A text must not contain control characters"),
    "not_flag": both("须为 true 或 false", "It must be true or false"),
    "not_whole": both("须为 −2^53 与 2^53 之间的整数", "It must be a whole number between -2^53 and 2^53"),
    "not_number": both("须为数字，例如 12.50", "It must be a number such as 12.50"),
    "negative": both("不能小于 0", "It must be at least 0"),
    "too_precise": both("最多 {digits} 位小数", "At most {digits} decimals"),
    "too_large": both("金额过大", "The amount is too large"),
    "not_currency": both("须为三个大写字母的货币代码", "It must be three capital letters such as CNY"),
    "not_instant": both(
        "须为 ISO 8601 时间，例如 2026-11-11T00:00:00+08:00（在网址中 + 写作 %2B）",
        "It must be an ISO 8601 time such as 2026-11-11T00:00:00+08:00 (in an address, + is written %2B)",
    ),
    "no_zone": both(
        "时间缺少时区，请加 Z 或 +08:00 之类的偏移",
        "The time has no zone: add Z or an offset such as +08:00",
    ),
    "not_list": both("须为编号的列表", "It must be a list of ids"),
    "not_a_shop_id": both(
        "编号须为 1–64 个字符，不含空格、逗号和控制字符",
        "An id has 1 to 64 characters, and no space, comma or control character",
    ),
    "too_many": both("最多 {most} 项", "At most {most}"),
}
"""of the faults of these values, by their codes"""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_WIDEST = 18
"""digits before and after the point of a number that is looked at: more is no amount, and costs time"""


class Wrong(Exception):
    """A value that cannot be read: the code of the fault, and where inside the value."""

    def __init__(self, code: str, where: str = "", **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.where = where
        self.params = params


def text(value: object, most: int) -> str:
    """A text of at most so many characters, without the space around it; it may come out empty."""
    if not isinstance(value, str):
        raise Wrong("not_text")
    found = value.strip()
    if len(found) > most:
        raise Wrong("too_long", most=most)
    if not is_printable(found):
        raise Wrong("not_printable")
    return found


def is_printable(value: str) -> bool:
    """Whether there is no control character in it, nor half of one beyond the basic plane."""
    return value.isprintable() or _UNPRINTABLE.search(value) is None  # the first is quick, and stricter


def flag(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Wrong("not_flag")
    return value


def whole(value: object) -> int:
    """A whole number that JavaScript reads exactly."""
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST:
        raise Wrong("not_whole")
    return value


def number(value: object) -> Decimal:
    """A JSON number or a decimal string, exactly as it was written."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    raise Wrong("not_number")


def amount(value: object, currency: str) -> int:
    """An amount of at least 0 in minor units of its currency: "12.5", 12.50 and 12 are read."""
    try:
        units = parse_amount(value, currency) if isinstance(value, str) else None
    except ValueError:  # not with just the currency's decimals
        units = None
    if units is None:
        return minor_units(number(value), currency)
    return _not_too_large(units)


def minor_units(value: Decimal, currency: str) -> int:
    """An amount of at least 0 in minor units of its currency."""
    if value < 0:
        raise Wrong("negative")
    return _not_too_large(scaled(value, digits(currency)))


def _not_too_large(units: int) -> int:
    if units > LARGEST:
        raise Wrong("too_large")
    return units


def scaled(value: Decimal, places: int) -> int:
    """The number without its point, of which at most so many decimals may follow."""
    if value.adjusted() > _WIDEST:
        raise Wrong("too_large")
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_WIDEST:
        raise Wrong("too_precise", digits=places)
    units = Fraction(value) * int(10**places)
    if units.denominator != 1:
        raise Wrong("too_precise", digits=places)
    return units.numerator


def currency_code(value: object) -> str:
    """Such as CNY."""
    if not isinstance(value, str) or not is_currency(value):
        raise Wrong("not_currency")
    return value


def instant(value: object) -> datetime:
    """An ISO 8601 time with its offset, in UTC."""
    try:
        at = datetime.fromisoformat(value if isinstance(value, str) else "")
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Wrong("not_instant") from None
    raise Wrong("no_zone")


def shop_id(value: object) -> str:
    """An id of the shop; a JSON number is kept as its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not is_shop_id(value):
        raise Wrong("not_a_shop_id")
    return value


def shop_ids(value: object, most: int) -> tuple[str, ...]:
    """A list of ids, in its order; what comes twice counts once."""
    if not isinstance(value, list):
        raise Wrong("not_list")
    found: dict[str, None] = {}
    for index, one in enumerate(value):
        try:
            found[shop_id(one)] = None
        except Wrong as wrong:
            raise Wrong(wrong.code, f"[{index}]") from None
    if len(found) > most:
        raise Wrong("too_many", most=most)
    return tuple(found)
