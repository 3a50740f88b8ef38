"""The trace of every administrative write (P22): who, when, what, before and after, in the same commit as the write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    Row,
    String,
    Table,
    func,
    insert,
    select,
    update,
)

from youhui.platform.db import TABLE_OPTIONS, UTCDateTime, metadata
from youhui.platform.principals import Principal

Shown: TypeAlias = Mapping[str, object]
"""what something is, as JSON"""

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", UTCDateTime, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("action", String(64), nullable=False),
    Column("object", String(100), nullable=False),
    Column("before", JSON(none_as_null=True)),
    Column("after", JSON(none_as_null=True)),
    Index(None, "object", "id"),
    Index(None, "actor", "id"),
    **TABLE_OPTIONS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One write. `action` is "discount.update", `object` "discount:17"; None is before it was, or after it is gone."""

    id: int
    at: datetime
    actor: str
    action: str
    object: str
    before: Shown | None
    after: Shown | None


def record(
    connection: Connection,
    at: datetime,
    by: Principal,
    action: str,
    object: str,  # noqa: A002
    *,
    before: Shown | None = None,
    after: Shown | None = None,
) -> int:
    """Adds an entry, in the transaction of the write. Values are JSON; secrets and long lists do not belong in it.

    Answers its id.
    """
    added = connection.execute(
        insert(audit).values(
            at=at, actor=by.name, action=action, object=object, before=_plain(before), after=_plain(after)
        )
    )
    (id_,) = added.inserted_primary_key or (0,)
    return int(id_)


def amend(connection: Connection, entry: int, after: Mapping[str, object]) -> None:
    """Says how far a write of several transactions has come, in the transaction of each but the first."""
    connection.execute(update(audit).where(audit.c.id == entry).values(after=_plain(after)))


def entries(
    connection: Connection,
    offset: int,
    limit: int,
    *,
    object: str | None = None,  # noqa: A002
    actor: str | None = None,
    action: str | None = None,
) -> tuple[Sequence[Entry], int]:
    """A page, the latest first, and how many there are in all."""
    wanted = [
        column == value
        for column, value in ((audit.c.object, object), (audit.c.actor, actor), (audit.c.action, action))
        if value is not None
    ]
    rows = connection.execute(
        select(audit).where(*wanted).order_by(audit.c.id.desc()).offset(offset).limit(limit)
    )
    found = [_entry(row) for row in rows]
    return found, connection.execute(select(func.count()).select_from(audit).where(*wanted)).scalar_one()


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    return Entry(**row._mapping)


def _plain(value: Shown | None) -> dict[str, object] | None:
    return None if value is None else dict(value)
