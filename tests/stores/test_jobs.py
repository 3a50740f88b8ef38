"""Jobs by the clock: each turn once, however many processes look for it, on each kind of database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from cronsim import CronSimError
from structlog.testing import capture_logs

from youhui.platform import migrate, schedules
from youhui.platform.db import Database
from youhui.platform.jobs import CLAIM, JobRunning, Jobs, NoSuchJob

START = datetime(2026, 11, 11, 2, 0, tzinfo=UTC)
NIGHTLY = "30 3 * * *"
DUE = datetime(2026, 11, 11, 3, 30, tzinfo=UTC)


class Clock:
    """It is what a test says."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    migrate.upgrade(made)
    yield made
    made.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def node(database: Database, clock: Clock, work: Callable[[], object], cron: str = NIGHTLY) -> Jobs:
    """A process with one job."""
    jobs = Jobs(database, clock)
    jobs.register("tidy", cron, work)
    jobs.schedule()
    return jobs


def row(jobs: Jobs) -> schedules.Schedule:
    (one,) = jobs.listed()
    return one


def nothing() -> None:
    pass


def test_a_job_runs_when_it_is_due_and_then_the_next_day(database: Database, clock: Clock) -> None:
    ran: list[datetime] = []
    jobs = node(database, clock, lambda: ran.append(clock()))
    assert row(jobs).next_run_at == DUE
    for now in (DUE - timedelta(microseconds=1), DUE, DUE + timedelta(hours=1), DUE + timedelta(days=1)):
        clock.now = now
        jobs.run_due()
    assert ran == [DUE, DUE + timedelta(days=1)]
    held = row(jobs)
    assert (held.next_run_at, held.last_started_at, held.claimed_until) == (
        DUE + timedelta(days=2), DUE + timedelta(days=1), None,
    )  # fmt: skip


def test_days_without_a_process_are_one_turn(database: Database, clock: Clock) -> None:
    ran: list[datetime] = []
    jobs = node(database, clock, lambda: ran.append(clock()))
    clock.now = DUE + timedelta(days=40, hours=2)
    assert [jobs.run_due(), jobs.run_due()] == [["tidy"], []]
    assert ran == [clock.now]


def test_of_several_processes_one_gets_a_turn(database: Database, database_url: str, clock: Clock) -> None:
    ran: list[int] = []
    others = [Database(database_url) for _ in range(3)]
    nodes = [node(other, clock, lambda: ran.append(1), "* * * * *") for other in others]
    with ThreadPoolExecutor(3) as pool:
        for turn in range(1, 11):
            clock.now = START + timedelta(minutes=turn)
            together = threading.Barrier(3)

            def look(jobs: Jobs, together: threading.Barrier = together) -> list[str]:
                together.wait(10)
                return jobs.run_due()

            assert sorted(pool.map(look, nodes)) == [[], [], ["tidy"]]
    assert len(ran) == 10
    for other in others:
        other.close()


def test_processes_that_start_at_once_schedule_a_job_once(
    database: Database, database_url: str, clock: Clock
) -> None:
    others = [Database(database_url) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda other: node(other, clock, nothing), others))
    assert [row(jobs) for jobs in made] == [row(made[0])] * 3
    for other in others:
        other.close()


def test_a_job_that_raises_is_shown_and_runs_again(database: Database, clock: Clock) -> None:
    def fails() -> None:
        raise RuntimeError("盘满了" + "x" * 1000)

    jobs = node(database, clock, fails)
    clock.now = DUE
    with capture_logs() as lines:
        assert jobs.run_due() == ["tidy"]
    assert [(line["event"], line["job"]) for line in lines] == [("job failed", "tidy")]
    assert (row(jobs).last_error or "").startswith("RuntimeError: 盘满了x")
    clock.now = DUE + timedelta(days=1)
    better = node(database, clock, nothing)
    assert better.run_due() == ["tidy"]
    assert row(better).last_error is None


def test_the_claim_of_a_killed_process_expires(database: Database, clock: Clock) -> None:
    jobs = node(database, clock, nothing)
    clock.now = DUE
    with database.writing() as connection:
        assert schedules.claim(connection, "tidy", "killed", DUE, DUE + CLAIM)
    assert jobs.run_due() == []
    with pytest.raises(JobRunning):
        jobs.run("tidy")
    clock.now = DUE + CLAIM + timedelta(microseconds=1)
    assert jobs.run_due() == ["tidy"]


def test_who_lost_its_claim_writes_nothing(database: Database, clock: Clock) -> None:
    """As one that slept through it while another process took the turn."""
    jobs = node(database, clock, nothing)
    later = DUE + CLAIM + timedelta(seconds=1)
    with database.writing() as connection:
        assert schedules.claim(connection, "tidy", "slow", DUE, DUE + CLAIM)
        assert schedules.claim(connection, "tidy", "other", later, later + CLAIM)
        schedules.keep(connection, "tidy", "slow", later + 9 * CLAIM)
        schedules.finish(connection, "tidy", "slow", later, later + timedelta(days=9), "late")
    held = row(jobs)
    assert (held.claimed_by, held.claimed_until, held.last_error) == ("other", later + CLAIM, None)


def test_a_claim_is_renewed_while_its_job_runs(database: Database, clock: Clock) -> None:
    jobs = Jobs(database, clock, claim=timedelta(seconds=0.03))
    renewed = threading.Event()

    def work() -> None:
        before = row(jobs).claimed_until
        clock.now += timedelta(hours=1)
        for _ in range(1000):
            if row(jobs).claimed_until != before:
                renewed.set()
                return

    jobs.register("tidy", NIGHTLY, work)
    jobs.run("tidy")
    assert renewed.is_set()


def test_one_can_be_run_by_hand(database: Database, clock: Clock) -> None:
    ran: list[int] = []
    jobs = node(database, clock, lambda: ran.append(1))
    jobs.run("tidy")
    assert ran == [1]
    with pytest.raises(NoSuchJob):
        jobs.run("tydi")


def test_another_expression_is_another_time(database: Database, clock: Clock) -> None:
    node(database, clock, nothing)
    assert row(node(database, clock, nothing, "0 5 * * *")).next_run_at == START + timedelta(hours=3)


def test_a_wrong_expression_is_refused_at_once(tmp_path: object, clock: Clock) -> None:
    with pytest.raises(CronSimError):
        Jobs(Database(f"sqlite:///{tmp_path}/x.db"), clock).register("tidy", "every night", nothing)


def test_the_thread_does_what_is_due(database: Database, clock: Clock) -> None:
    done = threading.Event()
    jobs = Jobs(database, clock, interval=0.01)
    jobs.register("tidy", NIGHTLY, done.set)
    jobs.start()
    clock.now = DUE
    assert done.wait(10)
    jobs.stop()
