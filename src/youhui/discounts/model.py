"""What a discount is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias, get_args

State: TypeAlias = Literal["scheduled", "running", "ended", "disabled", "archived"]
"""未开始 生效中 已结束 已停用 已归档"""
Type: TypeAlias = Literal["amount", "percent"]
Kind: TypeAlias = Literal["customer", "group", "product", "category"]
"""what a list of a discount holds"""

KINDS: tuple[Kind, ...] = get_args(Kind)
OF_PRODUCTS: tuple[Kind, ...] = ("product", "category")
WHOLE = 1000
"""10 折: the whole price is paid"""
LONGEST_LIST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whom and what a discount is for: ids of the shop. `products` and `categories` (with all below them) add up, and
    so do `customers` and `groups`; `all_…` is everyone, everything, also who and what comes later.
    """

    all_customers: bool = False
    customers: frozenset[str] = field(default=frozenset())
    groups: frozenset[str] = field(default=frozenset())
    all_products: bool = False
    products: frozenset[str] = field(default=frozenset())
    categories: frozenset[str] = field(default=frozenset())

    @property
    def lists(self) -> Mapping[Kind, frozenset[str]]:
        """The four lists by what they hold."""
        return {
            "customer": self.customers,
            "group": self.groups,
            "product": self.products,
            "category": self.categories,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a discount gives, and when.

    `value` of type amount: minor units of `currency` off each unit. Of type percent: what is paid of each unit, in
    hundredths of a 折 (950 is 9.5 折: 95 % is paid), more than 0 and less than 1000.
    """

    name: str
    type: Type
    value: int
    currency: str
    priority: int
    effective_time: datetime
    expiration_time: datetime
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A discount that was sent, read and found right. `key`: by which the shop knows it, if it gave one."""

    terms: Terms
    scope: Scope
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to become of one list: all of it replaced, or else some added and some removed."""

    replace: frozenset[str] | None = None
    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Difference:
    """What an edit adds to a list that was not in it, and removes that was, in order."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A stored discount without its lists, which may be long: only how long they are.

    `version`: of all discounts at its last change.
    """

    id: int
    terms: Terms
    all_customers: bool
    all_products: bool
    customers: int
    groups: int
    products: int
    categories: int
    version: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    archived_at: datetime | None = None
    key: str | None = None

    def state(self, at: datetime) -> State:
        """Where it stands at an instant; its window is half-open (P15)."""
        terms = self.terms
        if self.archived_at is not None:
            return "archived"
        if not terms.enabled:
            return "disabled"
        if at < terms.effective_time:
            return "scheduled"
        return "running" if at < terms.expiration_time else "ended"

    @property
    def counts(self) -> Mapping[Kind, int]:
        """How long its lists are."""
        return {
            "customer": self.customers,
            "group": self.groups,
            "product": self.products,
            "category": self.categories,
        }


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer as discounts see one."""

    id: str
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Item:
    """A product as discounts see one. `categories` with all above them."""

    id: str
    categories: frozenset[str] = frozenset()


SortKey: TypeAlias = Literal[
    "priority", "effective_time", "expiration_time", "created_at", "updated_at", "name"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which discounts a list is of. None is any; without a `state` those that are not archived.

    `name` is a part of the name. `since` and `until`: whose window shares an instant with [since, until).
    """

    name: str | None = None
    priority: int | None = None
    state: State | None = None
    type: Type | None = None
    since: datetime | None = None
    until: datetime | None = None
    buyer: Buyer | None = None
    item: Item | None = None
    running: bool = False
    sort: SortKey = "priority"
    descending: bool = True
