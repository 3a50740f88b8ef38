"""What can be done with orders. Each write is a command to the committer; what it answers is committed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic

from youhui.checkout.following import Following
from youhui.checkout.orders import store
from youhui.checkout.orders.book import Request
from youhui.checkout.orders.commands import (
    Cancel,
    Changed,
    Done,
    GiveBackPart,
    HoldEnded,
    Pay,
    Place,
    Redemption,
    Versions,
)
from youhui.checkout.orders.committer import Committer
from youhui.checkout.orders.counts import PlacedOrders
from youhui.checkout.orders.deciding import as_placed, moved_by, request_of
from youhui.checkout.orders.freezing import place_of
from youhui.checkout.orders.limits import claims_of
from youhui.checkout.orders.model import Order, Refund
from youhui.checkout.orders.pricing import Pricing, Quoted
from youhui.checkout.orders.problems import (
    HoldExpired,
    KeyReused,
    OrderExists,
    OrderNotFound,
    QuoteChanged,
)
from youhui.checkout.orders.requests import AskedOrder, AskedRefund, Sent
from youhui.checkout.quoting import Quoting
from youhui.checkout.store import Source
from youhui.platform.db import Database
from youhui.platform.gathering import Gathering
from youhui.platform.problems import Invalid, Unavailable
from youhui.platform.readers import Readers

MOST_TRIES = 3
"""of a command that was priced by rules or counters which changed meanwhile"""


@dataclass(frozen=True, slots=True)
class Found:
    """An order, its refunds in their sequence, and the instant of the database's clock that they were read at."""

    order: Order
    refunds: tuple[Refund, ...]
    at: datetime
