"""Reads one value of a row. Texts of CSV and values of JSON are read alike: "12.50" and 12.50, "true" and true."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import NoReturn, TypeAlias

from youhui.engine.facts import Attribute
from youhui.engine.forms import LARGEST
from youhui.engine.money import digits, is_currency

LONGEST_TEXT = 200
LONGEST_KEY = 64
MOST_VALUES = 50
"""groups of a customer, categories of a product, attributes of either"""

Field: TypeAlias = Callable[[object, str], object]
"""reads a value that is not None; amounts are in the currency. Raises Wrong"""

_SHOP_ID = re.compile(r"[^\s,\x00-\x1f\x7f-\x9f]{1,64}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PHONE = re.compile(r"[0-9+*#()./ -]{1,32}")
_WHOLE = re.compile(r"-?[0-9]{1,16}")
_DECIMAL = re.compile(r"[0-9]{1,16}(\.[0-9]{1,3})?")
_WIDEST = 20
"""digits of a number that is looked at: more is no amount, and costs time"""


class Wrong(Exception):
    """A value that cannot be read: the code of the fault, and where inside the value."""

    def __init__(self, code: str, where: str = "", **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.where = where
        self.params = params


def shop_id(value: object, currency: str = "") -> str:
    """An id of the shop; a whole number is kept as its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and _SHOP_ID.fullmatch(value) else _wrong("not_a_shop_id")


def shop_ids(value: object, currency: str) -> tuple[str, ...]:
    """A list of ids, in its order; what comes twice counts once."""
    if not isinstance(value, list):
        raise Wrong("not_list")
    if len(value) > MOST_VALUES:
        raise Wrong("too_many", most=MOST_VALUES)
    found: dict[str, None] = {}
    for index, one in enumerate(value):
        try:
            found[shop_id(one)] = None
        except Wrong as wrong:
            raise Wrong(wrong.code, f"[{index}]") from None
    return tuple(found)


def text(value: object, currency: str = "") -> str | None:
    """A text without the space around it; None if nothing is left."""
    if not isinstance(value, str):
        raise Wrong("not_text")
    found = value.strip()
    if len(found) > LONGEST_TEXT:
        raise Wrong("too_long", most=LONGEST_TEXT)
    if _UNPRINTABLE.search(found):
        raise Wrong("not_printable")
    return found or None


def phone(value: object, currency: str) -> str:
    """As the shop writes it."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and _PHONE.fullmatch(value) else _wrong("not_phone")


def attributes(value: object, currency: str) -> dict[str, Attribute | None]:
    """Texts, whole numbers and flags by name; None takes one away."""
    if not isinstance(value, dict):
        raise Wrong("not_attributes")
    if len(value) > MOST_VALUES:
        raise Wrong("too_many", most=MOST_VALUES)
    for name in value:
        if not name or len(name) > LONGEST_KEY or _UNPRINTABLE.search(name):
            raise Wrong("not_attribute_name", most=LONGEST_KEY)
    return {name: _attribute(name, inner) for name, inner in value.items()}


def _attribute(name: str, value: object) -> Attribute | None:
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) <= LARGEST):
        return value
    where = f".{name}"
    if not isinstance(value, str):
        raise Wrong("not_attribute", where)
    if len(value) > LONGEST_TEXT:
        raise Wrong("too_long", where, most=LONGEST_TEXT)
    if _UNPRINTABLE.search(value):
        raise Wrong("not_printable", where)
    return value


def amount(value: object, currency: str) -> int:
    """Minor units of an amount of at least 0, with at most the currency's decimals: "12.5", 12.50 and 12 are read."""
    if isinstance(value, Decimal) and abs(value.adjusted()) < _WIDEST:
        value = f"{value:f}"
    elif isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or _DECIMAL.fullmatch(value) is None:
        raise Wrong("not_amount", digits=digits(currency))
    units, _, part = value.partition(".")
    places = digits(currency)
    if len(part.rstrip("0")) > places:
        raise Wrong("not_amount", digits=places)
    minor = int(units + part[:places].ljust(places, "0"))
    return minor if minor <= LARGEST else _wrong("too_large")


def whole(value: object, currency: str) -> int:
    """A whole number that JavaScript reads exactly, or its digits."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST:
        raise Wrong("not_whole")
    return value


def flag(value: object, currency: str) -> bool:
    """True or false, or the word in any case."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise Wrong("not_flag")
    return value


def currency_code(value: object, currency: str = "") -> str:
    """Such as CNY."""
    return value if isinstance(value, str) and is_currency(value) else _wrong("not_currency")


def instant(value: object, currency: str) -> datetime:
    """An ISO 8601 time with its offset, in UTC."""
    try:
        at = datetime.fromisoformat(value if isinstance(value, str) else "")
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Wrong("not_instant")


def _wrong(code: str) -> NoReturn:
    raise Wrong(code)
