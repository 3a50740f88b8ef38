"""What can be done with the directory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from youhui.directory import store
from youhui.directory.importing import Upload
from youhui.directory.model import Filters, Kind, Sort, Tree
from youhui.directory.problems import fault
from youhui.engine.money import is_currency
from youhui.platform.db import Database
from youhui.platform.principals import Principal
from youhui.platform.problems import Invalid
from youhui.platform.rows import Rejected, Written


class Entries:
    """The use cases. `changed` is called after commits; `tree` answers the categories as they are now."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        changed: Callable[[], None],
        tree: Callable[[], Tree],
        currency: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._changed = changed
        self._tree = tree
        self._currency = currency

    def upload(
        self,
        kind: Kind,
        how: Written,
        by: Principal,
        *,
        currency: str | None = None,
        from_line: int = 1,
        told: Callable[[Rejected], None] | None = None,
    ) -> Upload:
        """A stream of rows to be fed. `currency`: of amounts in rows that name none (default: the shop's).

        `told`: of each fault at once, however many there are. Raises Invalid.
        """
        if currency is not None and not is_currency(currency):
            raise Invalid([fault("currency", "not_currency")])
        return Upload(
            self._database,
            self._clock,
            self._changed,
            kind,
            how,
            by,
            currency or self._currency,
            from_line,
            told,
        )

    def page(
        self, kind: Kind, filters: Filters, sort: Sort, offset: int, limit: int, category: str | None = None
    ) -> tuple[Sequence[Any], int]:
        """A page, and how many there are; of a search at most the first store.COUNTED. Raises Unavailable.

        `category`: products in it or below it.
        """
        if category is not None:
            filters = replace(filters, categories=self._tree().below(category))
        with self._database.reading() as connection:
            return store.page(connection, kind, filters, sort, offset, limit)

    def some(self, kind: Kind, ids: Sequence[str]) -> Sequence[Any]:
        """Those of these that are there, in their order. Raises Unavailable."""
        with self._database.reading() as connection:
            found = store.some(connection, kind, ids)
        return [found[id_] for id_ in dict.fromkeys(ids) if id_ in found]
