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


def add(connection: Connection, discount: Discount) -> int:
    """Stores a new one under an id of its own, and answers the id. Raises DiscountExists if its key is taken."""
    row = _row(discount)
    del row["id"]
    try:
        added = connection.execute(insert(discounts).values(row))
    except IntegrityError as error:
        raise DiscountExists(key=discount.key or "") from error
    key = added.inserted_primary_key
    assert key is not None
    return int(key[0])


def save(connection: Connection, discount: Discount) -> None:
    """Writes it over the one with its id, which is there."""
    connection.execute(update(discounts).where(_d.id == discount.id).values(_row(discount)))


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


def page(
    connection: Connection, wanted: Wanted, at: datetime, offset: int, limit: int
) -> tuple[list[Discount], int]:
    """A page of those that are wanted, as of an instant, and how many there are in all."""
    conditions = list(_conditions(wanted, at))
    rows = connection.execute(
        select(discounts).where(*conditions).order_by(*_order(wanted)).offset(offset).limit(limit)
    )
    found = [_discount(row) for row in rows]
    total = connection.execute(select(func.count()).select_from(discounts).where(*conditions)).scalar_one()
    return found, total


def concerns(connection: Connection, id_: int, buyer: Buyer) -> bool:
    """Whether a discount is for a customer."""
    return connection.execute(select(_d.id).where(_d.id == id_, _for_buyer(buyer))).first() is not None


def rivals(connection: Connection, buyer: Buyer, item: Item, at: datetime, limit: int) -> list[Discount]:
    """Those for a customer and a product, running ones before all others, the best first."""
    running = case((_in_state("running", at), 0), else_=1)
    rows = connection.execute(
        select(discounts)
        .where(_d.deleted_at.is_(None), _d.archived_at.is_(None), _for_buyer(buyer), _for_item(item))
        .order_by(running, *_order(Wanted()))
        .limit(limit)
    )
    return [_discount(row) for row in rows]


def over(connection: Connection, before: datetime, limit: int) -> list[Discount]:
    """Those that ended or were deleted before an instant and are not archived yet."""
    rows = connection.execute(
        select(discounts)
        .where(_d.archived_at.is_(None), or_(_d.expiration_time < before, _d.deleted_at < before))
        .order_by(_d.id)
        .limit(limit)
    )
    return [_discount(row) for row in rows]


def count_over(connection: Connection, before: datetime) -> int:
    """How many those are."""
    ended = or_(_d.expiration_time < before, _d.deleted_at < before)
    return connection.execute(
        select(func.count()).select_from(discounts).where(_d.archived_at.is_(None), ended)
    ).scalar_one()


def _conditions(wanted: Wanted, at: datetime) -> Iterator[ColumnElement[bool]]:
    yield _d.deleted_at.is_(None)
    yield _d.archived_at.is_(None) if wanted.state != "archived" else _d.archived_at.is_not(None)
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


def _in_state(state: State, at: datetime) -> ColumnElement[bool]:
    """Of those that are not archived, as Discount.state says it."""
    return {
        "disabled": not_(_d.enabled),
        "scheduled": and_(_d.enabled, _d.effective_time > at),
        "running": and_(_d.enabled, _d.effective_time <= at, _d.expiration_time > at),
        "ended": and_(_d.enabled, _d.expiration_time <= at),
        "archived": _d.archived_at.is_not(None),
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
