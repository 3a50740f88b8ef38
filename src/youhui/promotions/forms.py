"""What a merchant fills in for each type of promotion, and the engine's promotions that it becomes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from youhui.engine import Promotion
from youhui.engine.actions.amount_off import AmountOff, PerSubtotal
from youhui.engine.actions.base import Action
from youhui.engine.actions.buy_x_get_y import Buy
from youhui.engine.actions.fixed_price import FixedPrice
from youhui.engine.actions.gift import Gift
from youhui.engine.actions.percent_off import PercentOff
from youhui.engine.actions.tiered import Tier, Tiered
from youhui.engine.conditions.subtotal_at_least import SubtotalAtLeast
from youhui.engine.forms import Amount, Base, Count, Level, Misfit, Name, Positive
from youhui.engine.money import Percent
from youhui.engine.promotion import OrderCap, Window
from youhui.engine.selectors import Selector
from youhui.promotions.model import Type
from youhui.promotions.values import Campaign, Limited, off

MOST_PRODUCTS = 500
MOST_TIERS = 20
"""P23"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleProduct:
    """A product (or a sku) at a `price`, at so many 折 (`percent`), or with an `amount` off each unit.

    `stock`: so many units have it in all.
    """

    product: Name | None = None
    sku: Name | None = None
    price: Amount | None = None
    percent: Percent | None = None
    amount: Amount | None = None
    stock: Count | None = None

    def __post_init__(self) -> None:
        if (self.product is None) == (self.sku is None):
            raise Misfit("product", "either product or sku")
        if [self.price, self.percent, self.amount].count(None) != 2:
            raise Misfit("price", "exactly one of price, percent, amount")
        if self.percent is not None:
            off(self.percent)

    @property
    def key(self) -> str:
        """What tells it apart in its sale."""
        return f"sku:{self.sku}" if self.product is None else f"product:{self.product}"

    def action(self) -> Action:
        """What each unit gets."""
        what = (
            Selector(skus=(self.sku,)) if self.sku is not None else Selector(products=(self.product or "",))
        )
        if self.price is not None:
            return FixedPrice(price=self.price, target="each_unit", selector=what)
        if self.percent is not None:
            return PercentOff(percent=off(self.percent), target="lines", round_per="unit", selector=what)
        return AmountOff(amount=self.amount or 0, target="each_unit", selector=what)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlashSale(Campaign):
    """秒杀: products at prices of their own, each with its stock. `per_customer`, `per_order`: units of each one."""

    type: ClassVar[Type] = "flash_sale"

    products: tuple[SaleProduct, ...]
    per_customer: Positive | None = None
    per_order: Positive | None = None

    def __post_init__(self) -> None:
        Campaign.__post_init__(self)
        if not 0 < len(self.products) <= MOST_PRODUCTS:
            raise Misfit("products", f"1 to {MOST_PRODUCTS} products")
        if len({product.key for product in self.products}) < len(self.products):
            raise Misfit("products", "each product once")

    def rules(self) -> Mapping[str, Promotion]:
        """One for each product, before the rules of orders."""
        terms = {
            "lane": "item",
            "tags": ("flash_sale",),
            "units_per_customer": self.per_customer,
            "units_per_order": self.per_order,
        }
        return {one.key: self._rule([one.action()], stock=one.stock, **terms) for one in self.products}


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkTier:
    """From an amount ("200.00") or a number of units (3) on: an amount off, or so many 折 (`percent`)."""

    at_least: Level
    amount: Amount | None = None
    percent: Percent | None = None

    def __post_init__(self) -> None:
        if (self.amount is None) == (self.percent is None):
            raise Misfit("amount", "either amount or percent")
        if self.percent is not None:
            off(self.percent)

    def tier(self) -> Tier:
        """As the engine has it."""
        percent = None if self.percent is None else off(self.percent)
        return Tier(at_least=self.at_least, percent=percent, amount=self.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkDiscount(Limited):
    """满减 `amount_off_at`, 满折 `percent_off_at`, 满件折 `percent_off_items`, 每满减 `every` (at most `max_times`).

    Tiers never add up: the highest one reached counts. `cap`: the most that it takes of one order. `scope`: which
    products count and are reduced; `threshold_of`: at their list prices or at what is left of them.
    """

    type: ClassVar[Type] = "bulk_discount"

    kind: Literal["amount_off_at", "percent_off_at", "percent_off_items", "every"]
    tiers: tuple[BulkTier, ...]
    by: Literal["subtotal", "quantity"] = "subtotal"
    cap: Amount | None = None
    max_times: Positive | None = None
    scope: Selector | None = None
    threshold_of: Base = "running"
    budget: Amount | None = None
    budget_window: Window = "always"

    def __post_init__(self) -> None:
        Campaign.__post_init__(self)
        if not 0 < len({tier.at_least for tier in self.tiers}) == len(self.tiers) <= MOST_TIERS:
            raise Misfit("tiers", f"1 to {MOST_TIERS} tiers, all from different levels")
        if {tier.percent is None for tier in self.tiers} != {self.kind in ("amount_off_at", "every")}:
            raise Misfit("tiers", "an amount for amount_off_at and every, else a percent")
        if self.kind == "every" and (len(self.tiers) > 1 or self.tiers[0].at_least == 0):
            raise Misfit("tiers", "one tier of more than nothing")
        if self.kind == "every" and self.by == "quantity":
            raise Misfit("by", "subtotal, where kind is every")
        if self.max_times is not None and self.kind != "every":
            raise Misfit("max_times", "absent, or together with kind: every")

    def rules(self) -> Mapping[str, Promotion]:
        """One."""
        cap = None if self.cap is None else OrderCap(amount=self.cap)
        base = self.threshold_of if self.kind == "every" else "running"
        limits = {"budget": self.budget, "budget_window": self.budget_window, "order_cap": cap, "base": base}
        return {"": self._rule([self._action()], **limits, **self._limits())}

    def _action(self) -> Action:
        tiers = tuple([tier.tier() for tier in self.tiers])
        amounts = tiers[0].amount is not None
        target: Any = "order" if self.scope is None else "across_lines" if amounts else "lines"
        if self.kind == "every":
            per = PerSubtotal(subtotal=tiers[0].at_least, max_times=self.max_times)
            return AmountOff(amount=tiers[0].amount or 0, target=target, selector=self.scope, per=per)
        of = self.threshold_of if self.by == "subtotal" else None
        return Tiered(by=self.by, of=of, tiers=tiers, target=target, selector=self.scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftItem:
    """What is given: `quantity` pieces of `sku`, each worth `value` when promotions are compared."""

    sku: Name
    quantity: Positive = 1
    value: Amount = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """So many units of what the scope means; without one of any."""

    quantity: Positive
    scope: Selector | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftGiving(Limited):
    """满赠 `at_least`: once, from `min_amount` of the scope on. 买赠 `buy`: for every `per.quantity` units bought.

    `stock`: so many pieces are given in all.
    """

    type: ClassVar[Type] = "gift"

    kind: Literal["at_least", "buy"]
    gift: GiftItem
    min_amount: Amount | None = None
    scope: Selector | None = None
    threshold_of: Base = "running"
    per: Bought | None = None
    stock: Count | None = None

    def __post_init__(self) -> None:
        Campaign.__post_init__(self)
        if (self.kind == "at_least") != (self.min_amount is not None):
            raise Misfit("min_amount", "an amount, together with kind: at_least")
        if (self.kind == "buy") != (self.per is not None):
            raise Misfit("per", "what is bought, together with kind: buy")
        if self.scope is not None and self.kind == "buy":
            raise Misfit("scope", "absent: what is bought has a scope in per")

    def rules(self) -> Mapping[str, Promotion]:
        """One."""
        per = None if self.per is None else Buy(quantity=self.per.quantity, selector=self.per.scope)
        gift = Gift(sku=self.gift.sku, quantity=self.gift.quantity, value=self.gift.value, per=per)
        needs = (
            []
            if self.min_amount is None
            else [SubtotalAtLeast(self.min_amount, self.scope, self.threshold_of)]
        )
        return {"": self._rule([gift], conditions=needs, stock=self.stock, **self._limits())}


FORMS: Mapping[Type, type[Campaign]] = {cls.type: cls for cls in (FlashSale, BulkDiscount, GiftGiving)}
"""by the type that a body names"""
