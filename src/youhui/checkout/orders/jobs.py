"""What is tidied by the way. No promise depends on it: a hold ends by the clock, whether or not it was tidied (P7)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from time import sleep

from youhui.checkout.orders import store
from youhui.checkout.orders.batch import tidy
from youhui.checkout.ports import Holds
from youhui.checkout.store import database_now, lock_versions
from youhui.platform.db import Connection, Database
from youhui.platform.jobs import TURN

EXPIRE = "end_expired_orders"
FORGET = "forget_request_keys"
SHORTEST_MEMORY = timedelta(hours=72)
"""so long at least, and longer than any hold, a request is answered as before (P6)"""


def end_expired(
    connection: Connection, now: datetime, promotions: Collection[str], holds: Holds | None
) -> None:
    """Within a transaction that writes: ends the holds of these promotions whose time is over."""
    while tidy(connection, now, holds, promotions):
        pass


def end_all_expired(
    database: Database, clock: Callable[[], datetime] | None = None, holds: Holds | None = None
) -> int:
    """Ends the orders whose time is over, some hundreds in a transaction. How many. Raises Unavailable."""
    ended = 0
    while True:
        with database.writing() as connection:
            now, _ = lock_versions(connection)  # who saves terms makes holds, and must not be met half-way
            found = tidy(connection, clock() if clock else now, holds)
        ended += found
        if found < store.MOST_EXPIRED:
            return ended
        sleep(TURN)


def forget_request_keys(
    database: Database, kept: timedelta, clock: Callable[[], datetime] | None = None
) -> None:
    """Forgets keys that are older than that, some thousands in a transaction. Raises Unavailable."""
    while True:
        with database.writing() as connection:
            now = clock() if clock else database_now(connection)
            more = store.forget_requests(connection, now - kept)
        if not more:
            return
        sleep(TURN)
