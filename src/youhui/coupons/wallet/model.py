"""What is said of issued coupons to who has them, and to who looks after them. Pure.

Money is in minor units of the template's currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from youhui.checkout.ports import Unusable
from youhui.coupons.model import Coupon, CouponStatus, StepKind, Template, Terms, Way
from youhui.engine import Verdict
from youhui.engine.quote import Applied

EventKind: TypeAlias = StepKind | Literal["issue", "expired"]
"""`expired`: the coupon's own time was over; `expire`: that of an order which held it"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which coupons: those that all of these fit; None is any.

    `status` by the clock. `order_no`: that holds or has used it, of a direct use the shop's own number. Issued from
    `since` on and before `until`.
    """

    customer: str | None = None
    template_id: int | None = None
    status: CouponStatus | None = None
    order_no: str | None = None
    source: Way | None = None
    since: datetime | None = None
    until: datetime | None = None


class Shown(NamedTuple):
    """A coupon with what it gives, and where it stands at an instant."""

    coupon: Coupon
    template: Template
    terms: Terms
    status: CouponStatus
    at: datetime

    @property
    def started(self) -> bool:
        """Whether its time has begun."""
        return self.at >= self.coupon.starts_at


class Event(NamedTuple):
    """What happened to a coupon: when, what, by whom, in which order."""

    at: datetime
    kind: EventKind
    by: str
    order_no: str | None = None
    reason: str | None = None


class Claimable(NamedTuple):
    """A template that a customer can claim a coupon of now, which could be used from `starts_at` until `ends_at`.

    `remaining` for everyone, `left` for this customer by the limits of each; None: no limit.
    """

    template: Template
    remaining: int | None
    left: int | None
    starts_at: datetime
    ends_at: datetime


class AtHand(NamedTuple):
    """What a customer can use, now or later, and can claim."""

    usable: Sequence[Shown]
    claimable: Sequence[Claimable]


class Fitting(NamedTuple):
    """A coupon that the cart can use: what it gives if it is the only one, and whether it is of the best combination.

    `saving`: by how much the total is less than without coupons; it is negative where the coupon keeps off something
    better.
    """

    shown: Shown
    saving: int
    given: Applied
    best: bool

    @property
    def gift_value(self) -> int:
        """What its gifts are worth, which is in no total."""
        return sum([gift.quantity * gift.value for gift in self.given.gifts])


class Misfit(NamedTuple):
    """A coupon that the cart cannot use, and why. `rival`: the name of the promotion that the verdict names."""

    shown: Shown
    why: Unusable | Verdict
    rival: str | None = None


class Best(NamedTuple):
    """The coupons that save most together. `optimal`: it is proved that no others do better."""

    ids: Sequence[int]
    saving: int
    total: int
    optimal: bool


class Fit(NamedTuple):
    """A customer's coupons and a cart. `total`: of the cart without coupons. `best` None: none gives anything."""

    currency: str
    total: int
    usable: Sequence[Fitting]
    unusable: Sequence[Misfit]
    best: Best | None
