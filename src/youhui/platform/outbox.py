"""What happened that others may want to know of: one row for each, in the same commit as what happened (P21)."""

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
    String,
    Table,
    func,
    insert,
    select,
)

from youhui.platform.db import TABLE_OPTIONS, UTCDateTime, metadata

Payload: TypeAlias = Mapping[str, object]
"""JSON"""

events = Table(
    "events",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", UTCDateTime, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("object", String(100), nullable=False),
    Column("payload", JSON, nullable=False),
    Index(None, "kind", "id"),
    Index(None, "object", "id"),
    **TABLE_OPTIONS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened. `kind` is "breaker.tripped", `object` what it happened to: "coupon-template:7"."""

    id: int
    at: datetime
    kind: str
    object: str
    payload: Payload


def add(
    connection: Connection,
    at: datetime,
    kind: str,
    object: str,  # noqa: A002
    payload: Payload,
) -> None:
    """Adds an event, in the transaction of what happened."""
    row = {"at": at, "kind": kind, "object": object, "payload": dict(payload)}
    connection.execute(insert(events).values(row))


def listed(
    connection: Connection,
    offset: int,
    limit: int,
    *,
    kind: str | None = None,
    object: str | None = None,  # noqa: A002
) -> tuple[Sequence[Event], int]:
    """A page, the latest first, and how many there are in all."""
    wanted = [
        column == value
        for column, value in ((events.c.kind, kind), (events.c.object, object))
        if value is not None
    ]
    page = select(events).where(*wanted).order_by(events.c.id.desc()).offset(offset).limit(limit)
    found = [Event(**row._mapping) for row in connection.execute(page)]
    return found, connection.execute(select(func.count()).select_from(events).where(*wanted)).scalar_one()
