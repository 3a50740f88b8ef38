"""What the routes of discounts take and answer. Money is a decimal string with the currency's digits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from youhui.discounts.forms import SENT_AS, TargetKind
from youhui.discounts.importing import Report
from youhui.discounts.model import Discount, Kind, State, Type
from youhui.discounts.values import value_text
from youhui.discounts.verdicts import Concern, Explanation, Judgement, Reason, Verdict
from youhui.engine.money import format_amount
from youhui.platform.languages import Language, both
from youhui.platform.receiving import RejectedRow, rejected_rows

STATES: Mapping[State, Mapping[Language, str]] = {
    "scheduled": both("未开始", "scheduled"),
    "running": both("生效中", "running"),
    "ended": both("已结束", "ended"),
    "disabled": both("已停用", "disabled"),
    "archived": both("已归档", "archived"),
}
EFFECTIVE: Mapping[bool, Mapping[Language, str]] = {
    True: both("生效中", "in effect"),
    False: both("已失效", "not in effect"),
}
"""the seed's two words"""
DELETED = both("折扣已删除", "The discount is deleted")

KIND: Mapping[TargetKind, Kind] = {sent: kind for kind, sent in SENT_AS.items()}


class DiscountRow(BaseModel):
    """A discount in a list. `amount` is null for a percentage; the counts are how long its lists are.

    What a discount says of other customers (`user_count`, `group_count`, `key`) is null for a shopper.
    """

    id: int
    name: str
    amount: str | None
    discount_type: Type
    discount_value: str
    currency: str
    user_count: int | None
    group_count: int | None
    all_users: bool
    product_count: int
    category_count: int
    all_products: bool
    effective_time: datetime
    expiration_time: datetime
    priority: int
    enabled: bool
    state: State
    state_text: str
    state_color: Literal["green", "red"]
    key: str | None
    version: int
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None


class DiscountOut(DiscountRow):
    """A discount with its lists. One of more than 1,000 ids is null: read it page by page from `targets/`."""

    user_ids: list[str] | None
    group_ids: list[str] | None
    product_ids: list[str] | None
    category_ids: list[str] | None


class DeletedOut(BaseModel):
    """What was deleted."""

    id: int
    message: str


class ConcernOut(BaseModel):
    """By what a discount is for a customer or a product; null if it is not. `value`: which group, which category."""

    by: Literal["user", "group", "product", "category", "all"] | None
    value: str | None


class CandidateOut(BaseModel):
    """What becomes of one discount. `amount`: off one unit; zero of a product that the directory does not know, null
    of one in another currency.
    """

    id: int
    name: str
    discount_type: Type
    discount_value: str
    priority: int
    updated_at: datetime
    state: State
    amount: str | None
    reason: Reason
    message: str


class PairOut(BaseModel):
    """A customer and a product: what becomes of the discount, and of all that concern both, the best first.

    At most 100 candidates, running ones before all others. `winner` is the id of the one that counts.
    """

    user: str
    product: str
    concerns_user: ConcernOut
    concerns_product: ConcernOut
    running: bool
    price: str | None
    amount: str | None
    reason: Reason
    message: str
    winner: int | None
    candidates: list[CandidateOut]


class DebugOut(DiscountRow):
    """A discount, where it stands at an instant (`status` in the seed's words), and the verdict for a pair."""

    at: datetime
    status: str
    pair: PairOut | None


def discount_row(
    discount: Discount, at: datetime, language: Language, *, shopper: bool = False
) -> DiscountRow:
    """As it is at an instant."""
    return DiscountRow.model_validate(_known(discount, at, language, shopper))


def discount_out(
    discount: Discount,
    lists: Mapping[Kind, list[str] | None],
    at: datetime,
    language: Language,
    *,
    shopper: bool = False,
) -> DiscountOut:
    """The same with its lists; those that are not given are null."""
    ids = {f"{sent}_ids": lists.get(kind) for sent, kind in KIND.items()}
    return DiscountOut.model_validate({**_known(discount, at, language, shopper), **ids})


def debug_out(explanation: Explanation, language: Language) -> DebugOut:
    """In a language."""
    at, judgement = explanation.at, explanation.judgement
    return DebugOut.model_validate(
        {
            **_known(explanation.discount, at, language, False),
            "at": at,
            "status": EFFECTIVE[explanation.state == "running"][language],
            "pair": None if judgement is None else _pair(judgement, at, language),
        }
    )


class ReportOut(BaseModel):
    """What became of the rows: each was created, updated, unchanged or rejected.

    `lines`: how many were read. `errors`: of the first thousand rejected rows. Of a dry run: what would become of them.
    """

    received: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    lines: int
    dry_run: bool
    errors: list[RejectedRow]


def report_out(report: Report, language: Language) -> ReportOut:
    """In a language."""
    return ReportOut(
        received=report.received,
        created=report.created,
        updated=report.updated,
        unchanged=report.unchanged,
        rejected=report.rejected,
        lines=report.lines,
        dry_run=report.dry_run,
        errors=rejected_rows(report.errors, language),
    )


def _known(discount: Discount, at: datetime, language: Language, shopper: bool) -> dict[str, Any]:
    terms, state = discount.terms, discount.state(at)
    return {
        "id": discount.id,
        "name": terms.name,
        "amount": value_text(terms) if terms.type == "amount" else None,
        "discount_type": terms.type,
        "discount_value": value_text(terms),
        "currency": terms.currency,
        "user_count": None if shopper else discount.customers,
        "group_count": None if shopper else discount.groups,
        "all_users": discount.all_customers,
        "product_count": discount.products,
        "category_count": discount.categories,
        "all_products": discount.all_products,
        "effective_time": terms.effective_time,
        "expiration_time": terms.expiration_time,
        "priority": terms.priority,
        "enabled": terms.enabled,
        "state": state,
        "state_text": STATES[state][language],
        "state_color": "green" if state == "running" else "red",
        "key": None if shopper else discount.key,
        "version": discount.version,
        "created_at": discount.created_at,
        "updated_at": discount.updated_at,
        "archived_at": discount.archived_at,
    }


def _pair(judgement: Judgement, at: datetime, language: Language) -> dict[str, Any]:
    verdict, product = judgement.verdict, judgement.pair.product
    return {
        "user": judgement.pair.buyer.id,
        "product": judgement.pair.item.id,
        "concerns_user": _concern(judgement.user),
        "concerns_product": _concern(judgement.product),
        "running": verdict.discount.state(at) == "running",
        "price": None if product is None else format_amount(product.price, product.currency),
        "amount": _amount(verdict),
        "reason": verdict.reason,
        "message": verdict.say(language),
        "winner": judgement.winner,
        "candidates": [_verdict(one, at, language) for one in judgement.candidates],
    }


def _concern(concern: Concern) -> dict[str, Any]:
    by = concern.by if concern.by is None or concern.by == "all" else SENT_AS[concern.by]
    return {"by": by, "value": concern.value if by in ("group", "category") else None}


def _verdict(verdict: Verdict, at: datetime, language: Language) -> dict[str, Any]:
    discount, terms = verdict.discount, verdict.discount.terms
    return {
        "id": discount.id,
        "name": terms.name,
        "discount_type": terms.type,
        "discount_value": value_text(terms),
        "priority": terms.priority,
        "updated_at": discount.updated_at,
        "state": discount.state(at),
        "amount": _amount(verdict),
        "reason": verdict.reason,
        "message": verdict.say(language),
    }


def _amount(verdict: Verdict) -> str | None:
    return None if verdict.amount is None else format_amount(verdict.amount, verdict.discount.terms.currency)
