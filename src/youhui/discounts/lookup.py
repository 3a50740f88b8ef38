"""What the hot routes ask of discounts: the rules of one cart, and what a customer gets for products. From memory where
it can be, else in one query.

What is held: for a customer, by product, the discounts that concern both and had not ended when they were looked up.
Who asks decides by the instant, so that a start or an end needs no job (P15); the version of the discounts is part of
the key, so that a change is seen at once (P16).
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias

from cachetools import LRUCache

from youhui.checkout.ports import CartFacts, Directory, ProductFacts
from youhui.discounts.reading import concerning
from youhui.discounts.rules import Candidate, chosen, narrowed, off, promotion_of
from youhui.engine import Layer
from youhui.platform.db import Database
from youhui.platform.metrics import Cache

MOST = 50_000
"""pairs of a customer and a product that are held: 0.5 to 1 kB each"""
MOST_OF_ONE = 1_000
"""products that are held of one customer"""
MOST_LAYERS = 4_096
"""compiled rules of carts that are held: about 3 kB each"""
RECENT = timedelta(minutes=1)
AT_ONCE = 5_000
"""products and categories in one query: below every database's limit of parameters"""

Asked: TypeAlias = tuple[str, frozenset[str]]
"""a product, and its categories with all above them"""
Found: TypeAlias = Mapping[str, Sequence[Candidate]]
"""by product: what concerns it, in the order of choice"""

_NONE = Layer()


class Who(NamedTuple):
    """A customer, and the groups that the customer is in."""

    customer: str
    groups: frozenset[str]


class Best(NamedTuple):
    """What a customer gets for one unit of a product: minor units of a currency, by this discount if there is one."""

    amount: int
    currency: str
    discount: Candidate | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What concerns a customer: of instants from `since` on, to be forgotten at `until` (monotonic seconds)."""

    since: datetime
    until: float
    of: Mapping[Asked, tuple[Candidate, ...]]

    def found(self, asked: Iterable[Asked], at: datetime) -> Found | None:
        """None if it is not of this instant or not of all these products."""
        if at < self.since:
            return None
        try:
            return {pair[0]: self.of[pair] for pair in asked}
        except KeyError:
            return None


class Lookup:
    """The discounts as checkout's RuleSource, and the query. `version` tells, without waiting, the newest known one."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        clock: Callable[[], datetime],
        version: Callable[[], int],
        seconds: float,
        counts: Cache,
    ) -> None:
        self._database = database
        self._directory = directory
        self._clock = clock
        self._version = version
        self._seconds = seconds
        self._counts = counts
        self._known: LRUCache[tuple[int, Who], _Known] = LRUCache(MOST, getsizeof=lambda one: 1 + len(one.of))
        self._using = threading.Lock()

    # -- the rules of a cart

    def held(self, facts: CartFacts) -> Layer | None:
        """From memory, without waiting: None if they must be looked up."""
        if facts.customer is None:
            return _NONE
        at = facts.at or self._clock()
        found = self._held(Who(facts.customer, facts.groups), facts.products.items(), at)
        return None if found is None else _layer(narrowed(found, facts.currency, at))

    def rules_for(self, facts: CartFacts) -> Layer:
        """The same, looked up. Raises Unavailable."""
        if facts.customer is None:
            return _NONE
        at = facts.at or self._clock()
        found = self._looked_up(Who(facts.customer, facts.groups), facts.products.items(), at)
        return _layer(narrowed(found, facts.currency, at))

    # -- the query

    def held_best(
        self, customer: str, products: Collection[str], at: datetime | None = None
    ) -> Mapping[str, Best] | None:
        """What the customer gets for one unit of each of these products, from memory; None if it must be looked up."""
        person = self._directory.held_customer(customer)
        facts = self._directory.held_products(products)
        if person is None or facts is None:
            self._counts.miss()
            return None
        at = at or self._clock()
        groups = frozenset(person[0].groups) if person[0] else frozenset()
        found = self._held(Who(customer, groups), _asked(facts), at)
        return None if found is None else _best(facts, found, at)

    def best(
        self, customer: str, products: Collection[str], at: datetime | None = None
    ) -> Mapping[str, Best]:
        """The same, looked up in at most three queries: the customer, the products, the discounts. Raises Unavailable.

        A product that the directory does not know is not in the answer.
        """
        person = self._directory.customer(customer)
        facts = self._directory.products(products)
        groups = frozenset(person.groups) if person else frozenset()
        at = at or self._clock()
        return _best(facts, self._looked_up(Who(customer, groups), _asked(facts), at), at)

    # -- what concerns a customer

    def _held(self, who: Who, asked: Iterable[Asked], at: datetime) -> Found | None:
        known = self._get((self._version(), who))
        found = None if known is None else known.found(asked, at)
        if found is None:
            self._counts.miss()
        else:
            self._counts.hit()
        return found

    def _looked_up(self, who: Who, asked: Iterable[Asked], at: datetime) -> Found:
        """Looks up what is not held. What is found is held, unless it is of a past that nobody else will ask for."""
        pairs, now = list(asked), self._clock()
        key, since = (self._version(), who), min(at, now)
        known = self._get(key)
        of = {} if known is None or since < known.since else dict(known.of)
        fresh = self._read(who, [pair for pair in pairs if pair not in of], since)
        of |= fresh
        if now - since < RECENT:
            until = time.monotonic() + self._seconds
            kept = of if len(of) <= MOST_OF_ONE else fresh
            self._put(key, _Known(since, min(until, known.until) if known else until, kept))
        return {pair[0]: of[pair] for pair in pairs}

    def _read(self, who: Who, asked: Sequence[Asked], since: datetime) -> dict[Asked, tuple[Candidate, ...]]:
        found: dict[Asked, tuple[Candidate, ...]] = {}
        for portion in _portions(asked):
            sorter = _Sorter(portion)
            with self._database.reading() as connection:
                products = [product for product, _ in portion]
                for concern in concerning(
                    connection, who.customer, who.groups, products, sorter.by_category, since
                ):
                    sorter.add(concern.candidate, concern.kind, concern.value)
            found |= sorter.ranked()
        return found

    def _get(self, key: tuple[int, Who]) -> _Known | None:
        with self._using:
            known = self._known.get(key)
        return known if known is not None and time.monotonic() < known.until else None

    def _put(self, key: tuple[int, Who], known: _Known) -> None:
        with self._using:
            self._known[key] = known


