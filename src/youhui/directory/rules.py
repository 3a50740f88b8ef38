"""From a row to a patch, and from an entry and a patch to the entry after it (JSON Merge Patch, RFC 7396)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple, TypeAlias

from msgspec.structs import asdict

from youhui.checkout.values import Wrong, amount, currency_code, instant, shop_id
from youhui.directory.model import DEEPEST, Category, Customer, Entry, Kind, Product
from youhui.directory.problems import fault
from youhui.directory.values import attributes, flag, phone, shop_ids, text, whole
from youhui.engine.money import is_currency
from youhui.platform.csvrows import Columns
from youhui.platform.problems import Fault

Read: TypeAlias = Callable[[object], object]
"""reads a value that is not None. Raises Wrong"""

FIELDS: Mapping[Kind, Mapping[str, Read]] = {
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
        "currency": currency_code,
        "stock": whole,
        "categories": shop_ids,
        "attributes": attributes,
        "active": flag,
    },
    "categories": {"name": text, "parent": shop_id},
}
AMOUNTS: Mapping[Kind, tuple[str, ...]] = {"customers": (), "products": ("price", "cost"), "categories": ()}
COLUMNS: Mapping[Kind, Columns] = {
    kind: Columns(
        frozenset(name for name, read in fields.items() if read not in (shop_ids, attributes))
        | {"id", "delete", *AMOUNTS[kind]},
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
_MONEY = frozenset({"price", "cost", "currency"})


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
    currency = _currency_of(row.get("currency"), currency)
    reads = _reads(kind, currency)
    try:  # nearly all rows are right and clear nothing, and a million of them may wait
        values: dict[str, Any] = {key: reads[key](value) for key, value in row.items()}
        id_ = values.pop("id")
    except (KeyError, Wrong):
        values = _read_singly(reads, row)
        id_ = values.pop("id")
    if values.get("currency") is None and not _MONEY.isdisjoint(values):
        values["currency"] = currency
    return Patch(line, id_, values, values.pop("delete", None) or False)


def _read_singly(reads: Mapping[str, Read], row: Mapping[str, object]) -> dict[str, Any]:
    faults: list[Fault] = []
    values: dict[str, Any] = {}
    for key, value in row.items():
        if key not in reads:
            faults.append(fault(key[:100], "unknown_key"))
            continue
        try:
            values[key] = None if value is None else reads[key](value)
        except Wrong as wrong:
            faults.append(fault(f"{key}{wrong.where}", wrong.code, **wrong.params))
    if row.get("id") is None:
        faults.append(fault("id", "missing"))
    if faults:
        raise Unfit(faults)
    return values


@functools.lru_cache(64)
def _reads(kind: Kind, currency: str) -> Mapping[str, Read]:
    """How each value of a row is read that has this currency."""
    amounts = dict.fromkeys(AMOUNTS[kind], functools.partial(amount, currency=currency))
    return {"id": shop_id, "delete": flag, **FIELDS[kind], **amounts}


def _currency_of(given: object, default: str) -> str:
    """What the amounts of a row are read in; that something else is no currency is found with the other faults."""
    if given is None:
        return default
    return given if isinstance(given, str) and is_currency(given) else "XXX"


def patched(kind: Kind, old: Entry | None, patch: Patch) -> Entry:
    """The entry after the patch; `old` None makes a new one. Raises Unfit if something that it needs is missing."""
    if old is not None and _says_nothing_new(old, patch.values):
        return old
    empty = _EMPTY[kind]
    before: Mapping[str, Any] = empty if old is None else asdict(old)
    values: dict[str, Any] = {**before, **patch.values, "id": patch.id}
    if old is not None and values.get("currency") != before.get("currency"):
        values |= {
            name: patch.values.get(name) for name in AMOUNTS[kind]
        }  # the old ones are of another currency
    for key, value in patch.values.items():
        if value is None:
            values[key] = empty[key]
        elif key == "attributes":
            values[key] = _merged(before[key], value)
    if missing := [key for key in _NEEDED[kind] if values[key] is None]:
        raise Unfit([fault(key, "missing") for key in missing])
    if kind == "products" and values["sku"] is None:
        values["sku"] = patch.id
    entry: Entry = _CLASSES[kind](**values)
    return entry


def _merged(old: Mapping[str, object], new: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in {**old, **new}.items() if value is not None}


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
    if one is None or other is None or one is other:
        return one is other
    if one != other:
        return False
    mine, its = (getattr(entry, "attributes", {}) for entry in (one, other))
    return all(alike(value, its[name]) for name, value in mine.items())


def alike(one: object, other: object) -> bool:
    """Whether two values of attributes are the same."""
    return one == other and type(one) is type(other)


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
