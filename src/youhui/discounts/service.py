"""What can be done with discounts. Each write is one transaction, after which this node prices by it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from youhui.checkout.ports import Directory, ProductFacts
from youhui.checkout.store import Source, next_version
from youhui.discounts import store, targets
from youhui.discounts.forms import SENT_AS, Form, changed, refuse
from youhui.discounts.model import KINDS, Buyer, Discount, Draft, Item, Kind, Wanted
from youhui.discounts.problems import DiscountNotFound, fault
from youhui.discounts.verdicts import Explanation, Pair, judge
from youhui.discounts.writing import Writing
from youhui.platform.db import Database
from youhui.platform.principals import Principal
from youhui.platform.problems import Fault, Outdated

T = TypeVar("T")

LISTED = 1000
"""ids that an answer carries of a list; longer ones are read page by page"""
NAMED = 20
"""unknown ids that a fault names"""
RIVALS = 100
"""discounts that an explanation names"""


class Discounts:
    """The use cases. `changed` is called after each commit; raising, it does not undo the write.

    Ids of customers, products and categories are checked against the directory, where it has any of that kind.
    """

    def __init__(
        self,
        database: Database,
        directory: Directory,
        clock: Callable[[], datetime],
        changed: Callable[[], None],
    ) -> None:
        self._database = database
        self._directory = directory
        self.clock = clock
        self._changed = changed

    def create(self, draft: Draft, by: Principal) -> Discount:
        """Stores a new one. Raises InvalidDiscount (unknown ids), DiscountExists, Unavailable."""
        self._refuse_unknown(draft.scope.lists)
        return self.write(by, lambda writing: writing.add(draft))

    def update(self, id_: int, form: Form, by: Principal, version: int | None = None) -> Discount:
        """Changes what was sent and writes only what differs; where nothing does, nothing.

        With a `version` only as the caller has read it. Raises InvalidDiscount, DiscountNotFound, DiscountDeleted,
        DiscountArchived, Outdated, Unavailable.
        """
        edits = {kind: form.edit(kind) for kind in KINDS}
        with self._database.reading() as connection:
            old = store.editable(connection, id_)
            changed(form, old.terms, old.key)
            differences = {
                kind: targets.difference(connection, old, kind, edit) for kind, edit in edits.items()
            }
        self._refuse_unknown({kind: difference.added for kind, difference in differences.items()})

        def work(writing: Writing) -> Discount:
            old = _same(writing.get(id_), version)
            terms = changed(form, old.terms, old.key)
            return writing.change(old, terms, form.all_users, form.all_products, edits)

        return self.write(by, work)

    def remove(self, id_: int, by: Principal, version: int | None = None) -> None:
        """Deletes one; its history stays. Raises as `update` does."""
        self.write(by, lambda writing: writing.remove(_same(writing.get(id_), version)))

    def write(self, by: Principal, work: Callable[[Writing], T]) -> T:
        """One transaction. Where the work changes nothing, nothing is committed."""
        now = self.clock()
        try:
            with self._database.writing() as connection:
                version = next_version(connection, Source.DISCOUNTS)
                writing = Writing(connection, now, by, version)
                result = work(writing)
                if not writing.wrote:
                    raise _NothingToKeep
        except _NothingToKeep:
            return result
        self._changed()
        return result

    def get(self, id_: int, shopper: str | None = None) -> Discount:
        """One; for a shopper only if it is running and for this customer.

        Raises DiscountNotFound, DiscountDeleted, Unavailable.
        """
        if shopper is None:
            with self._database.reading() as connection:
                return store.get(connection, id_)
        buyer = self.buyer(shopper)
        with self._database.reading() as connection:
            found = store.get(connection, id_)
            if found.state(self.clock()) == "running" and store.concerns(connection, id_, buyer):
                return found
        raise DiscountNotFound(id=id_)

    def lists(self, discount: Discount, kinds: Collection[Kind] = KINDS) -> dict[Kind, list[str] | None]:
        """Its lists, None for one that is longer than LISTED. Raises Unavailable."""
        with self._database.reading() as connection:
            return {
                kind: targets.read(connection, discount, kind) if discount.counts[kind] <= LISTED else None
                for kind in kinds
            }

    def targets(self, id_: int, kind: Kind, part: str, offset: int, limit: int) -> tuple[list[str], int]:
        """A page of a list: the ids that contain `part`, in order, and how many there are in all.

        Raises DiscountNotFound, DiscountDeleted, Unavailable.
        """
        with self._database.reading() as connection:
            return targets.page(connection, store.get(connection, id_), kind, part, offset, limit)

    def page(self, wanted: Wanted, offset: int, limit: int) -> tuple[list[Discount], int]:
        """A page of those that are wanted, and how many there are in all. Raises Unavailable."""
        with self._database.reading() as connection:
            return store.page(connection, wanted, self.clock(), offset, limit)

    def lengths(self, keys: Sequence[str]) -> Mapping[str, int]:
        """How many ids are in the lists of each that has one of these keys. Raises Unavailable."""
        with self._database.reading() as connection:
            return store.lengths(connection, keys)

    def count_over(self, before: datetime) -> int:
        """How many ended or were deleted before an instant and are not archived. Raises Unavailable."""
        with self._database.reading() as connection:
            return store.count_over(connection, before)

    def explain(
        self, id_: int, at: datetime | None = None, pair: tuple[str, str] | None = None
    ) -> Explanation:
        """Where a discount stands; with a pair (a customer, a product) also what becomes of it there, and why.

        Raises DiscountNotFound, DiscountDeleted, Unavailable.
        """
        at = at or self.clock()
        facts = None if pair is None else self._pair(*pair)
        with self._database.reading() as connection:
            discount = store.get(connection, id_)
            if facts is None:
                return Explanation(discount, at)
            asked: Mapping[Kind, Collection[str]] = {
                "customer": {facts.buyer.id},
                "group": facts.buyer.groups,
                "product": {facts.item.id},
                "category": facts.item.categories,
            }
            concerned = {kind: targets.held(connection, discount, kind, asked[kind]) for kind in KINDS}
            rivals = store.rivals(connection, facts.buyer, facts.item, at, RIVALS)
        return Explanation(discount, at, judge(discount, at, facts, concerned, rivals))

    def _pair(self, customer: str, product: str) -> Pair:
        facts = self._product(product)
        return Pair(self.buyer(customer), _item(product, facts), facts)

    def buyer(self, customer: str) -> Buyer:
        """A customer with the groups that the directory knows. Raises Unavailable."""
        held = self._directory.held_customer(customer)
        found = self._directory.customer(customer) if held is None else held[0]
        return Buyer(customer, frozenset(found.groups if found else ()))

    def item(self, product: str) -> Item:
        """A product with the categories that the directory knows. Raises Unavailable."""
        return _item(product, self._product(product))

    def unknown(self, lists: Mapping[Kind, Collection[str]]) -> dict[Kind, frozenset[str]]:
        """What of these the directory does not know. Raises Unavailable."""
        ask: Mapping[Kind, Callable[[Collection[str]], Sequence[str]]] = {
            "customer": self._directory.missing_customers,
            "product": self._directory.missing_products,
            "category": self._directory.missing_categories,
        }
        return {kind: frozenset(ask[kind](lists[kind])) for kind in ask if lists[kind]}

    def _refuse_unknown(self, lists: Mapping[Kind, Collection[str]]) -> None:
        refuse(unknown_faults(self.unknown(lists)))

    def _product(self, name: str) -> ProductFacts | None:
        held = self._directory.held_products([name])
        return (self._directory.products([name]) if held is None else held).get(name)


def unknown_faults(unknown: Mapping[Kind, Collection[str]]) -> list[Fault]:
    """The faults of ids that the directory does not know: how many, and the first of them."""
    return [
        fault(
            f"{SENT_AS[kind]}_ids",
            f"unknown_{SENT_AS[kind]}",
            count=len(ids),
            ids=", ".join(sorted(ids)[:NAMED]),
        )
        for kind, ids in unknown.items()
        if ids
    ]


def _item(product: str, facts: ProductFacts | None) -> Item:
    return Item(product) if facts is None else Item(facts.id, frozenset(facts.categories))


def _same(discount: Discount, version: int | None) -> Discount:
    if version is not None and discount.version != version:
        raise Outdated
    return discount


class _NothingToKeep(Exception):
    """Takes a transaction back."""
