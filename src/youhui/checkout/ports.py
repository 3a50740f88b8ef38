"""What checkout asks of capabilities: standing rules, the rules of one cart, and what a cart leaves out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from youhui.engine import Layer, Promotion
from youhui.engine.facts import Attributes


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
    """What the directory knows of a product. `price` in minor units; `categories` with all ancestors, nearest first."""

    id: str
    sku: str
    name: str
    price: int
    currency: str
    categories: tuple[str, ...] = ()
    attributes: Attributes = field(default_factory=dict)
    active: bool = True


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
