"""Databases that have their tables already: making these by migrations takes longer than most tests do.

Each kind copies what one run of the migrations made; `tests/stores/test_migrations.py` sees to it that it is the same.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from tests.servers import DatabaseServer
from youhui.platform import migrate
from youhui.platform.db import Database

_ROWS = ("alembic_version", "rules_version")
"""tables that the migrations put rows into"""


def on_sqlite(url: str) -> str:
    """Puts a file with the tables in place where there is none yet; the URL."""
    file = make_url(url).database
    assert file is not None
    if not Path(file).exists():
        Path(file).write_bytes(_file())
    return url


@cache
def _file() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "youhui.db"
        _migrate(f"sqlite:///{file}")
        return file.read_bytes()


def _migrate(url: str) -> None:
    importlib.import_module("youhui.bootstrap")
    with closing(Database(url)) as database:
        migrate.upgrade(database)


@contextmanager
def on_server(server: DatabaseServer) -> Iterator[str]:
    """The URL of a new database with the tables."""
    if server.url.startswith("postgresql"):
        with server.database(template=_template(server)) as url:
            yield url
        return
    with server.database() as url:
        _run(url, _statements(server))
        yield url


@cache
def _template(server: DatabaseServer) -> str:
    """PostgreSQL copies a database by itself; this one is never dropped before its server is."""
    name = "youhui_prepared"
    server.make(name)
    _migrate(server.url_of(name))
    return name


@cache
def _statements(server: DatabaseServer) -> list[str]:
    """MariaDB cannot: these make the tables in one go, where migrations make many of them twice."""
    with server.database() as url:
        _migrate(url)
        engine = create_engine(url, poolclass=NullPool)
        with engine.connect() as connection:
            return ["SET FOREIGN_KEY_CHECKS = 0", *_shown(connection), "SET FOREIGN_KEY_CHECKS = 1"]


def _shown(connection: Connection) -> Iterator[str]:
    for (table,) in connection.exec_driver_sql("SHOW TABLES").all():
        yield connection.exec_driver_sql(f"SHOW CREATE TABLE {table}").all()[0][1]
    for table in _ROWS:
        for row in connection.exec_driver_sql(f"SELECT * FROM {table}").all():
            values = ", ".join([repr(value) for value in row])
            yield f"INSERT INTO {table} VALUES ({values})"
    for trigger, *_ in connection.exec_driver_sql("SHOW TRIGGERS").all():
        yield connection.exec_driver_sql(f"SHOW CREATE TRIGGER {trigger}").all()[0][2]


def _run(url: str, statements: list[str]) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%"))
