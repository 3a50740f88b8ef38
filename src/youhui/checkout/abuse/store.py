"""Blocks, wrong codes, breakers, and what the ledger says was given lately. All in the caller's transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from youhui.checkout.abuse.model import Block, Breaker, Kind, Redemption
from youhui.checkout.abuse.tables import blocked, breakers, code_misses
from youhui.platform.sql import MOST, among, dialect_of, fetch, instant, read_at, run

_ON_CONFLICT = "ON CONFLICT (subject, period) DO UPDATE SET misses = code_misses.misses + 1"
_ON_DUPLICATE = "ON DUPLICATE KEY UPDATE misses = misses + 1"
_PROMOTION = "COALESCE(promotion, '')"
_GIVEN = ("at", "promotion", "order_no", "coupon", "currency", "discount")


# -- who is blocked


def blocks(connection: Connection) -> list[Block]:
    """All of them."""
    return [_block(row) for row in connection.execute(select(blocked))]


def page_of_blocks(
    connection: Connection, kind: Kind | None, value: str | None, offset: int, limit: int
) -> tuple[list[Block], int]:
    """A part of those that are wanted, the latest first, and how many there are in all."""
    wanted = [
        column == given
        for column, given in ((blocked.c.kind, kind), (blocked.c.value, value))
        if given is not None
    ]
    latest = (blocked.c.at.desc(), blocked.c.kind, blocked.c.value)
    rows = connection.execute(select(blocked).where(*wanted).order_by(*latest).offset(offset).limit(limit))
    found = [_block(row) for row in rows]
    return found, connection.execute(select(func.count()).select_from(blocked).where(*wanted)).scalar_one()


def find_block(connection: Connection, kind: str, value: str) -> Block | None:
    """The one of this caller, if there is one."""
    row = connection.execute(
        select(blocked).where(blocked.c.kind == kind, blocked.c.value == value)
    ).one_or_none()
    return None if row is None else _block(row)


def put_block(connection: Connection, block: Block, *, new: bool) -> None:
    """Writes it, over the one of the same caller unless it is `new`."""
    values = dataclasses.asdict(block)
    values["actor"] = values.pop("by")
    if new:
        connection.execute(insert(blocked).values(values))
    else:
        mine = (blocked.c.kind == block.kind) & (blocked.c.value == block.value)
        connection.execute(update(blocked).where(mine).values(values))


def remove_block(connection: Connection, block: Block) -> None:
    """Of one that is there."""
    mine = (blocked.c.kind == block.kind) & (blocked.c.value == block.value)
    connection.execute(delete(blocked).where(mine))


def _block(row: Row[tuple[object, ...]]) -> Block:
    values = dict(row._mapping)
    return Block(by=values.pop("actor"), **values)


# -- wrong codes


def add_misses(connection: Connection, subjects: Collection[str], period: int) -> None:
    """One more wrong code of each: one statement, whose rows are locked in one order by all."""
    rows = ", ".join(["(?, ?, 1)"] * len(subjects))
    more = _ON_DUPLICATE if dialect_of(connection) == "mysql" else _ON_CONFLICT
    values = [value for subject in sorted(subjects) for value in (subject, period)]
    run(connection, f"INSERT INTO code_misses (subject, period, misses) VALUES {rows} {more}", [values])


def misses(connection: Connection, subjects: Collection[str], period: int) -> Mapping[tuple[str, int], int]:
    """How many wrong codes there were, by subject and period, in this one and the one before."""
    those, values = among(connection, "subject", sorted(subjects))
    text = f"SELECT subject, period, misses FROM code_misses WHERE {those} AND period >= ?"
    return {(row[0], row[1]): row[2] for row in fetch(connection, text, (*values, period - 1))}


def forget_misses(connection: Connection, before: int) -> None:
    """Those of periods before this one."""
    connection.execute(delete(code_misses).where(code_misses.c.period < before))


# -- breakers


def all_breakers(connection: Connection) -> list[Breaker]:
    """By their promotions."""
    rows = connection.execute(select(breakers).order_by(breakers.c.promotion))
    return [Breaker(**row._mapping) for row in rows]


def any_breaker(connection: Connection) -> bool:
    """Whether there is one."""
    return connection.execute(select(breakers.c.promotion).limit(1)).first() is not None


def page_of_breakers(connection: Connection, offset: int, limit: int) -> tuple[list[Breaker], int]:
    """A part of them by their promotions, and how many there are in all."""
    rows = connection.execute(select(breakers).order_by(breakers.c.promotion).offset(offset).limit(limit))
    found = [Breaker(**row._mapping) for row in rows]
    return found, connection.execute(select(func.count()).select_from(breakers)).scalar_one()


def find_breaker(connection: Connection, promotion: str) -> Breaker | None:
    """The one of this campaign, if there is one."""
    row = connection.execute(select(breakers).where(breakers.c.promotion == promotion)).one_or_none()
    return None if row is None else Breaker(**row._mapping)


def put_breaker(connection: Connection, breaker: Breaker, *, new: bool) -> None:
    """Writes it, over the one of the same campaign unless it is `new`."""
    values = dataclasses.asdict(breaker)
    if new:
        connection.execute(insert(breakers).values(values))
    else:
        mine = breakers.c.promotion == breaker.promotion
        connection.execute(update(breakers).where(mine).values(values))


def remove_breaker(connection: Connection, breaker: Breaker) -> None:
    """Of one that is there."""
    connection.execute(delete(breakers).where(breakers.c.promotion == breaker.promotion))


def trip(connection: Connection, breaker: Breaker, at: datetime) -> bool:
    """Writes that it has stopped its campaign, unless it was changed since it was read. Of several nodes, one does."""
    same = breakers.c.tripped_at.is_not_distinct_from(breaker.tripped_at)
    mine = (breakers.c.promotion == breaker.promotion) & same
    return connection.execute(update(breakers).where(mine).values(tripped_at=at)).rowcount == 1


# -- what was given lately


def last_entry(connection: Connection) -> int:
    """The id of the ledger's last entry, 0 if there is none."""
    return int(fetch(connection, "SELECT COALESCE(MAX(id), 0) FROM ledger")[0][0])


