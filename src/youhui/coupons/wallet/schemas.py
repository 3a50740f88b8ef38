"""What the routes of issued coupons take and answer. Money is a decimal string with the currency's digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from youhui.checkout.answers import gap_out
from youhui.checkout.schemas import Number
from youhui.coupons.model import CouponStatus, Template, Terms, Type, Way
from youhui.coupons.problems import UNUSABLE
from youhui.coupons.templates.rules import document_of
from youhui.coupons.templates.schemas import CouponGiftOut
from youhui.coupons.wallet.model import AtHand, Claimable, Event, EventKind, Fit, Fitting, Misfit, Shown
from youhui.coupons.wallet.rules import shown_order_no, words
from youhui.engine import Verdict
from youhui.engine.money import format_amount, formatter
from youhui.engine.sentences import reason_sentence
from youhui.platform.languages import Language


class CouponTermsOut(BaseModel):
    """What it gives, `text` in one line (满100减20, 8.5折 最高减70, 包邮, 赠 MUG×1), and from what on."""

    name: str
    type: Type
    text: str
    currency: str
    value: str | None
    value_type: Literal["amount", "percent"]
    max_discount: str | None
    gift: CouponGiftOut | None
    min_amount: str
    min_quantity: int
    scope: dict[str, object] | None
    combines_with_coupons: bool
    several_per_order: bool
    combines_with_promotions: bool


_TERMS = CouponTermsOut.model_fields.keys() - {"text"}


class CouponOut(CouponTermsOut):
    """An issued coupon as it stands now; `started`: whether `starts_at` is over.

    `order_no`: of the order that holds it or in which it was used, `discount` what it gave there. `source`: how it was
    issued, `source_id`: the task, order or code that it came by.
    """

    id: int
    template_id: int
    user_id: str
    status: CouponStatus
    started: bool
    order_no: str | None
    discount: str | None
    source: Way
    source_id: str
    issued_at: datetime
    starts_at: datetime
    expire_at: datetime
    used_at: datetime | None


class CouponStepOut(BaseModel):
    """A step: who did it is not told to shoppers, nor why."""

    at: datetime
    kind: EventKind
    by: str | None
    order_no: str | None
    reason: str | None


class CouponWithStepsOut(CouponOut):
    """An issued coupon and what has happened to it, in order.

    `lock`: an order took it; `release` and `expire`: that order was cancelled, or its time was over; `use`: it was
    paid; `return`: it was refunded; `expired`: the coupon's own time was over.
    """

    steps: list[CouponStepOut]


class ClaimableCouponOut(CouponTermsOut):
    """A template that can be claimed: a coupon claimed now can be used from `starts_at` until `expire_at`.

    `remaining` for everyone, `left` for this customer; null: no limit.
    """

    template_id: int
    remaining: int | None
    left: int | None
    claim_until: datetime | None
    starts_at: datetime
    expire_at: datetime


class AvailableCouponsOut(BaseModel):
    """What a customer can use, now or later (`started`), those that end first first; and what can be claimed."""

    usable: list[CouponOut]
    claimable: list[ClaimableCouponOut]


class FreePiecesOut(BaseModel):
    """Free pieces."""

    sku: str
    quantity: int


class UsableCouponOut(CouponOut):
    """`saving`: by how much the total is less with this coupon alone than without any; `gift_value`: what its gifts are
    worth beside that. `best`: it is of the best combination.
    """

    saving: str
    gift_value: str
    gifts: list[FreePiecesOut]
    best: bool


class CouponGapOut(BaseModel):
    """What is needed, what there is and what is missing, in numbers where there are numbers."""

    kind: str
    needed: Number
    actual: Number
    missing: Number
    unit: str | None


class UnusableCouponOut(CouponOut):
    """`reason` is a code, `message` its sentence; `rival`: the promotion or coupon ("coupon:41") that it lost to."""

    reason: str
    message: str
    gap: CouponGapOut | None
    rival: str | None


class BestCouponsOut(BaseModel):
    """The coupons that save most together, as `coupons: "auto"` of a quote takes them.

    `total`: of the cart with them. `optimal`: it is proved that no others save more.
    """

    ids: list[int]
    saving: str
    total: str
    optimal: bool


class CartCouponsOut(BaseModel):
    """The coupons of the cart's customer. `total`: of the cart without any."""

    currency: str
    total: str
    usable: list[UsableCouponOut]
    unusable: list[UnusableCouponOut]
    best: BestCouponsOut | None


