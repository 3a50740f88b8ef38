"""The lists of a discount in the database: whom it is for, and what. Every function works in its caller's transaction.

Of an archived discount they lie packed in one row, and are answered from there.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    String,
    Table,
    cast,
    delete,
    func,
    insert,
    literal,
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
_AT_ONCE = 500
"""values in one query: below every database's limit of parameters"""


def difference(connection: Connection, discount: Discount, kind: Kind, edit: Edit) -> Difference:
    """What an edit would change in a list; where it only adds and removes, the rest of the list is not read."""
    if not discount.counts[kind]:
        return _ordered(edit.replace or edit.add, ())
    if edit.replace is not None:
        held = set(_read(connection, discount.id, kind))
        return _ordered(edit.replace - held, held - edit.replace)
    held = _held(connection, discount.id, kind, edit.add | edit.remove)
    return _ordered(edit.add - held, edit.remove & held)


def change(connection: Connection, discount: int, kind: Kind, by: Difference) -> None:
    """Writes a difference: a row for each value, and no other."""
    table = _TABLES[kind]
    for values in _chunks(by.removed):
        connection.execute(delete(table).where(*_list(table, discount, kind), table.c.value.in_(values)))
    if by.added:
        _add(connection, table, discount, kind, by.added)


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
    lists = {kind: sorted(_read(connection, discount, kind)) for kind in KINDS}
    packed = zlib.compress(json.dumps(lists, ensure_ascii=False, separators=(",", ":")).encode())
    connection.execute(insert(discount_archives).values(discount_id=discount, lists=packed))
    for table in (discount_customers, discount_products):
        connection.execute(delete(table).where(table.c.discount_id == discount))


def _packed(connection: Connection, discount: int) -> Mapping[Kind, list[str]]:
    query = select(discount_archives.c.lists).where(discount_archives.c.discount_id == discount)
    lists: Mapping[Kind, list[str]] = json.loads(zlib.decompress(connection.execute(query).scalar_one()))
    return lists


def _read(connection: Connection, discount: int, kind: Kind) -> Sequence[str]:
    table = _TABLES[kind]
    return connection.execute(select(table.c.value).where(*_list(table, discount, kind))).scalars().all()


def _held(connection: Connection, discount: int, kind: Kind, values: Collection[str]) -> set[str]:
    table, found = _TABLES[kind], set[str]()
    for some in _chunks(sorted(values)):
        query = select(table.c.value).where(*_list(table, discount, kind), table.c.value.in_(some))
        found.update(connection.execute(query).scalars())
    return found


def _add(connection: Connection, table: Table, discount: int, kind: Kind, values: Sequence[str]) -> None:
    """PostgreSQL takes them as one array: row by row they would take five times as long."""
    if connection.dialect.name == "postgresql":
        each = func.unnest(cast(list(values), ARRAY(String)))
        rows = select(literal(discount), literal(kind), each)
        connection.execute(insert(table).from_select(["discount_id", "kind", "value"], rows))
    else:
        connection.execute(
            insert(table), [{"discount_id": discount, "kind": kind, "value": value} for value in values]
        )


def _list(table: Table, discount: int, kind: Kind) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.discount_id == discount, table.c.kind == kind


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))


def _ordered(added: Collection[str], removed: Collection[str]) -> Difference:
    return Difference(tuple(sorted(added)), tuple(sorted(removed)))
