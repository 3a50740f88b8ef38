"""What checkout asks of capabilities: standing rules, the rules of one cart, and what a cart leaves out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, Protocol, TypeAlias

from youhui.engine import Layer, Promotion
from youhui.engine.facts import Attributes
from youhui.platform.db import Connection


@dataclass(frozen=True, slots=True)
class Rule:
    """A stored promotion as it is priced.

    `position` is its place in list order: a new one comes after all others. `version` is the version of its source at
    its last change.
    """

    promotion: Promotion
    currency: str
    position: int
    version: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What is new or changed, in list order, and the ids of what is gone."""

    changed: tuple[Rule, ...]
    removed: tuple[str, ...]


class StandingRules(Protocol):
    """Rules that may concern every cart: compiled once, held in memory. Called in threads. Raises Unavailable."""

    def version(self) -> int:
        """A number that grows with every change of any of these rules, in the same commit."""

    def changes(self, known: Mapping[str, Rule]) -> Changes:
        """How the stored rules differ from those that the caller knows, by id."""


@dataclass(frozen=True, slots=True)
class CartFacts:
    """What the rules of one cart are looked up by: its customer, the customer's groups, and what is in it.

    `categories` of each product (by product id) are with all their ancestors. `at` None is now.
    """

    customer: str | None
    groups: frozenset[str]
    products: Mapping[str, frozenset[str]]
    currency: str
    at: datetime | None = None


class RuleSource(Protocol):
    """Rules that are too many, or too long, to be held for all: those of one cart, narrowed to its products."""

    def held(self, facts: CartFacts) -> Layer | None:
        """From memory, without waiting: None if they must be looked up."""

    def rules_for(self, facts: CartFacts) -> Layer:
        """The same, looked up with at most two queries. Called in threads. Raises Unavailable."""


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What the directory knows of a customer."""

    id: str
    groups: tuple[str, ...] = ()
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """What the directory knows of a product. `price` and `cost` are in minor units.

    `categories` with all ancestors, nearest first.
    """

    id: str
    sku: str
    name: str
    price: int
    currency: str
    categories: tuple[str, ...] = ()
    attributes: Attributes = field(default_factory=dict)
    active: bool = True
    cost: int | None = None


class Directory(Protocol):
    """The shop's customers and products, as we know them. What is not known is not in an answer.

    `held…` answer from memory without waiting, None if something must be looked up; the others are called in threads,
    cost one query each at most, and raise Unavailable.
    """

    def held_customer(self, id: str) -> tuple[CustomerFacts | None] | None:  # noqa: A002
        """One customer, in a tuple: `(None,)` is a customer that is known not to exist."""

    def customer(self, id: str) -> CustomerFacts | None:  # noqa: A002
        """One customer."""

    def held_products(self, names: Collection[str]) -> Mapping[str, ProductFacts] | None:
        """Products by what they were asked for: an id, or else a sku."""

    def products(self, names: Collection[str]) -> Mapping[str, ProductFacts]:
        """The same, looked up."""

    def ancestors(self, categories: Collection[str]) -> Sequence[str]:
        """These categories and all above them, from memory."""

    def missing_customers(self, ids: Collection[str]) -> Sequence[str]:
        """Which of these do not exist, in their order. None while there is no customer at all: no shop has to bring
        them.
        """

    def missing_products(self, ids: Collection[str]) -> Sequence[str]:
        """The same of products."""

    def missing_categories(self, ids: Collection[str]) -> Sequence[str]:
        """The same of categories."""


class OrdersCount(Protocol):
    """How many orders a customer has placed here that were not cancelled and did not expire; 0 where no rule of the
    currency looks at it.
    """

    def held(self, customer: str, currency: str) -> int | None:
        """From memory, without waiting: None if it must be looked up."""

    def count(self, customer: str, currency: str) -> int:
        """The same, looked up with one query at most. Called in threads. Raises Unavailable."""


# -- coupons: things that belong to a customer, each of which an order takes by its id, once


COUPON = "coupon:"
"""how the ids of promotions begin that coupons become in a quote, before the coupon's own: "coupon:41" """

Unusable: TypeAlias = Literal["unknown", "used", "locked", "void", "expired", "not_started", "other_currency"]
"""why a coupon is not even tried. One of another customer is unknown"""


@dataclass(frozen=True, slots=True)
class CouponRule:
    """A coupon as it is priced. `promotion` has an id of its own; `limits` is what all coupons of the template share:
    a promotion by whose id the ledger and the counters know them, with its limits.
    """

    coupon: str
    promotion: Promotion
    limits: Promotion


@dataclass(frozen=True, slots=True)
class Wallet:
    """The coupons of a cart: those that can be tried, in list order, and those that cannot, by id."""

    rules: tuple[CouponRule, ...] = ()
    unusable: Mapping[str, Unusable] = field(default_factory=dict)

    def get(self, promotion: str) -> CouponRule | None:
        """The coupon that became the promotion of this id; None: it is none's."""
        return next((rule for rule in self.rules if rule.promotion.id == promotion), None)


NO_WALLET = Wallet()


class Coupons(Protocol):
    """Finds the coupons of a cart."""

    def wallet(
        self, coupons: Sequence[str] | None, customer: str | None, currency: str, at: datetime
    ) -> Wallet:
        """Those of these ids; None: all that the customer can use now. One query at most; called in threads.

        Raises Unavailable.
        """

    def limits(self, name: str) -> Promotion | None:
        """What coupons share that the ledger knows by this name; None: there are none. Called in threads.

        Raises Unavailable.
        """


class Held(NamedTuple):
    """A thing that is locked in the database. `order_no`: that holds or has used it.

    `usable`: whether it is there for who has it, at the instant of the transaction, if no order has it.
    """

    id: str
    owner: str
    order_no: str | None
    used: bool
    usable: bool


Moved: TypeAlias = Literal["hold", "commit", "release", "expire", "reverse"]


class Move(NamedTuple):
    """What became of a thing in an order, and by whom; `discount`: money that the order got by it.

    `until`: when a hold ends.
    """

    id: str
    kind: Moved
    order_no: str
    by: str
    discount: int
    until: datetime | None


class Settled(NamedTuple):
    """An order that was paid, or given back as a whole, in this transaction. `paid`: its money."""

    order_no: str
    customer: str | None
    currency: str
    paid: int
    complete: bool
    """given back as a whole"""


class Holds(Protocol):
    """Things that orders take by their ids, in the transaction that decides about the orders (P9).

    Their rows are locked after orders and counters, in the order of ids.
    """

    def holders(self, connection: Connection, ids: Collection[str]) -> Collection[str]:
        """The orders that hold one of these: without locks."""

    def lock(self, connection: Connection, ids: Collection[str], now: datetime) -> Mapping[str, Held]:
        """Those that are there, locked in the order of their ids."""

    def write(
        self, connection: Connection, moves: Sequence[Move], settled: Sequence[Settled], now: datetime
    ) -> None:
        """What became of them, in the order in which it did."""
