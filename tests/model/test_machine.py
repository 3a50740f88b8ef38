"""Random days of a shop against the model: a few hundred steps; YOUHUI_MODEL=500x50 runs so many days of so many steps."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests import servers
from tests.model.machine import Days
from youhui.platform import migrate
from youhui.platform.db import Database

DAYS, STEPS = map(int, os.environ.get("YOUHUI_MODEL", "12x30").split("x"))
Fresh = Callable[[], AbstractContextManager[str]]


def run(fresh: Fresh) -> None:
    """Prints what it ran; a failure prints the steps that lead to it, and how to run them again."""
    Days.seen.clear()
    run_state_machine_as_test(
        lambda: Days(fresh),
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
    run(_copies(tmp_path))


@pytest.mark.timeout(0)
def test_on_postgresql(postgresql_server: servers.DatabaseServer) -> None:
    with postgresql_server.database() as empty:
        _with_tables(empty)
        run(lambda: postgresql_server.database(like=empty))


def _copies(folder: Path) -> Fresh:
    first = folder / "first.db"
    _with_tables(f"sqlite:///{first}")
    numbers = count(1)

    @contextmanager
    def fresh() -> Iterator[str]:
        file = folder / f"{next(numbers)}.db"
        shutil.copy(first, file)
        yield f"sqlite:///{file}"
        for left in folder.glob(f"{file.name}*"):
            left.unlink()

    return fresh


def _with_tables(url: str) -> None:
    database = Database(url)
    migrate.upgrade(database)
    database.close()
