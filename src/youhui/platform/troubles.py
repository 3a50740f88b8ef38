"""What the drivers of databases raise, told apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from youhui.platform.problems import Unavailable


class Trouble(Enum):
    """Why a database could not be used."""

    CONFLICT = "conflict"
    """others lock the same rows: the same again may go well"""
    LOST = "lost"
    """the connection broke; what was being committed may be committed"""
    OTHER = "other"


_READ_ONLY = "25006"
"""SQLSTATE of PostgreSQL that became a standby, whose driver takes it for a fault of ours"""
_CONFLICTS = ("40001", "40P01", 1213, 1020)
"""serialization failures and deadlocks: SQLSTATE of PostgreSQL, numbers of MySQL (1020: MariaDB, read by a snapshot)"""


def trouble_of(error: Unavailable) -> Trouble:
    """What it was."""
    cause = error.__cause__
    if isinstance(cause, DBAPIError):
        if cause.connection_invalidated:
            return Trouble.LOST
        said = getattr(cause.orig, "sqlstate", None) or next(iter(getattr(cause.orig, "args", ())), None)
        if said in _CONFLICTS:
            return Trouble.CONFLICT
    return Trouble.OTHER


@contextmanager
def translated() -> Iterator[None]:
    """Raises Unavailable for what is the database's trouble and not ours."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise Unavailable from error
    except DBAPIError as error:
        # A file that is no database, or a broken one, is of the base class itself.
        read_only = getattr(error.orig, "sqlstate", None) == _READ_ONLY
        if error.connection_invalidated or read_only or type(error) is DatabaseError:
            raise Unavailable from error
        raise
