"""What a discount is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

State: TypeAlias = Literal["scheduled", "running", "ended", "disabled"]
"""未开始 生效中 已结束 已停用"""
Type: TypeAlias = Literal["amount", "percent"]

WHOLE = 1000
"""10 折: the whole price is paid"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whom and what a discount is for: ids of the shop. `products` and `categories` (with all below them) add up, and
    so do `customers` and `groups`; `all_…` is everyone, everything, also who and what comes later.
    """

    all_customers: bool = False
    customers: frozenset[str] = field(default=frozenset())
    groups: frozenset[str] = field(default=frozenset())
    all_products: bool = False
    products: frozenset[str] = field(default=frozenset())
    categories: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a discount gives, and when.

    `value` of type amount: minor units of `currency` off each unit. Of type percent: what is paid of each unit, in
    hundredths of a 折 (950 is 9.5 折: 95 % is paid), more than 0 and less than 1000.
    """

    name: str
    type: Type
    value: int
    currency: str
    priority: int
    effective_time: datetime
    expiration_time: datetime
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A stored discount without its lists, which may be long: only how long they are.

    `version`: of all discounts at its last change.
    """

    id: int
    terms: Terms
    all_customers: bool
    all_products: bool
    customers: int
    groups: int
    products: int
    categories: int
    version: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    archived_at: datetime | None = None

    def state(self, at: datetime) -> State:
        """Where it stands at an instant; its window is half-open (P15)."""
        terms = self.terms
        if not terms.enabled:
            return "disabled"
        if at < terms.effective_time:
            return "scheduled"
        return "running" if at < terms.expiration_time else "ended"
