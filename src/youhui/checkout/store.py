"""The version of all rules. Who changes a rule moves it on first, in the same transaction."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from youhui.checkout.tables import rules_version


def read_version(connection: Connection) -> int:
    """The version of what is committed."""
    version: int = connection.execute(select(rules_version.c.version)).scalar_one()
    return version


def next_version(connection: Connection) -> int:
    """Moves the version on. Its row stays locked, so that writers follow one another in the order of versions."""
    connection.execute(update(rules_version).values(version=rules_version.c.version + 1))
    return read_version(connection)
