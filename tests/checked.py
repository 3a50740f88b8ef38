"""What `youhui check` finds on a database: asked at the end of whatever writes orders."""

from __future__ import annotations

from youhui import bootstrap
from youhui.checkout.orders.checking import Report, check
from youhui.platform.db import Database


def checked(database_url: str, *, stored_terms: bool = True) -> Report:
    """The report. `stored_terms` False: counters were made without stored promotions, so limits are not compared."""
    database = Database(database_url)
    try:
        terms = bootstrap.stored_terms(database, bootstrap.kinds())
        return check(database, terms if stored_terms else None, others=bootstrap.PROOFS)
    finally:
        database.close()


def assert_sound(database_url: str, *, stored_terms: bool = True) -> None:
    """Every promise holds; else the failure shows the first rows that break it."""
    report = checked(database_url, stored_terms=stored_terms)
    assert report.sound, "\n".join(
        f"{proof.promise} ({proof.drifted}): {drift.rule} {dict(drift.facts)}"
        for proof in report.proofs
        for drift in proof.drifts
    )
