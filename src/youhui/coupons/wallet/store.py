"""The SQL of issued coupons as people look at them. Every function works in its caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import fields
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    cast,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    update,
)

from youhui.checkout.orders.requests import USE
from youhui.coupons.issuing.deciding import ClaimKey
from youhui.coupons.model import Coupon, CouponStatus, Step
from youhui.coupons.store import MOST_IN_WALLET
from youhui.coupons.tables import coupon_audiences, coupon_claims, coupon_steps, coupon_templates, coupons
from youhui.coupons.wallet.model import Wanted
from youhui.platform import sql

_c = coupons.c
_READ = select(*[_c[field.name] for field in fields(Coupon)])


# -- lists


def page(
    connection: Connection, wanted: Wanted, at: datetime, offset: int, limit: int
) -> tuple[list[Coupon], int]:
    """A part of those that fit as of an instant, the newest first, and how many there are in all."""
    fits = and_(True, *_conditions(wanted, at))
    # Ids grow as coupons are issued; those of a template are in an index by the instant.
    newest = [_c.id.desc()] if wanted.template_id is None else [_c.issued_at.desc(), _c.id.desc()]
    found = _coupons(connection, _READ.where(fits).order_by(*newest).offset(offset).limit(limit))
    return found, connection.execute(select(func.count()).select_from(coupons).where(fits)).scalar_one()


def following(
    connection: Connection, wanted: Wanted, at: datetime, last: Coupon | None, limit: int
) -> list[Coupon]:
    """So many of those that fit, the oldest first, after the last that was read."""
    query = _READ.where(*_conditions(wanted, at)).order_by(_c.issued_at, _c.id).limit(limit)
    if last is not None:
        later = or_(_c.issued_at > last.issued_at, _c.id > last.id)
        query = query.where(_c.issued_at >= last.issued_at, later)
    return _coupons(connection, query)


def unspent(connection: Connection, customer: str, at: datetime) -> list[Coupon]:
    """A customer's coupons that can be used, now or later: at most MOST_IN_WALLET, the first to end first."""
    mine = _conditions(Wanted(customer=customer, status="unused"), at)
    return _coupons(connection, _READ.where(*mine).order_by(_c.ends_at, _c.id).limit(MOST_IN_WALLET))


def _coupons(connection: Connection, query: Select[tuple[object, ...]]) -> list[Coupon]:
    return [Coupon(**row._mapping) for row in connection.execute(query)]


def _conditions(wanted: Wanted, at: datetime) -> Iterator[ColumnElement[bool]]:
    if wanted.customer is not None:
        yield _c.customer == wanted.customer
    if wanted.template_id is not None:
        yield _c.template_id == wanted.template_id
    if wanted.source is not None:
        yield _c.source == wanted.source
    if wanted.order_no is not None:
        yield _in_order(wanted.order_no)
    if wanted.status is not None:
        yield _in_status(wanted.status, at)
    if wanted.since is not None:
        yield _c.issued_at >= wanted.since
    if wanted.until is not None:
        yield _c.issued_at < wanted.until


def _in_order(order_no: str) -> ColumnElement[bool]:
    """That holds or has used it; the number of a direct use begins with the coupon's."""
    direct = literal(USE) + cast(_c.id, String(20)) + literal(f":{order_no}")
    return or_(_c.order_no == order_no, and_(_c.status == "used", _c.order_no == direct))


def _in_status(status: CouponStatus, at: datetime) -> ColumnElement[bool]:
    """As `Coupon.status_at` tells it."""
    lapsed = and_(_c.status == "locked", _c.locked_until <= at)
    if status == "locked":
        return and_(_c.status == "locked", or_(_c.locked_until.is_(None), _c.locked_until > at))
    if status == "used":
        return _c.status == "used"
    free = or_(_c.status == "unused", lapsed)
    voided = select(coupon_templates.c.id).where(coupon_templates.c.voided_at <= at)
    of_void = _c.template_id.in_(voided)
    if status == "void":
        return or_(_c.status == "void", and_(free, of_void))
    if status == "expired":
        return or_(_c.status == "expired", and_(free, not_(of_void), _c.ends_at <= at))
    return and_(free, not_(of_void), _c.ends_at > at)


# -- one


def find(connection: Connection, id_: int) -> Coupon | None:
    """One; None: there is none with this id."""
    return next(iter(_coupons(connection, _READ.where(_c.id == id_))), None)


def lock(connection: Connection, id_: int) -> Coupon | None:
    """The same, locked until the transaction ends."""
    return next(iter(_coupons(connection, _READ.where(_c.id == id_).with_for_update())), None)


def steps(connection: Connection, id_: int) -> list[Step]:
    """What was written down of one, in order."""
    s = coupon_steps.c
    rows = connection.execute(select(coupon_steps).where(s.coupon_id == id_).order_by(s.id))
    return [
        Step(coupon_id=id_, at=r.at, kind=r.kind, by=r.actor, order_no=r.order_no, reason=r.reason)
        for r in rows
    ]


def void(connection: Connection, step: Step) -> None:
    """A coupon that is locked and unused becomes void, by this step."""
    changed = update(coupons).where(_c.id == step.coupon_id, _c.status == "unused")
    connection.execute(changed.values(status="void", changed_at=step.at))
    connection.execute(
        insert(coupon_steps).values(
            coupon_id=step.coupon_id, at=step.at, kind=step.kind, actor=step.by, reason=step.reason
        )
    )


# -- what a claim is decided on


def listed(connection: Connection, template_ids: Collection[int], customer: str) -> set[int]:
    """On the lists of which of these templates a customer is."""
    a = coupon_audiences.c
    found: set[int] = set()
    for chunk in sql.chunks(sorted(template_ids)):
        mine = select(a.template_id).where(a.template_id.in_(chunk), a.customer == customer)
        found.update(connection.execute(mine).scalars())
    return found


def claims(connection: Connection, customer: str, keys: Collection[ClaimKey]) -> dict[ClaimKey, int]:
    """What the rows of these keys, all of one customer, say."""
    m = coupon_claims.c
    periods = {key.period for key in keys}
    found: dict[ClaimKey, int] = {}
    for chunk in sql.chunks(sorted({key.template_id for key in keys})):
        mine = select(m.template_id, m.period, m.issued).where(
            m.template_id.in_(chunk), m.customer == customer, m.period.in_(periods)
        )
        rows = connection.execute(mine)
        found.update((ClaimKey(row.template_id, customer, row.period), row.issued) for row in rows)
    return found
