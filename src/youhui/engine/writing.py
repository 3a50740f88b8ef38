"""Writes objects as documents by their shapes: the inverse of reading."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from youhui.engine.forms import Form
from youhui.engine.money import format_amount
from youhui.engine.shapes import Field, Shape, fields_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Writer:
    """Writes the amounts of one currency. Keys with their default value are left out."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self._levels_are_units = False

    def document(self, made: object) -> dict[str, Any]:
        """The document of a promotion, a cart, a kind or a part of one."""
        document: dict[str, Any] = {}
        kind = getattr(made, "kind", None)
        if kind is not None:
            document["kind"] = kind
            self._levels_are_units = getattr(made, "by", None) == "quantity"
        for field in fields_of(type(made)):
            mine = getattr(made, field.name)
            if field.required or not _is_default(field, mine):
                document[field.key] = self.value(mine, field.shape)
        if "product" in document and document["product"] == document.get("sku"):
            del document["product"]
        return document

    def value(self, value: Any, shape: Shape) -> Any:
        """One value in its written form."""
        if shape.item is not None:
            return [self.value(item, shape.item) for item in value]
        if shape.form is Form.AMOUNT or (shape.form is Form.LEVEL and not self._levels_are_units):
            return format_amount(value, self.currency)
        if shape.form in ("object", "condition", "action"):
            return self.document(value)
        write = _PLAIN.get(shape.form)
        return value if write is None else write(value)


def _is_default(field: Field, value: object) -> bool:
    return value is None or value == field.default or (value == {} and field.shape.form is Form.VALUES)


def _instant(microseconds: int) -> str:
    return (_EPOCH + timedelta(microseconds=microseconds)).isoformat().replace("+00:00", "Z")


_PLAIN: dict[Form | str, Callable[[Any], Any]] = {
    Form.CLOCK: lambda value: f"{value // 60:02d}:{value % 60:02d}",
    Form.INSTANT: _instant,
    Form.ATTRIBUTES: lambda value: {name: list(values) for name, values in value},
    Form.VALUES: dict,
    "percent": str,
}
