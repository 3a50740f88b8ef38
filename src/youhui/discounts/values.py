"""Reads one value that was sent for a discount, and says in JSON Schema what it may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, NoReturn, TypeAlias

from youhui.discounts.model import LONGEST_LIST, WHOLE, Terms, Type
from youhui.engine.forms import LARGEST
from youhui.engine.money import digits, format_amount, is_currency
from youhui.platform.ids import is_shop_id

LONGEST_NAME = 100
SHOP_ID = r"^[^\s,\x00-\x1f\x7f-\x9f]{1,64}$"
"""what the shop calls its customers, groups, products, categories and discounts"""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_WIDEST = 18
"""digits before and after the point of a number that is looked at: more is no amount, and costs time"""


class Wrong(Exception):
    """A value that cannot be read: the code of the fault, and where inside the value."""

    def __init__(self, code: str, where: str = "", **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.where = where
        self.params = params


def title(value: object) -> str:
    """A name, without the space around it; it may come out empty."""
    if not isinstance(value, str):
        raise Wrong("not_text")
    text = value.strip()
    if len(text) > LONGEST_NAME:
        raise Wrong("too_long", most=LONGEST_NAME)
    if _UNPRINTABLE.search(text):
        raise Wrong("not_printable")
    return text


def number(value: object) -> Decimal:
    """A JSON number or a decimal string, exactly as it was written."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    raise Wrong("not_number")


def integer(value: object) -> int:
    """A whole number that JavaScript reads exactly."""
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST:
        raise Wrong("not_integer")
    return value


def whole(cell: str) -> object:
    """The number that a cell of CSV has, or the cell."""
    return int(cell) if _WHOLE.fullmatch(cell) else cell


def boolean(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Wrong("not_boolean")
    return value


def type_of(value: object) -> Type:
    """The type of a discount."""
    if value == "amount":
        return "amount"
    return "percent" if value == "percent" else _wrong("not_a_type")


def currency_code(value: object) -> str:
    """Such as CNY."""
    return value if isinstance(value, str) and is_currency(value) else _wrong("not_currency")


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
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text if isinstance(text, str) and is_shop_id(text) else _wrong("not_a_shop_id")


def ids(value: object) -> frozenset[str]:
    """A list of ids; what comes twice counts once."""
    if not isinstance(value, list):
        raise Wrong("not_list")
    found = set()
    for index, one in enumerate(value):
        try:
            found.add(shop_id(one))
        except Wrong as wrong:
            raise Wrong(wrong.code, f"[{index}]") from None
    if len(found) > LONGEST_LIST:
        raise Wrong("too_many", most=LONGEST_LIST)
    return frozenset(found)


def minor_units(amount: Decimal, currency: str) -> int:
    """An amount of at least 0 in minor units of its currency."""
    if amount < 0:
        raise Wrong("negative")
    units = _scaled(amount, digits(currency))
    return units if units <= LARGEST else _wrong("too_large")


def hundredths_of_zhe(rate: Decimal) -> int:
    """What is paid, more than 0 折 and less than 10: 9.5 折 is 950."""
    try:
        units = _scaled(rate, 2)
    except Wrong:
        units = 0
    return units if 0 < units < WHOLE else _wrong("not_a_rate")


def value_text(terms: Terms) -> str:
    """What a discount gives, as it is sent and answered: "5.00" off, or "9.5" 折."""
    if terms.type == "amount":
        return format_amount(terms.value, terms.currency)
    whole, part = divmod(terms.value, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".")


def _scaled(value: Decimal, places: int) -> int:
    if value.adjusted() > _WIDEST:
        raise Wrong("too_large")
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_WIDEST:
        raise Wrong("too_precise", digits=places)
    units = Fraction(value) * int(10**places)
    if units.denominator != 1:
        raise Wrong("too_precise", digits=places)
    return units.numerator


def _wrong(code: str) -> NoReturn:
    raise Wrong(code)


@dataclass(frozen=True, slots=True)
class Field:
    """A key of a request: how its value is read (raising Wrong), and its JSON Schema."""

    read: Callable[[object], Any]
    schema: Mapping[str, object]


Schema: TypeAlias = Mapping[str, object]

_SHOP_ID_SCHEMA: Schema = {
    "anyOf": [{"type": "string", "pattern": SHOP_ID}, {"type": "integer"}],
    "examples": ["1001", 1001],
}
_NUMBER_SCHEMA: Schema = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}]}
TEXT = Field(title, {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME})
NUMBER = Field(number, _NUMBER_SCHEMA)
INTEGER = Field(integer, {"type": "integer", "minimum": -LARGEST, "maximum": LARGEST})
BOOLEAN = Field(boolean, {"type": "boolean"})
TYPE = Field(type_of, {"type": "string", "enum": ["amount", "percent"]})
CURRENCY = Field(currency_code, {"type": "string", "pattern": "^[A-Z]{3}$"})
INSTANT = Field(instant, {"type": "string", "format": "date-time"})
SHOP_KEY = Field(shop_id, _SHOP_ID_SCHEMA)
IDS = Field(ids, {"type": "array", "items": _SHOP_ID_SCHEMA, "maxItems": LONGEST_LIST})
