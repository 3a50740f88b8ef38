"""What is sold, and on which terms: the promotions and carts of the model. Amounts are in fen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal, NamedTuple, TypeAlias

Length: TypeAlias = Literal["always", "day", "week"]

ZONES = {"UTC": UTC, "Asia/Shanghai": timezone(timedelta(hours=8))}
LANES = {"ship": "shipping"}
PRICES = {"MUG": 5_130, "TEA": 8_050}
CODE = "SAVE"


class Amounts(NamedTuple):
    """Uses, money, and units of a stock."""

    uses: int = 0
    money: int = 0
    units: int = 0


def total(amounts: Iterable[Amounts]) -> Amounts:
    columns = zip(*amounts, strict=True)
    return Amounts(*map(sum, columns))


@dataclass(frozen=True, kw_only=True)
class Terms:
    """A promotion. What it takes is said by its name: "off" and "code" so much of the order, "mug" of each mug, "ship"
    the shipping.
    """

    name: str
    off: int
    uses: int | None = None
    uses_in: Length = "always"
    each: int | None = None
    each_in: Length = "always"
    budget: int | None = None
    budget_in: Length = "always"
    over_budget: Literal["skip", "cap"] = "skip"
    stock: int | None = None
    zone: str = "UTC"
    give_back: Literal["never", "full_refund", "pro_rata"] = "full_refund"
    active: bool = True
    until: datetime | None = None

    def scopes(self) -> set[tuple[bool, Length]]:
        """What is counted: for each customer or for all, in which windows."""
        return {(each, length) for each, length, _, limit in self.limits() if limit is not None}

    def limits(self) -> Iterator[tuple[bool, Length, int, int | None]]:
        """Of each customer or of all, in which windows, on which of the amounts."""
        yield False, self.uses_in, 0, self.uses
        yield True, self.each_in, 0, self.each
        yield False, self.budget_in, 1, self.budget
        yield False, "always", 2, self.stock

    def window(self, length: Length, at: datetime) -> Window:
        """The one in which an instant lies."""
        if length == "always":
            return Window("", None, None)
        day = at.astimezone(ZONES[self.zone]).replace(hour=0, minute=0, second=0, microsecond=0)
        start = day - timedelta(days=day.weekday() if length == "week" else 0)
        end = start + timedelta(days=7 if length == "week" else 1)
        return Window(f"{start.astimezone(UTC):%Y-%m-%dT%H:%MZ}/{length}", start, end)

    def windows(self, length: Length, instants: Iterable[datetime]) -> set[Window]:
        return {self.window(length, at) for at in instants}

    def takes(self, cart: Cart) -> Amounts:
        """What it would take if there were no limits."""
        if self.name == "ship":
            return Amounts(1, cart.shipping)
        if self.name == "code" and not cart.code:
            return Amounts()
        if self.name != "mug":
            return Amounts(1, self.off)
        return Amounts(1, self.off * cart.quantities.get("MUG", 0))

    def limited(self, uses: int | None, each: int | None, budget: int | None, stock: int | None) -> Terms:
        """With other limits."""
        return replace(self, uses=uses, each=each, budget=budget, stock=stock)

    def always(self) -> Terms:
        """Counted without windows."""
        return replace(self, uses_in="always", each_in="always", budget_in="always")

    def document(self) -> dict[str, object]:
        """As it is sent to be stored."""
        given: dict[str, object] = {
            "id": self.name,
            "lane": LANES.get(self.name, "order"),
            "active": self.active,
            "timezone": self.zone,
            "give_back": self.give_back,
            "over_budget": self.over_budget,
            "actions": [self._action()],
            "code": CODE if self.name == "code" else None,
            "usage_limit": self.uses,
            "usage_window": self.uses_in if self.uses else None,
            "usage_limit_per_customer": self.each,
            "usage_window_per_customer": self.each_in if self.each else None,
            "budget": money(self.budget),
            "budget_window": self.budget_in if self.budget else None,
            "stock": self.stock,
            "valid_until": None if self.until is None else self.until.isoformat().replace("+00:00", "Z"),
        }
        return {key: value for key, value in given.items() if value is not None}

    def _action(self) -> dict[str, object]:
        if self.name == "ship":
            return {"kind": "free_shipping"}
        if self.name == "mug":
            selector = {"skus": ["MUG"]}
            return {
                "kind": "amount_off",
                "amount": money(self.off),
                "target": "each_unit",
                "selector": selector,
            }
        return {"kind": "amount_off", "amount": money(self.off), "target": "order"}


class Window(NamedTuple):
    """Half-open; always: from None to None."""

    name: str
    start: datetime | None
    end: datetime | None

    def holds(self, at: datetime) -> bool:
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


@dataclass(frozen=True)
class Cart:
    """Quantities by sku, which is the id of its line too."""

    quantities: Mapping[str, int]
    shipping: int
    customer: str | None
    code: bool

    @property
    def price(self) -> int:
        """Of all of it, without promotions."""
        return self.shipping + sum(PRICES[sku] * count for sku, count in self.quantities.items())

    def document(self) -> dict[str, object]:
        """As it is sent to be priced."""
        lines = [
            {"id": sku, "sku": sku, "unit_price": money(PRICES[sku]), "quantity": count}
            for sku, count in self.quantities.items()
        ]
        given: dict[str, object] = {
            "currency": "CNY",
            "lines": lines,
            "shipping": {"price": money(self.shipping)},
        }
        if self.customer is not None:
            given["customer"] = {"id": self.customer}
        if self.code:
            given["codes"] = [CODE]
        return given


def money(fen: int | None) -> str | None:
    """As it is sent."""
    return None if fen is None else f"{fen // 100}.{fen % 100:02}"