def last_entry_before(connection: Connection, at: datetime) -> int:
    """The id of an entry from before this instant after which none is: found by halving, since ids follow the time."""
    low, high = 0, last_entry(connection)
    wanted = instant(connection, at)
    text = "SELECT id FROM ledger WHERE id = (SELECT MIN(id) FROM ledger WHERE id >= ?) AND at < ?"
    while low < high:
        middle = (low + high + 1) // 2
        older = fetch(connection, text, (middle, wanted))
        low, high = (int(older[0][0]), high) if older else (low, middle - 1)
    return low


def given_after(connection: Connection, entry: int, promotions: Sequence[str]) -> list[Redemption]:
    """What these campaigns gave, or rules of theirs (flash#1 of flash), by the entries after one.

    Read by their ids, whatever else has an index; of some databases also what differs in case.
    """
    found = []
    for start in range(0, len(promotions), MOST):
        part = promotions[start : start + MOST]
        those, values = among(connection, _PROMOTION, part)
        rules = " OR ".join([f"{_PROMOTION} LIKE ? ESCAPE '!'"] * len(part))
        text = (
            f"SELECT {', '.join(_GIVEN)} FROM ledger"
            f" WHERE id > ? AND kind = 'hold' AND ({those} OR {rules}) ORDER BY id"
        )
        rows = fetch(connection, text, (entry, *values, *[f"{_literal(name)}#%" for name in part]))
        found += [Redemption(read_at(row[0]), *row[1:]) for row in rows]
    return found


def _literal(name: str) -> str:
    """As a pattern that nothing else matches."""
    return name.replace("!", "!!").replace("%", "!%").replace("_", "!_")
