"""The lists of a discount in the database: whom it is for, and what. Every function works in its caller's transaction.

Of an archived discount they lie packed in one row, and are answered from there.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias, TypeVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ClauseElement,
    ColumnElement,
    Connection,
    String,
    Table,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
)

from youhui.discounts.model import KINDS, Difference, Discount, Edit, Kind
from youhui.discounts.tables import discount_archives, discount_customers, discount_products

_TABLES: Mapping[Kind, Table] = {
    "customer": discount_customers,
    "group": discount_customers,
    "product": discount_products,
    "category": discount_products,
}
_KEY = ("discount_id", "kind", "value")
_AT_ONCE = 500
"""values in one query: below every database's limit of parameters"""

T = TypeVar("T")
Lists: TypeAlias = Mapping[Kind, frozenset[str]]
Entry: TypeAlias = tuple[int, Kind, str]
"""a row of a list"""


class ListChange(NamedTuple):
    """What changes in a list of a discount."""

    discount: int
    kind: Kind
    by: Difference


def difference(connection: Connection, discount: Discount, kind: Kind, edit: Edit) -> Difference:
    """What an edit would change in a list; where it only adds and removes, the rest of the list is not read."""
    if not discount.counts[kind]:
        return _ordered(edit.replace or edit.add, ())
    if edit.replace is not None:
        return between(frozenset(_read(connection, discount.id, kind)), edit.replace)
    held = _held(connection, discount.id, kind, edit.add | edit.remove)
    return _ordered(edit.add - held, edit.remove & held)


def between(before: frozenset[str], after: frozenset[str]) -> Difference:
    """What makes one list another."""
    return _ordered(after - before, before - after)


def change(connection: Connection, changes: Sequence[ListChange]) -> None:
    """Writes differences, at most one of a list: a row for each value, and no other."""
    for table in (discount_customers, discount_products):
        mine = [one for one in changes if _TABLES[one.kind] is table]
        _remove(connection, table, mine)
        _add(connection, table, [(one.discount, one.kind, value) for one in mine for value in one.by.added])


def lists(connection: Connection, discounts: Collection[int]) -> dict[int, Lists]:
    """All lists of discounts that are not archived."""
    found: dict[int, dict[Kind, set[str]]] = {id_: {kind: set() for kind in KINDS} for id_ in discounts}
    for ids in _chunks(list(discounts)):
        for table in (discount_customers, discount_products):
            c = table.c
            rows = connection.execute(select(c.discount_id, c.kind, c.value).where(c.discount_id.in_(ids)))
            for id_, kind, value in rows:
                found[id_][kind].add(value)
    return {id_: {kind: frozenset(held[kind]) for kind in KINDS} for id_, held in found.items()}


def held(connection: Connection, discount: Discount, kind: Kind, values: Collection[str]) -> set[str]:
    """Which of these are in a list."""
    if discount.archived_at is not None:
        return set(_packed(connection, discount.id)[kind]).intersection(values)
    return _held(connection, discount.id, kind, values)


def read(connection: Connection, discount: Discount, kind: Kind) -> list[str]:
    """A whole list, in order."""
    if discount.archived_at is not None:
        return list(_packed(connection, discount.id)[kind])
    return sorted(_read(connection, discount.id, kind))


def page(
    connection: Connection, discount: Discount, kind: Kind, part: str, offset: int, limit: int
) -> tuple[list[str], int]:
    """A page of the values that contain `part`, in order, and how many there are in all."""
    if discount.archived_at is not None:
        found = [value for value in _packed(connection, discount.id)[kind] if part.lower() in value.lower()]
        return found[offset : offset + limit], len(found)
    table = _TABLES[kind]
    wanted = [*_list(table, discount.id, kind)]
    if part:
        wanted.append(table.c.value.icontains(part, autoescape=True))
    values = select(table.c.value).where(*wanted).order_by(table.c.value).offset(offset).limit(limit)
    total = connection.execute(select(func.count()).select_from(table).where(*wanted)).scalar_one()
    return list(connection.execute(values).scalars()), total


def pack(connection: Connection, discount: int) -> None:
    """Puts all lists of a discount into one row, and their own rows away."""
    whole = {kind: sorted(_read(connection, discount, kind)) for kind in KINDS}
    packed = zlib.compress(json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode())
    connection.execute(insert(discount_archives).values(discount_id=discount, lists=packed))
    for table in (discount_customers, discount_products):
        connection.execute(delete(table).where(table.c.discount_id == discount))


def _packed(connection: Connection, discount: int) -> Mapping[Kind, list[str]]:
    query = select(discount_archives.c.lists).where(discount_archives.c.discount_id == discount)
    whole: Mapping[Kind, list[str]] = json.loads(zlib.decompress(connection.execute(query).scalar_one()))
    return whole


def _read(connection: Connection, discount: int, kind: Kind) -> Sequence[str]:
    table = _TABLES[kind]
    return connection.execute(select(table.c.value).where(*_list(table, discount, kind))).scalars().all()


def _held(connection: Connection, discount: int, kind: Kind, values: Collection[str]) -> set[str]:
    table, found = _TABLES[kind], set[str]()
    for some in _chunks(sorted(values)):
        query = select(table.c.value).where(*_list(table, discount, kind), table.c.value.in_(some))
        found.update(connection.execute(query).scalars())
    return found


def _remove(connection: Connection, table: Table, changes: Sequence[ListChange]) -> None:
    """Many values of a list in one statement, but for SQLite: no network lies between, and one by one is faster."""
    if connection.dialect.name == "sqlite":
        key = (column == bindparam(column.name) for column in table.primary_key.columns)
        gone = [(one.discount, one.kind, value) for one in changes for value in one.by.removed]
        _each(connection, delete(table).where(*key), gone)
        return
    for discount, kind, by in changes:
        for values in _chunks(by.removed):
            wanted = (*_list(table, discount, kind), table.c.value.in_(values))
            connection.execute(delete(table).where(*wanted))


def _add(connection: Connection, table: Table, entries: Sequence[Entry]) -> None:
    """PostgreSQL takes them as arrays: row by row they would take five times as long."""
    if not entries:
        return
    if connection.dialect.name == "sqlite":
        _each(connection, insert(table), entries)
    elif connection.dialect.name == "postgresql":
        columns = zip((BigInteger, String, String), zip(*entries, strict=True), strict=True)
        each = [func.unnest(cast(list(values), ARRAY(type_))) for type_, values in columns]
        connection.execute(insert(table).from_select(_KEY, select(*each)))
    else:
        connection.execute(insert(table), [dict(zip(_KEY, entry, strict=True)) for entry in entries])


def _each(connection: Connection, statement: ClauseElement, entries: Sequence[Entry]) -> None:
    """Runs a statement with the values of each entry. SQLAlchemy would take longer to look at them than SQLite takes to
    write them.
    """
    if entries:
        compiled = str(statement.compile(dialect=connection.dialect))
        connection.exec_driver_sql(compiled, list(entries))


def _list(table: Table, discount: int, kind: Kind) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.discount_id == discount, table.c.kind == kind


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))


def _ordered(added: Collection[str], removed: Collection[str]) -> Difference:
    return Difference(tuple(sorted(added)), tuple(sorted(removed)))
