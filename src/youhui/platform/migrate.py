"""Brings a database to the tables that this version needs. Several processes may start at once: one does the work."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten
from time import monotonic

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from youhui.platform import triggers
from youhui.platform.db import MYSQL, Database
from youhui.platform.languages import Language, Told, both
from youhui.platform.problems import Unavailable

WITHIN = 60.0
"""seconds in which another process that starts at the same time must have made the tables"""
_LOCK = 0x59484D47
"""any number, the same in every version"""


class TablesDiffer(Told):
    """The tables are not those of this version, or not of one that it knows; the message says how."""

    def told(self, language: Language) -> Sequence[str]:
        """What differs, and what helps where they are only behind."""
        return [_DIFFER[language].format(why=shorten(str(self), 400))]


_DIFFER = both(
    "数据库的表与此版本不符：{why} 若只是落后，请运行 youhui db upgrade；若来自更新的版本，请使用那个版本",
    "The tables are not those of this version: {why} If they are only behind, run youhui db upgrade; "
    "if they are of a newer version, use that one",
)


def upgrade(database: Database, revision: str = "head") -> None:
    """Makes what is missing. Raises TablesDiffer, Unavailable.

    Tables of a newer version are left as they are: a process of this one may start anew while others are replaced.
    """
    until = monotonic() + WITHIN
    while True:
        try:
            return _upgrade(database, revision)
        except Unavailable as error:
            # SQLite waits for another process for its busy_timeout only, the other databases for so long.
            if "database is locked" not in str(error.__cause__) or monotonic() > until:
                raise


def _upgrade(database: Database, revision: str) -> None:
    with _told(), database.writing(within=None) as connection:
        _alone(connection)
        if revision != "head" or is_behind(current(connection)):
            command.upgrade(_config(connection), revision)
        if current(connection) == head():
            triggers.restore(connection)  # those that SQLite lost with a table that was made anew


def downgrade(database: Database, revision: str) -> None:
    """Goes back to an earlier revision; "base" is an empty database. Data in what goes is lost.

    Raises TablesDiffer, Unavailable.
    """
    with _told(), database.writing(within=None) as connection:
        _alone(connection)
        command.downgrade(_config(connection), revision)


def check(database: Database) -> None:
    """Raises TablesDiffer if they are not those that the code describes, Unavailable."""
    with _told(), database.reading(within=None) as connection:
        command.check(_config(connection))
        if lost := triggers.missing(connection):
            raise TablesDiffer(f"triggers are missing: {', '.join(lost)}.")


def require(connection: Connection) -> None:
    """Raises TablesDiffer if tables that this version needs are missing."""
    if is_behind(found := current(connection)):
        raise TablesDiffer(f"they stand at {found or 'nothing'}, this version needs {head()}.")


def current(connection: Connection) -> str | None:
    """Where the tables stand; None where there are none."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    """Where the tables of this version stand."""
    return _revisions()[0]


def is_behind(revision: str | None) -> bool:
    """Whether tables are missing. An unknown revision is of a newer version, which has all that is needed."""
    newest, known = _revisions()
    return revision is None or (revision != newest and revision in known)


@functools.cache
def _revisions() -> tuple[str | None, frozenset[str]]:
    scripts = ScriptDirectory.from_config(_config())
    return scripts.get_current_head(), frozenset(script.revision for script in scripts.walk_revisions())


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        raise TablesDiffer(str(error)) from error


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _alone(connection: Connection) -> None:
    """SQLite's BEGIN IMMEDIATE lets one in anyway. MariaDB's lock goes with its connection, which is closed for it."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    elif connection.dialect.name in MYSQL:
        connection.execute(text("SELECT GET_LOCK(:lock, 60)"), {"lock": f"youhui-{_LOCK}"})
        connection.detach()
