"""What can be asked about issued coupons, and how one is taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from youhui.coupons.issuing.commands import Facts, Issue
from youhui.coupons.issuing.deciding import Book, Locked, asks_for_facts, decide, limits_of
from youhui.coupons.issuing.service import NOT_THIS_ONE
from youhui.coupons.model import PREFIX, Coupon, Step, Template, Terms
from youhui.coupons.problems import CouponExpired, CouponLocked, CouponNotFound, CouponUsed
from youhui.coupons.rules import valid_for
from youhui.coupons.templates import store as templates
from youhui.coupons.templates.model import Wanted as WantedTemplates
from youhui.coupons.wallet import store
from youhui.coupons.wallet.model import AtHand, Claimable, Event, Shown, Wanted
from youhui.coupons.wallet.rules import history
from youhui.platform.audit import record
from youhui.platform.db import Connection, Database
from youhui.platform.principals import Principal

MOST_CLAIMABLE = 500
"""templates that are looked at for a customer, the newest"""
EXPORTED = 1_000
"""coupons that are read at once"""
_GUEST = Facts(has_ordered=True)
"""of whom nothing is known, and who is new to nobody"""


class _Offered(NamedTuple):
    """What is being issued, and the numbers that a claim of a customer would be decided on."""

    templates: Sequence[Template]
    locked: Locked


class Wallets:
    """The use cases. All may raise Unavailable.

    `facts` are a customer's, as audiences ask for them; `end_expired` ends the orders whose time is over.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        facts: Callable[[str], Facts],
        end_expired: Callable[[], object],
    ) -> None:
        self._database = database
        self._clock = clock
        self._facts = facts
        self._end_expired = end_expired

    # -- lists

    def page(self, wanted: Wanted, offset: int, limit: int) -> tuple[list[Shown], int]:
        """A part of those that fit, the newest first, and how many fit."""
        with self._database.reading() as connection:
            return self._page(connection, wanted, offset, limit)

    def records(self, wanted: Wanted, offset: int, limit: int) -> tuple[list[Shown], int]:
        """The same of the template that is wanted. Raises CouponTemplateNotFound."""
        with self._database.reading() as connection:
            templates.get(connection, wanted.template_id or 0)
            return self._page(connection, wanted, offset, limit)

    def _page(
        self, connection: Connection, wanted: Wanted, offset: int, limit: int
    ) -> tuple[list[Shown], int]:
        now = self._clock()
        found, total = store.page(connection, wanted, now, offset, limit)
        return read_shown(connection, found, now), total

    def export(self, wanted: Wanted) -> Iterator[list[Shown]]:
        """All of a template that fit, the oldest first, in parts that are each as of their own moment.

        Raises CouponTemplateNotFound before the first.
        """
        with self._database.reading() as connection:
            templates.get(connection, wanted.template_id or 0)
        return self._parts(wanted)

    def _parts(self, wanted: Wanted) -> Iterator[list[Shown]]:
        last: Coupon | None = None
        while True:
            now = self._clock()
            with self._database.reading() as connection:
                found = store.following(connection, wanted, now, last, EXPORTED)
                part = read_shown(connection, found, now)
            if not part:
                return
            yield part
            last = found[-1]

    # -- one

    def one(self, id_: int, customer: str | None) -> tuple[Shown, list[Event]]:
        """A coupon and what has happened to it. `customer`: whose it must be; None: anyone's. Raises CouponNotFound."""
        now = self._clock()
        with self._database.reading() as connection:
            coupon = store.find(connection, id_)
            if coupon is None or customer not in (None, coupon.customer):
                raise CouponNotFound(id=id_)
            (found,) = read_shown(connection, [coupon], now)
            steps = store.steps(connection, id_)
        return found, history(coupon, found.template.voided_at, steps, now)

    def void(self, id_: int, reason: str, by: Principal) -> Shown:
        """Takes an unused coupon away; one that is void already stays as it is.

        Raises CouponNotFound, CouponLocked, CouponUsed, CouponExpired.
        """
        if self._held_too_long(id_):
            self._end_expired()
        now = self._clock()
        with self._database.writing() as connection:
            coupon = store.lock(connection, id_)
            if coupon is None:
                raise CouponNotFound(id=id_)
            template = templates.get(connection, coupon.template_id)
            if _can_be_voided(coupon, template, now):
                step = Step(coupon_id=id_, at=now, kind="void", by=by.name, reason=reason or None)
                store.void(connection, step)
                _record(connection, step, coupon, by)
                coupon = store.find(connection, id_) or coupon
            (found,) = read_shown(connection, [coupon], now)
        return found

    def _held_too_long(self, id_: int) -> bool:
        """Whether an order holds it whose time is over: what ends that order writes the coupon over."""
        with self._database.reading() as connection:
            coupon = store.find(connection, id_)
        if coupon is None or coupon.status != "locked":
            return False
        return coupon.status_at(self._clock()) != "locked"

    # -- what is at hand

    def at_hand(self, customer: str | None) -> AtHand:
        """What a customer can use and claim; None is a guest, who has nothing yet."""
        now = self._clock()
        with self._database.reading() as connection:
            mine = store.unspent(connection, customer, now) if customer is not None else []
            usable = read_shown(connection, mine, now)
            offered = _offered(connection, customer, now)
        asking = any(map(asks_for_facts, offered.templates))
        facts = self._facts(customer) if asking and customer is not None else _GUEST
        return AtHand(usable, list(_claimable(offered, customer or "", facts)))


