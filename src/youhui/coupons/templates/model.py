"""What is sent to make a template, what a list is asked for, and a template with its numbers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from youhui.coupons.model import Audience, CouponStatus, Template, TemplateState, Terms, Type, Way

LISTED = 1000
"""customers of an audience that an answer names"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A template as it was sent: its fields are those of `model.Template`.

    `customers`: of an audience that is a list; None: those that are there already.
    """

    name: str
    currency: str
    terms: Terms
    ways: frozenset[Way]
    audience: Audience
    groups: tuple[str, ...]
    customers: frozenset[str] | None
    total: int | None
    per_customer: int | None
    per_customer_per_day: int | None
    claim_from: datetime | None
    claim_until: datetime | None
    budget: int | None
    usage_limit: int | None
    payment_from: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a list is asked for; None: any. `name` is a part of it."""

    name: str | None = None
    type: Type | None = None
    way: Way | None = None
    state: TemplateState | None = None
    currency: str | None = None


class Counted(NamedTuple):
    """A template with its numbers.

    `coupons`: how many of its coupons have which status, as it was written last. `budget_used`: money of paid orders;
    None: it has no budget. `customers`: of an audience that is a list, None where there are more than LISTED;
    `audience_size`: how many there are.
    """

    template: Template
    coupons: Mapping[CouponStatus, int]
    budget_used: int | None
    customers: tuple[str, ...] | None = None
    audience_size: int = 0


class Voided(NamedTuple):
    """A template that was voided. `unused`: its coupons that cannot be used any more; `locked`: those that unpaid
    orders have, which may still be paid with them.
    """

    template: Template
    unused: int
    locked: int
