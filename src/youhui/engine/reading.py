"""Reads documents into objects by their shapes, collecting every fault with its path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from youhui.engine.forms import Misfit
from youhui.engine.kinds import Registry
from youhui.engine.selectors import Selector
from youhui.engine.shapes import Shape, fields_of
from youhui.engine.values import PLAIN, WRONG, Values, join, shown

T = TypeVar("T")

DEPTH = 16
"""conditions nest no deeper (P23)"""


class Reader(Values):
    """Reads one document of one currency, with the kinds of a registry."""

    def __init__(self, registry: Registry, currency: str) -> None:
        super().__init__(currency)
        self.registry = registry
        self._depth = 0
        self._interned: dict[object, object] = {}

    # -- objects

    def build(self, path: str, value: object, cls: type[T], extra: Iterable[str] = ()) -> T | None:
        """An object with the keys of a dataclass; `extra` keys are passed over. None if anything was wrong."""
        document = self.mapping(path, value)
        if document is None:
            return None
        before = len(self.problems)
        self._known_keys(path, document, [*[field.key for field in fields_of(cls)], *extra])
        return self._made(path, document, cls, before)

    def _known_keys(self, path: str, document: Mapping[str, object], known: Iterable[str]) -> None:
        known = list(known)
        for key in document:
            if key not in known:
                self.wrong(join(path, key), "unknown_key", got=shown(key), **self.nearest(key, known))

    def _made(self, path: str, document: Mapping[str, object], cls: type[T], before: int) -> T | None:
        """The object, unless there are more than `before` problems by now; keys were checked already."""
        values: dict[str, Any] = {}
        for field in fields_of(cls):
            if field.key in document:
                if document[field.key] is None and field.default is None and not field.required:
                    continue
                values[field.name] = self.value(join(path, field.key), document[field.key], field.shape)
            elif field.required:
                self.wrong(join(path, field.key), "missing")
        if len(self.problems) > before:
            return None
        try:
            made = cls(**values)
        except Misfit as misfit:
            return self.wrong(join(path, misfit.field), "misfit", expected=misfit.expected) and None
        return self._intern(made)

    def _intern(self, made: T) -> T:
        """Equal selectors of one document are one object, so that a quote matches lines to them once."""
        if isinstance(made, Selector):
            return self._interned.setdefault(made, made)  # type: ignore[return-value]
        return made

    def value(self, path: str, value: object, shape: Shape) -> Any:
        """One value in the given form; in memory as its field says."""
        plain = PLAIN.get(shape.form)
        return _NESTED[shape.form](self, path, value, shape) if plain is None else plain(self, path, value)

    def items(self, path: str, value: object, shape: Shape) -> Any:
        """A list of values of one form, as a tuple."""
        if not isinstance(value, list):
            return self.wrong(path, "not_list", got=shown(value))
        assert shape.item is not None
        return tuple([self.value(f"{path}[{i}]", item, shape.item) for i, item in enumerate(value)])

    # -- kinds

    def kind(self, path: str, value: object, kinds: Mapping[str, type[Any]], what: str) -> Any:
        """An object of one of these kinds; its keys are its fields, narrowed by its target."""
        document = self.mapping(path, value)
        if document is None:
            return WRONG
        name = document.get("kind")
        if "kind" not in document:
            return self.wrong(join(path, "kind"), "missing")
        if not isinstance(name, str) or name not in kinds:
            near = self.nearest(name, kinds)
            return self.wrong(join(path, "kind"), f"unknown_{what}", got=shown(name), **near)
        cls, before = kinds[name], len(self.problems)
        if not self._keys_of_kind(path, document, cls):
            return WRONG
        self.levels_are_units = document.get("by") == "quantity"
        return self.nested(path, lambda: self._made(path, document, cls, before))

    def _keys_of_kind(self, path: str, document: Mapping[str, object], cls: Any) -> bool:
        """Whether the target is right, without which nothing can be said about the other keys."""
        fields = [field.key for field in fields_of(cls)]
        self._known_keys(path, document, ["kind", *fields])
        targets = getattr(cls, "targets", None)
        if targets is None:
            return True
        if "target" not in document:
            self.wrong(join(path, "target"), "missing_choice", choices=", ".join(targets))
            return False
        target = self.choice(join(path, "target"), document["target"], targets)
        if target is WRONG:
            return False
        for key in document:
            if key in fields and key != "target" and key not in targets[target]:
                self.wrong(join(path, key), "not_with_target", target=target)
        return True

    def nested(self, path: str, read: Callable[[], Any]) -> Any:
        """Reads one level deeper, unless that is too deep."""
        if self._depth >= DEPTH:
            return self.wrong(path, "too_deep", most=DEPTH)
        self._depth += 1
        made = read()
        self._depth -= 1
        return WRONG if made is None else made


def _condition(reader: Reader, path: str, value: object, shape: Shape) -> Any:
    return reader.kind(path, value, reader.registry.conditions, "condition")


def _action(reader: Reader, path: str, value: object, shape: Shape) -> Any:
    return reader.kind(path, value, reader.registry.actions, "action")


def _object(reader: Reader, path: str, value: object, shape: Shape) -> Any:
    cls = shape.cls
    assert cls is not None
    return reader.nested(path, lambda: reader.build(path, value, cls))


_NESTED: dict[object, Callable[[Reader, str, object, Shape], Any]] = {
    "choice": lambda reader, path, value, shape: reader.choice(path, value, shape.choices),
    "list": Reader.items,
    "object": _object,
    "condition": _condition,
    "action": _action,
}
