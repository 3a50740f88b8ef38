"""Codes in the database. Every function works in its caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, func, select, update

from youhui.coupons.codes.model import Code, NewCode, State, Wanted
from youhui.coupons.tables import coupon_codes
from youhui.engine.promotion import fold
from youhui.platform import sql

_c = coupon_codes.c
_READ = select(_c.code_key.label("key"), *(column for column in coupon_codes.c if column is not _c.code_key))
_COLUMNS = (
    "code_key", "code", "template_id", "task_id", "uses_limit", "per_customer", "used", "voided_at", "created_at",
)  # fmt: skip


# -- reading


def find(connection: Connection, key: str) -> Code | None:
    """The code of this key, whosoever it is."""
    row = connection.execute(_READ.where(_c.code_key == key)).one_or_none()
    return None if row is None else _code(row)


def some(connection: Connection, keys: Collection[str]) -> dict[str, Code]:
    """Those of these that are there, by key."""
    found: dict[str, Code] = {}
    for chunk in sql.chunks(list(keys)):
        rows = connection.execute(_READ.where(_c.code_key.in_(chunk)))
        found.update((row.key, _code(row)) for row in rows)
    return found


def page(
    connection: Connection, template_id: int, wanted: Wanted, offset: int, limit: int
) -> tuple[Sequence[Code], int]:
    """A page of those that are wanted, by key, and how many there are in all."""
    conditions = list(_conditions(template_id, wanted))
    rows = connection.execute(_READ.where(*conditions).order_by(_c.code_key).offset(offset).limit(limit))
    counted = select(func.count()).select_from(coupon_codes).where(*conditions)
    return [_code(row) for row in rows], connection.execute(counted).scalar_one()


def following(
    connection: Connection, template_id: int, wanted: Wanted, key: str, limit: int
) -> Sequence[Code]:
    """The next of those that are wanted after a key ("": from the first)."""
    conditions = [*_conditions(template_id, wanted), _c.code_key > key]
    return [
        _code(row) for row in connection.execute(_READ.where(*conditions).order_by(_c.code_key).limit(limit))
    ]


def count(connection: Connection, template_id: int) -> int:
    """How many codes a template has."""
    counted = select(func.count()).select_from(coupon_codes).where(_c.template_id == template_id)
    return connection.execute(counted).scalar_one()


def _conditions(template_id: int, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    yield _c.template_id == template_id
    if wanted.task_id is not None:
        yield _c.task_id == wanted.task_id
    if wanted.text:
        yield _c.code_key.startswith(fold(wanted.text), autoescape=True)
    if wanted.state is not None:
        yield from _in_state(wanted.state)


def _in_state(state: State) -> Iterator[ColumnElement[bool]]:
    """As `Code.state` tells it."""
    if state == "void":
        yield _c.voided_at.is_not(None)
        return
    yield _c.voided_at.is_(None)
    yield _c.used >= _c.uses_limit if state == "used" else _c.used < _c.uses_limit


# -- writing


def add(
    connection: Connection, template_id: int, task_id: int, at: datetime, codes: Sequence[NewCode]
) -> int:
    """Adds those whose keys are not there yet, of these too; how many they were.

    In the order of keys: whoever adds some of the same codes at the same time waits, and is not waited for.
    """
    made = sql.instant(connection, at)
    rows = [
        (one.key, one.code, template_id, task_id, one.uses_limit, one.per_customer, 0, None, made)
        for one in sorted(codes, key=attrgetter("key"))
    ]
    return sql.insert_new(connection, coupon_codes, _COLUMNS, rows) if rows else 0


class Taken(Exception):
    """One of the codes is there by now: to be begun again, in a new transaction."""


def add_all(
    connection: Connection, template_id: int, task_id: int, at: datetime, codes: Sequence[NewCode]
) -> None:
    """Adds codes that are not there yet. Raises Taken."""
    if add(connection, template_id, task_id, at, codes) != len(codes):
        raise Taken


def void(connection: Connection, key: str, at: datetime) -> None:
    """What was redeemed of it stays."""
    connection.execute(
        update(coupon_codes).where(_c.code_key == key, _c.voided_at.is_(None)).values(voided_at=at)
    )


class Voided(NamedTuple):
    """`last`: the key that was looked at last; "": there was none. `codes`: how many were voided."""

    last: str
    codes: int


def void_next(connection: Connection, task_id: int, key: str, limit: int, at: datetime) -> Voided:
    """Voids those of the next so many codes of a task after a key that can still be redeemed."""
    mine = (_c.task_id == task_id, _c.code_key > key)
    chunk = select(_c.code_key).where(*mine).order_by(_c.code_key).limit(limit)
    last = connection.execute(select(func.max(chunk.subquery().c.code_key))).scalar_one()
    if last is None:
        return Voided("", 0)
    left = update(coupon_codes).where(*mine, _c.code_key <= last, *_in_state("unused"))
    return Voided(last, connection.execute(left.values(voided_at=at)).rowcount)


def _code(row: Row[Any]) -> Code:
    return Code(**row._mapping)
