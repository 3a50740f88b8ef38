"""Whether a coupon is issued, decided on the numbers of locked rows. Pure: it changes the book and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from youhui.checkout.orders.problems import KeyReused
from youhui.coupons.issuing.commands import FactsNeeded, Issue
from youhui.coupons.issuing.problems import (
    CodeNotFound,
    CodeUsedUp,
    CouponLimitReached,
    CouponNotClaimable,
    CouponNotForCustomer,
    CouponSoldOut,
)
from youhui.coupons.model import Coupon, Template
from youhui.coupons.problems import CouponTemplateNotFound
from youhui.coupons.rules import claim_day, valid_for

UNKNOWN = 0
"""the id of a coupon that the database has not given one yet"""


class ClaimKey(NamedTuple):
    """What one customer was issued of a template: in all (period ""), or on a local day ("2026-11-22")."""

    template_id: int
    customer: str
    period: str


class Code(NamedTuple):
    """A code as its row is. `uses_limit`: how often it can be used, `per_customer` by one."""

    code_key: str
    template_id: int
    uses_limit: int
    per_customer: int | None
    used: int
    void: bool


@dataclass(slots=True)
class Locked:
    """What was locked, or is guarded by what was locked, when the transaction began.

    `coupons`: by issue key, those that are issued already. `claims`: how many were issued, `stored` of them have rows.
    `listed`: of templates whose audience is a list, (template, customer) that are on it. `redeemed`: uses of codes by
    (code, customer).
    """

    now: datetime
    coupons: dict[str, Coupon] = field(default_factory=dict)
    templates: Mapping[int, Template] = field(default_factory=dict)
    codes: Mapping[str, Code] = field(default_factory=dict)
    claims: dict[ClaimKey, int] = field(default_factory=dict)
    stored: Collection[ClaimKey] = frozenset()
    listed: Collection[tuple[int, str]] = frozenset()
    redeemed: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(slots=True)
class Book:
    """The locked numbers as they become, command by command, and what is to be written.

    `new`: coupons by issue key, still without ids. `issued`: how many more of each template, `used`: of each code.
    `claims`: those that have changed, with their new numbers.
    """

    locked: Locked
    new: dict[str, Coupon] = field(default_factory=dict)
    issued: Counter[int] = field(default_factory=Counter)
    used: Counter[str] = field(default_factory=Counter)
    claims: dict[ClaimKey, int] = field(default_factory=dict)


def limits_of(template: Template, customer: str, now: datetime) -> dict[ClaimKey, int]:
    """What limits how many this customer is issued."""
    limits = {}
    if template.per_customer is not None:
        limits[ClaimKey(template.id, customer, "")] = template.per_customer
    if template.per_customer_per_day is not None:
        day = claim_day(template.terms, now)
        limits[ClaimKey(template.id, customer, day)] = template.per_customer_per_day
    return limits


def asks_for_facts(template: Template) -> bool:
    """Whether its audience cannot be told without a look elsewhere."""
    return template.audience in ("groups", "new_customers")


def decide(command: Issue, book: Book) -> bool:
    """Enters a new coupon under the command's key; False: there is one already.

    Raises CouponTemplateNotFound, CouponNotClaimable, CouponNotForCustomer, CouponSoldOut, CouponLimitReached,
    CodeNotFound, CodeUsedUp, KeyReused, and FactsNeeded. What is refused changes nothing.
    """
    known = book.locked.coupons.get(command.issue_key) or book.new.get(command.issue_key)
    if known is not None:
        _check_same(command, known)
        return False
    template = book.locked.templates.get(command.template_id)
    if template is None:
        raise CouponTemplateNotFound(id=command.template_id)
    coupon = _coupon(command, template, book.locked.now)
    _check_open(command, template, coupon)
    _check_audience(command, template, book)
    _check_code(command, book)
    _check_limits(command, template, book)
    _enter(command, coupon, template, book)
    return True


def _check_same(command: Issue, known: Coupon) -> None:
    if (known.template_id, known.customer) != (command.template_id, command.customer):
        raise KeyReused


def _check_open(command: Issue, template: Template, coupon: Coupon) -> None:
    """A coupon that was over when it was issued would be no gift either."""
    if command.way not in template.ways:
        raise CouponNotClaimable("other_way")
    state = template.state(command.caused_at or coupon.issued_at)
    early = command.way == "push" and state == "scheduled"
    if not (state == "claiming" or early) or coupon.ends_at <= coupon.issued_at:
        raise CouponNotClaimable(state)


def _check_audience(command: Issue, template: Template, book: Book) -> None:
    if template.audience == "all":
        return
    facts = command.facts
    if facts is None and asks_for_facts(template):
        raise FactsNeeded
    if template.audience == "list":
        belongs = (template.id, command.customer) in book.locked.listed
    elif template.audience == "groups":
        belongs = facts is not None and not facts.groups.isdisjoint(template.groups)
    else:
        belongs = facts is not None and not facts.has_ordered
    if not belongs:
        raise CouponNotForCustomer


def _check_code(command: Issue, book: Book) -> None:
    if command.code_key is None:
        return
    code = book.locked.codes.get(command.code_key)
    if code is None or code.template_id != command.template_id or code.void:
        raise CodeNotFound
    if code.used + book.used[code.code_key] >= code.uses_limit:
        raise CodeUsedUp
    by_customer = book.locked.redeemed[code.code_key, command.customer]
    if code.per_customer is not None and by_customer >= code.per_customer:
        raise CouponLimitReached(code.per_customer, "code")


def _check_limits(command: Issue, template: Template, book: Book) -> None:
    for key, limit in limits_of(template, command.customer, book.locked.now).items():
        if _issued(key, book) >= limit:
            raise CouponLimitReached(limit, "day" if key.period else "customer")
    if template.total is not None and template.issued + book.issued[template.id] >= template.total:
        raise CouponSoldOut


def _issued(key: ClaimKey, book: Book) -> int:
    return book.claims.get(key, book.locked.claims.get(key, 0))


def _enter(command: Issue, coupon: Coupon, template: Template, book: Book) -> None:
    book.new[command.issue_key] = coupon
    book.issued[template.id] += 1
    for key in limits_of(template, command.customer, book.locked.now):
        book.claims[key] = _issued(key, book) + 1
    if command.code_key is not None:
        book.used[command.code_key] += 1
        book.locked.redeemed[command.code_key, command.customer] += 1


def _coupon(command: Issue, template: Template, now: datetime) -> Coupon:
    starts_at, ends_at = valid_for(template.terms, now)
    return Coupon(
        id=UNKNOWN,
        template_id=template.id,
        terms_id=template.terms_id,
        customer=command.customer,
        status="unused",
        order_no=None,
        locked_until=None,
        starts_at=starts_at,
        ends_at=ends_at,
        source=command.way,
        source_id=command.source_id if command.code_key is None else command.code_key,
        issued_at=now,
        issued_by=command.by,
        used_at=None,
        discount=None,
        changed_at=now,
    )
