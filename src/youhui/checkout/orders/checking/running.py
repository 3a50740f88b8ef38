"""All proofs, in one snapshot of the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from youhui.checkout.orders.checking import counters, orders
from youhui.checkout.orders.checking.counters import Terms
from youhui.checkout.orders.checking.report import Proof, Report
from youhui.checkout.orders.checking.totals import Totals
from youhui.platform import migrate, triggers
from youhui.platform.db import Connection, Database

Told = Callable[[int, int], None]
"""of progress: orders looked at, and how many there are"""
Prove = Callable[[Connection], Proof]
"""what else is proved, by whom it belongs to"""


def check(
    database: Database,
    terms: Terms | None = None,
    told: Told = lambda _done, _all: None,
    others: Sequence[Prove] = (),
) -> Report:
    """Proves what docs/promises.md says that it proves, and changes nothing; others may write meanwhile.

    `terms`: the stored promotions, whose limits the counters should have; None: they are not compared. Raises
    TablesDiffer, Unavailable.
    """
    with database.snapshot() as connection:
        return prove(connection, terms, told, others)


def prove(
    connection: Connection,
    terms: Terms | None = None,
    told: Told = lambda _done, _all: None,
    others: Sequence[Prove] = (),
) -> Report:
    """The same in a transaction of the caller. Raises TablesDiffer."""
    migrate.require(connection)
    p1, p2, p4 = counters.limits(connection, terms)
    totals = Totals(connection)
    p7, p12, p14 = orders.orders(connection, totals, told)
    p3 = counters.sums(connection, totals)
    beside = [one(connection) for one in others]
    return Report((p1, p2, p3, p4, p7, p12, p14, _append_only(connection), *beside))


def _append_only(connection: Connection) -> Proof:
    proof = Proof("append-only")
    proof.counted["triggers"] = len(triggers.wanted(connection))
    for name in triggers.missing(connection):
        proof.fails("no_trigger", trigger=name)
    return proof
