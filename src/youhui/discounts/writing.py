"""The writes of one transaction: rows, lists, how long they are, and the trace of it all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from youhui.discounts import store, targets, traces
from youhui.discounts.forms import SENT_AS, reach_faults, refuse
from youhui.discounts.model import (
    KINDS,
    LONGEST_LIST,
    Difference,
    Discount,
    Draft,
    Edit,
    Kind,
    Scope,
    Terms,
)
from youhui.discounts.problems import fault
from youhui.discounts.targets import ListChange
from youhui.platform.audit import record
from youhui.platform.db import Connection
from youhui.platform.principals import Principal

_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Stored:
    """A discount, and the draft that would make it what it is; None if it is archived."""

    discount: Discount
    draft: Draft | None


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

    def stored(self, keys: Sequence[str]) -> dict[str, Stored]:
        """Those that have one of these keys, with their lists."""
        found = store.by_key(self._connection, keys)
        lists = targets.lists(self._connection, [one.id for one in found.values() if one.archived_at is None])
        return {key: Stored(one, _draft(one, lists.get(one.id))) for key, one in found.items()}

    def over(self, before: datetime, limit: int) -> list[Discount]:
        """Those that ended or were deleted before an instant and are not archived yet."""
        return store.over(self._connection, before, limit)

    def add(self, draft: Draft) -> Discount:
        """Stores a new one. Raises DiscountExists."""
        (new,) = self._add([draft])
        self._trace("create", new, after=traces.shown(new))
        return new

    def bring(self, new: Sequence[Draft], changes: Sequence[tuple[Stored, Draft]]) -> None:
        """Stores new ones, and makes others, which are not archived, what a draft says: with one trace of them all.

        Raises DiscountExists.
        """
        made = self._add(new)
        changed = [one for old, draft in changes if (one := self._replaced(old, draft)) is not None]
        self._save(changed)
        if made or changed:
            self.wrote = True
            record(
                self._connection,
                self._at,
                self._by,
                "discount.import",
                "discounts",
                **traces.of_many(made, [(one.old, one.new) for one in changed]),
            )

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
        change = self._change(old, same, differences)
        if change is None:
            return old
        _check(change.new)
        self._save([change])
        self._trace(
            "update",
            old,
            before=traces.shown(old),
            after=traces.shown(change.new) | traces.of_lists(differences),
        )
        return change.new

    def remove(self, old: Discount) -> None:
        """Marks it as deleted; its key is free again."""
        gone = replace(old, version=self._version, deleted_at=self._at, key=None)
        store.save(self._connection, [gone])
        self._trace("delete", gone, before=traces.shown(old))

    def archive(self, old: Discount) -> None:
        """Packs its lists away."""
        targets.pack(self._connection, old.id)
        store.save(self._connection, [replace(old, version=self._version, archived_at=self._at)])
        self._trace("archive", old, after={"archived_at": self._at.isoformat()})

    def _add(self, drafts: Sequence[Draft]) -> list[Discount]:
        if not drafts:
            return []
        first = store.next_id(self._connection)
        made = [self._made(id_, draft) for id_, draft in enumerate(drafts, first)]
        store.add(self._connection, made)
        targets.change(
            self._connection,
            [
                ListChange(one.id, kind, Difference(tuple(sorted(values)), ()))
                for one, draft in zip(made, drafts, strict=True)
                for kind, values in draft.scope.lists.items()
            ],
        )
        return made

    def _made(self, id_: int, draft: Draft) -> Discount:
        scope = draft.scope
        return Discount(
            id=id_,
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

    def _replaced(self, old: Stored, draft: Draft) -> _Change | None:
        assert old.draft is not None
        before, scope = old.draft.scope.lists, draft.scope
        differences = {kind: targets.between(before[kind], after) for kind, after in scope.lists.items()}
        same = replace(
            _longer(old.discount, differences),
            terms=draft.terms,
            all_customers=scope.all_customers,
            all_products=scope.all_products,
        )
        return self._change(old.discount, same, differences)

    def _change(
        self, old: Discount, same: Discount, differences: Mapping[Kind, Difference]
    ) -> _Change | None:
        """None if nothing differs. `same`: what it becomes, as if at the time of `old`."""
        if same == old and not any(one.added or one.removed for one in differences.values()):
            return None
        updated_at = max(self._at, old.updated_at + _MOMENT)
        return _Change(old, replace(same, version=self._version, updated_at=updated_at), differences)

    def _save(self, changes: Sequence[_Change]) -> None:
        if changes:
            store.save(self._connection, [one.new for one in changes])
        targets.change(
            self._connection,
            [
                ListChange(one.new.id, kind, difference)
                for one in changes
                for kind, difference in one.differences.items()
            ],
        )

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


@dataclass(frozen=True, slots=True)
class _Change:
    old: Discount
    new: Discount
    differences: Mapping[Kind, Difference]


def _draft(discount: Discount, lists: targets.Lists | None) -> Draft | None:
    if lists is None:
        return None
    scope = Scope(
        all_customers=discount.all_customers,
        customers=lists["customer"],
        groups=lists["group"],
        all_products=discount.all_products,
        products=lists["product"],
        categories=lists["category"],
    )
    return Draft(terms=discount.terms, scope=scope, key=discount.key)


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
