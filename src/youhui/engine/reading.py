"""Reads documents into objects by their shapes, collecting every fault with its path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import Any, TypeVar

from youhui.engine.forms import LARGEST, Form, Misfit
from youhui.engine.kinds import Registry
from youhui.engine.money import Percent, digits, is_currency, parse_amount
from youhui.engine.prices import microseconds
from youhui.engine.problems import InvalidDocument, Problem
from youhui.engine.selectors import Selector
from youhui.engine.shapes import Field, Shape, fields_of

T = TypeVar("T")

DEPTH = 16
"""conditions nest no deeper (P23)"""

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_WRONG: Any = object()


class Reader:
    """Reads one document of one currency. Faults gather in `problems`; `done` raises them."""

    def __init__(self, registry: Registry, currency: str) -> None:
        self.registry = registry
        self.currency = currency
        self.problems: list[Problem] = []
        self.levels_are_units = False
        """whether the levels of the tiers being read count units (`by: quantity`) or are amounts"""
        self._depth = 0
        self._interned: dict[object, object] = {}

    def done(self) -> None:
        """Raises InvalidDocument if anything was wrong."""
        if self.problems:
            raise InvalidDocument(self.problems)

    def wrong(self, path: str, code: str, **params: str | int) -> Any:
        """Notes a fault; answers a value that stands for "none"."""
        self.problems.append(Problem(path, code, params))
        return _WRONG

    # -- objects

    def build(self, path: str, value: object, cls: type[T], extra: Iterable[str] = ()) -> T | None:
        """An object with the keys of a dataclass; `extra` keys are passed over. None if anything was wrong."""
        document = self.mapping(path, value)
        if document is None:
            return None
        return self._made(
            path, document, cls, fields_of(cls), {field.key for field in fields_of(cls)}, extra
        )

    def mapping(self, path: str, value: object) -> Mapping[str, object] | None:
        """A JSON object, or None."""
        if not isinstance(value, dict):
            return self.wrong(path, "not_object", got=_shown(value)) and None
        return value

    def _made(
        self,
        path: str,
        document: Mapping[str, object],
        cls: type[T],
        fields: tuple[Field, ...],
        allowed: Iterable[str],
        extra: Iterable[str] = (),
    ) -> T | None:
        before = len(self.problems)
        self.known_keys(path, document, allowed, extra)
        values: dict[str, Any] = {}
        for field in fields:
            if field.key in document:
                if document[field.key] is None and field.default is None and not field.required:
                    continue
                values[field.name] = self.value(_join(path, field.key), document[field.key], field.shape)
            elif field.required:
                self.wrong(_join(path, field.key), "missing")
        if len(self.problems) > before:
            return None
        try:
            made = cls(**values)
        except Misfit as misfit:
            return self.wrong(_join(path, misfit.field), "misfit", expected=misfit.expected) and None
        return self._intern(made)

    def known_keys(
        self, path: str, document: Mapping[str, object], allowed: Iterable[str], extra: Iterable[str] = ()
    ) -> None:
        """Every key must be one of these; a wrong one is named with its nearest neighbour."""
        known = [*allowed, *extra]
        for key in document:
            if key not in known:
                self.wrong(_join(path, str(key)), "unknown_key", **_nearest(key, known))

    def _intern(self, made: T) -> T:
        """Equal selectors of one document are one object, so that a quote matches lines to them once."""
        if isinstance(made, Selector):
            return self._interned.setdefault(made, made)  # type: ignore[return-value]
        return made

    # -- values

    def value(self, path: str, value: object, shape: Shape) -> Any:
        """One value in the given form; in memory as its field says."""
        return _READERS[shape.form](self, path, value, shape)

    def items(self, path: str, value: object, shape: Shape) -> Any:
        """A list of values of one form, as a tuple."""
        if not isinstance(value, list):
            return self.wrong(path, "not_list", got=_shown(value))
        assert shape.item is not None
        return tuple([self.value(f"{path}[{i}]", item, shape.item) for i, item in enumerate(value)])

    def text(self, path: str, value: object, shape: Shape) -> Any:
        if not isinstance(value, str):
            return self.wrong(path, "not_text", got=_shown(value))
        return value

    def name(self, path: str, value: object, shape: Shape) -> Any:
        if not isinstance(value, str) or not value.strip():
            return self.wrong(path, "not_name", got=_shown(value))
        return value

    def flag(self, path: str, value: object, shape: Shape) -> Any:
        return value if isinstance(value, bool) else self.wrong(path, "not_flag", got=_shown(value))

    def choice(self, path: str, value: object, shape: Shape) -> Any:
        if isinstance(value, str) and value in shape.choices:
            return value
        near = _nearest(value, shape.choices) if isinstance(value, str) else {}
        return self.wrong(path, "not_choice", got=_shown(value), choices=", ".join(shape.choices), **near)

    def whole(self, path: str, value: object, least: int | None) -> Any:
        """A JSON integer in the range that JavaScript reads exactly."""
        if isinstance(value, bool) or not isinstance(value, int):
            return self.wrong(
                path, "not_whole", got=_shown(value), **({} if least is None else {"least": least})
            )
        if abs(value) > LARGEST or (least is not None and value < least):
            return self.wrong(
                path, "not_whole", got=_shown(value), **({} if least is None else {"least": least})
            )
        return value

    def amount(self, path: str, value: object, shape: Shape | None = None) -> Any:
        """A decimal string with exactly the currency's digits, as minor units."""
        places = digits(self.currency)
        example = f"{12:d}" + (f".{'5' + '0' * (places - 1)}" if places else "")
        if isinstance(value, str):
            try:
                amount = parse_amount(value, self.currency)
            except ValueError:
                amount = -1
            if 0 <= amount <= LARGEST:
                return amount
        return self.wrong(
            path, "not_amount", got=_shown(value), currency=self.currency, digits=places, example=example
        )

    def percent(self, path: str, value: object, shape: Shape) -> Any:
        try:
            return Percent.parse(value if isinstance(value, str) else "")
        except ValueError:
            return self.wrong(path, "not_percent", got=_shown(value))

    def clock(self, path: str, value: object, shape: Shape) -> Any:
        if not isinstance(value, str) or _CLOCK.fullmatch(value) is None:
            return self.wrong(path, "not_clock", got=_shown(value))
        return int(value[:2]) * 60 + int(value[3:])

    def date(self, path: str, value: object, shape: Shape) -> Any:
        try:
            return date.fromisoformat(
                value if isinstance(value, str) and len(value) == 10 else ""
            ).isoformat()
        except ValueError:
            return self.wrong(path, "not_date", got=_shown(value))

    def instant(self, path: str, value: object, shape: Shape | None = None) -> Any:
        """An ISO 8601 instant with an offset or Z, as microseconds since 1970."""
        try:
            at = datetime.fromisoformat(value if isinstance(value, str) else "")
            return (
                microseconds(at.astimezone(UTC))
                if at.tzinfo
                else self.wrong(path, "not_instant", got=_shown(value))
            )
        except (ValueError, OverflowError):
            return self.wrong(path, "not_instant", got=_shown(value))

    def attributes(self, path: str, value: object, shape: Shape) -> Any:
        """{name: [values]} as pairs in the order of the names."""
        document = self.mapping(path, value)
        if document is None:
            return _WRONG
        pairs = []
        for name in sorted(document):
            values = document[name]
            if not isinstance(values, list):
                self.wrong(_join(path, name), "not_list", got=_shown(values))
            else:
                pairs.append(
                    (
                        name,
                        tuple(self.attribute(f"{_join(path, name)}[{i}]", v) for i, v in enumerate(values)),
                    )
                )
        return tuple(pairs)

    def values(self, path: str, value: object, shape: Shape) -> Any:
        """{name: value}, each a text, a whole number or a flag."""
        document = self.mapping(path, value)
        if document is None:
            return _WRONG
        return {name: self.attribute(_join(path, name), document[name]) for name in document}

    def currency_code(self, path: str, value: object, shape: Shape) -> Any:
        if not isinstance(value, str) or not is_currency(value):
            return self.wrong(path, "not_currency", got=_shown(value))
        return value

    def attribute(self, path: str, value: object) -> Any:
        """A text, a whole number or a flag."""
        if isinstance(value, str | bool) or (isinstance(value, int) and abs(value) <= LARGEST):
            return value
        return self.wrong(path, "not_attribute", got=_shown(value))

    # -- kinds

    def kind(self, path: str, value: object, kinds: Mapping[str, type[Any]], what: str) -> Any:
        """An object of one of these kinds; its keys are its fields, narrowed by its target."""
        document = self.mapping(path, value)
        if document is None:
            return _WRONG
        name = document.get("kind")
        if not isinstance(name, str) or name not in kinds:
            return self.wrong(
                _join(path, "kind"), f"unknown_{what}", got=_shown(name), **_nearest(name, kinds)
            )
        cls = kinds[name]
        fields = fields_of(cls)
        allowed = self._allowed(path, document, cls, fields)
        if allowed is None:
            return _WRONG
        self.levels_are_units = document.get("by") == "quantity"
        return self.nested(path, lambda: self._made(path, document, cls, fields, allowed, ("kind",)))

    def nested(self, path: str, read: Callable[[], Any]) -> Any:
        """Reads one level deeper, unless that is too deep."""
        if self._depth >= DEPTH:
            return self.wrong(path, "too_deep", most=DEPTH)
        self._depth += 1
        made = read()
        self._depth -= 1
        return _WRONG if made is None else made

    def _allowed(
        self, path: str, document: Mapping[str, object], cls: Any, fields: tuple[Field, ...]
    ) -> Iterable[str] | None:
        targets = getattr(cls, "targets", None)
        if targets is None:
            return [field.key for field in fields]
        target = document.get("target")
        if not isinstance(target, str) or target not in targets:
            code = "missing" if target is None else "not_choice"
            near = _nearest(target, targets)
            found = {} if target is None else {"got": _shown(target), "choices": ", ".join(targets), **near}
            self.wrong(_join(path, "target"), code, **found)
            return None
        return [*targets[target], "target"]


