"""Promotions in the database. Every function works in its caller's transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, null, or_, select, update
from sqlalchemy.exc import IntegrityError

from youhui.promotions.model import State, StoredPromotion, Wanted
from youhui.promotions.problems import PromotionExists, PromotionNotFound
from youhui.promotions.tables import promotions

_C = promotions.c
_IN_ORDER = (_C.position, _C.id)
_AT_ONCE = 500
"""ids in one query: below every database's limit of parameters"""


def add(connection: Connection, promotion: StoredPromotion) -> None:
    """Raises PromotionExists if its id is taken."""
    try:
        connection.execute(insert(promotions).values(_row(promotion)))
    except IntegrityError as error:
        raise PromotionExists(id=promotion.id) from error


def replace(connection: Connection, promotion: StoredPromotion) -> None:
    """Writes it over the one with its id, which is there."""
    connection.execute(update(promotions).where(_C.id == promotion.id).values(_row(promotion)))


def remove(connection: Connection, name: str) -> None:
    """Raises PromotionNotFound."""
    if not connection.execute(delete(promotions).where(_C.id == name)).rowcount:
        raise PromotionNotFound(id=name)


def get(connection: Connection, name: str) -> StoredPromotion:
    """Raises PromotionNotFound."""
    row = connection.execute(select(promotions).where(_C.id == name)).one_or_none()
    if row is None:
        raise PromotionNotFound(id=name)
    return _stored(row)


def page(
    connection: Connection, wanted: Wanted, at: datetime, offset: int, limit: int
) -> tuple[list[StoredPromotion], int]:
    """Those of a page in list order, and how many there are in all."""
    where = and_(*_where(wanted, at))
    total = connection.execute(select(func.count()).select_from(promotions).where(where)).scalar_one()
    rows = connection.execute(
        select(promotions).where(where).order_by(*_IN_ORDER).offset(offset).limit(limit)
    )
    return [_stored(row) for row in rows], total


def _where(wanted: Wanted, at: datetime) -> Iterator[ColumnElement[bool]]:
    yield _C.id.is_not(null())
    if wanted.type is not None:
        yield _C.type == wanted.type
    if wanted.state is not None:
        yield from _in_state(wanted.state, at)
    if wanted.name is not None:
        yield _C.name.contains(wanted.name, autoescape=True)
    if wanted.ids is not None:
        yield _C.id.in_(sorted(wanted.ids))


def _in_state(state: State, at: datetime) -> Iterator[ColumnElement[bool]]:
    """As `StoredPromotion.state`."""
    if state in ("draft", "paused", "closed"):
        yield _C.status == state
        return
    begun = or_(_C.valid_from.is_(None), _C.valid_from <= at)
    over = and_(_C.valid_until.is_not(None), _C.valid_until <= at)
    yield _C.status == "published"
    yield begun if state != "scheduled" else ~begun
    if state != "scheduled":
        yield over if state == "ended" else ~over


def versions(connection: Connection) -> dict[str, int]:
    """The version at which each was last changed, by id, in list order; drafts are of no concern to carts."""
    rows = connection.execute(select(_C.id, _C.version).where(_C.status != "draft").order_by(*_IN_ORDER))
    return {row.id: row.version for row in rows}


def names(connection: Connection) -> list[str]:
    """The ids of all."""
    return list(connection.execute(select(_C.id).order_by(*_IN_ORDER)).scalars())


def some(connection: Connection, wanted: Sequence[str]) -> list[StoredPromotion]:
    """Those of these ids that are there, in the order of the ids."""
    found: dict[str, StoredPromotion] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        chunk = wanted[start : start + _AT_ONCE]
        rows = connection.execute(select(promotions).where(_C.id.in_(chunk)))
        found.update((row.id, _stored(row)) for row in rows)
    return [found[name] for name in wanted if name in found]


def published(connection: Connection, at: datetime, type_: str | None = None) -> list[StoredPromotion]:
    """Those that run or will run after this instant, in list order; of one type only if it is given."""
    lasting = or_(_C.valid_until.is_(None), _C.valid_until > at)
    rows = select(promotions).where(_C.status == "published", lasting).order_by(*_IN_ORDER)
    return [
        _stored(row) for row in connection.execute(rows if type_ is None else rows.where(_C.type == type_))
    ]


def _row(promotion: StoredPromotion) -> dict[str, object]:
    row: dict[str, object] = {
        field.name: getattr(promotion, field.name) for field in dataclasses.fields(promotion)
    }
    return row | {"form": null()} if promotion.form is None else row


def _stored(row: Row[tuple[object, ...]]) -> StoredPromotion:
    return StoredPromotion(**row._mapping)
