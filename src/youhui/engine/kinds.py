"""The vocabulary: every condition and action by its kind. Bootstrap adds third-party kinds and passes a registry on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from youhui.engine.actions.amount_off import AmountOff
from youhui.engine.actions.base import Action
from youhui.engine.actions.buy_x_get_y import BuyXGetY
from youhui.engine.actions.cheapest_off import CheapestOff
from youhui.engine.actions.fixed_price import FixedPrice
from youhui.engine.actions.free_shipping import FreeShipping
from youhui.engine.actions.gift import Gift
from youhui.engine.actions.percent_off import PercentOff
from youhui.engine.actions.tiered import Tiered
from youhui.engine.conditions.all_ import All
from youhui.engine.conditions.any_ import Any
from youhui.engine.conditions.base import Condition
from youhui.engine.conditions.channel import Channel
from youhui.engine.conditions.contains import Contains
from youhui.engine.conditions.contains_only import ContainsOnly
from youhui.engine.conditions.country import Country
from youhui.engine.conditions.currency import Currency
from youhui.engine.conditions.customer_attribute import CustomerAttribute
from youhui.engine.conditions.customer_group import CustomerGroup
from youhui.engine.conditions.customer_is import CustomerIs
from youhui.engine.conditions.distinct_at_least import DistinctAtLeast
from youhui.engine.conditions.first_order import FirstOrder
from youhui.engine.conditions.logged_in import LoggedIn
from youhui.engine.conditions.not_ import Not
from youhui.engine.conditions.nth_order import NthOrder
from youhui.engine.conditions.orders_at_least import OrdersAtLeast
from youhui.engine.conditions.payment_method import PaymentMethod
from youhui.engine.conditions.product_attribute import ProductAttribute
from youhui.engine.conditions.quantity_at_least import QuantityAtLeast
from youhui.engine.conditions.shipping_method import ShippingMethod
from youhui.engine.conditions.subtotal_at_least import SubtotalAtLeast
from youhui.engine.conditions.subtotal_more_than import SubtotalMoreThan
from youhui.engine.conditions.time_window import TimeWindow
from youhui.engine.conditions.total_at_least import TotalAtLeast


@dataclass(frozen=True, slots=True)
class Registry:
    """The kinds that documents may use, by name."""

    conditions: Mapping[str, type[Condition]]
    actions: Mapping[str, type[Action]]

    def extended(
        self, conditions: Iterable[type[Condition]] = (), actions: Iterable[type[Action]] = ()
    ) -> Registry:
        """These kinds and more. Raises ValueError if a name is taken already."""
        return Registry(_added(self.conditions, conditions), _added(self.actions, actions))


K = TypeVar("K", type[Condition], type[Action])


def _added(known: Mapping[str, K], more: Iterable[K]) -> dict[str, K]:
    kinds = dict(known)
    for cls in more:
        if kinds.setdefault(cls.kind, cls) is not cls:
            raise ValueError(f"the kind {cls.kind} exists already")
    return kinds


BUILT_IN = Registry(
    conditions={
        cls.kind: cls
        for cls in (
            SubtotalAtLeast,
            SubtotalMoreThan,
            TotalAtLeast,
            QuantityAtLeast,
            Contains,
            DistinctAtLeast,
            ContainsOnly,
            LoggedIn,
            CustomerIs,
            CustomerGroup,
            CustomerAttribute,
            FirstOrder,
            NthOrder,
            OrdersAtLeast,
            Country,
            Channel,
            PaymentMethod,
            ShippingMethod,
            Currency,
            ProductAttribute,
            TimeWindow,
            Not,
            Any,
            All,
        )
    },
    actions={
        cls.kind: cls
        for cls in (
            PercentOff,
            AmountOff,
            FixedPrice,
            BuyXGetY,
            CheapestOff,
            Tiered,
            FreeShipping,
            Gift,
        )
    },
)
"""the kinds of FORMAT.md 4 and 5, and those of docs/algorithm/extensions.md"""
