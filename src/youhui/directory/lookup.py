"""What checkout asks of the directory (its port `Directory`), from memory where it can be.

What is held is of one version of the directory: after a change it is looked up again, however young it is.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Generic, TypeVar

from youhui.checkout.ports import CustomerFacts, ProductFacts
from youhui.checkout.store import Source, read_versions
from youhui.directory import store
from youhui.directory.model import Customer, Filters, Kind, Product, Tree
from youhui.platform.db import Database

MOST_CUSTOMERS = 10_000
MOST_PRODUCTS = 20_000
"""held at most, about 1 kB each"""

T = TypeVar("T")

_NOTHING = (None, 0.0, None)
"""of no version"""


class Lookup:
    """The customers and products of the shop. `version` answers, without waiting, the newest known one."""

    def __init__(
        self, database: Database, version: Callable[[], int], customer_seconds: int, product_seconds: int
    ) -> None:
        self._database = database
        self._version = version
        self._customers: _Held[CustomerFacts] = _Held(MOST_CUSTOMERS, customer_seconds)
        self._products: _Held[ProductFacts] = _Held(MOST_PRODUCTS, product_seconds)
        self._tree = Tree({})
        self._refreshing = threading.Lock()

    def refresh(self) -> None:
        """Makes the tree of categories as new as what is stored when this is called. Raises Unavailable."""
        with self._refreshing, self._database.reading() as connection:
            # The version first: should the tree be newer than it says, it is only read once more.
            version = read_versions(connection)[Source.DIRECTORY]
            if version != self._tree.version:
                self._tree = store.tree(connection, version)

    def tree(self) -> Tree:
        """The categories, as of the newest known version or later. May wait. Raises Unavailable."""
        if self._tree.version < self._version():
            self.refresh()
        return self._tree

    def held_customer(self, id: str) -> tuple[CustomerFacts | None] | None:  # noqa: A002
        """One customer, without waiting."""
        found = self._customers.get([id], self._version())
        return None if found is None else (found.get(id),)

    def customer(self, id: str) -> CustomerFacts | None:  # noqa: A002
        """One customer, in one query. Raises Unavailable."""
        held = self.held_customer(id)
        if held is not None:
            return held[0]
        version = self._version()
        with self._database.reading() as connection:
            found = store.some(connection, "customers", [id]).get(id)
        facts = {id: _customer_facts(found)} if isinstance(found, Customer) else {}
        self._customers.put([id], facts, version)
        return facts.get(id)

    def held_products(self, names: Collection[str]) -> Mapping[str, ProductFacts] | None:
        """Products by id or sku, without waiting."""
        return self._products.get(names, self._version())

    def products(self, names: Collection[str]) -> Mapping[str, ProductFacts]:
        """Products by id or sku, in one query. Raises Unavailable."""
        held = self.held_products(names)
        if held is not None:
            return held
        tree = self.tree()
        with self._database.reading() as connection:
            found = store.named_products(connection, names)
        facts = {name: _product_facts(product, tree) for name, product in found.items()}
        self._products.put(names, facts, tree.version)
        return facts

    def ancestors(self, categories: Collection[str]) -> Sequence[str]:
        """These and all above them, nearest first, from memory."""
        return self._tree.ancestors(categories)

    def missing_customers(self, ids: Collection[str]) -> Sequence[str]:
        """Which of these do not exist, in their order; none while there are no customers. Raises Unavailable."""
        return self._missing("customers", ids)

    def missing_products(self, ids: Collection[str]) -> Sequence[str]:
        """The same of products, by id."""
        return self._missing("products", ids)

    def missing_categories(self, ids: Collection[str]) -> Sequence[str]:
        """The same of categories."""
        return self._missing("categories", ids)

    def customers_after(self, group: str | None, after: str, limit: int) -> Sequence[str]:
        """Customers of a group, or None: all, in the order of their ids: so many that follow `after` ("": the first).

        Raises Unavailable.
        """
        with self._database.reading() as connection:
            return store.customers_after(connection, group, after, limit)

    def count_customers(self, group: str | None) -> int:
        """How many there are of a group, or None: in all. Raises Unavailable."""
        with self._database.reading() as connection:
            return store.page(connection, "customers", Filters(group=group), "id", 0, 1)[1]

    def _missing(self, kind: Kind, ids: Collection[str]) -> Sequence[str]:
        with self._database.reading() as connection:
            missing = store.missing(connection, kind, ids)
            all_missing = len(missing) == len(set(ids))
            return [] if all_missing and store.is_empty(connection, kind) else missing


class _Held(Generic[T]):
    """Facts by name, None of a name that nothing is known by; each of one version, and for so many seconds at most.

    The oldest are the first to go, asked for or not: so a look moves nothing and needs no lock, nobody waits for who
    puts, and ten names take 2 µs, not 20.
    """

    def __init__(self, most: int, seconds: int) -> None:
        self._most = most
        self._seconds = seconds
        self._facts: OrderedDict[str, tuple[int, float, T | None]] = OrderedDict()
        self._putting = threading.Lock()

    def get(self, names: Collection[str], version: int) -> dict[str, T] | None:
        """Those that are known; None if of any of these names nothing of this version is held."""
        found: dict[str, T] = {}
        held, now = self._facts.get, time.monotonic()
        for name in names:
            of, until, facts = held(name, _NOTHING)
            if of != version or now >= until:
                return None
            if facts is not None:
                found[name] = facts
        return found

    def put(self, names: Collection[str], facts: Mapping[str, T], version: int) -> None:
        """Keeps what was found by these names, as of this version."""
        until = time.monotonic() + self._seconds
        with self._putting:
            for name in names:
                self._facts[name] = (version, until, facts.get(name))
                self._facts.move_to_end(name)
            while len(self._facts) > self._most:
                self._facts.popitem(last=False)


def _customer_facts(customer: Customer) -> CustomerFacts:
    return CustomerFacts(customer.id, customer.groups, customer.attributes)


def _product_facts(product: Product, tree: Tree) -> ProductFacts:
    return ProductFacts(
        product.id,
        product.sku,
        product.name,
        product.price,
        product.currency,
        tree.ancestors(product.categories),
        product.attributes,
        product.active,
        product.cost,
    )
