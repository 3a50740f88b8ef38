"""From a row to a patch, and from an entry and a patch to the entry after it (JSON Merge Patch, RFC 7396)."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from youhui.directory.model import DEEPEST, Category, Customer, Entry, Kind, Product
from youhui.directory.problems import fault
from youhui.directory.values import (
    Field,
    Wrong,
    amount,
    attributes,
    currency_code,
    flag,
    instant,
    phone,
    shop_id,
    shop_ids,
    text,
    whole,
)
from youhui.platform.csvrows import Columns
from youhui.platform.problems import Fault

FIELDS: Mapping[Kind, Mapping[str, Field]] = {
    "customers": {
        "name": text,
        "phone": phone,
        "groups": shop_ids,
        "attributes": attributes,
        "registered_at": instant,
    },
    "products": {
        "sku": shop_id,
        "name": text,
        "price": amount,
        "currency": currency_code,
        "cost": amount,
        "stock": whole,
        "categories": shop_ids,
        "attributes": attributes,
        "active": flag,
    },
    "categories": {"name": text, "parent": shop_id},
}
COLUMNS: Mapping[Kind, Columns] = {
    kind: Columns(
        frozenset(name for name, read in fields.items() if read not in (shop_ids, attributes))
        | {"id", "delete"},
        frozenset(name for name, read in fields.items() if read is shop_ids),
        frozenset(name for name, read in fields.items() if read is attributes),
    )
    for kind, fields in FIELDS.items()
}
_CLASSES: Mapping[Kind, type[Any]] = {"customers": Customer, "products": Product, "categories": Category}
_EMPTY: Mapping[Kind, Mapping[str, object]] = {
    "customers": {"name": None, "phone": None, "groups": (), "attributes": {}, "registered_at": None},
    "products": {
        **dict.fromkeys(("sku", "name", "price", "cost", "stock")),
        "categories": (),
        "attributes": {},
        "active": True,
    },
    "categories": {"name": None, "parent": None},
}
"""what a field is of a new entry, and when it is cleared"""
_NEEDED: Mapping[Kind, tuple[str, ...]] = {
    "customers": (),
    "products": ("name", "price"),
    "categories": ("name",),
}
_MONEY = ("price", "cost", "currency")


class Patch(NamedTuple):
    """What a row says of the entry with this id: fields that it does not name stay, None clears one."""

    line: int
    id: str
    values: Mapping[str, Any]
    delete: bool = False


class Unfit(Exception):
    """Why a row is not taken."""

    def __init__(self, faults: Collection[Fault]) -> None:
        super().__init__(len(faults))
        self.faults = tuple(faults)


def read_patch(kind: Kind, line: int, row: Mapping[str, object], currency: str) -> Patch:
    """The patch of a row; `currency` is that of amounts in a row that names none. Raises Unfit with every fault."""
    fields = FIELDS[kind]
    faults: list[Fault] = []
    values: dict[str, Any] = {}
    name, delete = "", False
    if kind == "products" and not row.keys().isdisjoint(_MONEY):
        currency = values["currency"] = _currency(row.get("currency") or currency, faults)
    for key, value in row.items():
        try:
            if key == "id":
                name = shop_id(value, currency)
            elif key == "delete":
                delete = value is not None and flag(value, currency)
            elif key not in fields:
                faults.append(fault(key[:100], "unknown_key"))
            elif key != "currency":
                values[key] = None if value is None else fields[key](value, currency)
        except Wrong as wrong:
            faults.append(fault(f"{key}{wrong.where}", wrong.code, **wrong.params))
    if "id" not in row:
        faults.append(fault("id", "missing"))
    if faults:
        raise Unfit(faults)
    return Patch(line, name, values, delete)


def _currency(given: object, faults: list[Fault]) -> str:
    try:
        return currency_code(given, "")
    except Wrong as wrong:
        faults.append(fault("currency", wrong.code))
        return "XXX"


def patched(kind: Kind, old: Entry | None, patch: Patch) -> Entry:
    """The entry after the patch; `old` None makes a new one. Raises Unfit if something that it needs is missing."""
    if old is not None and _says_nothing_new(old, patch.values):
        return old
    values: dict[str, Any] = dict(_EMPTY[kind]) if old is None else _values(old)
    if old is not None and patch.values.get("currency", values.get("currency")) != values.get("currency"):
        values["price"] = values["cost"] = None  # amounts of another currency say nothing in this one
    for key, value in patch.values.items():
        if key == "attributes" and value is not None:
            value = {**values[key], **value}
            value = {name: inner for name, inner in value.items() if inner is not None}
        values[key] = _EMPTY[kind].get(key) if value is None else value
    if missing := [key for key in _NEEDED[kind] if values[key] is None]:
        raise Unfit([fault(key, "missing") for key in missing])
    if kind == "products" and values["sku"] is None:
        values["sku"] = patch.id
    entry: Entry = _CLASSES[kind](**{**values, "id": patch.id})
    return entry


def _says_nothing_new(old: Entry, values: Mapping[str, Any]) -> bool:
    for key, value in values.items():
        known = getattr(old, key)
        if key == "attributes" and value is not None:
            if not all(alike(known.get(name), inner) for name, inner in value.items()):
                return False
        elif known != value:
            return False
    return True


def same(one: Entry | None, other: Entry | None) -> bool:
    """Whether two entries are equal, their attributes in type too: 1 is not true."""
    if one is other or one != other:
        return one is other
    mine, its = (getattr(entry, "attributes", {}) for entry in (one, other))
    return all(alike(value, its[name]) for name, value in mine.items())


def alike(one: object, other: object) -> bool:
    """Whether two values of attributes are the same."""
    return one == other and type(one) is type(other)


def _values(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in _NAMES[type(entry)]}


_NAMES = {cls: [one.name for one in dataclasses.fields(cls)] for cls in (Customer, Product, Category)}


def spoilers(parents: Mapping[str, str | None], changed: Collection[str]) -> dict[str, Fault]:
    """Which of the changed categories (made, moved or deleted) may not be as they are in this tree, and why.

    The tree was right before. Whatever lies on the way up from a wrong place is the fault of the first changed one.
    """
    found: dict[str, Fault] = {}
    for name in parents:
        wrong = _climb(name, parents)
        if wrong is not None:
            code, gone = wrong
            blamed = _first_changed(name, parents, changed)
            if blamed is not None:
                found[blamed] = fault("parent", code, parent=parents[blamed] or "", most=DEEPEST)
            elif gone in changed:
                found[gone] = fault("delete", "has_children")
    return found


def _climb(name: str, parents: Mapping[str, str | None]) -> tuple[str, str] | None:
    """Why there is no way up to a root: a code, and where the way ends."""
    at = name
    for _ in range(DEEPEST):
        parent = parents[at]
        if parent is None:
            return None
        if parent not in parents:
            return "unknown_parent", parent
        if parent == name:
            return "cycle", parent
        at = parent
    return "too_deep", at


def _first_changed(name: str, parents: Mapping[str, str | None], changed: Collection[str]) -> str | None:
    at: str | None = name
    for _ in range(DEEPEST + 1):
        if at is None or at not in parents or at in changed:
            break
        at = parents[at]
    return at if at in parents and at in changed else None
