"""Random documents of kinds, drawn from their typed fields (`youhui.engine.shapes`).

A kind of a third party is drawn without a word here; only what fields must have together is said, so that few drawn
documents are thrown away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from hypothesis import strategies as st

from tests.engine.pools import AMOUNTS, EVERYTHING, ONE_OF, PLAIN, POOLS
from youhui.engine import BUILT_IN, InvalidDocument, Registry, decode_promotion
from youhui.engine.actions.amount_off import AmountOff
from youhui.engine.actions.percent_off import PercentOff
from youhui.engine.codec import COUNTERS
from youhui.engine.forms import Form
from youhui.engine.money import format_amount
from youhui.engine.selectors import Selector
from youhui.engine.shapes import Field, Shape, fields_of

Document: TypeAlias = dict[str, Any]
Draw: TypeAlias = st.DrawFn


def rarely(draw: Draw) -> bool:
    """One time in four; shrinks to no."""
    return draw(st.integers(0, 3)) == 3


class Documents:
    """Draws documents of one registry and one currency."""

    def __init__(self, registry: Registry, currency: str) -> None:
        self.registry = registry
        self.currency = currency

    def amount(self, draw: Draw, minor: st.SearchStrategy[int] = AMOUNTS) -> str:
        return format_amount(draw(minor), self.currency)

    def of(self, draw: Draw, cls: Any, depth: int) -> Document:
        """A document of a kind or of a part of one, with the keys that its target allows."""
        document: Document = {"kind": cls.kind} if hasattr(cls, "kind") else {}
        targets = getattr(cls, "targets", None)
        if targets is not None:
            document["target"] = draw(st.sampled_from(sorted(targets)))
        allowed = None if targets is None else {"target", *targets[document["target"]]}
        name = str(document.get("kind", cls.__name__))
        choices = ONE_OF.get(name)
        chosen = draw(st.sampled_from(choices)) if choices else set()
        either = set().union(*choices) if choices else set()
        fields = [
            f for f in fields_of(cls) if f.key not in document and (allowed is None or f.key in allowed)
        ]
        rare = draw(st.integers(0, 4 ** len(fields) - 1))  # two bits a field: given where both are set
        for k, field in enumerate(fields):
            asked = field.required or rare >> 2 * k & 3 == 3
            if field.key in chosen or (asked and field.key not in either):
                document[field.key] = self.value(draw, field, field.shape, document, name, depth)
        return REPAIRS.get(name, _as_it_is)(draw, document)

    def value(self, draw: Draw, field: Field, shape: Shape, parent: Document, name: str, depth: int) -> Any:
        """A value of one form, from the pool that its key or its kind names."""
        if shape.item is not None:
            item = shape.item
            most = 2 if item.form in ("action", "object", "condition") else 3
            least = 1 if item.form in ("action", "object") or draw(st.integers(0, 9)) else 0
            return [
                self.value(draw, field, item, parent, name, depth)
                for _ in range(draw(st.integers(least, most)))
            ]
        if shape.form == "object":
            return self.of(draw, shape.cls, depth - (shape.cls is Selector))
        if shape.form == "condition":
            return self.condition(draw, depth - 1)
        if shape.form == "action":
            return self.action(draw)
        if shape.form is Form.LEVEL:
            return draw(st.integers(0, 4)) if parent.get("by") == "quantity" else self.amount(draw)
        if shape.form is Form.AMOUNT:
            return self.amount(draw)
        if shape.form == "choice":
            return draw(st.sampled_from(shape.choices))
        if shape.form in ("text", Form.NAME):
            return draw(st.sampled_from(POOLS.get(field.key) or POOLS.get(name) or EVERYTHING))
        return draw(PLAIN[shape.form])

    def condition(self, draw: Draw, depth: int) -> Document:
        """A condition; at depth 0 one that nests no other."""
        kinds = [
            cls
            for cls in self.registry.conditions.values()
            if depth > 0 or not any(_nests(field.shape) for field in fields_of(cls))
        ]
        return self.of(draw, draw(st.sampled_from(kinds)), depth)

    def action(self, draw: Draw) -> Document:
        return self.of(draw, draw(st.sampled_from(list(self.registry.actions.values()))), 1)


def _nests(shape: Shape) -> bool:
    return shape.form == "condition" or (shape.item is not None and _nests(shape.item))


def _as_it_is(draw: Draw, document: Document) -> Document:
    return document


def _selector(draw: Draw, document: Document) -> Document:
    """`exclude` nests once at most."""
    if "exclude" in document:
        document["exclude"].pop("exclude", None)
    return document


def _percent_off(draw: Draw, document: Document) -> Document:
    """Without a most there is nothing to spread over lines."""
    if document["target"] == "lines" and "max_amount" not in document:
        document.pop("spread", None)
    return document


def _cheapest_off(draw: Draw, document: Document) -> Document:
    if document.get("nth", 1) > document["per"]:
        del document["nth"]
    return document


def _tiered(draw: Draw, document: Document) -> Document:
    """Levels all differ, and each tier has what the target can do."""
    if document["by"] == "quantity":
        document.pop("of", None)
    document["tiers"] = list({tier["at_least"]: tier for tier in document["tiers"]}.values())
    target = document["target"]
    for tier in document["tiers"]:
        if "percent" in tier and target not in PercentOff.targets:
            del tier["percent"]
            tier["amount"] = tier["at_least"] if isinstance(tier["at_least"], str) else None
        if "amount" in tier and target not in AmountOff.targets:
            del tier["amount"]
            tier["percent"] = draw(PLAIN["percent"])
    return document


def _time_window(draw: Draw, document: Document) -> Document:
    if document.get("from", "00:00") == document.get("until", "24:00"):
        document.pop("from", None)
        document.pop("until", None)
    return document


REPAIRS: Mapping[str, Callable[[Draw, Document], Document]] = {
    "Selector": _selector,
    "percent_off": _percent_off,
    "cheapest_off": _cheapest_off,
    "tiered": _tiered,
    "time_window": _time_window,
}
"""what fields of one kind must have together, so that few drawn documents are thrown away"""


def readable(document: Document, currency: str, registry: Registry = BUILT_IN) -> bool:
    """Whether the codec takes the terms."""
    terms = {key: value for key, value in document.items() if key not in COUNTERS}
    try:
        decode_promotion(terms, currency, registry)
    except InvalidDocument:
        return False
    return True
