"""JSON Schema (draft 2020-12) of promotions and carts, generated from the fields of the kinds.

A schema accepts every document that the codec accepts. The codec also sees what no schema can say: that keys fit
together, that ids are used once, that amounts have the digits of their currency, that a time zone exists, that nesting
ends.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Mapping
from typing import TypeAlias

from youhui.engine.actions.base import Action
from youhui.engine.conditions.base import Condition
from youhui.engine.facts import Cart
from youhui.engine.forms import LARGEST, Form
from youhui.engine.kinds import BUILT_IN, Registry
from youhui.engine.promotion import Promotion
from youhui.engine.shapes import Field, Shape, fields_of
from youhui.engine.writing import Writer

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
Schema: TypeAlias = dict[str, Json]

_NONE: Mapping[str, Json] = {}
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def promotion_schema(registry: Registry = BUILT_IN) -> Schema:
    """Of the document that `decode_promotion` reads: the terms of one promotion."""
    definitions = Definitions(registry)
    return definitions.document("A promotion", definitions.reference(Promotion))


def cart_schema() -> Schema:
    """Of the document that `decode_cart` reads."""
    definitions = Definitions(BUILT_IN)
    return definitions.document("A cart", definitions.reference(Cart))


class Definitions:
    """The `$defs` of one schema: each class, kind and form once, in the order in which they are first named."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._schemas: dict[str, Json] = {}
        self._names: dict[type, str] = {}

    def document(self, title: str, root: Schema) -> Schema:
        """The whole schema with all that `root` refers to."""
        return {"$schema": DIALECT, "title": title, **root, "$defs": self._schemas}

    def reference(self, cls: type) -> Schema:
        """A reference to the object with the keys of this class."""
        name = self._names.get(cls)
        if name is None:
            name = self._names[cls] = self._free_name(_snake(cls.__name__))
            self._schemas[name] = {}  # its place; its keys may refer to it
            self._schemas[name] = {"description": _described(cls), **self.keys(cls)}
        return _to(name)

    def keys(
        self,
        cls: type,
        given: Mapping[str, Json] = _NONE,
        optional: Mapping[str, Json] = _NONE,
        allowed: Collection[str] | None = None,
    ) -> Schema:
        """An object with the class's own keys, or those of them that are `allowed`, and no others.

        `given` are keys before them that must be there, `optional` keys after them that may.
        """
        own = [
            field
            for field in fields_of(cls)
            if field.key not in given and (allowed is None or field.key in allowed)
        ]
        return {
            "type": "object",
            "properties": {**given, **{field.key: self._field(field) for field in own}, **optional},
            "required": [*given, *(field.key for field in own if field.required)],
            "additionalProperties": False,
        }

    def shape(self, shape: Shape) -> Schema:
        """One value."""
        if shape.form == "choice":
            return {"enum": list(shape.choices)}
        if shape.form == "list":
            assert shape.item is not None
            return {"type": "array", "items": self.shape(shape.item)}
        if shape.form == "object":
            assert shape.cls is not None
            return self.reference(shape.cls)
        if shape.form == "condition":
            return self._kinds("condition", self._registry.conditions)
        if shape.form == "action":
            return self._kinds("action", self._registry.actions)
        return self.form(shape.form)

    def form(self, form: Form | str) -> Schema:
        """A reference to a form of values: an amount, an instant, a text …"""
        name = form.value if isinstance(form, Form) else form
        if name not in self._schemas:
            self._schemas[name] = _FORMS[form]
        return _to(name)

    def _field(self, field: Field) -> Json:
        schema = self.shape(field.shape)
        if not field.required and field.default is None:
            return {"anyOf": [schema, {"type": "null"}]}
        if field.required or field.shape.form in (Form.AMOUNT, Form.LEVEL):
            return schema
        return {**schema, "default": Writer("").value(field.default, field.shape)}

    def _kinds(self, what: str, kinds: Mapping[str, type[Condition]] | Mapping[str, type[Action]]) -> Schema:
        if what not in self._schemas:
            self._schemas[what] = {"oneOf": [_to(f"{what}.{kind}") for kind in kinds]}
            for kind, cls in kinds.items():
                self._schemas[f"{what}.{kind}"] = {"description": _described(cls), **self._kind(kind, cls)}
        return _to(what)

    def _kind(self, kind: str, cls: type[Condition] | type[Action]) -> Schema:
        """A kind's keys; where they depend on its target, one alternative for each set of keys."""
        given: Schema = {"kind": {"const": kind}}
        targets: Mapping[str, frozenset[str]] | None = getattr(cls, "targets", None)
        if targets is None:
            return self.keys(cls, given)
        alike: dict[frozenset[str], list[Json]] = {}
        for target, allowed in targets.items():
            alike.setdefault(allowed, []).append(target)
        return {
            "oneOf": [
                self.keys(cls, {**given, "target": {"enum": names}}, allowed=keys)
                for keys, names in alike.items()
            ]
        }

    def _free_name(self, name: str) -> str:
        """The name, or with a number behind it where another class or form has it."""
        taken = {
            *self._names.values(),
            *self._schemas,
            *(str(getattr(form, "value", form)) for form in _FORMS),
        }
        number, free = 1, name
        while free in taken:
            number += 1
            free = f"{name}_{number}"
        return free


