"""The versions of what is priced by. Who changes something moves its version on first, in the same transaction."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

from sqlalchemy import Connection, select, update

from youhui.checkout.tables import rules_version
from youhui.platform.sql import dialect_of, fetch, read_at, run, together

_RULES = 5_170_017
"""of PostgreSQL's advisory lock: any number that nobody else in this database uses"""


class Source(IntEnum):
    """What quotes depend on; each has a version of its own: a change of one leaves what is held of the others."""

    PROMOTIONS = 1
    DISCOUNTS = 2
    DIRECTORY = 3
    COUPONS = 4
    ABUSE = 5  # who is blocked, and which campaigns have a breaker


LOCKED = (Source.PROMOTIONS, Source.DISCOUNTS, Source.COUPONS)
"""what an order is placed by; facts of the directory are as of its pricing"""
_IDS = ", ".join([str(int(source)) for source in LOCKED])
_NOW = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')",
    "postgresql": "clock_timestamp() AT TIME ZONE 'UTC'",
    "mysql": "UTC_TIMESTAMP(6)",
}
_VERSIONS = ", ".join([f"(SELECT version FROM rules_version WHERE id = {source:d})" for source in LOCKED])


def lock_versions(connection: Connection) -> tuple[datetime, dict[Source, int]]:
    """The database's clock and the versions of rules, which stay as they are until the transaction ends.

    Many may hold this lock together; whoever changes rules holds it alone. PostgreSQL's row locks are not fair: many
    that share one could keep a writer out for ever; its advisory locks are, and cost no write.
    """
    dialect = dialect_of(connection)
    if dialect == "mysql":
        text = f"SELECT version FROM rules_version WHERE id IN ({_IDS}) ORDER BY id LOCK IN SHARE MODE"
        versions = [row[0] for row in fetch(connection, text)]
        return database_now(connection), dict(zip(LOCKED, versions, strict=True))
    with together(connection):
        if dialect == "postgresql":  # on SQLite who writes is alone
            run(connection, f"SELECT pg_advisory_xact_lock_shared({_RULES})", [()])
        ((now, *versions),) = fetch(connection, f"SELECT {_NOW[dialect]}, {_VERSIONS}")
    return read_at(now), dict(zip(LOCKED, versions, strict=True))


def database_now(connection: Connection) -> datetime:
    """The database's clock."""
    return read_at(fetch(connection, f"SELECT {_NOW[dialect_of(connection)]}")[0][0])


def read_versions(connection: Connection) -> dict[Source, int]:
    """The versions of what is committed."""
    return {Source(id_): version for id_, version in connection.execute(select(rules_version))}


def next_version(connection: Connection, source: Source) -> int:
    """Moves a version on. Its row stays locked, so that writers follow one another in the order of versions.

    Orders that are being placed are waited for, and others wait: see `lock_versions`.
    """
    if source in LOCKED and dialect_of(connection) == "postgresql":
        fetch(connection, f"SELECT pg_advisory_xact_lock({_RULES})")
    mine = rules_version.c.id == source
    connection.execute(update(rules_version).where(mine).values(version=rules_version.c.version + 1))
    version: int = connection.execute(select(rules_version.c.version).where(mine)).scalar_one()
    return version
