"""What faults are tried on: shops on real, durable databases, in three sizes.

`dev.py test` runs the small sizes, `dev.py faults` those that the promises are made for. FAULTS_SIZE and FAULTS_SEED
say which, and repeat a run.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.checked import assert_sound
from tests.conftest import had
from tests.faults.shop import Shop

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
    kind: str = request.param
    if kind == "sqlite":
        yield from _checked(Shop(f"sqlite:///{tmp_path / 'youhui.db'}", tmp_path))
        return
    server: servers.DatabaseServer = request.getfixturevalue(DURABLE[kind])
    with server.database() as url:
        yield from _checked(Shop(url, tmp_path, server))


def _checked(shop: Shop) -> Iterator[Shop]:
    yield shop
    assert_sound(shop.url)


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
            told = dict(report.user_properties)
            name = report.nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")
            terminalreporter.write_line(f"{outcome:7} {report.duration:7.1f} s  {name}")
            terminalreporter.write_line(f"        {', '.join(f'{k}: {v}' for k, v in told.items())}")
