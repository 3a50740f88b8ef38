"""Templates, their terms and audiences in the database. Every function works in its caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from dataclasses import replace as _with
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from youhui.coupons.model import CouponStatus, Template, TemplateState, Terms, Way
from youhui.coupons.problems import CouponTemplateNotFound
from youhui.coupons.tables import coupon_audiences, coupon_claims, coupon_templates, coupon_terms, coupons
from youhui.coupons.templates.model import Wanted
from youhui.coupons.templates.problems import TemplateInState

_t = coupon_templates.c
_BESIDE = {"terms", "ways", "groups"}
_PLAIN = tuple(field.name for field in fields(Template) if field.name not in _BESIDE)
_READ = select(coupon_templates, coupon_terms.c.document).join(
    coupon_terms, coupon_terms.c.id == coupon_templates.c.terms_id
)
_AT_ONCE = 500
"""ids in one query: below every database's limit of parameters"""


# -- what the other parts ask


def get(connection: Connection, id_: int) -> Template:
    """Raises CouponTemplateNotFound."""
    row = connection.execute(_READ.where(_t.id == id_)).one_or_none()
    if row is None:
        raise CouponTemplateNotFound(id=id_)
    return _template(row, row.document)


def some(connection: Connection, ids: Collection[int]) -> dict[int, Template]:
    """Those of these that are there."""
    found: dict[int, Template] = {}
    for chunk in _chunks(ids):
        found.update(
            (row.id, _template(row, row.document))
            for row in connection.execute(_READ.where(_t.id.in_(chunk)))
        )
    return found


def lock(connection: Connection, ids: Collection[int]) -> dict[int, Template]:
    """Those of these that are there, locked in the order of their ids until the transaction ends.

    Where the database can tell, not their keys: who adds rows that refer to them, codes by the thousand, goes on.
    """
    rows: list[Row[Any]] = []
    for chunk in _chunks(ids):
        wanted = select(coupon_templates).where(_t.id.in_(chunk)).order_by(_t.id)
        rows += connection.execute(wanted.with_for_update(key_share=True))
    documents = _documents(connection, [row.terms_id for row in rows])
    return {row.id: _template(row, documents[row.terms_id].document) for row in rows}


def add_issued(connection: Connection, counts: Mapping[int, int]) -> None:
    """So many more were issued of each, by id. Who calls has locked them and looked at their totals."""
    rows = [{"which": id_, "more": count} for id_, count in sorted(counts.items())]
    if rows:
        more = update(coupon_templates).where(_t.id == bindparam("which"))
        connection.execute(more.values(issued=_t.issued + bindparam("more")), rows)


def terms_of(connection: Connection, ids: Collection[int]) -> dict[int, tuple[Terms, int]]:
    """Terms by their ids, each with the id of its template."""
    found = _documents(connection, ids)
    return {id_: (_terms(row.document), row.template_id) for id_, row in found.items()}


def with_way(connection: Connection, way: Way, at: datetime) -> list[Template]:
    """Those that are being issued at an instant, and this way too, in the order of their ids."""
    wanted = _READ.where(*_conditions(Wanted(way=way, state="claiming"), at)).order_by(_t.id)
    return [_template(row, row.document) for row in connection.execute(wanted)]


def voided(connection: Connection) -> dict[int, datetime]:
    """When those that are void were voided, by id."""
    rows = connection.execute(select(_t.id, _t.voided_at).where(_t.voided_at.is_not(None)))
    return {row.id: row.voided_at for row in rows}


def every(connection: Connection) -> Iterator[Template]:
    """All of them, in the order of their ids."""
    ids = list(connection.execute(select(_t.id).order_by(_t.id)).scalars())
    for start in range(0, len(ids), _AT_ONCE):
        yield from some(connection, ids[start : start + _AT_ONCE]).values()


# -- lists and numbers


def page(
    connection: Connection, wanted: Wanted, at: datetime, offset: int, limit: int
) -> tuple[list[Template], int]:
    """A page of those that are wanted as of an instant, the newest first, and how many there are in all."""
    conditions = list(_conditions(wanted, at))
    rows = connection.execute(_READ.where(*conditions).order_by(_t.id.desc()).offset(offset).limit(limit))
    found = [_template(row, row.document) for row in rows]
    counted = select(func.count()).select_from(coupon_templates).where(*conditions)
    return found, connection.execute(counted).scalar_one()


def _conditions(wanted: Wanted, at: datetime) -> Iterator[ColumnElement[bool]]:
    if wanted.name:
        yield _t.name.contains(wanted.name, autoescape=True)
    if wanted.type:
        yield _t.type == wanted.type
    if wanted.way:
        yield _t.ways.contains(f",{wanted.way},")
    if wanted.currency:
        yield _t.currency == wanted.currency
    if wanted.state:
        yield _in_state(wanted.state, at)


def _in_state(state: TemplateState, at: datetime) -> ColumnElement[bool]:
    """As `Template.state` tells it."""
    published = _t.status == "published"
    over = and_(published, _t.claim_until <= at)
    begun = or_(_t.claim_from.is_(None), _t.claim_from <= at)
    lasts = or_(_t.claim_until.is_(None), _t.claim_until > at)
    if state == "ended":
        return or_(_t.status == "closed", over)
    if state == "scheduled":
        return and_(published, _t.claim_from > at, lasts)
    if state == "claiming":
        return and_(published, begun, lasts)
    return _t.status == state


