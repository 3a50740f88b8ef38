"""From what a customer types to a coupon."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from secrets import token_hex

from youhui.checkout.abuse.model import Risk
from youhui.checkout.abuse.service import Abuse
from youhui.coupons.codes.jobs import MAKE
from youhui.coupons.codes.model import Code, Shape
from youhui.coupons.codes.problems import CodeVoid, fault
from youhui.coupons.codes.rules import mistyped
from youhui.coupons.codes.service import Codes
from youhui.coupons.issuing.commands import Issue, Issued, issue_key
from youhui.coupons.issuing.problems import (
    CodeNotFound,
    CodeUsedUp,
    CouponNotClaimable,
    CouponNotForCustomer,
    CouponSoldOut,
)
from youhui.coupons.issuing.service import Issuing
from youhui.coupons.problems import CouponTemplateNotFound
from youhui.engine.promotion import fold
from youhui.platform.principals import Principal
from youhui.platform.problems import Refusal
from youhui.platform.readers import Readers
from youhui.platform.task_rows import Wanted
from youhui.platform.tasks import Tasks

WRONG = (
    CodeNotFound, CodeUsedUp, CouponNotClaimable, CouponNotForCustomer, CouponSoldOut, CouponTemplateNotFound,
)  # fmt: skip
"""what a shopper is told as one and the same, and what counts as a guess"""
_FRESH = timedelta(minutes=1)
_MOST_SHAPES = 100


class Shapes:
    """How the latest codes were made, as of a minute ago at most: what a typing error is told by."""

    def __init__(self, tasks: Tasks, clock: Callable[[], datetime]) -> None:
        self._tasks = tasks
        self._clock = clock
        self._held: tuple[datetime, Collection[Shape]] | None = None

    def mistyped(self, code: str) -> bool:
        """Whether a code would be of one of these, but for its check digit. May wait. Raises Unavailable."""
        return any([mistyped(shape, code) for shape in self._now()])

    def _now(self) -> Collection[Shape]:
        now = self._clock()
        if self._held is None or now - self._held[0] >= _FRESH:
            made, _ = self._tasks.listed(Wanted(kind=MAKE), 0, _MOST_SHAPES)
            self._held = now, {Shape(**task.result["shape"]) for task in made if "shape" in task.result}
        return self._held[1]


class Redeeming:
    """Makes coupons of codes. A wrong code takes the same way as a right one, and so about the same time."""

    def __init__(
        self, codes: Codes, shapes: Shapes, issuing: Issuing, readers: Readers, abuse: Abuse
    ) -> None:
        self._codes = codes
        self._shapes = shapes
        self._issuing = issuing
        self._readers = readers
        self._abuse = abuse

    async def redeem(
        self, customer: str, given: str, by: Principal, risk: Risk, once: str | None = None
    ) -> Issued:
        """The coupon that a code becomes. `once`: the caller's Idempotency-Key.

        A one-time code that the customer has redeemed is the same coupon again; a shared code is used once more, unless
        `once` is the same. A shop is told why not: CodeNotFound, CodeVoid, CodeUsedUp, and what issuing raises; a
        shopper only CodeNotFound, or CouponLimitReached. Raises TooOften and Blocked.
        """
        self._abuse.admit("redeem_code", risk)
        key = fold(given)
        found = await self._readers.run(self._tried, key, risk)
        try:
            return await self._issuing.issue(_command(customer, key, found, by, once))
        except WRONG as refusal:
            unread = await self._readers.run(self._missed, key, found, risk)
            raise _told(refusal, found, by, unread) from None

    def _tried(self, key: str, risk: Risk) -> Code | None:
        self._abuse.may_try_code(risk)
        return self._codes.find(key)

    def _missed(self, key: str, found: Code | None, risk: Risk) -> bool:
        """Whether it was mistyped. Then it is no guess: a guesser knows without asking what cannot be a code."""
        if found is None and self._shapes.mistyped(key):
            return True
        self._abuse.wrong_code(risk)
        return False


def _command(customer: str, key: str, found: Code | None, by: Principal, once: str | None) -> Issue:
    shared = found is not None and found.uses_limit > 1
    own = (by.name, once) if once is not None else (token_hex(16),)
    return Issue(
        template_id=0 if found is None else found.template_id,
        customer=customer,
        way="code",
        issue_key=issue_key("code", key, customer, *(own if shared else (0,))),
        by=by.name,
        idempotency_key=once,
        code_key=key,
    )


def _told(refusal: Refusal, found: Code | None, by: Principal, unread: bool) -> Refusal:
    if unread:
        return CodeNotFound([fault("code", "mistyped")])
    if found is None or by.customer is not None:
        return CodeNotFound()
    return CodeVoid() if found.state == "void" else refusal
