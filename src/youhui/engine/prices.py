"""A cart while it is being priced: `Facts` never change, `Prices` are what earlier promotions left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import compress, repeat
from operator import attrgetter, mul

from youhui.engine.facts import Cart
from youhui.engine.selectors import Selector
from youhui.engine.units import Line, Runs, runs_of

_QUANTITY, _UNIT_PRICE = attrgetter("quantity"), attrgetter("unit_price")
_DISCOUNTABLE, _FLOOR = attrgetter("discountable"), attrgetter("min_unit_price")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """An aware instant as microseconds since 1970, exactly."""
    return (at - _EPOCH) // _MICROSECOND


class Facts:
    """The cart, the instant, and which lines a selector means, worked out once for each selector."""

    __slots__ = (
        "_matching",
        "at",
        "cart",
        "discountable",
        "floored",
        "instant",
        "lines",
        "runs",
        "shipping",
        "subtotals",
    )

    def __init__(self, cart: Cart, at: datetime) -> None:
        self.cart = cart
        self.at = at
        self.instant = microseconds(at)
        lines = self.lines = cart.lines
        quantities, unit_prices = list(map(_QUANTITY, lines)), list(map(_UNIT_PRICE, lines))
        self.subtotals: list[int] = list(map(mul, unit_prices, quantities))
        self.shipping = cart.shipping.price if cart.shipping is not None else 0
        self.discountable = tuple(compress(range(len(lines)), map(_DISCOUNTABLE, lines)))
        self.floored = any(map(_FLOOR, lines))
        self.runs: list[Line] = list(zip(zip(quantities, unit_prices, repeat(0), strict=False), strict=True))
        self._matching: dict[int, tuple[int, ...]] = {}

    def matching(self, selector: Selector | None) -> tuple[int, ...]:
        """Indexes of the discountable lines that the selector means, in cart order."""
        if selector is None:
            return self.discountable
        found = self._matching.get(id(selector))
        if found is None:
            found = self._matching[id(selector)] = tuple(selector.among(self.lines, self.discountable))
        return found


class Prices:
    """What is left of each line's units and of the shipping price, in minor units. Changed only on a copy."""

    __slots__ = ("left", "runs", "shipping")

    def __init__(self, runs: list[Line], left: list[int], shipping: int) -> None:
        self.runs = runs
        self.left = left
        self.shipping = shipping

    @classmethod
    def untouched(cls, facts: Facts) -> Prices:
        """The undiscounted prices."""
        return cls(facts.runs, facts.subtotals, facts.shipping)

    def units(self, index: int) -> Runs:
        """The units of the line at this index."""
        return runs_of(self.runs[index])

    def less(self, runs: Mapping[int, Line], amounts: Mapping[int, int], shipping: int) -> Prices:
        """The prices after these amounts were taken of lines, which leaves them these units, and of shipping."""
        units, left, taken = self.runs[:], self.left[:], amounts.get
        for i, line in runs.items():
            units[i] = line
            left[i] -= taken(i, 0)
        return Prices(units, left, self.shipping - shipping)

    def copy(self) -> Prices:
        """The same prices, to try something on."""
        return Prices(self.runs[:], self.left[:], self.shipping)


@dataclass(frozen=True, slots=True)
class Gap:
    """Why a condition does not hold, an action gives nothing or a limit is reached, in numbers where it has numbers.

    `unit` says what they count: "money" (minor units), "units", "products", "lines", "orders", "uses"; "instant": they
    are in ISO 8601; None: words (`actual` None: not known). `path` leads to the condition or action in the
    document: "conditions[1].conditions[0]".
    """

    kind: str
    needed: int | str | tuple[str, ...] | None = None
    actual: int | str | tuple[str, ...] | None = None
    unit: str | None = None
    selector: Selector | None = None
    path: str = ""

    @property
    def missing(self) -> int | None:
        """How much more of `unit` would do; None where that is no number or there is too much instead."""
        if isinstance(self.needed, int) and isinstance(self.actual, int) and self.needed > self.actual:
            return self.needed - self.actual
        return None