def _to(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _described(cls: type) -> str:
    """The class's docstring, one line a paragraph."""
    paragraphs = inspect.cleandoc(cls.__doc__ or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _whole(description: str, least: int) -> Schema:
    return {"description": description, "type": "integer", "minimum": least, "maximum": LARGEST}


_AMOUNT: Schema = {
    "description": 'An amount with exactly the decimals of its currency: "12.30" CNY, "12" JPY, "1.250" KWD.',
    "type": "string",
    "pattern": r"^([0-9]{1,18}|[0-9]{1,16}\.[0-9]{2}|[0-9]{1,15}\.[0-9]{3})$",
}
_ATTRIBUTE: Schema = {
    "description": "A text, a whole number or a flag.",
    "type": ["string", "integer", "boolean"],
    "minimum": -LARGEST,
    "maximum": LARGEST,
}
_FORMS: dict[Form | str, Schema] = {
    Form.AMOUNT: _AMOUNT,
    Form.POSITIVE: _whole("A whole number from 1.", 1),
    Form.COUNT: _whole("A whole number from 0.", 0),
    Form.WHOLE: _whole("A whole number.", -LARGEST),
    Form.LEVEL: {"anyOf": [_AMOUNT, _whole("A whole number of units.", 0)]},
    Form.CLOCK: {
        "description": 'A time of day, "00:00" to "24:00".',
        "type": "string",
        "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
    },
    Form.INSTANT: {
        "description": "An instant, ISO 8601 with an offset or Z.",
        "type": "string",
        "format": "date-time",
        "pattern": "^[0-9]{4}[0-9W-]*.[0-9:.,]{2,}(Z|[+-][0-9:.]{2,})$",
    },
    Form.DATE: {
        "description": 'A day: "2026-01-31".',
        "type": "string",
        "format": "date",
        "minLength": 10,
        "maxLength": 10,
    },
    Form.ZONE: {"description": "An IANA time zone: Asia/Shanghai.", "type": "string", "pattern": r"\S"},
    Form.NAME: {"description": "A text that is not empty.", "type": "string", "pattern": r"\S"},
    Form.CODE: {
        "description": "A code: a text that is more than white space.",
        "type": "string",
        "pattern": r"\S",
    },
    Form.CURRENCY: {"description": "An ISO 4217 code: CNY.", "type": "string", "pattern": "^[A-Z]{3}$"},
    Form.ATTRIBUTES: {
        "description": "By name, the values of which one is meant.",
        "type": "object",
        "additionalProperties": {"type": "array", "items": _ATTRIBUTE},
    },
    Form.VALUES: {"description": "Values by name.", "type": "object", "additionalProperties": _ATTRIBUTE},
    "text": {"description": "A text.", "type": "string"},
    "flag": {"description": "True or false.", "type": "boolean"},
    "percent": {
        "description": 'A percentage as a decimal string: "12.5". One over 100 counts as 100.',
        "type": "string",
        "pattern": r"^[0-9]{1,9}(\.[0-9]{1,18})?$",
    },
}
"""the schema of each form; `$defs` has them by the form's name"""
