"""The nouns: the terms of a template, a coupon issued by them, and what may become of both. Pure.

Money is in minor units of the terms' currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from youhui.checkout.ports import COUPON
from youhui.engine.promotion import GiveBack

Type: TypeAlias = Literal["discount", "shipping", "gift"]
"""满减券 or 折扣券, 运费券, 赠品券 (the seed's three)"""
Status: TypeAlias = Literal["draft", "published", "paused", "closed", "void"]
"""what was done with a template last; where it stands follows with the clock"""
TemplateState: TypeAlias = Literal["draft", "scheduled", "claiming", "ended", "paused", "void"]
"""草稿 未开始 领取中 已结束 已停发 已作废"""
Way: TypeAlias = Literal["claim", "push", "registration", "payment", "code"]
"""how a coupon may be issued: 自助领取 定向发放 注册赠送 支付后赠送 兑换码"""
WAYS: tuple[Way, ...] = ("claim", "push", "registration", "payment", "code")
CouponStatus: TypeAlias = Literal["unused", "locked", "used", "expired", "void"]
"""未使用 已锁定 已使用 已过期 已作废"""
StepKind: TypeAlias = Literal["lock", "use", "release", "expire", "return", "void"]
"""下单锁定 支付核销 取消释放 超时释放 退款退还 作废; `expire` is the order's hold that ran out, not the coupon"""
Audience: TypeAlias = Literal["all", "groups", "new_customers", "list"]

PREFIX = COUPON
TEMPLATE_PREFIX = "coupon-template:"
"""what the ledger and the counters call all coupons of a template: "coupon-template:7" """


# -- terms, as they lie in the database


class Gift(Struct, frozen=True):
    """The free item of a gift coupon. `value`: worth of one piece."""

    sku: str
    quantity: int = 1
    value: int = 0


class Validity(Struct, frozen=True):
    """When an issued coupon can be used, half-open: from `starts_at` until `ends_at`; or for `days` days.

    With `days` it begins when it is issued (`begins` "issue"), or with the next local day ("next_day"), and lasts so
    many local days: issued on the 1st for 3 days it ends with the 3rd ("next_day": with the 4th).
    """

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    days: int | None = None
    begins: Literal["issue", "next_day"] = "issue"


class Terms(Struct, frozen=True):
    """What a coupon gives, and when. Immutable: an issued coupon refers to those that it was issued by.

    type discount: `amount` off the lines in scope together, or `percent_paid` in hundredths of a percent of what is
    paid (85 % paid, 8.5折, is 8500), at most `max_discount` off. shipping: `amount` off shipping, None: all of it.
    gift: `gift`. `min_amount` (0: none) and `min_quantity` are of the lines in scope, by list prices ("original") or by
    what earlier promotions left ("running"). `scope`: a selector's document, None: all. `conditions`: documents of
    further ones. `combines_with_coupons`: with coupons of other templates that say so too; `several_per_order`: with
    those of its own. `combines_with_promotions`: False: it applies alone, or not at all. `excludes_tags`: never with
    promotions of these tags. `skip_lines_of_tags`: nothing off lines that such promotions made cheaper. `check_scope`:
    whether a direct use without lines is refused; False: `min_amount` and the order's amount decide alone.
    """

    type: Type
    amount: int | None = None
    percent_paid: int | None = None
    max_discount: int | None = None
    gift: Gift | None = None
    min_amount: int = 0
    min_quantity: int = 0
    threshold_of: Literal["original", "running"] = "original"
    scope: Mapping[str, object] | None = None
    conditions: tuple[Mapping[str, object], ...] = ()
    priority: int = 0
    combines_with_coupons: bool = False
    several_per_order: bool = False
    combines_with_promotions: bool = True
    excludes_tags: tuple[str, ...] = ()
    skip_lines_of_tags: tuple[str, ...] = ()
    validity: Validity = Validity()
    time_zone: str = "Asia/Shanghai"
    check_scope: bool = True
    give_back: GiveBack = "full_refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A coupon template as it lies in the database.

    `total`: how many may be issued; `per_customer` and `per_customer_per_day` (local days of the terms' zone): to one
    customer; None: 不限. They may be claimed (or their codes redeemed) from `claim_from` until `claim_until`.
    `budget`: money that all its coupons together may give; `usage_limit`: how many of them may be used. `payment_from`:
    an order of at least so much is given one after payment. `groups` are those of an audience of groups; a list of
    customers is a table of its own. `issued`: how many were issued. `version`: of all templates at its last change.
    """

    id: int
    name: str
    currency: str
    status: Status
    terms_id: int
    terms: Terms
    ways: frozenset[Way]
    audience: Audience
    groups: tuple[str, ...]
    total: int | None
    per_customer: int | None
    per_customer_per_day: int | None
    claim_from: datetime | None
    claim_until: datetime | None
    budget: int | None
    usage_limit: int | None
    payment_from: int | None
    issued: int
    version: int
    created_at: datetime
    updated_at: datetime
    voided_at: datetime | None

    def state(self, at: datetime) -> TemplateState:
        """Where it stands at an instant; its claim window is half-open (P15)."""
        if self.status == "closed":
            return "ended"
        if self.status != "published":
            return self.status
        if self.claim_until is not None and at >= self.claim_until:
            return "ended"
        if self.claim_from is not None and at < self.claim_from:
            return "scheduled"
        return "claiming"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """A coupon that was issued. Usable from `starts_at` until `ends_at`, half-open.

    `status` is what was written last: unused after `ends_at` it is expired, whether or not anything has written that
    down, and void once its template is (`voided_at` of the template). `order_no`: that locks or used it, an
    unpaid one until `locked_until`. `discount`: what it gave in that order. `source`: how it was issued, `source_id`:
    the task, order or code that it came by.
    """

    id: int
    template_id: int
    terms_id: int
    customer: str
    status: CouponStatus
    order_no: str | None
    locked_until: datetime | None
    starts_at: datetime
    ends_at: datetime
    source: Way
    source_id: str
    issued_at: datetime
    issued_by: str
    used_at: datetime | None
    discount: int | None
    changed_at: datetime

    def status_at(self, at: datetime, template_voided_at: datetime | None = None) -> CouponStatus:
        """Where it stands at an instant (P7, P15). An order that locks it keeps it, whatever its template does."""
        lapsed = self.status == "locked" and self.locked_until is not None and at >= self.locked_until
        if self.status != "unused" and not lapsed:
            return self.status
        if template_voided_at is not None and at >= template_voided_at:
            return "void"
        return "expired" if at >= self.ends_at else "unused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What was done with a coupon: when, by whom, in which order."""

    coupon_id: int
    at: datetime
    kind: StepKind
    by: str
    order_no: str | None = None
    reason: str | None = None