def _condition(reader: Reader, path: str, value: object, shape: Shape) -> Any:
    return reader.kind(path, value, reader.registry.conditions, "condition")


def _action(reader: Reader, path: str, value: object, shape: Shape) -> Any:
    return reader.kind(path, value, reader.registry.actions, "action")


def _object(reader: Reader, path: str, value: object, shape: Shape) -> Any:
    cls = shape.cls
    assert cls is not None
    return reader.nested(path, lambda: reader.build(path, value, cls))


def _level(reader: Reader, path: str, value: object, shape: Shape) -> Any:
    return reader.whole(path, value, 0) if reader.levels_are_units else reader.amount(path, value, shape)


_READERS: dict[Form | str, Callable[[Reader, str, object, Shape], Any]] = {
    Form.AMOUNT: Reader.amount,
    Form.POSITIVE: lambda reader, path, value, shape: reader.whole(path, value, 1),
    Form.COUNT: lambda reader, path, value, shape: reader.whole(path, value, 0),
    Form.WHOLE: lambda reader, path, value, shape: reader.whole(path, value, None),
    Form.LEVEL: _level,
    Form.CLOCK: Reader.clock,
    Form.DATE: Reader.date,
    Form.INSTANT: Reader.instant,
    Form.ZONE: Reader.name,
    Form.NAME: Reader.name,
    Form.CODE: Reader.name,
    Form.ATTRIBUTES: Reader.attributes,
    Form.VALUES: Reader.values,
    Form.CURRENCY: Reader.currency_code,
    "text": Reader.text,
    "flag": Reader.flag,
    "percent": Reader.percent,
    "choice": Reader.choice,
    "list": Reader.items,
    "object": _object,
    "condition": _condition,
    "action": _action,
}


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _shown(value: object) -> str:
    """A value as a fault message shows it: short, never a whole document."""
    if isinstance(value, dict):
        return "{…}"
    if isinstance(value, list):
        return "[…]"
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)[:60]
    return text


def _nearest(name: object, known: Iterable[str]) -> dict[str, str]:
    near = get_close_matches(name, list(known), 1) if isinstance(name, str) else []
    return {"nearest": near[0]} if near else {}
