"""Promotions in the database. Every function works in its caller's transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from youhui.promotions.model import StoredPromotion
from youhui.promotions.problems import PromotionExists, PromotionNotFound
from youhui.promotions.tables import promotions

_IN_ORDER = (promotions.c.position, promotions.c.id)
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
    connection.execute(update(promotions).where(promotions.c.id == promotion.id).values(_row(promotion)))


def remove(connection: Connection, name: str) -> None:
    """Raises PromotionNotFound."""
    if not connection.execute(delete(promotions).where(promotions.c.id == name)).rowcount:
        raise PromotionNotFound(id=name)


def get(connection: Connection, name: str) -> StoredPromotion:
    """Raises PromotionNotFound."""
    row = connection.execute(select(promotions).where(promotions.c.id == name)).one_or_none()
    if row is None:
        raise PromotionNotFound(id=name)
    return _stored(row)


def count(connection: Connection) -> int:
    """How many there are."""
    return connection.execute(select(func.count()).select_from(promotions)).scalar_one()


def listed(connection: Connection, offset: int, limit: int) -> list[StoredPromotion]:
    """A page of all, in list order."""
    rows = connection.execute(select(promotions).order_by(*_IN_ORDER).offset(offset).limit(limit))
    return [_stored(row) for row in rows]


def versions(connection: Connection) -> dict[str, int]:
    """The version at which each was last changed, by id, in list order."""
    rows = connection.execute(select(promotions.c.id, promotions.c.version).order_by(*_IN_ORDER))
    return {row.id: row.version for row in rows}


def some(connection: Connection, names: Sequence[str]) -> list[StoredPromotion]:
    """Those of these that are there, in the order of the names."""
    found: dict[str, StoredPromotion] = {}
    for start in range(0, len(names), _AT_ONCE):
        chunk = names[start : start + _AT_ONCE]
        rows = connection.execute(select(promotions).where(promotions.c.id.in_(chunk)))
        found.update((row.id, _stored(row)) for row in rows)
    return [found[name] for name in names if name in found]


def _row(promotion: StoredPromotion) -> dict[str, object]:
    return {field.name: getattr(promotion, field.name) for field in dataclasses.fields(promotion)}


def _stored(row: Row[tuple[object, ...]]) -> StoredPromotion:
    return StoredPromotion(**row._mapping)
