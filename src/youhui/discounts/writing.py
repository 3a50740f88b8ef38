"""The writes of one transaction: rows, lists, how long they are, and the trace of it all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from youhui.discounts import store, targets
from youhui.discounts.forms import SENT_AS, reach_faults, refuse
from youhui.discounts.model import KINDS, LONGEST_LIST, Difference, Discount, Draft, Edit, Kind, Terms
from youhui.discounts.problems import fault
from youhui.discounts.values import value_text
from youhui.platform.audit import record
from youhui.platform.db import Connection
from youhui.platform.principals import Principal

_MOMENT = timedelta(microseconds=1)
_TRACED = 20
"""ids of a changed list that its trace names"""


class Writing:
    """A transaction that changes discounts at an instant, for someone, under the next version of them all."""

    def __init__(self, connection: Connection, at: datetime, by: Principal, version: int) -> None:
        self._connection = connection
        self._at = at
        self._by = by
        self._version = version
        self.wrote = False

    def get(self, id_: int) -> Discount:
        """One that may be changed. Raises DiscountNotFound, DiscountDeleted, DiscountArchived."""
        return store.editable(self._connection, id_)

    def by_key(self, keys: list[str]) -> Mapping[str, Discount]:
        """Those that have one of these keys."""
        return store.by_key(self._connection, keys)

    def over(self, before: datetime, limit: int) -> list[Discount]:
        """Those that ended or were deleted before an instant and are not archived yet."""
        return store.over(self._connection, before, limit)

    def add(self, draft: Draft) -> Discount:
        """Stores a new one. Raises DiscountExists."""
        scope = draft.scope
        new = Discount(
            id=0,
            terms=draft.terms,
            all_customers=scope.all_customers,
            all_products=scope.all_products,
            customers=len(scope.customers),
            groups=len(scope.groups),
            products=len(scope.products),
            categories=len(scope.categories),
            version=self._version,
            created_at=self._at,
            updated_at=self._at,
            key=draft.key,
        )
        new = replace(new, id=store.add(self._connection, new))
        for kind, values in scope.lists.items():
            targets.change(self._connection, new.id, kind, Difference(tuple(sorted(values)), ()))
        self._trace("create", new, after=shown(new))
        return new

    def replace(self, old: Discount, draft: Draft) -> Discount:
        """Makes one, which is not archived, what a draft says."""
        scope = draft.scope
        edits = {kind: Edit(replace=values) for kind, values in scope.lists.items()}
        return self.change(old, draft.terms, scope.all_customers, scope.all_products, edits)

    def change(
        self,
        old: Discount,
        terms: Terms,
        all_customers: bool | None,
        all_products: bool | None,
        edits: Mapping[Kind, Edit],
    ) -> Discount:
        """Writes what differs: the row, and of the lists what is added and removed. Nothing if nothing does.

        Raises InvalidDiscount if nobody or nothing would be left, or a list would be too long.
        """
        differences = {
            kind: targets.difference(self._connection, old, kind, edit) for kind, edit in edits.items()
        }
        same = replace(
            _longer(old, differences),
            terms=terms,
            all_customers=old.all_customers if all_customers is None else all_customers,
            all_products=old.all_products if all_products is None else all_products,
        )
        if same == old and not any(one.added or one.removed for one in differences.values()):
            return old
        new = replace(same, version=self._version, updated_at=max(self._at, old.updated_at + _MOMENT))
        _check(new)
        store.save(self._connection, new)
        for kind, difference in differences.items():
            targets.change(self._connection, new.id, kind, difference)
        self._trace("update", new, before=shown(old), after=shown(new) | _traced(differences))
        return new

    def remove(self, old: Discount) -> None:
        """Marks it as deleted; its key is free again."""
        gone = replace(old, version=self._version, deleted_at=self._at, key=None)
        store.save(self._connection, gone)
        self._trace("delete", gone, before=shown(old))

    def archive(self, old: Discount) -> None:
        """Packs its lists away."""
        targets.pack(self._connection, old.id)
        store.save(self._connection, replace(old, version=self._version, archived_at=self._at))
        self._trace("archive", old, after={"archived_at": self._at.isoformat()})

    def _trace(
        self,
        what: str,
        discount: Discount,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> None:
        self.wrote = True
        record(
            self._connection,
            self._at,
            self._by,
            f"discount.{what}",
            f"discount:{discount.id}",
            before=before,
            after=after,
        )


def _longer(old: Discount, differences: Mapping[Kind, Difference]) -> Discount:
    """With the counts after these differences."""
    more = {kind: len(one.added) - len(one.removed) for kind, one in differences.items()}
    return replace(
        old,
        customers=old.customers + more.get("customer", 0),
        groups=old.groups + more.get("group", 0),
        products=old.products + more.get("product", 0),
        categories=old.categories + more.get("category", 0),
    )


def _check(discount: Discount) -> None:
    """Raises InvalidDiscount."""
    counts = discount.counts
    refuse(
        [
            *reach_faults(
                discount.all_customers or counts["customer"] + counts["group"],
                discount.all_products or counts["product"] + counts["category"],
            ),
            *(
                fault(f"{SENT_AS[kind]}_ids", "too_many", most=LONGEST_LIST)
                for kind in KINDS
                if counts[kind] > LONGEST_LIST
            ),
        ]
    )


def shown(discount: Discount) -> dict[str, object]:
    """A discount as its trace shows it: everything but the ids of its lists."""
    terms = discount.terms
    return {
        "name": terms.name,
        "discount_type": terms.type,
        "discount_value": value_text(terms),
        "currency": terms.currency,
        "priority": terms.priority,
        "effective_time": terms.effective_time.isoformat(),
        "expiration_time": terms.expiration_time.isoformat(),
        "enabled": terms.enabled,
        "all_users": discount.all_customers,
        "all_products": discount.all_products,
        **{f"{SENT_AS[kind]}_count": count for kind, count in discount.counts.items()},
        "key": discount.key,
    }


def _traced(differences: Mapping[Kind, Difference]) -> dict[str, object]:
    """What was added and removed, by its first ids: lists may be long."""
    return {
        f"{verb}_{SENT_AS[kind]}_ids": [*values[:_TRACED], *(["…"] if len(values) > _TRACED else [])]
        for kind, one in differences.items()
        for verb, values in (("added", one.added), ("removed", one.removed))
        if values
    }
