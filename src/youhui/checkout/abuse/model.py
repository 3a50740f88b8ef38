"""The nouns: what is known of a caller, who is blocked, and what stops a campaign."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, TypeAlias, get_args

from youhui.platform.addresses import household

Action: TypeAlias = Literal["claim", "redeem_code", "use", "join"]
"""领券 兑换 核销 参团"""
Kind: TypeAlias = Literal["customer", "device", "person", "ip"]
"""顾客 设备 自然人 IP"""

ACTIONS: tuple[Action, ...] = get_args(Action)
KINDS: tuple[Kind, ...] = get_args(Kind)
RULES = ("redemptions_per_minute", "amount_per_minute", "amount_per_order")
"""of a breaker"""
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Risk:
    """Who acts, as far as it is known: opaque texts of at most 64 characters, None for what is not known.

    `person`: a key of the natural person behind several customers, which the shop makes. `trusted`: the shop asks, or
    its staff, and is told why somebody is blocked.
    """

    customer: str | None = None
    device: str | None = None
    ip: str | None = None
    person: str | None = None
    trusted: bool = False

    def keys(self) -> Mapping[Kind, str]:
        """By what it is counted and blocked: what is known, an address of IPv6 by its 64 bits."""
        found: dict[Kind, str | None] = {
            "customer": self.customer,
            "device": self.device,
            "person": self.person,
            "ip": self.ip and household(self.ip),
        }
        return {kind: key for kind, key in found.items() if key}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Someone who may not claim, redeem, use or join, before `until` (None: for ever)."""

    kind: Kind
    value: str
    reason: str
    until: datetime | None
    by: str
    at: datetime

    @property
    def object(self) -> str:
        """As the audit log names it."""
        return f"blocked:{self.kind}:{self.value}"


class Redemption(NamedTuple):
    """What a campaign gave in an order; `amount` in minor units of the currency."""

    at: datetime
    promotion: str
    order_no: str
    coupon: str
    currency: str
    amount: int


class Trip(NamedTuple):
    """What was over: the limit's name, what there was, and what was allowed. Amounts in minor units."""

    rule: str
    actual: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """What a campaign may give in any minute, and in one order; None: any. Amounts in minor units of the currency.

    `promotion` is as the ledger has it: "p1", "coupon-template:7", "flash#1"; "flash" is the form with all its rules,
    of which an order is one redemption. `tripped_at`: when it last stopped the campaign. What was given before does
    not count any more, so that whoever lets it go on is not stopped at once.
    """

    promotion: str
    currency: str
    redemptions_per_minute: int | None
    amount_per_minute: int | None
    amount_per_order: int | None
    tripped_at: datetime | None = None

    @property
    def object(self) -> str:
        """As the audit log names it."""
        return f"breaker:{self.promotion}"

    @property
    def limits(self) -> Mapping[str, int]:
        """Those that there are, by their names."""
        return {rule: most for rule in RULES if (most := getattr(self, rule)) is not None}

    def tripped_by(self, redemptions: Iterable[Redemption], now: datetime) -> Trip | None:
        """What of its redemptions is too much, if anything. Amounts in another currency are compared with nothing."""
        since = max(now - MINUTE, self.tripped_at or now - MINUTE)
        recent = [one for one in redemptions if one.at > since]
        money = [one for one in recent if one.currency == self.currency]
        found = {
            "redemptions_per_minute": len({(one.order_no, one.coupon) for one in recent}),
            "amount_per_minute": sum(one.amount for one in money),
            "amount_per_order": _largest(money),
        }
        over = (Trip(rule, found[rule], most) for rule, most in self.limits.items() if found[rule] > most)
        return next(over, None)


def _largest(redemptions: Collection[Redemption]) -> int:
    """What the order that was given most was given, with all coupons of a template together."""
    orders: dict[str, int] = {}
    for one in redemptions:
        orders[one.order_no] = orders.get(one.order_no, 0) + one.amount
    return max(orders.values(), default=0)