def coupons_of(connection: Connection, ids: Collection[int]) -> dict[int, dict[CouponStatus, int]]:
    """How many coupons of each have which status, as it was written last."""
    found: dict[int, dict[CouponStatus, int]] = {id_: {} for id_ in ids}
    c = coupons.c
    for chunk in _chunks(ids):
        counted = select(c.template_id, c.status, func.count()).where(c.template_id.in_(chunk))
        for id_, status, count in connection.execute(counted.group_by(c.template_id, c.status)):
            found[id_][status] = count
    return found


def usable(connection: Connection, id_: int, at: datetime) -> int:
    """How many of its coupons are unused and not expired at an instant."""
    c = coupons.c
    mine = (c.template_id == id_, c.status == "unused", c.ends_at > at)
    return connection.execute(select(func.count()).select_from(coupons).where(*mine)).scalar_one()


# -- writing


def add(connection: Connection, template: Template) -> Template:
    """Stores a new one, which is given its id and that of its terms."""
    added = connection.execute(insert(coupon_templates).values(_row(template))).inserted_primary_key
    assert added is not None
    new = _with(template, id=int(added[0]))
    return replace(connection, _with(new, terms_id=add_terms(connection, new)))


def add_terms(connection: Connection, template: Template) -> int:
    """Its terms, as a row of their own: the id of that."""
    values = {
        "template_id": template.id,
        "document": msgspec.to_builtins(template.terms),
        "created_at": template.updated_at,
    }
    added = connection.execute(insert(coupon_terms).values(values)).inserted_primary_key
    assert added is not None
    return int(added[0])


def replace(connection: Connection, template: Template) -> Template:
    """Writes it over the one with its id, which is there. What was issued stays as it is."""
    row = {key: value for key, value in _row(template).items() if key not in ("id", "issued")}
    connection.execute(update(coupon_templates).where(_t.id == template.id).values(row))
    return template


def forget_claims(connection: Connection, id_: int, *, daily: bool) -> None:
    """What customers were issued on each day, or in all: whoever limits it from now on counts the coupons again."""
    m = coupon_claims.c
    of_days = m.period != "" if daily else m.period == ""
    connection.execute(delete(coupon_claims).where(m.template_id == id_, of_days))


def remove(connection: Connection, id_: int) -> None:
    """A draft. Raises TemplateInState if something was made of it already: codes, which are kept."""
    set_audience(connection, id_, ())
    try:
        connection.execute(delete(coupon_templates).where(_t.id == id_))
    except IntegrityError as error:
        raise TemplateInState("draft", "delete") from error
    connection.execute(delete(coupon_terms).where(coupon_terms.c.template_id == id_))


# -- audiences


def audience(connection: Connection, id_: int, limit: int | None = None) -> list[str]:
    """The customers of a list, in order: all, or so many."""
    a = coupon_audiences.c
    mine = select(a.customer).where(a.template_id == id_).order_by(a.customer).limit(limit)
    return list(connection.execute(mine).scalars())


def audience_sizes(connection: Connection, ids: Collection[int]) -> dict[int, int]:
    """How many customers are in the list of each; one without any is absent."""
    a = coupon_audiences.c
    found: dict[int, int] = {}
    for chunk in _chunks(ids):
        counted = select(a.template_id, func.count()).where(a.template_id.in_(chunk)).group_by(a.template_id)
        found.update((id_, count) for id_, count in connection.execute(counted))
    return found


def set_audience(connection: Connection, id_: int, customers: Collection[str]) -> None:
    """Makes these customers the list of a template."""
    a = coupon_audiences.c
    connection.execute(delete(coupon_audiences).where(a.template_id == id_))
    rows = [{"template_id": id_, "customer": customer} for customer in sorted(customers)]
    if rows:
        connection.execute(insert(coupon_audiences), rows)


# -- rows


def _template(row: Row[Any], document: object) -> Template:
    return Template(
        **{name: getattr(row, name) for name in _PLAIN},
        terms=_terms(document),
        ways=frozenset(filter(None, row.ways.split(","))),
        groups=tuple(row.audience_groups),
    )


def _row(template: Template) -> dict[str, object]:
    return {
        **{name: getattr(template, name) for name in _PLAIN if name != "id"},
        "type": template.terms.type,
        "ways": f",{','.join(sorted(template.ways))},",
        "audience_groups": list(template.groups),
    }


def _terms(document: object) -> Terms:
    return msgspec.convert(document, Terms)


def _documents(connection: Connection, ids: Collection[int]) -> dict[int, Row[Any]]:
    found: dict[int, Row[Any]] = {}
    for chunk in _chunks(ids):
        rows = connection.execute(select(coupon_terms).where(coupon_terms.c.id.in_(chunk)))
        found.update((row.id, row) for row in rows)
    return found


def _chunks(ids: Collection[int]) -> Iterator[Sequence[int]]:
    wanted = sorted(ids)
    for start in range(0, len(wanted), _AT_ONCE):
        yield wanted[start : start + _AT_ONCE]