def read_shown(connection: Connection, found: Sequence[Coupon], at: datetime) -> list[Shown]:
    """Coupons with what they give, as of an instant: two queries at most."""
    those = templates.some(connection, {one.template_id for one in found})
    return shown(found, those, templates.terms_of(connection, old_terms(found, those)), at)


def old_terms(found: Sequence[Coupon], those: Mapping[int, Template]) -> set[int]:
    """The ids of the terms of coupons that are not their template's any more."""
    return {one.terms_id for one in found} - {one.terms_id for one in those.values()}


def shown(
    found: Sequence[Coupon], those: Mapping[int, Template], old: Mapping[int, tuple[Terms, int]], at: datetime
) -> list[Shown]:
    """Coupons with what they give. `those`: their templates; `old`: the terms that these do not have any more."""
    return [
        Shown(
            one, template, old[one.terms_id][0] if one.terms_id in old else template.terms,
            one.status_at(at, template.voided_at), at,
        )
        for one in found
        for template in [those[one.template_id]]
    ]  # fmt: skip


def _can_be_voided(coupon: Coupon, template: Template, now: datetime) -> bool:
    """False: it is void. Raises CouponLocked, CouponUsed, CouponExpired."""
    if (
        coupon.status == "locked"
    ):  # perhaps for no more than an instant: what ends the order would write it over
        raise CouponLocked
    status = coupon.status_at(now, template.voided_at)
    if status == "used":
        raise CouponUsed
    if status == "expired":
        raise CouponExpired
    return status == "unused"


def _record(connection: Connection, step: Step, coupon: Coupon, by: Principal) -> None:
    about = {"customer": coupon.customer, "template": coupon.template_id}
    record(
        connection,
        step.at,
        by,
        "coupon.void",
        f"{PREFIX}{coupon.id}",
        before={**about, "status": "unused"},
        after={**about, "status": "void", "reason": step.reason},
    )


def _offered(connection: Connection, customer: str | None, now: datetime) -> _Offered:
    wanted = WantedTemplates(way="claim", state="claiming")
    found, _ = templates.page(connection, wanted, now, 0, MOST_CLAIMABLE)
    locked = Locked(now, templates={one.id: one for one in found})
    if customer is not None:
        keys = [key for one in found for key in limits_of(one, customer, now)]
        locked.claims = store.claims(connection, customer, keys)
        lists = [one.id for one in found if one.audience == "list"]
        locked.listed = {(id_, customer) for id_ in store.listed(connection, lists, customer)}
    return _Offered(found, locked)


def _claimable(offered: _Offered, customer: str, facts: Facts) -> Iterator[Claimable]:
    """By the code that decides a claim, on numbers that nobody has locked."""
    for one in offered.templates:
        asked = Issue(template_id=one.id, customer=customer, way="claim", issue_key="", by="", facts=facts)
        try:
            decide(asked, Book(offered.locked))
        except NOT_THIS_ONE:
            continue
        now, claims = offered.locked.now, offered.locked.claims
        left = [limit - claims.get(key, 0) for key, limit in limits_of(one, customer, now).items()]
        remaining = None if one.total is None else one.total - one.issued
        yield Claimable(one, remaining, min(left, default=None), *valid_for(one.terms, now))
