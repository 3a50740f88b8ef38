"""The directory in the database. Every function works in its caller's transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias, TypeVar

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Delete,
    Row,
    Select,
    Table,
    bindparam,
    delete,
    func,
    or_,
    select,
    union_all,
)

from youhui.directory.model import Category, Customer, Entry, Filters, Kind, Product, Sort, Tree
from youhui.directory.tables import categories, customer_groups, customers, product_categories, products
from youhui.platform import audit, bulk
from youhui.platform.principals import Principal

Changes: TypeAlias = Mapping[str, tuple[Entry | None, Entry | None]]
"""by id: what was there, and what is to be there instead"""
T = TypeVar("T")

COUNTED = 10_000
"""hits of a search at most; a list without a search goes to its end"""
_AT_ONCE = 1_000
"""ids in one query that changes something; each is one parameter or two"""
_ASKED_AT_ONCE = 10_000
"""ids in one query that only asks which of them are there"""
_NO_DIGIT = re.compile(r"\D")


class _Kept(NamedTuple):
    """Where entries of a kind are kept. `values`: of the fields `names`, which are the table's columns but the last.

    `links`: by what else they are found, and the field that says it.
    """

    table: Table
    cls: type[Any]
    names: tuple[str, ...]
    values: Callable[[Any], tuple[object, ...]]
    links: Table | None = None
    linked: str = ""


def _kept(table: Table, cls: type[Any], links: Table | None = None, linked: str = "") -> _Kept:
    names = cls.__struct_fields__
    assert (*names, "searched") == tuple(table.c.keys())
    return _Kept(table, cls, names, attrgetter(*names), links, linked)


_KEPT: Mapping[Kind, _Kept] = {
    "customers": _kept(customers, Customer, customer_groups, "groups"),
    "products": _kept(products, Product, product_categories, "categories"),
    "categories": _kept(categories, Category),
}


# -- single entries


def some(connection: Connection, kind: Kind, ids: Collection[str]) -> dict[str, Entry]:
    """Those of these that are there."""
    kept = _KEPT[kind]
    found: dict[str, Entry] = {}
    for chunk in _chunks(ids, _AT_ONCE):
        rows = connection.execute(_SOME[kind], {"ids": chunk}).all()
        found.update((row.id, _entry(kept, row)) for row in rows)
    return found


def beside(connection: Connection, kind: Kind, ids: Collection[str]) -> dict[str, Entry]:
    """What changes of these must fit with: those that are there; of categories the whole tree."""
    if kind != "categories":
        return some(connection, kind, ids)
    kept = _KEPT[kind]
    return {row.id: _entry(kept, row) for row in connection.execute(_entries(kept))}


def tree(connection: Connection, version: int) -> Tree:
    """The tree of categories, which is of this version."""
    rows = connection.execute(select(categories.c.id, categories.c.parent))
    return Tree({row.id: row.parent for row in rows}, version)


def missing(connection: Connection, kind: Kind, ids: Collection[str]) -> list[str]:
    """Which of these are not there, in their order."""
    column = _KEPT[kind].table.c.id
    there: set[str] = set()
    for chunk in _chunks(ids, _ASKED_AT_ONCE):
        there.update(connection.execute(select(column).where(column.in_(chunk))).scalars())
    return [id_ for id_ in dict.fromkeys(ids) if id_ not in there]


def is_empty(connection: Connection, kind: Kind) -> bool:
    """Whether there are none at all."""
    return connection.execute(select(_KEPT[kind].table.c.id).limit(1)).first() is None


def customers_after(connection: Connection, group: str | None, after: str, limit: int) -> list[str]:
    """Customers of a group, or None: all, in the order of their ids: so many that follow `after`."""
    links = customer_groups.c
    c = (customers if group is None else select(links.id).where(links.name == group).subquery()).c
    return list(connection.execute(select(c.id).where(c.id > after).order_by(c.id).limit(limit)).scalars())


def named_products(connection: Connection, names: Collection[str]) -> dict[str, Product]:
    """By what they were asked for: an id, or else a sku; of several with one sku an active one, then the least id."""
    kept = _KEPT["products"]
    wanted = list(names)
    rows = connection.execute(_NAMED, {"names": wanted}).all()
    found: list[Product] = [_entry(kept, row) for row in rows]
    by_id = {one.id: one for one in found}
    by_sku: dict[str, Product] = {}
    for one in sorted(found, key=lambda one: (not one.active, one.id)):
        by_sku.setdefault(one.sku, one)
    return {
        name: by_id[name] if name in by_id else by_sku[name]
        for name in wanted
        if name in by_id or name in by_sku
    }


# -- writing


def write(connection: Connection, kind: Kind, changes: Changes) -> None:
    """Makes what is there what is to be there. Rows are written whole, which all three databases do quickly."""
    kept = _KEPT[kind]
    old = [before.id for before, _ in changes.values() if before is not None]
    for chunk in _chunks(old, _AT_ONCE):
        connection.execute(_DELETING[kind], {"ids": chunk})
    new = (after for _, after in changes.values() if after is not None)
    bulk.add(connection, kept.table, ((*kept.values(entry), _searched(entry)) for entry in new))
    if kept.links is not None:
        _link(connection, kept.links, kept.linked, changes)


def trace(
    connection: Connection,
    entry: int | None,
    at: datetime,
    by: Principal,
    kind: Kind,
    counts: Mapping[str, int],
) -> int:
    """Leaves one entry in the audit log for all chunks of a stream: made with the first, amended with the others."""
    if entry is None:
        return audit.record(connection, at, by, "directory.import", f"directory:{kind}", after=counts)
    audit.amend(connection, entry, counts)
    return entry


def _link(connection: Connection, links: Table, linked: str, changes: Changes) -> None:
    gone: dict[str, list[str]] = {}
    come: list[tuple[str, str]] = []
    for id_, (before, after) in changes.items():
        old: Sequence[str] = () if before is None else getattr(before, linked)
        new: Sequence[str] = () if after is None else getattr(after, linked)
        if old == new:
            continue
        come += [(name, id_) for name in new if name not in old]
        for name in old:
            if name not in new:
                gone.setdefault(name, []).append(id_)
    for name, ids in gone.items():
        for chunk in _chunks(ids, _AT_ONCE):
            connection.execute(_UNLINKING[links.name], {"of": name, "ids": chunk})
    bulk.add(connection, links, sorted(come))


def _searched(entry: Entry) -> str:
    """What a search looks through: name, id, and sku or the digits of a phone."""
    third = ""
    if isinstance(entry, Product):
        third = entry.sku
    elif isinstance(entry, Customer):
        third = _NO_DIGIT.sub("", entry.phone or "")
    return f"{entry.name or ''}\n{entry.id}\n{third}".lower()


# -- lists


def page(
    connection: Connection, kind: Kind, filters: Filters, sort: Sort, offset: int, limit: int
) -> tuple[list[Any], int]:
    """A page, and how many there are in all. Of a search only the first COUNTED hits are listed and counted."""
    kept = _KEPT[kind]
    column = kept.table.c
    wanted = select(column.id).where(*_wanted(kept, filters, _contains(connection)))
    by_name = (column.searched, column.id)
    if filters.text is not None:  # to look through all that is searched once is dear, and twice is not needed
        # Not by the id itself: SQLite would walk along its index and fetch each row, rather than read one index.
        order = by_name if sort == "name" else (column.id + "",)
        hits = list(connection.execute(wanted.order_by(*order).limit(COUNTED)).scalars())
        chosen, total = hits[offset : offset + limit], len(hits)
    else:
        order = by_name if sort == "name" else (column.id,)
        chosen = list(connection.execute(wanted.order_by(*order).offset(offset).limit(limit)).scalars())
        total = connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
    entries = some(connection, kind, chosen)
    return [entries[id_] for id_ in chosen if id_ in entries], total


def _wanted(kept: _Kept, filters: Filters, contains: _Contains) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    column = kept.table.c
    if filters.active is not None:
        wanted.append(column.active.is_(filters.active))
    linked = {filters.group} if filters.group is not None else filters.categories
    if linked is not None and kept.links is not None:
        wanted.append(column.id.in_(select(kept.links.c.id).where(kept.links.c.name.in_(linked))))
    if filters.text is not None:
        wanted += _matches(kept, filters.text.lower(), contains)
    return wanted


_Contains: TypeAlias = Callable[[ColumnElement[str], str], ColumnElement[bool]]


def _contains(connection: Connection) -> _Contains:
    """Tells whether a text is in another, exactly: LIKE looks for patterns, which takes up to twice as long."""
    place = func.strpos if connection.dialect.name == "postgresql" else func.instr
    return lambda searched, text: place(searched, text) > 0


def _matches(kept: _Kept, text: str, contains: _Contains) -> list[ColumnElement[bool]]:
    """The first, cheap test refuses nearly all; the second says where in what is searched the text must stand."""
    searched = kept.table.c.searched
    escaped = re.sub(r"([%_!])", r"!\1", text)
    places = [f"%{escaped}%\n%\n%", f"%\n{escaped}%"]
    if kept.cls is Customer:
        places.append(f"%\n%\n%{escaped}%")
    return [
        contains(searched, text),
        or_(*(searched.like(place, escape="!") for place in places)),
    ]


# -- rows


def _entries(kept: _Kept) -> Select[Any]:
    return select(*(kept.table.c[name] for name in kept.names))


# What quotes wait for, and what an import asks again and again, is put together once, which takes as long as asking for
# it; and fetched at once, not row by row.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_SOME: Mapping[Kind, Select[Any]] = {
    kind: _entries(kept).where(kept.table.c.id.in_(_IDS)) for kind, kept in _KEPT.items()
}
_DELETING: Mapping[Kind, Delete] = {
    kind: delete(kept.table).where(kept.table.c.id.in_(_IDS)) for kind, kept in _KEPT.items()
}
_UNLINKING: Mapping[str, Delete] = {
    links.name: delete(links).where(links.c.name == bindparam("of"), links.c.id.in_(_IDS))
    for links in (customer_groups, product_categories)
}
_NAMED = union_all(
    *[
        _entries(_KEPT["products"]).where(column.in_(bindparam("names", expanding=True)))
        for column in (products.c.id, products.c.sku)
    ]
)


def _entry(kept: _Kept, row: Row[Any]) -> Any:
    values: dict[str, Any] = dict(zip(kept.names, row, strict=True))
    if kept.linked:
        values[kept.linked] = tuple(values[kept.linked])
    return kept.cls(**values)


def _chunks(values: Collection[T], size: int) -> Iterator[list[T]]:
    listed = list(values)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]
