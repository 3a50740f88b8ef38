"""What can be done with promotions. Each write is one transaction, after which this node prices by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import structlog

from youhui.checkout.orders.counter_store import read_numbers
from youhui.checkout.orders.limits import claims_of
from youhui.checkout.orders.model import NOTHING, Claim, Numbers
from youhui.checkout.orders.terms import saving
from youhui.checkout.orders.terms import store as counters
from youhui.checkout.ports import Changes, Rule
from youhui.checkout.store import Source, next_version, read_versions
from youhui.engine import InvalidDocument, Promotion, Registry
from youhui.platform.audit import record
from youhui.platform.db import Connection, Database
from youhui.platform.principals import Principal
from youhui.platform.problems import Outdated
from youhui.promotions import store
from youhui.promotions.model import Counted, StoredPromotion
from youhui.promotions.problems import CurrencyFixed
from youhui.promotions.rules import Terms, rule_of

_AT_ONCE = 500
"""promotions that are read together"""
_UNUSED = Numbers(NOTHING, NOTHING)

_log = structlog.get_logger()


class Promotions:
    """The use cases. `changed` is called after each commit; raising, it does not undo the write."""

    def __init__(
        self,
        database: Database,
        registry: Registry,
        clock: Callable[[], datetime],
        changed: Callable[[], None],
    ) -> None:
        self._database = database
        self._registry = registry
        self._clock = clock
        self._changed = changed

    def add(self, terms: Sequence[Terms], by: Principal) -> list[StoredPromotion]:
        """Stores new ones at the end of the list, all or none.

        Raises PromotionExists, CurrencyFixed or LimitBelowUse (there were orders with one of this id), Unavailable.
        """
        now = self._clock()
        with self._database.writing() as connection:
            added = []
            for one in terms:
                version = next_version(connection, Source.PROMOTIONS)
                added.append(one.stored(position=version, version=version, created_at=now, at=now))
                store.add(connection, added[-1])
                self._count(connection, one)
                record(
                    connection,
                    now,
                    by,
                    "promotion.create",
                    f"promotion:{added[-1].id}",
                    after=_shown(added[-1]),
                )
        self._changed()
        return added

    def replace(self, terms: Terms, by: Principal, version: int | None = None) -> StoredPromotion:
        """Changes the one with this id, in its place.

        With a `version` only the one that the caller has read, as it is at that version. Raises PromotionNotFound,
        Outdated, CurrencyFixed, LimitBelowUse, Unavailable.
        """
        now = self._clock()
        with self._database.writing() as connection:
            moved = next_version(connection, Source.PROMOTIONS)
            old = _same(store.get(connection, terms.promotion.id), version)
            new = terms.stored(position=old.position, version=moved, created_at=old.created_at, at=now)
            store.replace(connection, new)
            self._count(connection, terms, old)
            record(
                connection,
                now,
                by,
                "promotion.update",
                f"promotion:{new.id}",
                before=_shown(old),
                after=_shown(new),
            )
        self._changed()
        return new

    def remove(self, name: str, by: Principal, version: int | None = None) -> None:
        """Deletes one. Raises PromotionNotFound, Outdated, Unavailable."""
        with self._database.writing() as connection:
            next_version(connection, Source.PROMOTIONS)
            old = _same(store.get(connection, name), version)
            store.remove(connection, name)
            counters.remove(connection, name)
            record(connection, self._clock(), by, "promotion.delete", f"promotion:{name}", before=_shown(old))
        self._changed()

    def _count(self, connection: Connection, terms: Terms, old: StoredPromotion | None = None) -> None:
        """Makes its counters as its limits need them."""
        before = None
        if old is not None and old.currency == terms.currency:
            rule = _rule(old, self._registry)
            before = rule.promotion if rule else None
        else:
            known = counters.currency_of(connection, terms.promotion.id)
            if known not in (None, terms.currency):
                raise CurrencyFixed(id=terms.promotion.id, currency=known)
        saving.save(connection, self._clock(), terms.currency, terms.promotion, before)

    def get(self, name: str) -> StoredPromotion:
        """Raises PromotionNotFound, Unavailable."""
        with self._database.reading() as connection:
            return store.get(connection, name)

    def page(self, offset: int, limit: int) -> tuple[list[StoredPromotion], int]:
        """A page in list order, and how many there are in all. Raises Unavailable."""
        with self._database.reading() as connection:
            return store.listed(connection, offset, limit), store.count(connection)

    def counted(self, promotions: Sequence[StoredPromotion]) -> list[Counted]:
        """With what was used and is held of each, as of now. Raises Unavailable."""
        now = self._clock()
        windows = {one.id: self._windows(one, now) for one in promotions}
        keys = [claim.key for claims in windows.values() for claim in claims]
        with self._database.reading() as connection:
            numbers = saving.numbers_of(connection, list(windows), now)
            present = read_numbers(connection, keys, now)
        return [
            Counted(
                one,
                numbers[one.id],
                tuple([(claim, present.get(claim.key, _UNUSED)) for claim in windows[one.id]]),
            )
            for one in promotions
        ]

    def _windows(self, promotion: StoredPromotion, now: datetime) -> list[Claim]:
        rule = _rule(promotion, self._registry)
        claims = claims_of(rule.promotion, None, now) if rule else ()
        return [claim for claim in claims if claim.key.period]


def _same(promotion: StoredPromotion, version: int | None) -> StoredPromotion:
    if version is not None and promotion.version != version:
        raise Outdated
    return promotion


def _shown(promotion: StoredPromotion) -> Mapping[str, object]:
    return {**promotion.document, "currency": promotion.currency}


class StoredRules:
    """The promotions as a source of rules (checkout's port)."""

    def __init__(self, database: Database, registry: Registry) -> None:
        self._database = database
        self._registry = registry

    def version(self) -> int:
        """The version of all stored rules. Raises Unavailable."""
        with self._database.reading() as connection:
            return read_versions(connection)[Source.PROMOTIONS]

    def changes(self, known: Mapping[str, Rule]) -> Changes:
        """What differs from the rules that are known, by their versions. Raises Unavailable."""
        with self._database.reading() as connection:
            versions = store.versions(connection)
            newer = [
                name
                for name, version in versions.items()
                if name not in known or known[name].version != version
            ]
            rows = store.some(connection, newer)
        changed = tuple(rule for row in rows if (rule := _rule(row, self._registry)) is not None)
        lost = set(newer) - {rule.promotion.id for rule in changed}
        removed = tuple(name for name in known if name not in versions or name in lost)
        return Changes(changed, removed)

    def terms(self, connection: Connection) -> Iterator[tuple[str, Promotion | None]]:
        """All stored promotions in the caller's transaction; None for one that cannot be read."""
        names = list(store.versions(connection))
        for start in range(0, len(names), _AT_ONCE):
            for row in store.some(connection, names[start : start + _AT_ONCE]):
                rule = _rule(row, self._registry)
                yield row.id, None if rule is None else rule.promotion


def _rule(row: StoredPromotion, registry: Registry) -> Rule | None:
    """One promotion that cannot be read must not stop the pricing by all others."""
    try:
        return rule_of(row, registry)
    except InvalidDocument as error:
        _log.error("promotion left out", promotion=row.id, problems=str(error))
        return None
