"""Which job is due when, and which process does it: one row a job. Every function works in its caller's transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, ColumnElement, Connection, String, Table, insert, or_, select, update

from youhui.platform.db import TABLE_OPTIONS, UTCDateTime, metadata

LONGEST_ERROR = 500

schedules = Table(
    "schedules",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("cron", String(100), nullable=False),
    Column("next_run_at", UTCDateTime, nullable=False),
    Column("claimed_by", String(32)),
    Column("claimed_until", UTCDateTime),
    Column("last_started_at", UTCDateTime),
    Column("last_finished_at", UTCDateTime),
    Column("last_error", String(LONGEST_ERROR)),
    **TABLE_OPTIONS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A job's row. `claimed_until`: it is running, or its process is gone and this is when another one may take it."""

    name: str
    cron: str
    next_run_at: datetime
    claimed_by: str | None
    claimed_until: datetime | None
    last_started_at: datetime | None
    last_finished_at: datetime | None
    last_error: str | None


def listed(connection: Connection) -> list[Schedule]:
    """All of them, by name."""
    rows = connection.execute(select(schedules).order_by(schedules.c.name))
    return [Schedule(**row._mapping) for row in rows]


def add(connection: Connection, name: str, cron: str, next_run_at: datetime) -> None:
    """A new one. An IntegrityError if another process was first."""
    connection.execute(insert(schedules).values(name=name, cron=cron, next_run_at=next_run_at))


def change(connection: Connection, name: str, cron: str, next_run_at: datetime) -> None:
    """Another expression, where it is another."""
    mine = (schedules.c.name == name) & (schedules.c.cron != cron)
    connection.execute(update(schedules).where(mine).values(cron=cron, next_run_at=next_run_at))


def due(connection: Connection, names: Collection[str], now: datetime) -> list[str]:
    """Which of these are to be run and are free."""
    wanted = schedules.c.name.in_(names) & (schedules.c.next_run_at <= now) & _free(now)
    return list(connection.execute(select(schedules.c.name).where(wanted)).scalars())


def claim(
    connection: Connection, name: str, by: str, now: datetime, until: datetime, *, due_only: bool = True
) -> bool:
    """Takes it if it is still free, and due unless that does not matter. Of several that try, one succeeds."""
    wanted = (schedules.c.name == name) & _free(now)
    if due_only:
        wanted &= schedules.c.next_run_at <= now
    taken = update(schedules).where(wanted).values(claimed_by=by, claimed_until=until, last_started_at=now)
    return connection.execute(taken).rowcount == 1


def keep(connection: Connection, name: str, by: str, until: datetime) -> None:
    """Goes on holding what was claimed."""
    mine = (schedules.c.name == name) & (schedules.c.claimed_by == by)
    connection.execute(update(schedules).where(mine).values(claimed_until=until))


def finish(
    connection: Connection, name: str, by: str, now: datetime, next_run_at: datetime, error: str | None
) -> None:
    """Writes what became of it and lets it go, unless it was lost to another process meanwhile."""
    mine = (schedules.c.name == name) & (schedules.c.claimed_by == by)
    connection.execute(
        update(schedules)
        .where(mine)
        .values(
            claimed_by=None,
            claimed_until=None,
            last_finished_at=now,
            next_run_at=next_run_at,
            last_error=error and error[:LONGEST_ERROR],
        )
    )


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(schedules.c.claimed_until.is_(None), schedules.c.claimed_until < now)
