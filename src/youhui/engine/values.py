"""Reads single values of a document by their written form, collecting every fault with its path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import Any

from youhui.engine.forms import LARGEST, Form
from youhui.engine.money import Percent, digits, is_currency, parse_amount
from youhui.engine.prices import microseconds
from youhui.engine.problems import MOST_PROBLEMS, InvalidDocument, Problem

WRONG: Any = object()
"""stands for a value that could not be read"""

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_LONGEST = 60


class Values:
    """Reads values of one currency. Faults gather in `problems`; `done` raises them."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.problems: list[Problem] = []
        self.levels_are_units = False
        """whether the levels of the tiers being read count units (`by: quantity`) or are amounts"""

    def done(self) -> None:
        """Raises InvalidDocument if anything was wrong."""
        if self.problems:
            raise InvalidDocument(self.problems)

    def wrong(self, path: str, code: str, **params: str | int) -> Any:
        """Notes a fault; answers a value that stands for "none"."""
        self.problems.append(Problem(path, code, params))
        return WRONG

    def nearest(self, name: object, known: Iterable[str]) -> dict[str, str]:
        """{"nearest": the known name most like this one}, {} where none is like it."""
        # Nobody reads more faults than are shown, and a long document could have 100,000 wrong keys.
        if not isinstance(name, str) or len(self.problems) >= MOST_PROBLEMS:
            return {}
        near = get_close_matches(name, list(known), 1)
        return {"nearest": near[0]} if near else {}

    def mapping(self, path: str, value: object) -> Mapping[str, object] | None:
        """A JSON object, or None."""
        if not isinstance(value, dict):
            return self.wrong(path, "not_object", got=shown(value)) and None
        return value

    def text(self, path: str, value: object) -> Any:
        """Any text."""
        return value if isinstance(value, str) else self.wrong(path, "not_text", got=shown(value))

    def name(self, path: str, value: object) -> Any:
        """A text that is more than white space."""
        if not isinstance(value, str) or not value.strip():
            return self.wrong(path, "not_name", got=shown(value))
        return value

    def flag(self, path: str, value: object) -> Any:
        """True or false."""
        return value if isinstance(value, bool) else self.wrong(path, "not_flag", got=shown(value))

    def choice(self, path: str, value: object, choices: Iterable[str]) -> Any:
        """One of these words."""
        known = tuple(choices)
        if isinstance(value, str) and value in known:
            return value
        near = self.nearest(value, known)
        return self.wrong(path, "not_choice", got=shown(value), choices=", ".join(known), **near)

    def whole(self, path: str, value: object, least: int | None = None) -> Any:
        """A JSON integer in the range that JavaScript reads exactly, from `least` on."""
        lowest = -LARGEST if least is None else least
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= LARGEST:
            return value
        return self.wrong(path, "not_whole", got=shown(value), least=lowest, most=LARGEST)

    def positive(self, path: str, value: object) -> Any:
        """A whole number from 1."""
        return self.whole(path, value, 1)

    def count(self, path: str, value: object) -> Any:
        """A whole number from 0."""
        return self.whole(path, value, 0)

    def level(self, path: str, value: object) -> Any:
        """The level of a tier: units or an amount, as the tiers are counted."""
        return self.count(path, value) if self.levels_are_units else self.amount(path, value)

    def amount(self, path: str, value: object) -> Any:
        """A decimal string with exactly the currency's digits, as minor units."""
        if isinstance(value, str):
            try:
                amount = parse_amount(value, self.currency)
            except ValueError:
                amount = -1
            if 0 <= amount <= LARGEST:
                return amount
        places = digits(self.currency)
        example = "12" + (f".5{'0' * (places - 1)}" if places else "")
        return self.wrong(
            path, "not_amount", got=shown(value), currency=self.currency, digits=places, example=example
        )

    def percent(self, path: str, value: object) -> Any:
        """A decimal string such as "12.5"."""
        try:
            return Percent.parse(value if isinstance(value, str) else "")
        except ValueError:
            return self.wrong(path, "not_percent", got=shown(value))

    def clock(self, path: str, value: object) -> Any:
        """A time of day such as "09:30" up to "24:00", as minutes."""
        if not isinstance(value, str) or _CLOCK.fullmatch(value) is None:
            return self.wrong(path, "not_clock", got=shown(value))
        return int(value[:2]) * 60 + int(value[3:])

    def date(self, path: str, value: object) -> Any:
        """A date such as "2026-01-31"."""
        try:
            if isinstance(value, str) and date.fromisoformat(value).isoformat() == value:
                return value
        except ValueError:
            pass
        return self.wrong(path, "not_date", got=shown(value))

    def instant(self, path: str, value: object) -> Any:
        """An ISO 8601 instant with an offset or Z, as microseconds since 1970."""
        try:
            at = datetime.fromisoformat(value if isinstance(value, str) else "")
            if at.tzinfo is not None:
                return microseconds(at.astimezone(UTC))
        except (ValueError, OverflowError):
            pass
        return self.wrong(path, "not_instant", got=shown(value))

    def attributes(self, path: str, value: object) -> Any:
        """{name: [values]} as pairs in the order of the names."""
        document = self.mapping(path, value)
        if document is None:
            return WRONG
        return tuple([(name, self._some(join(path, name), document[name])) for name in sorted(document)])

    def _some(self, path: str, values: object) -> Any:
        if not isinstance(values, list):
            return self.wrong(path, "not_list", got=shown(values))
        return tuple([self.attribute(f"{path}[{i}]", value) for i, value in enumerate(values)])

    def values(self, path: str, value: object) -> Any:
        """{name: value}, each a text, a whole number or a flag."""
        document = self.mapping(path, value)
        if document is None:
            return WRONG
        return {name: self.attribute(join(path, name), document[name]) for name in document}

    def attribute(self, path: str, value: object) -> Any:
        """A text, a whole number or a flag."""
        if isinstance(value, str | bool) or (isinstance(value, int) and abs(value) <= LARGEST):
            return value
        return self.wrong(path, "not_attribute", got=shown(value))

    def currency_code(self, path: str, value: object) -> Any:
        """Three capital letters."""
        if not isinstance(value, str) or not is_currency(value):
            return self.wrong(path, "not_currency", got=shown(value))
        return value


def join(path: str, key: str) -> str:
    """The path of a key of the object at `path`; a key that is very long is cut."""
    return f"{path}.{_cut(key)}" if path else _cut(key)


def shown(value: object) -> str:
    """A value as a fault shows it, texts in quotes: short, never a whole document."""
    if isinstance(value, dict):
        return "{…}"
    if isinstance(value, list):
        return "[…]"
    if isinstance(value, bool) or value is None:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and value.bit_length() > 200:
        return f"{'-' if value < 0 else ''}2^{value.bit_length() - 1}…"
    return f'"{_cut(value)}"' if isinstance(value, str) else _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


PLAIN: dict[Form | str, Callable[[Values, str, object], Any]] = {
    Form.AMOUNT: Values.amount,
    Form.POSITIVE: Values.positive,
    Form.COUNT: Values.count,
    Form.WHOLE: Values.whole,
    Form.LEVEL: Values.level,
    Form.CLOCK: Values.clock,
    Form.DATE: Values.date,
    Form.INSTANT: Values.instant,
    Form.ZONE: Values.name,
    Form.NAME: Values.name,
    Form.CODE: Values.name,
    Form.ATTRIBUTES: Values.attributes,
    Form.VALUES: Values.values,
    Form.CURRENCY: Values.currency_code,
    "text": Values.text,
    "flag": Values.flag,
    "percent": Values.percent,
}
"""how a value is read whose form says it all"""
