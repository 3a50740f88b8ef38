"""What `youhui check` is told of the capabilities."""

from __future__ import annotations

from collections.abc import Iterator

from youhui.checkout.orders.checking.counters import Terms
from youhui.coupons.checking.rules import prove
from youhui.coupons.lookup import stored_limits
from youhui.engine import Promotion, Registry
from youhui.platform.db import Connection, Database
from youhui.promotions.lookup import StoredRules

PROOFS = (prove,)
"""what it proves beside orders and limits"""


def stored_terms(database: Database, registry: Registry) -> Terms:
    """Everything stored that has counters, by what the ledger calls it."""
    rules = StoredRules(database, registry)

    def terms(connection: Connection) -> Iterator[tuple[str, Promotion | None]]:
        yield from rules.terms(connection)
        yield from stored_limits(connection)

    return terms
