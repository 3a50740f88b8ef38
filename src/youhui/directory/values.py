"""Reads the values of a row that only the directory has. Texts of CSV and values of JSON are read alike: "5" and 5,
"true" and true.
"""

from __future__ import annotations

import re

from youhui.checkout import values
from youhui.checkout.values import Wrong, is_printable
from youhui.engine.facts import Attribute
from youhui.engine.forms import LARGEST

LONGEST_TEXT = 200
LONGEST_KEY = 64
MOST_VALUES = 50
"""groups of a customer, categories of a product, attributes of either"""

_PHONE = re.compile(r"[0-9+*#()./ -]{1,32}")
_WHOLE = re.compile(r"-?[0-9]{1,16}")


def text(value: object) -> str | None:
    """A text without the space around it; None if nothing is left."""
    return values.text(value, LONGEST_TEXT) or None


def shop_ids(value: object) -> tuple[str, ...]:
    """A list of ids, in its order; what comes twice counts once."""
    return values.shop_ids(value, MOST_VALUES)


def phone(value: object) -> str:
    """As the shop writes it."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or _PHONE.fullmatch(value) is None:
        raise Wrong("not_phone")
    return value


def attributes(value: object) -> dict[str, Attribute | None]:
    """Texts, whole numbers and flags by name; None takes one away."""
    if not isinstance(value, dict):
        raise Wrong("not_attributes")
    if len(value) > MOST_VALUES:
        raise Wrong("too_many", most=MOST_VALUES)
    for name in value:
        if not name or len(name) > LONGEST_KEY or not is_printable(name):
            raise Wrong("not_attribute_name", most=LONGEST_KEY)
    return {name: _attribute(name, inner) for name, inner in value.items()}


def _attribute(name: str, value: object) -> Attribute | None:
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise Wrong("too_long", f".{name}", most=LONGEST_TEXT)
        if not is_printable(value):
            raise Wrong("not_printable", f".{name}")
        return value
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) <= LARGEST):
        return value
    raise Wrong("not_attribute", f".{name}")


def whole(value: object) -> int:
    """A whole number, or its digits."""
    return values.whole(int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value)


def flag(value: object) -> bool:
    """True or false, or the word in any case."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return values.flag(value)
