"""The nouns: an order and its frozen amounts, the counters that it takes from, and the entries of the ledger.

All amounts are in minor units of the order's currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from msgspec import Struct

from youhui.engine.promotion import GiveBack as GiveBack  # a term of promotions, which orders freeze

State: TypeAlias = Literal["pending", "paid", "partially_refunded", "refunded", "cancelled", "expired"]
"""待支付 已支付 部分退款 已退款 已取消 已超时"""

Kind: TypeAlias = Literal["hold", "commit", "release", "expire", "reverse"]
"""of a ledger entry. used = Σ commit − reverse; held = Σ hold − commit − release − expire"""


class Vector(NamedTuple):
    """What is taken or put back together: uses, money, and units of a stock."""

    uses: int
    amount: int
    units: int

    def plus(self, other: Vector) -> Vector:
        """Both together."""
        return Vector(self.uses + other.uses, self.amount + other.amount, self.units + other.units)

    def minus(self, other: Vector) -> Vector:
        """This without the other."""
        return Vector(self.uses - other.uses, self.amount - other.amount, self.units - other.units)


NOTHING = Vector(0, 0, 0)


class Limits(NamedTuple):
    """The most that may be used and held together; None: no limit."""

    uses: int | None = None
    amount: int | None = None
    units: int | None = None


class Key(NamedTuple):
    """Which counter: of a promotion, for one customer or for all (""), in one period or for always ("").

    A period is named by its start and its length: "2026-11-10T16:00Z/day".
    """

    promotion: str
    customer: str = ""
    period: str = ""


class Claim(NamedTuple):
    """A counter that a promotion takes from, and the limits that its terms set there.

    `starts_at` and `ends_at` of its period, half-open; None: always.
    """

    key: Key
    limits: Limits
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Whether an instant lies in its period."""
        after = self.starts_at is None or self.starts_at <= at
        return after and (self.ends_at is None or at < self.ends_at)


class Numbers(NamedTuple):
    """What a counter says: `used` is paid for, `held` is of unpaid orders before their deadline."""

    used: Vector
    held: Vector

    @property
    def taken(self) -> Vector:
        """Both together: what limits are compared with."""
        return self.used.plus(self.held)


# -- what an order keeps of its quote, as it lies in the database


class FrozenCut(Struct, frozen=True, gc=False):
    """What a promotion took of a line: `runs` of equal units, (count, amount from each), in unit order.

    `units` of the line are counted by a limit on units, if the promotion has one.
    """

    promotion: str
    amount: int
    runs: tuple[tuple[int, int], ...]
    units: int = 0


class FrozenLine(Struct, frozen=True, gc=False):
    """A line: quantity × unit price, less its cuts in the order of application, is `paid`."""

    id: str
    sku: str
    product: str
    quantity: int
    unit_price: int
    paid: int
    cuts: tuple[FrozenCut, ...] = ()


class FrozenGift(Struct, frozen=True, gc=False):
    """A free item."""

    sku: str
    quantity: int


class FrozenPromotion(Struct, frozen=True, gc=False):
    """A promotion that was applied: what it took in all, `shipping` of it of the shipping price.

    `units` are counted by a limit on units, if it has one: those of its cuts, and pieces of gifts beyond. A `coupon` is
    known to the ledger and the counters as `shared`, which all coupons of its template are.
    """

    id: str
    name: str | None
    amount: int
    shipping: int = 0
    units: int = 0
    give_back: GiveBack = "full_refund"
    gifts: tuple[FrozenGift, ...] = ()
    coupon: str = ""
    shared: str = ""

    @property
    def counted_as(self) -> str:
        """What the ledger and the counters call it."""
        return self.shared or self.id


class Frozen(Struct, frozen=True, gc=False):
    """What was quoted when the order was placed. Nothing of it changes afterwards.

    `shipping_paid` of `shipping` is paid. `ruleset_version` is of the rules that it was priced by.
    """

    lines: tuple[FrozenLine, ...]
    promotions: tuple[FrozenPromotion, ...]
    shipping: int
    shipping_paid: int
    codes: tuple[str, ...] = ()
    ruleset_version: str = ""


class Returned(Struct, frozen=True, gc=False):
    """What was refunded so far: units by line id, and whether shipping was."""

    lines: Mapping[str, int] = {}
    shipping: bool = False


_NOTHING_RETURNED = Returned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as we know it. `total` − `discount` = `payable`, shipping included.

    Pending after `hold_until` it is expired, whether or not anything has written that down. `ended_at`: cancelled,
    expired or refunded in full. `taken_at`: when what it takes was taken, which decides the periods that it counts in:
    when it was placed, or when it was paid too late. `request` is a hash of what placed it.
    """

    order_no: str
    state: State
    currency: str
    customer: str | None
    total: int
    discount: int
    payable: int
    refunded: int = 0
    placed_at: datetime
    hold_until: datetime
    taken_at: datetime
    paid_at: datetime | None = None
    ended_at: datetime | None = None
    returned: Returned = _NOTHING_RETURNED
    frozen: Frozen
    request: str

    def state_at(self, now: datetime) -> State:
        """Where it stands, by the clock (P7)."""
        return "expired" if self.state == "pending" and now >= self.hold_until else self.state


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A part of an order that was given back.

    `lines`: (units, money) by line id; `shipping`: money, of `amount` in all. `returns_shipping`: shipping is refunded
    with it, were it nothing. `sequence` counts the refunds of an order from 1.
    """

    order_no: str
    refund_no: str
    sequence: int
    at: datetime
    amount: int
    lines: Mapping[str, tuple[int, int]]
    shipping: int
    returns_shipping: bool
    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of the ledger: what became of one promotion in one order.

    `moved` is what the counters are moved by, as `kind` says. `discount` is the money of discount that the customer got
    (hold, commit), did not get after all (release, expire) or gave back with a refund (reverse); `lines`: of which by
    line id, the rest of it of shipping. `taken_at`: when it was held, which decides the period that it counts in.
    `coupon`: which one of those that are counted as `promotion`; "": none.
    `number` tells entries of one kind apart: the refund_no, or "late" for capacity taken again.
    """

    at: datetime
    taken_at: datetime
    kind: Kind
    order_no: str
    number: str = ""
    promotion: str
    coupon: str = ""
    customer: str | None
    currency: str
    moved: Vector
    discount: int
    lines: Mapping[str, int] = field(default_factory=dict)
