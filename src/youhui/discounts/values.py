"""Reads what only a discount has of values that are sent, and says in JSON Schema what each value may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from youhui.checkout.values import (
    Wrong,
    currency_code,
    flag,
    instant,
    number,
    scaled,
    shop_id,
    shop_ids,
    text,
    whole,
)
from youhui.discounts.model import LONGEST_LIST, WHOLE, Terms, Type
from youhui.engine.forms import LARGEST
from youhui.engine.money import format_amount
from youhui.platform.ids import SCHEMA_PATTERN

LONGEST_NAME = 100

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


def title(value: object) -> str:
    """A name; it may come out empty."""
    return text(value, LONGEST_NAME)


def from_cell(cell: str) -> object:
    """The whole number that a cell of CSV has, or the cell."""
    return int(cell) if _WHOLE.fullmatch(cell) else cell


def type_of(value: object) -> Type:
    """The type of a discount."""
    if value == "amount":
        return "amount"
    if value == "percent":
        return "percent"
    raise Wrong("not_a_type")


def ids(value: object) -> frozenset[str]:
    """A list of ids; what comes twice counts once."""
    return frozenset(shop_ids(value, LONGEST_LIST))


def hundredths_of_zhe(rate: Decimal) -> int:
    """What is paid, more than 0 折 and less than 10: 9.5 折 is 950."""
    try:
        units = scaled(rate, 2)
    except Wrong:
        units = 0
    if not 0 < units < WHOLE:
        raise Wrong("not_a_rate")
    return units


def value_text(terms: Terms) -> str:
    """What a discount gives, as it is sent and answered: "5.00" off, or "9.5" 折."""
    if terms.type == "amount":
        return format_amount(terms.value, terms.currency)
    units, part = divmod(terms.value, 100)
    return f"{units}.{part:02d}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Field:
    """A key of a request: how its value is read (raising Wrong), and its JSON Schema."""

    read: Callable[[object], Any]
    schema: Mapping[str, object]


Schema: TypeAlias = Mapping[str, object]

_SHOP_ID_SCHEMA: Schema = {
    "anyOf": [{"type": "string", "pattern": SCHEMA_PATTERN}, {"type": "integer"}],
    "examples": ["1001", 1001],
}
_NUMBER_SCHEMA: Schema = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}]}
TEXT = Field(title, {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME})
NUMBER = Field(number, _NUMBER_SCHEMA)
INTEGER = Field(whole, {"type": "integer", "minimum": -LARGEST, "maximum": LARGEST})
BOOLEAN = Field(flag, {"type": "boolean"})
TYPE = Field(type_of, {"type": "string", "enum": ["amount", "percent"]})
CURRENCY = Field(currency_code, {"type": "string", "pattern": "^[A-Z]{3}$"})
INSTANT = Field(instant, {"type": "string", "format": "date-time"})
SHOP_KEY = Field(shop_id, _SHOP_ID_SCHEMA)
IDS = Field(ids, {"type": "array", "items": _SHOP_ID_SCHEMA, "maxItems": LONGEST_LIST})
