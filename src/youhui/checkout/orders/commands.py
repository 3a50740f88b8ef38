"""What may be asked of orders. Each is decided by the committer, in one transaction with many others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias

from youhui.checkout.orders.model import Claim, Frozen, Order, Refund, Vector


class Versions(NamedTuple):
    """Of the rules that something was priced by."""

    promotions: int
    discounts: int
    coupons: int = 0


@dataclass(frozen=True, slots=True)
class Redemption:
    """What an order takes of one promotion, and from which counters; no claims: it has no limits.

    `promotion` is what the ledger calls it. `coupon`: which one is taken with it; "": none.
    """

    promotion: str
    moved: Vector
    claims: tuple[Claim, ...] = ()
    coupon: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`request` is a hash of what was sent: the same effect is asked for again only by the same request (P6).

    `caller` and `idempotency_key`: whose key it is, and the key; None: none was sent.
    """

    order_no: str
    request: str
    caller: str
    idempotency_key: str | None = None

    @property
    def about(self) -> str:
        """What logs say of it."""
        return self.order_no


@dataclass(frozen=True, slots=True, kw_only=True)
class Place(Command):
    """An order at the prices of a quote. It takes everything that it names, or nothing (P9).

    `not_after`: the first instant at which one of its promotions has ended; None: none ends. `paid`: it was paid
    already.
    """

    currency: str
    customer: str | None
    total: int
    discount: int
    frozen: Frozen
    redemptions: tuple[Redemption, ...]
    hold_for: timedelta
    versions: Versions
    not_after: datetime | None = None
    paid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pay(Command):
    """The order was paid. `again`: what is taken again if its hold has ended (by the versions given), None: not asked
    for yet.
    """

    again: tuple[Redemption, ...] | None = None
    versions: Versions | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Command):
    """The order will not be paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveBackPart(Command):
    """A refund: so many units of lines, by line id, and shipping. Nothing named: all that is left."""

    refund_no: str
    lines: Mapping[str, int] = field(default_factory=dict)
    shipping: bool = False


AnyCommand: TypeAlias = Place | Pay | Cancel | GiveBackPart


@dataclass(frozen=True, slots=True)
class Done:
    """What a command led to: the order right after it, and the refund if it was one. The same again if `replayed`."""

    order: Order
    refund: Refund | None = None
    replayed: bool = False


class Changed(Exception):
    """It was priced by rules that are no longer in force, or a limit was reached: price it again.

    `promotions`: whose counters have no room. Empty: the rules have changed, or a promotion or a period has ended.
    """

    def __init__(self, promotions: tuple[str, ...] = ()) -> None:
        super().__init__(promotions)
        self.promotions = promotions


class HoldEnded(Exception):
    """A late payment needs to take capacity again: send it again with what it takes. `order`: as it is."""

    def __init__(self, order: Order) -> None:
        super().__init__(order.order_no)
        self.order = order
