"""Breakers as staff set them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import datetime

from youhui.checkout.abuse import store
from youhui.checkout.abuse.model import Breaker
from youhui.checkout.abuse.problems import NoBreaker
from youhui.checkout.store import Source, next_version
from youhui.platform.audit import record
from youhui.platform.db import Database
from youhui.platform.principals import Principal


class Breakers:
    """The use cases. `changed` is called after each commit; raising, it does not undo the write."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], changed: Callable[[], None]
    ) -> None:
        self._database = database
        self._clock = clock
        self._changed = changed

    def put(self, breaker: Breaker, by: Principal) -> Breaker:
        """Sets a campaign's, or changes it: when it last stopped the campaign stays. Raises Unavailable."""
        with self._database.writing() as connection:
            next_version(connection, Source.ABUSE)
            old = store.find_breaker(connection, breaker.promotion)
            new = dataclasses.replace(breaker, tripped_at=old.tripped_at if old else None)
            store.put_breaker(connection, new, new=old is None)
            before = shown(old) if old else None
            record(connection, self._clock(), by, "breaker.put", new.object, before=before, after=shown(new))
        self._changed()
        return new

    def remove(self, promotion: str, by: Principal) -> None:
        """Raises NoBreaker, Unavailable."""
        with self._database.writing() as connection:
            next_version(connection, Source.ABUSE)
            old = store.find_breaker(connection, promotion)
            if old is None:
                raise NoBreaker(promotion=promotion)
            store.remove_breaker(connection, old)
            record(connection, self._clock(), by, "breaker.remove", old.object, before=shown(old))
        self._changed()

    def get(self, promotion: str) -> Breaker:
        """Raises NoBreaker, Unavailable."""
        with self._database.reading() as connection:
            found = store.find_breaker(connection, promotion)
        if found is None:
            raise NoBreaker(promotion=promotion)
        return found

    def page(self, offset: int, limit: int) -> tuple[list[Breaker], int]:
        """In the order of their campaigns, and how many there are. Raises Unavailable."""
        with self._database.reading() as connection:
            return store.page_of_breakers(connection, offset, limit)


def shown(breaker: Breaker) -> Mapping[str, object]:
    """Its limits as the audit log has them, in minor units."""
    return {"currency": breaker.currency, **breaker.limits}
