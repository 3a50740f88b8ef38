"""Random days of a shop against the model: a few hundred steps on each database.

MODEL_DAYS=500x50 runs so many days of so many steps at most.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import NullPool, create_engine, make_url

from tests import servers
from tests.model.machine import Days
from youhui.platform import migrate
from youhui.platform.db import Database

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0 if "MODEL_DAYS" in os.environ else 900)]
"""a failure is made small before it is shown, which takes some minutes"""

DAYS, STEPS = map(int, os.environ.get("MODEL_DAYS", "10x30").split("x"))
Fresh = Callable[[], AbstractContextManager[str]]


def run(fresh: Fresh) -> None:
    """Prints what it ran; a failure prints the steps that lead to it, and how to run them again."""
    Days.seen.clear()
    run_state_machine_as_test(
        cast("type[Days]", partial(Days, fresh)),
        settings=settings(
            max_examples=DAYS,
            stateful_step_count=STEPS,
            deadline=None,
            print_blob=True,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(f"{DAYS} days of {STEPS} steps at most")
    for name, times in Days.seen.most_common():
        print(f"{times:>7} {name}")


def test_on_sqlite(tmp_path: Path) -> None:
    run(_files(tmp_path))


def test_on_postgresql(postgresql_server: servers.DatabaseServer) -> None:
    with postgresql_server.database() as first:
        run(_databases(first))


def _files(folder: Path) -> Fresh:
    first = folder / "first.db"
    _make_tables(f"sqlite:///{first}")
    numbers = count(1)

    @contextmanager
    def fresh() -> Iterator[str]:
        file = folder / f"{next(numbers)}.db"
        shutil.copy(first, file)
        yield f"sqlite:///{file}"
        for left in folder.glob(f"{file.name}*"):
            left.unlink()

    return fresh


def _databases(first: str) -> Fresh:
    _make_tables(first)
    name = make_url(first).database
    administrative = make_url(first).set(database="postgres")
    engine = create_engine(administrative, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    numbers = count(1)

    def execute(statement: str) -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)

    @contextmanager
    def fresh() -> Iterator[str]:
        copy = f"{name}_{next(numbers)}"
        execute(f"CREATE DATABASE {copy} TEMPLATE {name}")
        yield make_url(first).set(database=copy).render_as_string(hide_password=False)
        execute(f"DROP DATABASE {copy} WITH (FORCE)")

    return fresh


def _make_tables(url: str) -> None:
    database = Database(url)
    migrate.upgrade(database)
    database.close()
