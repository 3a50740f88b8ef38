"""The versions of what is priced by. Who changes something moves its version on first, in the same transaction."""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import Connection, select, update

from youhui.checkout.tables import rules_version


class Source(IntEnum):
    """What quotes depend on; each has a version of its own: a change of one leaves what is held of the others."""

    PROMOTIONS = 1
    DISCOUNTS = 2
    DIRECTORY = 3


def read_versions(connection: Connection) -> dict[Source, int]:
    """The versions of what is committed."""
    return {Source(id_): version for id_, version in connection.execute(select(rules_version))}


def next_version(connection: Connection, source: Source) -> int:
    """Moves a version on. Its row stays locked, so that writers follow one another in the order of versions."""
    mine = rules_version.c.id == source
    connection.execute(update(rules_version).where(mine).values(version=rules_version.c.version + 1))
    version: int = connection.execute(select(rules_version.c.version).where(mine)).scalar_one()
    return version
