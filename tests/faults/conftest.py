"""What faults are tried on: shops on real, durable databases, in three sizes.

`dev.py test` runs the small sizes, `dev.py faults` those that the promises are made for. FAULTS_SIZE and FAULTS_SEED
say which, and repeat a run.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import servers
from tests.checked import assert_sound
from tests.conftest import had
from tests.faults.shop import Served, Shop

DURABLE = {"postgresql": "durable_postgresql", "mariadb": "durable_mariadb"}


@pytest.fixture(scope="session")
def durable_postgresql() -> Iterator[servers.DatabaseServer]:
    with had(servers.postgresql(durable=True)) as server:
        yield server


@pytest.fixture(scope="session")
def durable_mariadb() -> Iterator[servers.DatabaseServer]:
    with had(servers.mariadb(durable=True)) as server:
        yield server


@pytest.fixture
def chance(record_property: Callable[[str, object], None]) -> random.Random:
    """What is random, by the seed of the run."""
    seed = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(1_000_000))
    print(f"FAULTS_SEED={seed}")
    record_property("seed", seed)
    return random.Random(seed)


@pytest.fixture
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """A shop on a new database of the kind that the test asks for (`on`); its books must be sound at the end."""
    with _shop(request, request.param, tmp_path) as shop:
        yield shop
        assert_sound(shop.url)


SERVED = [
    "sqlite-1",
    pytest.param("postgresql-3", marks=pytest.mark.servers),
    pytest.param("mariadb-2", marks=pytest.mark.servers),
]


@pytest.fixture(scope="session", params=SERVED)
def _served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    kind, _, count = request.param.partition("-")
    with _shop(request, kind, tmp_path_factory.mktemp("shop")) as shop, shop.served(int(count)) as served:
        yield served


@pytest.fixture
def served(_served: Served) -> Iterator[Served]:
    """A shop that is served by nodes which tests share; its books must be sound after each."""
    yield _served
    assert_sound(_served.url)
    assert [node.complaints() for node in _served.nodes] == [""] * len(_served.nodes)


@contextmanager
def _shop(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[Shop]:
    if kind == "sqlite":
        yield Shop(f"sqlite:///{folder / 'youhui.db'}", folder)
        return
    server: servers.DatabaseServer = request.getfixturevalue(DURABLE[kind])
    with server.database() as url:
        yield Shop(url, folder, server)


@pytest.hookimpl(tryfirst=True)  # before -m selects by these markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.faults)
            item.add_marker(pytest.mark.slow)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of what was tried, where someone asked for it."""
    if "FAULTS_SIZE" not in os.environ:
        return
    terminalreporter.section("faults")
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            told = "; ".join(f"{name} {value}" for name, value in report.user_properties)
            name = report.nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")
            terminalreporter.write_line(f"{outcome} {report.duration:7.1f} s  {name}: {told}")
