"""An order in a list, and which orders are wanted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from youhui.checkout.orders.model import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which orders: those that all of these fit. None is any.

    `state` by the clock. `number`: how their numbers begin. Placed from `since` on and before `until`.
    """

    state: State | None = None
    customer: str | None = None
    number: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Listed(NamedTuple):
    """What a list says of an order, as it is at the instant that it was read. Amounts in minor units.

    `ended_at`: cancelled, expired or refunded in full.
    """

    order_no: str
    state: State
    currency: str
    customer: str | None
    total: int
    discount: int
    payable: int
    refunded: int
    placed_at: datetime
    hold_until: datetime
    paid_at: datetime | None
    ended_at: datetime | None