class _Sorter:
    """Deals out discounts to the asked products that they concern."""

    def __init__(self, asked: Sequence[Asked]) -> None:
        self._of: dict[str, set[Candidate]] = {product: set() for product, _ in asked}
        self._asked = asked
        self.by_category: dict[str, list[str]] = {}
        for product, categories in asked:
            for category in categories:
                self.by_category.setdefault(category, []).append(product)

    def add(self, candidate: Candidate, kind: str, value: str) -> None:
        """To a product, to all products of a category, or to all."""
        if kind == "product":
            products: Iterable[str] = (value,) if value in self._of else ()
        else:
            products = self.by_category.get(value, ()) if kind == "category" else self._of
        for product in products:
            self._of[product].add(candidate)

    def ranked(self) -> dict[Asked, tuple[Candidate, ...]]:
        """What concerns each, in the order of choice."""
        return {pair: tuple(sorted(self._of[pair[0]], key=lambda one: one.rank)) for pair in self._asked}


def _portions(asked: Sequence[Asked]) -> Iterator[Sequence[Asked]]:
    """So that none asks for too much at once; for a cart that is made by hand, there is one."""
    portion: list[Asked] = []
    size = 0
    for pair in asked:
        size += 1 + len(pair[1])
        if portion and size > AT_ONCE:
            yield portion
            portion, size = [], 1 + len(pair[1])
        portion.append(pair)
    if portion:
        yield portion


def _asked(facts: Mapping[str, ProductFacts]) -> Iterator[Asked]:
    return ((product.id, frozenset(product.categories)) for product in facts.values())


def _best(facts: Mapping[str, ProductFacts], found: Found, at: datetime) -> dict[str, Best]:
    return {name: _best_of(product, found[product.id], at) for name, product in facts.items()}


def _best_of(product: ProductFacts, ranked: Sequence[Candidate], at: datetime) -> Best:
    first = chosen(ranked, product.currency, at)
    return Best(off(first.terms, product.price) if first else 0, product.currency, first)


@functools.lru_cache(MOST_LAYERS)
def _layer(rules: tuple[tuple[Candidate, tuple[str, ...]], ...]) -> Layer:
    """Compiled once for all carts that have the same products of the same discounts."""
    return Layer([promotion_of(candidate, products) for candidate, products in rules]) if rules else _NONE
