"""Builds the lines of a witness cart: as few as will do, with quantities and prices just at the thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, product

from youhui.engine import Line
from youhui.engine.attributes import AttributeTest
from youhui.engine.conditions.contains_only import ContainsOnly
from youhui.engine.conditions.product_attribute import ProductAttribute
from youhui.engine.facts import Attribute
from youhui.engine.forms import LARGEST
from youhui.engine.selectors import Selector, same
from youhui.lint.branches import Branch
from youhui.lint.customers import attribute_values
from youhui.lint.measures import bound_of

PRICE = 1000
"""of a unit where no condition asks for more, in minor units"""
MOST_TRIED = 400
"""combinations of skus, products, categories and attributes for one line"""


@dataclass(frozen=True, slots=True)
class Want:
    """Lines asked for: matched by all `selectors`, with attributes that pass `tests`.

    `units` in all, worth at least `amount` minor units. `apart` names a demand for different products: each of its
    parts needs a line of its own.
    """

    selectors: tuple[Selector, ...] = ()
    tests: tuple[AttributeTest, ...] = ()
    units: int = 1
    amount: int = 0
    apart: frozenset[int] = field(default=frozenset())

    def joined(self, other: Want) -> Want | None:
        """One line for both; None where both are parts of one demand for different products."""
        if self.apart & other.apart:
            return None
        return Want(
            self.selectors + other.selectors,
            self.tests + other.tests,
            max(self.units, other.units),
            max(self.amount, other.amount),
            self.apart | other.apart,
        )


@dataclass(frozen=True, slots=True)
class Shunned:
    """What no line may be, and what the lines may not be worth together (None: anything)."""

    selectors: tuple[Selector, ...] = ()
    tests: tuple[AttributeTest, ...] = ()
    most: int | None = None

    def allows(self, line: Line) -> bool:
        """Whether the line is none of it."""
        return not any(selector.matches(line) for selector in self.selectors) and not any(
            test.passes(line.attributes.get(test.name)) for test in self.tests
        )


def lines_for(branch: Branch, times: int = 1) -> tuple[Line, ...] | None:
    """Lines for the literals of a branch, at prices `times` as high as needed; None: none were found."""
    shunned = _shunned(branch)
    everywhere = tuple(
        one.condition.selector for one in branch if isinstance(one.condition, ContainsOnly) and one.wanted
    )
    kept: list[tuple[Want, Line]] = []
    for want in _wants(branch) or ([] if Selector() in shunned.selectors else [Want()]):
        want = replace(want, selectors=want.selectors + everywhere)
        if not _placed(kept, want, shunned, times):
            return None
    return tuple(line for _, line in kept)


def _placed(kept: list[tuple[Want, Line]], want: Want, shunned: Shunned, times: int) -> bool:
    """Puts a want on the first line that can serve it as well, else on a line of its own."""
    for k, (other, line) in enumerate(kept):
        both = other.joined(want)
        others = [one for n, (_, one) in enumerate(kept) if n != k]
        found = both and _line(both, shunned, times, line.id, others)
        if both and found:
            kept[k] = (both, found)
            return True
    found = _line(want, shunned, times, f"l{len(kept) + 1}", [line for _, line in kept])
    if found:
        kept.append((want, found))
    return found is not None


def _wants(branch: Branch) -> list[Want]:
    wants: list[Want] = []
    for n, literal in enumerate(branch):
        if not literal.wanted:
            continue
        bound = bound_of(literal.condition)
        if bound is not None and bound.least > 0:
            selectors = () if bound.selector is None else (bound.selector,)
            if bound.what == "products":
                wants += [Want(selectors, apart=frozenset({n}))] * min(bound.least, 100)
            elif bound.what == "units":
                wants.append(Want(selectors, units=bound.least))
            else:
                wants.append(Want(selectors, amount=bound.least))
        elif isinstance(literal.condition, ProductAttribute):
            wants.append(Want(tests=(literal.condition,), units=literal.condition.quantity))
    return wants


def _shunned(branch: Branch) -> Shunned:
    """Of upper bounds, those that leave no unit forbid lines; the least one on money caps what a line is worth."""
    selectors: list[Selector] = []
    tests: list[AttributeTest] = []
    most: int | None = None
    for literal in branch:
        if literal.wanted:
            continue
        bound = bound_of(literal.condition)
        if bound is not None and bound.what in ("units", "products") and bound.least == 1:
            selectors.append(bound.selector or Selector())
        elif bound is not None and bound.what in ("money", "total"):
            most = bound.least - 1 if most is None else min(most, bound.least - 1)
        elif isinstance(literal.condition, ProductAttribute) and literal.condition.quantity == 1:
            tests.append(literal.condition)
    return Shunned(tuple(selectors), tuple(tests), most)


def _line(want: Want, shunned: Shunned, times: int, name: str, others: Sequence[Line]) -> Line | None:
    price, units = _price(want, shunned.most, times)
    for sku, product_, categories, attributes in islice(_identities(want, name), MOST_TRIED):
        line = Line(name, sku, price, units, product_, categories, attributes)
        taken = want.apart and any(line.product == other.product for other in others)
        fits = all(selector.matches(line) for selector in want.selectors)
        if fits and not taken and shunned.allows(line):
            return line
    return None


def _price(want: Want, most: int | None, times: int) -> tuple[int, int]:
    """Unit price and quantity: the price that reaches the amount, or more units where a selector bounds the price."""
    lows = [s.unit_price_at_least for s in want.selectors if s.unit_price_at_least is not None]
    highs = [s.unit_price_at_most for s in want.selectors if s.unit_price_at_most is not None]
    price = -(-want.amount // want.units) or PRICE
    price *= times
    if most is not None:
        price = min(price, max(most // want.units, 1))
    price = max([price, *lows])
    price = min([price, LARGEST, *highs])
    units = want.units if price == 0 else max(want.units, -(-want.amount // price))
    return price, units


Identity = tuple[str, str, tuple[str, ...], dict[str, Attribute]]


def _identities(want: Want, name: str) -> Iterator[Identity]:
    """Skus, products, categories and attributes that the selectors name, in every combination."""
    skus = _common([s.skus for s in want.selectors], [f"sku-{name}"])
    products = _common([s.products for s in want.selectors], [""])
    categories = [s.categories for s in want.selectors if s.categories is not None]
    attributes = _attribute_choices(want)
    for sku, product_ in product(skus, products):
        for mine in product(*categories):
            for values in product(*attributes.values()):
                yield sku, product_, tuple(dict.fromkeys(mine)), dict(zip(attributes, values, strict=True))


def _common(lists: Sequence[tuple[str, ...] | None], default: list[str]) -> list[str]:
    given = [values for values in lists if values is not None]
    if not given:
        return default
    return [value for value in dict.fromkeys(given[0]) if all(value in other for other in given)]


def _attribute_choices(want: Want) -> dict[str, list[Attribute]]:
    listed: dict[str, list[tuple[Attribute, ...]]] = {}
    for selector in want.selectors:
        for name, values in selector.attributes or ():
            listed.setdefault(name, []).append(values)
    tests: dict[str, list[AttributeTest]] = {}
    for test in want.tests:
        tests.setdefault(test.name, []).append(test)
    found: dict[str, list[Attribute]] = {}
    for name in [*listed, *(name for name in tests if name not in listed)]:
        first = listed[name][0] if name in listed else tuple(attribute_values(tests[name]))
        found[name] = [
            value for value in first
            if all(any(same(value, other) for other in values) for values in listed.get(name, ()))
            and all(test.passes(value) for test in tests.get(name, ()))
        ]  # fmt: skip
    return found
