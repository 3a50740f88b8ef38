"""Lists of orders as they are now, by the database's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from youhui.checkout.orders.listing import store
from youhui.checkout.orders.listing.model import Listed, Wanted
from youhui.platform.db import Database


class Lists:
    """Reads lists of orders."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def page(self, wanted: Wanted, offset: int, limit: int) -> tuple[list[Listed], int]:
        """A part of the orders that fit, the newest first, and how many fit. Raises Unavailable."""
        with self._database.reading() as connection:
            return store.list_orders(connection, wanted, self._clock(), offset, limit)
