"""Rows that contradict each other, found where they lie: of each question the first, and how many there are in all."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Select, String, and_, case, cast, func, or_, select

from youhui.checkout.orders.checking.report import SHOWN, Value
from youhui.checkout.orders.tables import ledger, orders
from youhui.coupons.tables import coupon_claims, coupon_templates, coupons

Rows = tuple[list[Mapping[str, Value]], int]

_t, _c, _m, _o = coupon_templates.c, coupons.c, coupon_claims.c, orders.c
_coupon = cast(_c.id, String(20))


def count(connection: Connection) -> int:
    """How many coupons there are."""
    return connection.execute(select(func.count()).select_from(coupons)).scalar_one()


def not_as_issued(connection: Connection) -> Rows:
    """Templates that say another number than they have coupons, or have more than they may."""
    counted = select(_c.template_id, func.count().label("should")).group_by(_c.template_id).subquery()
    should = func.coalesce(counted.c.should, 0)
    wrong = or_(_t.issued != should, and_(_t.total.is_not(None), _t.issued > _t.total))
    columns = (_t.id.label("template"), _t.issued.label("says"), should.label("should"))
    joined = coupon_templates.outerjoin(counted, counted.c.template_id == _t.id)
    return _found(connection, select(*columns).select_from(joined).where(wrong))


def not_as_claimed(connection: Connection) -> Rows:
    """Customers who were issued another number than is counted for them."""
    columns = (_c.template_id, _c.customer, func.count().label("should"))
    counted = select(*columns).group_by(_c.template_id, _c.customer).subquery()
    should = func.coalesce(counted.c.should, 0)
    same = and_(counted.c.template_id == _m.template_id, counted.c.customer == _m.customer)
    wanted = select(
        _m.template_id.label("template"), _m.customer, _m.issued.label("says"), should.label("should")
    )
    wanted = wanted.select_from(coupon_claims.outerjoin(counted, same))
    return _found(connection, wanted.where(_m.period == "", _m.issued != should))


def not_in_its_order(connection: Connection) -> Rows:
    """Coupons that say that an order holds or has used them, and the order or the ledger does not."""
    kind = case((_c.status == "locked", "hold"), else_="commit")
    entry = and_(ledger.c.order_no == _c.order_no, ledger.c.coupon == _coupon, ledger.c.kind == kind)
    joined = coupons.outerjoin(orders, _o.order_no == _c.order_no).outerjoin(ledger, entry)
    wrong = or_(ledger.c.id.is_(None), (_c.status == "locked") != (_o.state == "pending"))
    wanted = select(_coupon.label("coupon"), _c.status, _c.order_no).select_from(joined)
    return _found(connection, wanted.where(_c.status.in_(("locked", "used")), wrong))


def not_held_or_used(connection: Connection) -> Rows:
    """Entries of the ledger by which an order holds or has used a coupon that does not say so."""
    entry, back = ledger.alias(), ledger.alias()
    returned = and_(
        back.c.order_no == entry.c.order_no,
        back.c.coupon == entry.c.coupon,
        back.c.kind == "reverse",
        back.c.uses > 0,
    )
    same = and_(_coupon == entry.c.coupon, _c.order_no == entry.c.order_no)
    joined = (
        entry.join(orders, _o.order_no == entry.c.order_no).outerjoin(back, returned).outerjoin(coupons, same)
    )
    holds = and_(entry.c.kind == "hold", _o.state == "pending")
    uses = and_(entry.c.kind == "commit", back.c.id.is_(None))
    status = case((entry.c.kind == "hold", "locked"), else_="used")
    wanted = select(entry.c.coupon, entry.c.order_no, status.label("status")).select_from(joined)
    wrong = or_(_c.status.is_(None), _c.status != status)
    return _found(connection, wanted.where(entry.c.coupon != "", or_(holds, uses), wrong))


def used_twice(connection: Connection) -> Rows:
    """Coupons that more than one order has used, and none of these was given back."""
    signs = case(
        (ledger.c.kind == "commit", ledger.c.uses), (ledger.c.kind == "reverse", -ledger.c.uses), else_=0
    )
    uses = func.sum(signs)
    wanted = select(ledger.c.coupon, uses.label("says")).where(ledger.c.coupon != "")
    return _found(connection, wanted.group_by(ledger.c.coupon).having(uses > 1))


def _found(connection: Connection, query: Select[*tuple[object, ...]]) -> Rows:
    inner = query.subquery()
    rows = connection.execute(select(inner, func.count().over().label("drifted")).limit(SHOWN)).all()
    found: list[Mapping[str, Value]] = []
    for row in rows:
        facts = {str(name): _value(value) for name, value in row._mapping.items()}
        del facts["drifted"]
        found.append(facts)
    return found, int(rows[0].drifted) if rows else 0


def _value(value: object) -> Value:
    """Sums come as Decimals from some databases."""
    return value if value is None or isinstance(value, str) else int(str(value))
