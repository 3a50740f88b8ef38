"""Real servers for the tests that ask for one: started when first asked for, once a worker, stopped at its end."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

import pytest

from tests import prepared, servers

T = TypeVar("T")
REAL_SERVERS = {"postgresql_server", "mariadb_server", "valkey_server"}


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Marks before -m selects by them. What needs a browser comes last: Playwright keeps an event loop running in its
    thread from the first page to the end of the session, and nobody else could start one there.
    """
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & REAL_SERVERS:
            item.add_marker(pytest.mark.servers)
        if "browser_type_launch_args" in fixtures:
            item.add_marker(pytest.mark.browser)
    yield
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[servers.DatabaseServer]:
    with had(servers.postgresql()) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[servers.DatabaseServer]:
    with had(servers.mariadb()) as server:
        yield server


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[str]:
    with had(servers.valkey()) as url:
        yield url


ON_EACH = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.servers),
    pytest.param("mariadb", marks=pytest.mark.servers),
]


@pytest.fixture(params=ON_EACH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new database with its tables and nothing in them; the test runs once on each kind of server."""
    if request.param == "sqlite":
        yield prepared.on_sqlite(f"sqlite:///{tmp_path / 'youhui.db'}")
        return
    with prepared.on_server(request.getfixturevalue(f"{request.param}_server")) as url:
        yield url


@pytest.fixture(params=ON_EACH)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new database without tables; the test runs once on each kind of server."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'youhui.db'}"
        return
    server: servers.DatabaseServer = request.getfixturevalue(f"{request.param}_server")
    with server.database() as url:
        yield url


@pytest.fixture
def valkey_url(valkey_server: str) -> str:
    """An empty Valkey."""
    address = urlsplit(valkey_server)
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(b"FLUSHALL\r\n")
        assert connection.recv(16) == b"+OK\r\n"
    return valkey_server


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, which as root runs without its sandbox and in a container without /dev/shm."""
    try:
        program = servers.chromium()
    except servers.Unavailable as reason:
        do_without(reason)
    quiet = ["background-networking", "component-update", "sync", "quic"]
    args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    args += [f"--disable-{feature}" for feature in quiet]
    return {**browser_type_launch_args, "executable_path": program, "args": args}


@contextmanager
def had(server: AbstractContextManager[T]) -> Iterator[T]:
    with ExitStack() as stack:
        try:
            value = stack.enter_context(server)
        except servers.Unavailable as reason:
            do_without(reason)
        yield value


def do_without(reason: servers.Unavailable) -> NoReturn:
    """Skip on a newcomer's machine; where `dev.py test` could have installed it, a test left out is a failure."""
    if os.environ.get("CI") == "true" and os.geteuid() == 0:
        pytest.fail(f"{reason}, and CI leaves no test out")
    pytest.skip(str(reason))
