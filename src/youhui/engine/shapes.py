"""What a document must look like, read off the typed fields of the kinds.

One description of each class serves the codec, the JSON Schema, forms and random test data.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from youhui.engine.actions.base import Action
from youhui.engine.conditions.base import Condition
from youhui.engine.forms import Form
from youhui.engine.money import Percent


@dataclass(frozen=True, slots=True)
class Shape:
    """The written form of one value.

    `form` is a Form, or "text", "flag", "percent", "choice" (of `choices`), "list" (of `item`), "object" (of `cls`),
    "condition", "action".
    """

    form: Form | str
    choices: tuple[str, ...] = ()
    item: Shape | None = None
    cls: type | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One key of an object: its Python name, its key in documents, its form, whether it must be given."""

    name: str
    key: str
    shape: Shape
    required: bool
    default: object


_KNOWN: dict[type, tuple[Field, ...]] = {}


def fields_of(cls: type) -> tuple[Field, ...]:
    """The keys of a kind (or of a promotion, a selector …), in the order of its class; read off once."""
    if cls not in _KNOWN:
        _KNOWN[cls] = tuple(_fields(cls))
    return _KNOWN[cls]


def _fields(cls: type) -> Iterator[Field]:
    hints = get_type_hints(cls, include_extras=True)
    for field in dataclasses.fields(cls):
        if not field.init:
            continue
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        default = None if field.default is dataclasses.MISSING else field.default
        yield Field(field.name, field.name.rstrip("_"), _shape(hints[field.name]), required, default)


def nested(conditions: Iterable[Condition]) -> Iterator[Condition]:
    """These conditions and all that are inside them, each before what is inside it."""
    for condition in conditions:
        yield condition
        for field in fields_of(type(condition)):
            if field.shape.form == "condition":
                yield from nested([getattr(condition, field.name)])
            elif field.shape.item is not None and field.shape.item.form == "condition":
                yield from nested(getattr(condition, field.name))


def _shape(hint: Any) -> Shape:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (inner,) = [argument for argument in arguments if argument is not type(None)]
        return _shape(inner)
    if origin is Annotated:
        return Shape(next(extra for extra in hint.__metadata__ if isinstance(extra, Form)))
    if origin is Literal:
        return Shape("choice", choices=arguments)
    if origin is tuple:
        return Shape("list", item=_shape(arguments[0]))
    if hint in _PLAIN:
        return Shape(_PLAIN[hint])
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return Shape("object", cls=hint)
    raise TypeError(f"a kind's field has the type {hint}, which has no written form")


_PLAIN: dict[Any, str] = {
    str: "text",
    bool: "flag",
    Percent: "percent",
    Condition: "condition",
    Action: "action",
}
