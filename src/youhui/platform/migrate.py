"""Brings a database to the tables that this version needs. Several processes may start at once: one does the work."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from youhui.platform.db import MYSQL, Database

_LOCK = 0x59484D47
"""any number, the same in every version"""


def upgrade(database: Database, revision: str = "head") -> None:
    """Makes what is missing; costs one query where nothing is."""
    with database.writing() as connection:
        _alone(connection)
        command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Goes back to an earlier revision; "base" is an empty database. Data in what goes is lost."""
    with database.writing() as connection:
        _alone(connection)
        command.downgrade(_config(connection), revision)


def check(database: Database) -> None:
    """Raises alembic's CommandError if the tables differ from those that the code describes."""
    with database.reading() as connection:
        command.check(_config(connection))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _alone(connection: Connection) -> None:
    """SQLite's BEGIN IMMEDIATE lets one in anyway. MariaDB's lock goes with its connection, which is closed for it."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    elif connection.dialect.name in MYSQL:
        connection.execute(text("SELECT GET_LOCK(:lock, 60)"), {"lock": f"youhui-{_LOCK}"})
        connection.detach()
