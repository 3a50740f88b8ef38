"""How a field of a kind is written in a document: the markers that typed fields carry.

From a kind's fields and these markers follow its validation, its JSON Schema, its form and its random test data.
"""

from __future__ import annotations

from datetime import tzinfo
from enum import Enum
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo


class Form(Enum):
    """The written form of an int or str field."""

    AMOUNT = "amount"  # a decimal string with the currency's digits; in memory minor units
    POSITIVE = "positive"  # a whole number from 1
    COUNT = "count"  # a whole number from 0
    WHOLE = "whole"  # any whole number
    CLOCK = "clock"  # "09:30"; in memory minutes after midnight, "24:00" is 1440
    ZONE = "zone"  # the name of an IANA time zone
    NAME = "name"  # a text that is not empty
    CODE = "code"  # a text that is more than white space
    INSTANT = "instant"  # ISO 8601 with an offset or Z; in memory microseconds since 1970, UTC
    ATTRIBUTES = "attributes"  # {name: [values]}
    VALUES = "values"  # {name: value}
    CURRENCY = "currency"  # three capital letters
    LEVEL = "level"  # an amount, or a whole number where the kind counts units
    DATE = "date"  # "2026-01-31"; compared as text


Amount: TypeAlias = Annotated[int, Form.AMOUNT]
Code: TypeAlias = Annotated[str, Form.CODE]
Currency: TypeAlias = Annotated[str, Form.CURRENCY]
Instant: TypeAlias = Annotated[int, Form.INSTANT]
Level: TypeAlias = Annotated[int, Form.LEVEL]
Positive: TypeAlias = Annotated[int, Form.POSITIVE]
Count: TypeAlias = Annotated[int, Form.COUNT]
Whole: TypeAlias = Annotated[int, Form.WHOLE]
Clock: TypeAlias = Annotated[int, Form.CLOCK]
Zone: TypeAlias = Annotated[str, Form.ZONE]
Name: TypeAlias = Annotated[str, Form.NAME]
Date: TypeAlias = Annotated[str, Form.DATE]
Texts: TypeAlias = tuple[str, ...]
Pick: TypeAlias = Literal["cheapest", "dearest"]
Base: TypeAlias = Literal["original", "running"]
Day: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

LARGEST = 2**53 - 1
"""No whole number in a document is larger: what JavaScript reads exactly."""


class Misfit(ValueError):
    """Fields that are each right but do not go together: the one to blame, and the expected form."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: {expected}")
        self.field = field
        self.expected = expected


def zone_of(timezone: str) -> tzinfo:
    """The zone with this name. Raises Misfit of the field `timezone`."""
    try:
        return ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:  # KeyError: ZoneInfoNotFoundError
        raise Misfit("timezone", "the name of an IANA time zone such as Asia/Shanghai") from error
