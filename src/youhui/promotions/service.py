"""What can be done with promotions. Each write is one transaction, after which this node prices by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from youhui.checkout.orders.counter_store import read_numbers
from youhui.checkout.orders.limits import claims_of
from youhui.checkout.orders.model import Claim
from youhui.checkout.orders.terms import saving
from youhui.checkout.orders.terms import store as counters
from youhui.checkout.ports import Holds
from youhui.checkout.store import Source, next_version
from youhui.engine import Registry
from youhui.platform.audit import record
from youhui.platform.db import Connection, Database
from youhui.platform.principals import Principal
from youhui.platform.problems import Outdated
from youhui.promotions import store
from youhui.promotions.lookup import readable_rules
from youhui.promotions.model import AFTER, FROM, UNUSED, Counted, Step, StoredPromotion, Wanted, total
from youhui.promotions.problems import CurrencyFixed, PromotionExists, PromotionNotFound, PromotionState
from youhui.promotions.publishing import check_overlap
from youhui.promotions.rules import Terms, moved_to, read_terms, rules_of
from youhui.promotions.traces import shown

EVERY = Wanted()


class Promotions:
    """The use cases. `changed` is called after each commit; raising, it does not undo the write.

    `holds`: what else unpaid orders hold, and let go when their time is over.
    """

    def __init__(
        self,
        database: Database,
        registry: Registry,
        clock: Callable[[], datetime],
        changed: Callable[[], None],
        holds: Holds | None = None,
    ) -> None:
        self._database = database
        self._holds = holds
        self._registry = registry
        self._clock = clock
        self._changed = changed

    def add(self, terms: Sequence[Terms], by: Principal, *, confirm: bool = False) -> list[StoredPromotion]:
        """Stores new ones at the end of the list, all or none.

        Raises PromotionExists, CurrencyFixed or LimitBelowUse (there were orders with one of this id),
        PromotionOverlap unless it is confirmed, Unavailable.
        """
        now = self._clock()
        with self._database.writing() as connection:
            added = []
            for one in terms:
                version = next_version(connection, Source.PROMOTIONS)
                new = one.stored(
                    position=version, version=version, created_at=now, at=now, status=one.first_status
                )
                _check_ids(connection, new)
                store.add(connection, new)
                self._count(connection, None, new)
                self._saved(connection, None, new, by, "promotion.create", confirm)
                added.append(new)
        self._changed()
        return added

    def replace(
        self, terms: Terms, by: Principal, version: int | None = None, *, confirm: bool = False
    ) -> StoredPromotion:
        """Changes the one with this id, in its place.

        With a `version` only the one that the caller has read, as it is at that version. Raises PromotionNotFound,
        Outdated, PromotionState if it is closed, CurrencyFixed, LimitBelowUse, PromotionOverlap, Unavailable.
        """
        now = self._clock()
        with self._database.writing() as connection:
            moved = next_version(connection, Source.PROMOTIONS)
            old = _same(store.get(connection, terms.id), version)
            if old.status == "closed" or old.type != terms.type:
                raise PromotionState(old.id, old.state(now))
            new = terms.stored(
                position=old.position,
                version=moved,
                created_at=old.created_at,
                at=now,
                status=terms.status_after(old.status),
                before=old.parts(),
            )
            _check_ids(connection, new, old)
            store.replace(connection, new)
            self._count(connection, old, new)
            self._saved(connection, old, new, by, "promotion.update", confirm)
        self._changed()
        return new

    def step(
        self, name: str, step: Step, by: Principal, version: int | None = None, *, confirm: bool = False
    ) -> StoredPromotion:
        """Publishes (also what was paused), pauses or closes it; again, it changes nothing.

        Raises PromotionNotFound, Outdated, PromotionState, PromotionOverlap unless it is confirmed, Unavailable.
        """
        now = self._clock()
        with self._database.writing() as connection:
            moved = next_version(connection, Source.PROMOTIONS)
            old = _same(store.get(connection, name), version)
            if old.status == AFTER[step]:
                return old
            if old.status not in FROM[step]:
                raise PromotionState(old.id, old.state(now))
            placed = moved_to(old, moved) if old.status == "draft" else old
            new = replace(placed, status=AFTER[step], version=moved, updated_at=now)
            store.replace(connection, new)
            self._saved(connection, old, new, by, f"promotion.{step}", confirm)
        self._changed()
        return new

    def stop(self, rule: str, by: Principal) -> bool:
        """Pauses the promotion that a rule is of, as orders name it; whether it was published until then.

        Raises PromotionNotFound, Unavailable.
        """
        with self._database.reading() as connection:
            found = store.some(connection, [rule, rule.rpartition("#")[0]])
        if not found:
            raise PromotionNotFound(id=rule)
        if found[0].status != "published":
            return False
        return self.step(found[0].id, "pause", by).status == "paused"

    def copy(self, name: str, other: str, by: Principal) -> StoredPromotion:
        """A draft with the terms of this one under another id.

        Raises PromotionNotFound, PromotionExists, CurrencyFixed, LimitBelowUse, Unavailable.
        """
        found = self.get(name)
        document = {**found.document, "active": True} if found.form is None else found.form
        sent = {**document, "id": other, "type": found.type, "currency": found.currency, "status": "draft"}
        (added,) = self.add([read_terms(sent, found.currency, self._registry)], by)
        return added

    def remove(self, name: str, by: Principal, version: int | None = None) -> None:
        """Deletes one. Raises PromotionNotFound, Outdated, PromotionState if a form of it runs, Unavailable."""
        now = self._clock()
        with self._database.writing() as connection:
            next_version(connection, Source.PROMOTIONS)
            old = _same(store.get(connection, name), version)
            if old.type != "rule" and old.state(now) == "running":
                raise PromotionState(old.id, "running")
            store.remove(connection, name)
            for rule in old.rule_ids():
                counters.remove(connection, rule)
            record(connection, now, by, "promotion.delete", f"promotion:{name}", before=shown(old))
        self._changed()

    def _saved(
        self,
        connection: Connection,
        old: StoredPromotion | None,
        new: StoredPromotion,
        by: Principal,
        action: str,
        confirm: bool,
    ) -> None:
        """What every write ends with: a look at the other flash sales, and the trace."""
        now = self._clock()
        if new.status == "published" and new.type == "flash_sale" and not confirm:
            check_overlap(new, store.published(connection, now, "flash_sale"))
        before = None if old is None else shown(old)
        record(connection, now, by, action, f"promotion:{new.id}", before=before, after=shown(new))

    def _count(self, connection: Connection, old: StoredPromotion | None, new: StoredPromotion) -> None:
        """Makes the counters as the limits need them; none is left of rules that an edit has left out."""
        same = old is not None and old.currency == new.currency
        before = (
            {rule.promotion.id: rule.promotion for rule in readable_rules(old, self._registry)} if old else {}
        )
        rules = rules_of(new, self._registry)
        for rule in rules:
            known = None if same else counters.currency_of(connection, rule.promotion.id)
            if known not in (None, new.currency):
                raise CurrencyFixed(id=new.id, currency=known)
            was = before.get(rule.promotion.id) if same else None
            saving.save(connection, self._clock(), new.currency, rule.promotion, was, self._holds)
        for name in before.keys() - {rule.promotion.id for rule in rules}:
            counters.remove(connection, name)

    def get(self, name: str) -> StoredPromotion:
        """Raises PromotionNotFound, Unavailable."""
        with self._database.reading() as connection:
            return store.get(connection, name)

    def page(self, offset: int, limit: int, wanted: Wanted = EVERY) -> tuple[list[StoredPromotion], int]:
        """A page of those that are wanted in list order, and how many there are in all. Raises Unavailable."""
        with self._database.reading() as connection:
            return store.page(connection, wanted, self._clock(), offset, limit)

    def counted(self, promotions: Sequence[StoredPromotion]) -> list[Counted]:
        """With what was used and is held of each, as of now. Raises Unavailable."""
        now = self._clock()
        windows = {one.id: self._windows(one, now) for one in promotions}
        keys = [claim.key for claims in windows.values() for claim in claims]
        with self._database.reading() as connection:
            numbers = saving.numbers_of(
                connection, [name for one in promotions for name in one.rule_ids()], now
            )
            present = read_numbers(connection, keys, now)
        return [
            Counted(
                one,
                total([numbers[name] for name in one.rule_ids()]),
                tuple([(claim, present.get(claim.key, UNUSED)) for claim in windows[one.id]]),
                {name: numbers[name] for name in one.rule_ids()},
            )
            for one in promotions
        ]

    def _windows(self, promotion: StoredPromotion, now: datetime) -> list[Claim]:
        rules = readable_rules(promotion, self._registry)
        claims = [claim for rule in rules for claim in claims_of(rule.promotion, None, now)]
        return [claim for claim in claims if claim.key.period]


def _check_ids(connection: Connection, new: StoredPromotion, old: StoredPromotion | None = None) -> None:
    """No older promotion has the id of one of its rules. Raises PromotionExists."""
    known = set() if old is None else {part.id for part in old.parts()}
    fresh = [part.id for part in new.parts() if part.of and part.id not in known]
    for other in store.some(connection, fresh):
        raise PromotionExists(id=other.id)


def _same(promotion: StoredPromotion, version: int | None) -> StoredPromotion:
    if version is not None and promotion.version != version:
        raise Outdated
    return promotion