# -- as they are answered


def coupon_out(shown: Shown, language: Language) -> CouponOut:
    """One of a list."""
    return CouponOut(**_coupon(shown, language))


def with_steps_out(
    shown: Shown, events: Sequence[Event], language: Language, told: bool
) -> CouponWithStepsOut:
    """One with its steps; `told`: whether the caller may know who did them, and why."""
    steps = [
        CouponStepOut(
            at=event.at,
            kind=event.kind,
            by=event.by if told else None,
            order_no=event.order_no,
            reason=event.reason if told else None,
        )
        for event in events
    ]
    return CouponWithStepsOut(**_coupon(shown, language), steps=steps)


def at_hand_out(found: AtHand, language: Language) -> AvailableCouponsOut:
    """A customer's."""
    return AvailableCouponsOut(
        usable=[coupon_out(one, language) for one in found.usable],
        claimable=[_claimable(one, language) for one in found.claimable],
    )


def fit_out(fit: Fit, language: Language) -> CartCouponsOut:
    """Those of a cart."""
    money = formatter(fit.currency)
    best = fit.best
    return CartCouponsOut(
        currency=fit.currency,
        total=money(fit.total),
        usable=[_fitting(one, money, language) for one in fit.usable],
        unusable=[_misfit(one, fit.currency, language) for one in fit.unusable],
        best=best
        and BestCouponsOut(
            ids=list(best.ids), saving=money(best.saving), total=money(best.total), optimal=best.optimal
        ),
    )


def _terms(template: Template, terms: Terms, language: Language) -> dict[str, Any]:
    document = document_of(replace(template, terms=terms))
    return {
        **{key: document[key] for key in _TERMS},
        "text": words(terms, template.currency, language),
    }


def _coupon(shown: Shown, language: Language) -> dict[str, Any]:
    coupon, currency = shown.coupon, shown.template.currency
    taken = shown.status in ("locked", "used")
    given = coupon.discount if taken else None
    return {
        **_terms(shown.template, shown.terms, language),
        "id": coupon.id,
        "template_id": coupon.template_id,
        "user_id": coupon.customer,
        "status": shown.status,
        "started": shown.started,
        "order_no": shown_order_no(coupon.id, coupon.order_no) if taken else None,
        "discount": None if given is None else format_amount(given, currency),
        "source": coupon.source,
        "source_id": coupon.source_id,
        "issued_at": coupon.issued_at,
        "starts_at": coupon.starts_at,
        "expire_at": coupon.ends_at,
        "used_at": coupon.used_at,
    }


def _claimable(one: Claimable, language: Language) -> ClaimableCouponOut:
    template = one.template
    return ClaimableCouponOut(
        **_terms(template, template.terms, language),
        template_id=template.id,
        remaining=one.remaining,
        left=one.left,
        claim_until=template.claim_until,
        starts_at=one.starts_at,
        expire_at=one.ends_at,
    )


def _fitting(one: Fitting, money: Callable[[int], str], language: Language) -> UsableCouponOut:
    return UsableCouponOut(
        **_coupon(one.shown, language),
        saving=money(one.saving),
        gift_value=money(one.gift_value),
        gifts=[FreePiecesOut(sku=gift.sku, quantity=gift.quantity) for gift in one.given.gifts],
        best=one.best,
    )


def _misfit(one: Misfit, currency: str, language: Language) -> UnusableCouponOut:
    coupon, why = _coupon(one.shown, language), one.why
    if not isinstance(why, Verdict):
        message = UNUSABLE[why].sentences[language]
        return UnusableCouponOut(**coupon, reason=why, message=message, gap=None, rival=None)
    name = one.shown.template.name
    return UnusableCouponOut(
        **coupon,
        reason=why.reason or "",
        message=reason_sentence(why, name, currency, language, rival_name=one.rival),
        gap=_missing(why, currency),
        rival=why.rival,
    )


def _missing(verdict: Verdict, currency: str) -> CouponGapOut | None:
    if verdict.gap is None:
        return None
    gap = gap_out(verdict.gap, formatter(currency))
    return CouponGapOut(
        kind=gap.kind, needed=gap.needed, actual=gap.actual, missing=gap.missing, unit=gap.unit
    )
