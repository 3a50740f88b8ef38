"""A database that goes silent, with everything still connected: who waits for it is let go in time."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests import servers
from tests.faults.proxy import Proxy, between
from youhui.platform.db import Database
from youhui.platform.problems import Unavailable

pytestmark = [pytest.mark.servers, pytest.mark.slow]
ADD = "UPDATE counted SET number = number + 1"


@pytest.fixture(params=["postgresql", "mariadb"])
def proxy(request: pytest.FixtureRequest) -> Iterator[Proxy]:
    server: servers.DatabaseServer = request.getfixturevalue(f"{request.param}_server")
    with server.database() as url, between(url) as proxy:
        yield proxy


@pytest.fixture
def database(proxy: Proxy) -> Iterator[Database]:
    made = Database(proxy.url)
    with made.hurried(4) as connection:
        connection.execute(text("CREATE TABLE counted (number INTEGER)"))
        connection.execute(text("INSERT INTO counted VALUES (0)"))
    yield made
    made.close()


def _add(database: Database, seconds: float) -> None:
    with database.hurried(seconds) as connection:
        connection.execute(text(ADD))


def _do_in_silence(database: Database, proxy: Proxy, first: str, *others: str) -> None:
    """After the first statement of a transaction nothing arrives any more."""
    with database.hurried(0.5) as connection:
        connection.execute(text(first))
        proxy.weather.silent = True
        for statement in others:
            connection.execute(text(statement))


def _sleep(database: Database, within: float) -> None:
    """A statement that takes five seconds."""
    with database.hurried(within) as connection:
        postgresql = connection.dialect.name == "postgresql"
        connection.execute(text("SELECT pg_sleep(5)" if postgresql else "SELECT SLEEP(5)"))


def _number(database: Database) -> int:
    with database.reading() as connection:
        found: int = connection.execute(text("SELECT number FROM counted")).scalar_one()
        return found


def test_a_statement_without_an_answer_is_given_up(proxy: Proxy, database: Database) -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable):
        _do_in_silence(database, proxy, "SELECT 1", ADD)
    assert 0.4 < time.monotonic() - began < 3
    proxy.weather.silent = False
    _add(database, 4)
    assert _number(database) == 1


def test_a_commit_without_an_answer_is_given_up(proxy: Proxy, database: Database) -> None:
    with pytest.raises(Unavailable):
        _do_in_silence(database, proxy, ADD)
    proxy.weather.silent = False
    _add(database, 4)
    assert _number(database) in (1, 2), "its outcome is unknown, and it holds nothing up"


def test_neither_the_pool_nor_a_new_connection_waits_for_ever(proxy: Proxy, database: Database) -> None:
    proxy.weather.silent = True
    for unit in (database.hurried(4), database.reading()):
        began = time.monotonic()
        with pytest.raises(Unavailable), unit as connection:
            connection.execute(text("SELECT 1"))
        assert time.monotonic() - began < 5.5
    proxy.weather.silent = False
    assert _number(database) == 0


def test_the_server_ends_a_transaction_that_was_left_by_a_lost_connection(
    proxy: Proxy, database: Database
) -> None:
    """Its locks would stay: the server's own end of a swallowed connection looks alive."""
    with pytest.raises(Unavailable):
        _do_in_silence(database, proxy, ADD, "SELECT 1")
    other = Database(proxy.target)
    began = time.monotonic()
    with other.writing() as connection:
        connection.execute(text(ADD))
    assert time.monotonic() - began < 5
    other.close()


def test_a_longer_wait_of_others_is_left_alone(proxy: Proxy, database: Database) -> None:
    """An upgrade of the tables may take minutes."""
    slow = {"postgresql": "SELECT pg_sleep(2.5)", "mysql": "SELECT SLEEP(2.5)"}
    with database.writing() as connection:
        connection.execute(text(slow[database.engine.dialect.name]))


def test_a_driver_that_is_cut_says_so(database: Database) -> None:
    with pytest.raises(Unavailable) as refused:
        _sleep(database, 0.3)
    assert isinstance(refused.value.__cause__, OperationalError)
    assert refused.value.cause
