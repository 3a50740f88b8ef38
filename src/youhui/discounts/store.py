"""Discounts in the database, without their lists. Every function works in its caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    insert,
    not_,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError

from youhui.discounts.model import Buyer, Discount, Item, State, Terms, Wanted
from youhui.discounts.problems import DiscountArchived, DiscountDeleted, DiscountExists, DiscountNotFound
from youhui.discounts.tables import discount_customers, discount_products, discounts

_d = discounts.c
_TERMS = tuple(field.name for field in fields(Terms))
_BESIDE = tuple(field.name for field in fields(Discount) if field.name != "terms")
_AT_ONCE = 500
"""keys in one query: below every database's limit of parameters"""
_LISTED, _ARCHIVED, _DELETED = range(3)
"""shelves"""
COUNTED = 10_000
"""discounts that a search by name finds at most"""


def next_id(connection: Connection) -> int:
    """The id of the next one. Whoever writes has moved the version on first, so nobody else is given the same.

    No database's own numbers: not all of them say which ones they gave to many rows at once.
    """
    last: int = connection.execute(select(func.coalesce(func.max(_d.id), 0))).scalar_one()
    return last + 1


def add(connection: Connection, new: Sequence[Discount]) -> None:
    """Stores new ones. Raises DiscountExists if a key is taken."""
    try:
        connection.execute(insert(discounts), [_row(one) for one in new])
    except IntegrityError as error:
        raise DiscountExists(key=next((one.key for one in new if one.key is not None), "")) from error


def save(connection: Connection, changed: Sequence[Discount]) -> None:
    """Writes each over the one with its id, which is there."""
    rows = [{"saved": row.pop("id"), **row} for row in map(_row, changed)]
    connection.execute(update(discounts).where(_d.id == bindparam("saved")), rows)


def get(connection: Connection, id_: int) -> Discount:
    """Raises DiscountNotFound, DiscountDeleted."""
    found = connection.execute(select(discounts).where(_d.id == id_)).one_or_none()
    if found is None:
        raise DiscountNotFound(id=id_)
    if found.deleted_at is not None:
        raise DiscountDeleted
    return _discount(found)


def editable(connection: Connection, id_: int) -> Discount:
    """One that may be changed. Raises DiscountNotFound, DiscountDeleted, DiscountArchived."""
    found = get(connection, id_)
    if found.archived_at is not None:
        raise DiscountArchived
    return found


def by_key(connection: Connection, keys: Sequence[str]) -> dict[str, Discount]:
    """Those that have one of these keys."""
    found: dict[str, Discount] = {}
    for start in range(0, len(keys), _AT_ONCE):
        rows = connection.execute(select(discounts).where(_d.key.in_(keys[start : start + _AT_ONCE])))
        found.update((row.key, _discount(row)) for row in rows)
    return found


