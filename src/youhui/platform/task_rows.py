"""Long work as it lies in the database: one row a task. Every function works in its caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from youhui.platform.db import TABLE_OPTIONS, UTCDateTime, metadata

State: TypeAlias = Literal["waiting", "running", "done", "failed", "cancelled"]
LIVE: tuple[State, ...] = ("waiting", "running")
"""what is still to be worked on"""

tasks = Table(
    "tasks",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("object", String(100), nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("state", String(9), nullable=False),
    Column("place", String(200), nullable=False),  # the cursor, which is a reserved word
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger),
    Column("result", JSON, nullable=False),
    Column("error", JSON(none_as_null=True)),
    Column("once", String(240)),  # what must be added once has one name
    Column("created_by", String(80), nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("started_at", UTCDateTime),
    Column("finished_at", UTCDateTime),
    Column("claimed_by", String(32)),
    Column("claimed_until", UTCDateTime),
    UniqueConstraint("once"),
    Index(None, "state", "id"),
    Index(None, "object", "id"),
    **TABLE_OPTIONS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A piece of long work. `object` is what it is done to: "coupon-template:7"; `parameters` say what is to be done.

    `cursor` says how far it has come, in words of its kind ("": not begun); `done` of `total` (None: not known) for
    people. `result`: what it led to so far. `error`: why it failed, `{"code", "zh-CN", "en"}`.
    """

    id: int
    kind: str
    object: str
    parameters: Mapping[str, Any]
    state: State
    cursor: str
    done: int
    total: int | None
    result: Mapping[str, Any]
    error: Mapping[str, str] | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class Wanted(NamedTuple):
    """Which tasks a list is of; None: of all."""

    object: str | None = None
    kind: str | None = None
    state: State | None = None


_COLUMNS = {name: tasks.c["place" if name == "cursor" else name] for name in Task.__dataclass_fields__}
_FIELDS = [column.label(name) for name, column in _COLUMNS.items()]
_LISTED = [column.label(name) for name, column in _COLUMNS.items() if name != "parameters"]


def add(connection: Connection, task: Task, once: str | None) -> int:
    """A new one; its id. An IntegrityError if there is one that is called `once`."""
    values = {column.name: getattr(task, name) for name, column in _COLUMNS.items() if name != "id"}
    added = connection.execute(insert(tasks).values(**values, once=once))
    (id_,) = added.inserted_primary_key or (0,)
    return int(id_)


def get(connection: Connection, id: int) -> Task | None:  # noqa: A002
    """One, if it is there."""
    return _found(connection, tasks.c.id == id)


def called(connection: Connection, once: str) -> Task | None:
    """The one that was added by this name."""
    return _found(connection, tasks.c.once == once)


def listed(connection: Connection, wanted: Wanted, offset: int, limit: int) -> tuple[Sequence[Task], int]:
    """A page, the latest first and without their parameters, which may be long; and how many there are in all."""
    where = [tasks.c[name] == value for name, value in wanted._asdict().items() if value is not None]
    rows = connection.execute(
        select(*_LISTED).where(*where).order_by(tasks.c.id.desc()).offset(offset).limit(limit)
    )
    found = [Task(**row._mapping, parameters={}) for row in rows]
    return found, connection.execute(select(func.count()).select_from(tasks).where(*where)).scalar_one()


def due(connection: Connection, kinds: Collection[str], by: str, now: datetime, limit: int) -> Sequence[int]:
    """Which of these kinds are to be worked on and are held by none but `by`, the oldest first."""
    wanted = tasks.c.kind.in_(kinds) & tasks.c.state.in_(LIVE) & _free(by, now)
    return list(
        connection.execute(select(tasks.c.id).where(wanted).order_by(tasks.c.id).limit(limit)).scalars()
    )


def take(connection: Connection, id: int, by: str, now: datetime, until: datetime) -> Task | None:  # noqa: A002
    """Holds it for `by`, and locks its row: nobody else works on it before this transaction has ended.

    None if it has ended, or is another's.
    """
    mine = (tasks.c.id == id) & tasks.c.state.in_(LIVE) & _free(by, now)
    taken = (
        update(tasks)
        .where(mine)
        .values(
            state="running",
            claimed_by=by,
            claimed_until=until,
            started_at=func.coalesce(tasks.c.started_at, literal(now, UTCDateTime)),
        )
    )
    return get(connection, id) if connection.execute(taken).rowcount == 1 else None


def advance(connection: Connection, task: Task) -> None:
    """Writes how far it has come. Its row is locked."""
    connection.execute(
        update(tasks)
        .where(tasks.c.id == task.id)
        .values(place=task.cursor, done=task.done, result=task.result)
    )


def end(
    connection: Connection,
    id: int,  # noqa: A002
    state: State,
    now: datetime,
    error: Mapping[str, str] | None = None,
) -> bool:
    """Ends one that is live; False if it is not."""
    live = (tasks.c.id == id) & tasks.c.state.in_(LIVE)
    ended = (
        update(tasks)
        .where(live)
        .values(state=state, finished_at=now, error=error, claimed_by=None, claimed_until=None)
    )
    return connection.execute(ended).rowcount == 1


def let_go(connection: Connection, by: str) -> None:
    """What `by` holds is free for any other."""
    mine = (tasks.c.claimed_by == by) & tasks.c.state.in_(LIVE)
    connection.execute(update(tasks).where(mine).values(claimed_by=None, claimed_until=None))


def _free(by: str, now: datetime) -> ColumnElement[bool]:
    return or_(tasks.c.claimed_until.is_(None), tasks.c.claimed_until < now, tasks.c.claimed_by == by)


def _found(connection: Connection, where: ColumnElement[bool]) -> Task | None:
    row = connection.execute(select(*_FIELDS).where(where)).one_or_none()
    return None if row is None else Task(**row._mapping)
