"""Which lines: a selector, every key of which must match (FORMAT.md 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

from youhui.engine.facts import Attribute, Line
from youhui.engine.forms import Amount, Form, Texts

Attributes: TypeAlias = Annotated[tuple[tuple[str, tuple[Attribute, ...]], ...], Form.ATTRIBUTES]
"""(name, values) by name"""
Key: TypeAlias = tuple[str, tuple[object, ...]]
"""A family of facts and values of it, one of which a cart must have: ("product", ("MUG", "CUP"))"""


@dataclass(frozen=True, slots=True)
class Selector:
    """Every key given must match; without a key every discountable line does. An empty list matches nothing.

    The prices are of the undiscounted unit, bounds included. `attributes`: for every name the line's value is one of
    these.
    """

    skus: Texts | None = None
    products: Texts | None = None
    categories: Texts | None = None
    attributes: Attributes | None = None
    unit_price_at_least: Amount | None = None
    unit_price_at_most: Amount | None = None
    exclude: Selector | None = None
    _skus: frozenset[str] | None = field(default=None, init=False, repr=False, compare=False)
    _products: frozenset[str] | None = field(default=None, init=False, repr=False, compare=False)
    _categories: frozenset[str] | None = field(default=None, init=False, repr=False, compare=False)
    _by_category_only: bool = field(default=False, init=False, repr=False, compare=False)
    _by_product_only: bool = field(default=False, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for key in ("skus", "products", "categories"):
            values = getattr(self, key)
            if values is not None:
                object.__setattr__(self, f"_{key}", frozenset(values))
        others = (
            self.skus,
            self.attributes,
            self.unit_price_at_least,
            self.unit_price_at_most,
            self.exclude,
        )
        alone = all(value is None for value in others)
        object.__setattr__(self, "_by_category_only", alone and self.products is None)
        object.__setattr__(self, "_by_product_only", alone and self.categories is None)

    def matches(self, line: Line) -> bool:
        """Whether the line is meant; whether it is discountable is not asked here."""
        if self._products is not None and line.product not in self._products:
            return False
        if self._categories is not None and self._categories.isdisjoint(line.categories):
            return False
        if self._skus is not None and line.sku not in self._skus:
            return False
        if self.attributes is not None and not self._attributes_match(line):
            return False
        if self.unit_price_at_least is not None and line.unit_price < self.unit_price_at_least:
            return False
        if self.unit_price_at_most is not None and line.unit_price > self.unit_price_at_most:
            return False
        return self.exclude is None or not self.exclude.matches(line)

    def among(self, lines: Sequence[Line], indexes: Sequence[int]) -> list[int]:
        """Which of the lines at these indexes it means, in their order."""
        if self._by_category_only and self._categories is not None:
            meant = self._categories
            return [i for i in indexes if not meant.isdisjoint(lines[i].categories)]
        if self._by_product_only and self._products is not None:
            meant = self._products
            return [i for i in indexes if lines[i].product in meant]
        matches = self.matches
        return [i for i in indexes if matches(lines[i])]

    def _attributes_match(self, line: Line) -> bool:
        mine = line.attributes
        return all(
            name in mine and any(same(mine[name], value) for value in values)
            for name, values in self.attributes or ()
        )

    def implies(self) -> Iterator[Key]:
        """Facts of which a cart must have one for any line of it to match."""
        if self.skus is not None:
            yield "sku", self.skus
        if self.products is not None:
            yield "product", self.products
        if self.categories is not None:
            yield "category", self.categories
        for name, values in self.attributes or ():
            yield "attribute", tuple((name, value) for value in values)


def same(one: Attribute, other: Attribute) -> bool:
    """Equal and of one type: 1, "1" and true are three different values."""
    return type(one) is type(other) and one == other


EVERYTHING = Selector()
"""every discountable line"""


def either(branches: Iterable[Iterable[Key]]) -> Iterator[Key]:
    """What a cart needs when one of the branches is to happen: families that bind all of them, with all values."""
    kept: dict[str, tuple[object, ...]] | None = None
    for branch in branches:
        mine: dict[str, tuple[object, ...]] = {}
        for family, values in branch:
            if family not in mine or len(values) < len(mine[family]):
                mine[family] = values
        kept = mine if kept is None else {f: kept[f] + mine[f] for f in kept if f in mine}
    yield from (kept or {}).items()
