"""The oracle's cart (FORMAT.md 1, 3, 6) and its rounding and spreading (FORMAT.md 7)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split()
THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND".split()
Part = tuple[int, int]
"""(running total, room)"""


@dataclass(eq=False)
class Unit:
    """One piece."""

    line: Line
    original: int
    left: int
    consumed: bool = False

    @property
    def room(self) -> int:
        return max(self.left - self.line.floor, 0)


class Line:
    """A line of a case, cut into units."""

    def __init__(self, document: dict[str, Any], shop: Shop) -> None:
        self.id: str = document["id"]
        self.sku: str = document["sku"]
        self.product: str = document.get("product", self.sku)
        self.categories: list[str] = document.get("categories", [])
        self.attributes: dict[str, Any] = document.get("attributes", {})
        self.discountable: bool = document.get("discountable", True)
        self.price = shop.money(document["unit_price"])
        self.floor = shop.money(document["min_unit_price"]) if "min_unit_price" in document else 0
        self.units = [Unit(self, self.price, self.price) for _ in range(document["quantity"])]


class Shop:
    """The facts of a case and what is left of its prices."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.currency: str = case["currency"]
        self.customer: dict[str, Any] | None = case.get("customer")
        self.context: dict[str, str] = case.get("context") or {}
        self.lines = [Line(document, self) for document in case["lines"]]
        shipping = case.get("shipping")
        self.shipping_method: str | None = shipping.get("method") if shipping else None
        self.shipping = self.shipping_left = self.money(shipping["price"]) if shipping else 0

    def money(self, text: str) -> int:
        """Minor units."""
        digits = 0 if self.currency in NO_DIGITS else 3 if self.currency in THREE_DIGITS else 2
        return int(Decimal(text).scaleb(digits))

    def matching(self, selector: dict[str, Any] | None) -> list[Line]:
        """A line that is not discountable is matched by nothing."""
        return [line for line in self.lines if line.discountable and self.means(selector or {}, line)]

    def means(self, s: dict[str, Any], line: Line) -> bool:
        """Every key given must match."""
        return all(
            [
                "skus" not in s or line.sku in s["skus"],
                "products" not in s or line.product in s["products"],
                "categories" not in s or any(name in s["categories"] for name in line.categories),
                all(
                    any(alike(line.attributes.get(name), value) for value in values)
                    for name, values in s.get("attributes", {}).items()
                ),
                "unit_price_at_least" not in s or line.price >= self.money(s["unit_price_at_least"]),
                "unit_price_at_most" not in s or line.price <= self.money(s["unit_price_at_most"]),
                "exclude" not in s or not self.means(s["exclude"], line),
            ]
        )

    def snapshot(self) -> Any:
        return [[(u.left, u.consumed) for u in line.units] for line in self.lines], self.shipping_left

    def restore(self, snapshot: Any) -> None:
        lines, self.shipping_left = snapshot
        for line, units in zip(self.lines, lines, strict=True):
            for unit, (left, consumed) in zip(line.units, units, strict=True):
                unit.left, unit.consumed = left, consumed

    def taken(self, before: Any) -> tuple[dict[str, list[int]], int]:
        """By line (of which something was taken) the amount of each unit; and the amount of shipping."""
        lines, shipping = before
        found = {}
        for line, units in zip(self.lines, lines, strict=True):
            amounts = [left - unit.left for unit, (left, _) in zip(line.units, units, strict=True)]
            if any(amounts):
                found[line.id] = amounts
        return found, shipping - self.shipping_left


def alike(mine: object, value: object) -> bool:
    return type(mine) is type(value) and mine == value


def rounded(exact: Fraction | int, how: str) -> int:
    """To a whole number."""
    exact = Fraction(exact)
    below = exact.numerator // exact.denominator
    over = exact - below
    if how == "down" or over < Fraction(1, 2):
        return below
    if over > Fraction(1, 2) or how == "half_up":
        return below + 1
    return below + below % 2


def spread(
    amount: int, parts: list[Part], way: str = "largest_fraction", rounding: str = "half_up"
) -> list[int]:
    """FORMAT.md 7, steps 1 to 3."""
    given = [0] * len(parts)
    open_ = [i for i, (_, room) in enumerate(parts) if room > 0]
    amount = min(amount, sum(parts[i][1] for i in open_))
    while open_ and amount > 0:
        total = sum(parts[i][0] for i in open_)
        exact = [Fraction(amount * parts[i][0], total) for i in open_]
        shares = dict(zip(open_, whole(amount, exact, way, rounding), strict=True))
        over = [i for i in open_ if shares[i] > parts[i][1]]
        for i in over or open_:
            given[i] = parts[i][1] if over else shares[i]
        amount -= sum(given[i] for i in over or open_)
        open_ = [i for i in open_ if i not in over] if over else []
    return given


def whole(amount: int, exact: list[Fraction], way: str, rounding: str) -> list[int]:
    """Step 2's table."""
    if way == "last_takes_rest":
        shares: list[int] = []
        for part in exact[:-1]:
            shares.append(min(rounded(part, rounding), amount - sum(shares)))
        return [*shares, amount - sum(shares)]
    if way == "round_then_first":
        shares = [-((-part + Fraction(1, 2)) // 1) for part in exact]
        k = 0
        while sum(shares) != amount:
            step = 1 if sum(shares) < amount else -1
            shares[k % len(shares)] = max(shares[k % len(shares)] + step, 0)
            k += 1
        return shares
    shares = [part.numerator // part.denominator for part in exact]
    order = list(range(len(exact)))
    if way == "largest_fraction":
        order.sort(key=lambda k: shares[k] - exact[k])
    for k in order[: amount - sum(shares)]:
        shares[k] += 1
    return shares