def lengths(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    """How many ids are in the lists of each that has one of these keys."""
    found: dict[str, int] = {}
    for start in range(0, len(keys), _AT_ONCE):
        length = _d.customers + _d.groups + _d.products + _d.categories
        rows = connection.execute(select(_d.key, length).where(_d.key.in_(keys[start : start + _AT_ONCE])))
        found.update((key, count) for key, count in rows)
    return found


def page(
    connection: Connection, wanted: Wanted, at: datetime, offset: int, limit: int
) -> tuple[list[Discount], int]:
    """A page of those that are wanted, as of an instant, and how many there are in all: of a search, COUNTED at most.

    Ids are found first, in an index: what a page passes over is not read.
    """
    conditions = list(_conditions(wanted, at))
    ids = select(_d.id).where(*conditions).order_by(*_order(wanted))
    if wanted.name:  # to look through all names once is dear, and twice is not needed
        hits = connection.execute(ids.limit(COUNTED)).scalars().all()
        chosen, total = hits[offset : offset + limit], len(hits)
    else:
        chosen = connection.execute(ids.offset(offset).limit(limit)).scalars().all()
        counted = select(func.count()).select_from(discounts).where(*conditions)
        total = connection.execute(counted).scalar_one()
    rows = connection.execute(select(discounts).where(_d.id.in_(chosen)))
    found = {row.id: _discount(row) for row in rows}
    return [found[id_] for id_ in chosen], total


def concerns(connection: Connection, id_: int, buyer: Buyer) -> bool:
    """Whether a discount is for a customer."""
    return connection.execute(select(_d.id).where(_d.id == id_, _for_buyer(buyer))).first() is not None


def rivals(connection: Connection, buyer: Buyer, item: Item, at: datetime, limit: int) -> list[Discount]:
    """Those for a customer and a product, running ones before all others, the best first."""
    running = case((_in_state("running", at), 0), else_=1)
    rows = connection.execute(
        select(discounts)
        .where(*_among_few(Wanted()), _for_buyer(buyer), _for_item(item))
        .order_by(running, *_order(Wanted()))
        .limit(limit)
    )
    return [_discount(row) for row in rows]


def over(connection: Connection, before: datetime, limit: int) -> list[Discount]:
    """Those that ended or were deleted before an instant and are not archived yet."""
    rows = connection.execute(select(discounts).where(_over(before)).limit(limit))
    return [_discount(row) for row in rows]


def count_over(connection: Connection, before: datetime) -> int:
    """How many those are."""
    return connection.execute(select(func.count()).select_from(discounts).where(_over(before))).scalar_one()


def _over(before: datetime) -> ColumnElement[bool]:
    """Each half is a range of an index: those that were archived before are not looked through again."""
    return or_(
        and_(_d.shelf == _LISTED, _d.expiration_time < before),
        and_(_d.shelf == _DELETED, or_(_d.expiration_time < before, _d.deleted_at < before)),
    )


def _conditions(wanted: Wanted, at: datetime) -> Iterator[ColumnElement[bool]]:
    if wanted.buyer is None and wanted.item is None:
        yield _d.shelf == (_ARCHIVED if wanted.state == "archived" else _LISTED)
    else:
        yield from _among_few(wanted)
    if wanted.state not in (None, "archived"):
        yield _in_state(wanted.state, at)
    if wanted.running:
        yield _in_state("running", at)
    if wanted.name:
        yield _d.name.icontains(wanted.name, autoescape=True)
    if wanted.priority is not None:
        yield _d.priority == wanted.priority
    if wanted.type is not None:
        yield _d.type == wanted.type
    if wanted.since is not None:
        yield _d.expiration_time > wanted.since
    if wanted.until is not None:
        yield _d.effective_time < wanted.until
    if wanted.buyer is not None:
        yield _for_buyer(wanted.buyer)
    if wanted.item is not None:
        yield _for_item(wanted.item)


def _among_few(wanted: Wanted) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The same of those that concern someone: by their shelf SQLite would read all others in order, rather than put
    these few in order.
    """
    archived = wanted.state == "archived"
    return _d.deleted_at.is_(None), _d.archived_at.is_not(None) if archived else _d.archived_at.is_(None)


def _in_state(state: State, at: datetime) -> ColumnElement[bool]:
    """Of those in the lists, as Discount.state says it."""
    return {
        "disabled": not_(_d.enabled),
        "scheduled": and_(_d.enabled, _d.effective_time > at),
        "running": and_(_d.enabled, _d.effective_time <= at, _d.expiration_time > at),
        "ended": and_(_d.enabled, _d.expiration_time <= at),
    }[state]


def _for_buyer(buyer: Buyer) -> ColumnElement[bool]:
    c, every = discount_customers.c, discounts.alias().c
    return _d.id.in_(
        _any_of(
            select(c.discount_id).where(c.kind == "customer", c.value == buyer.id),
            select(c.discount_id).where(c.kind == "group", c.value.in_(sorted(buyer.groups))),
            select(every.id).where(every.all_customers),
        )
    )


def _for_item(item: Item) -> ColumnElement[bool]:
    c, every = discount_products.c, discounts.alias().c
    return _d.id.in_(
        _any_of(
            select(c.discount_id).where(c.kind == "product", c.value == item.id),
            select(c.discount_id).where(c.kind == "category", c.value.in_(sorted(item.categories))),
            select(every.id).where(every.all_products),
        )
    )


def _any_of(*queries: Select[tuple[int]]) -> Select[tuple[int]]:
    """Each is read off an index of its own, as they would not be with OR."""
    ids = union_all(*queries).subquery()
    return select(ids.c[0])


def _order(wanted: Wanted) -> list[ColumnElement[Any]]:
    """Total: what is alike goes by the last change, then by id, all in one direction."""
    columns: list[ColumnElement[Any]] = [_d[wanted.sort]]
    if wanted.sort == "priority":
        columns.append(_d.updated_at)
    columns.append(_d.id)
    return [column.desc() for column in columns] if wanted.descending else columns


def _row(discount: Discount) -> dict[str, object]:
    row: dict[str, object] = {name: getattr(discount.terms, name) for name in _TERMS}
    return row | {name: getattr(discount, name) for name in _BESIDE}


def _discount(row: Row[tuple[Any, ...]]) -> Discount:
    values: dict[str, Any] = dict(row._mapping)
    terms = Terms(**{name: values[name] for name in _TERMS})
    return Discount(terms=terms, **{name: values[name] for name in _BESIDE})
