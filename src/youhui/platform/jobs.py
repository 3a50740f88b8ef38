"""Work that is due by the clock, once however many processes there are.

A job's turn is claimed by one conditional update and held while it runs. A process that is killed holds it no longer
than the claim lasts; then another one takes the same turn: a job is done at least once and must bear a repetition.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from cronsim import CronSim
from sqlalchemy.exc import IntegrityError

from youhui.platform import schedules
from youhui.platform.db import Database
from youhui.platform.languages import both
from youhui.platform.problems import Refusal, Unavailable
from youhui.platform.schedules import Schedule

INTERVAL = 10.0
"""seconds between two looks for what is due"""
CLAIM = timedelta(seconds=60)
"""how long a claim lasts; it is renewed three times in this while its job runs"""
TURN = 0.15
"""seconds between two transactions of long work: SQLite's lock goes to whoever happens to look, and who waits looks
each 100 ms; without a pause orders might wait until they give up
"""

_log = structlog.get_logger()


class NoSuchJob(Refusal):
    """No job has this name."""

    status = 404
    code = "JOB_NOT_FOUND"
    sentences = both("没有名为 {name} 的任务", "There is no job {name}")


class JobRunning(Refusal):
    """It is running at this moment, here or in another process."""

    status = 409
    code = "JOB_RUNNING"
    sentences = both("任务 {name} 正在运行", "The job {name} is running")


@dataclass(frozen=True, slots=True)
class _Job:
    cron: str
    work: Callable[[], object]

    def after(self, now: datetime) -> datetime:
        return next(CronSim(self.cron, now.astimezone(UTC)))


class Jobs:
    """The jobs that this process knows, and the thread that does them."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        *,
        interval: float = INTERVAL,
        claim: timedelta = CLAIM,
    ) -> None:
        self._database = database
        self._clock = clock
        self._interval = interval
        self._claim = claim
        self._jobs: dict[str, _Job] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def register(self, name: str, cron: str, work: Callable[[], object]) -> None:
        """Before the start. `cron` is in UTC. Raises CronSimError for one that is none."""
        job = _Job(cron, work)
        job.after(datetime(2026, 1, 1, tzinfo=UTC))
        self._jobs[name] = job

    @property
    def names(self) -> list[str]:
        """Of the jobs that are registered."""
        return list(self._jobs)

    def start(self) -> None:
        """Writes down when each is due, and does what is due until `stop`. Raises Unavailable."""
        self.schedule()
        self._stopping.clear()
        self._thread = threading.Thread(target=self._follow, name="jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Begins no other job. One that is running is waited for a little; its turn is taken again if it is cut off."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(5)

    def schedule(self) -> None:
        """Each job's row as the job is registered. Raises Unavailable."""
        now = self._clock()
        known = {one.name for one in self.listed()}
        for name, job in self._jobs.items():
            try:
                with self._database.writing() as connection:
                    write = schedules.change if name in known else schedules.add
                    write(connection, name, job.cron, job.after(now))
            except IntegrityError:
                _log.debug("schedule added by another process", job=name)

    def listed(self) -> list[Schedule]:
        """All that were ever scheduled, by name. Raises Unavailable."""
        with self._database.reading() as connection:
            return schedules.listed(connection)

    def run_due(self) -> list[str]:
        """Does what is due and not claimed; the names of what was done, well or not. Raises Unavailable."""
        with self._database.reading() as connection:
            names = schedules.due(connection, self._jobs, self._clock())
        done = []
        for name in names:
            claim = None if self._stopping.is_set() else self._claimed(name, due_only=True)
            if claim is not None:
                self._do(name, claim)
                done.append(name)
        return done

    def run(self, name: str) -> None:
        """Does one now, due or not. Raises NoSuchJob, JobRunning, Unavailable, and what the job raises."""
        if name not in self._jobs:
            raise NoSuchJob(name=name)
        self.schedule()
        claim = self._claimed(name, due_only=False)
        if claim is None:
            raise JobRunning(name=name)
        error = self._do(name, claim)
        if error is not None:
            raise error

    def _follow(self) -> None:
        while not self._stopping.wait(self._interval):
            try:
                self.run_due()
            except Unavailable:
                _log.warning("jobs wait: the database is not available")
            except Exception:
                _log.exception("jobs failed")

    def _claimed(self, name: str, *, due_only: bool) -> str | None:
        """The mark of this turn if it is ours, None if another process has it."""
        mark, now = secrets.token_hex(16), self._clock()
        with self._database.writing() as connection:
            ours = schedules.claim(connection, name, mark, now, now + self._claim, due_only=due_only)
        return mark if ours else None

    def _do(self, name: str, mark: str) -> Exception | None:
        """Does a turn and writes down what became of it; what it raised."""
        job, error = self._jobs[name], None
        try:
            with self._held(name, mark):
                job.work()
            _log.info("job done", job=name)
        except Exception as raised:
            _log.exception("job failed", job=name)
            error = raised
        now = self._clock()
        with self._database.writing() as connection:
            schedules.finish(connection, name, mark, now, job.after(now), _said(error))
        return error

    @contextmanager
    def _held(self, name: str, mark: str) -> Iterator[None]:
        """Keeps the claim while the block runs, from a thread of its own."""
        over = threading.Event()

        def renew() -> None:
            while not over.wait(self._claim.total_seconds() / 3):
                try:
                    with self._database.writing() as connection:
                        schedules.keep(connection, name, mark, self._clock() + self._claim)
                except Unavailable:
                    _log.warning("claim not renewed: the database is not available", job=name)

        renewing = threading.Thread(target=renew, name=f"claim of {name}", daemon=True)
        renewing.start()
        try:
            yield
        finally:
            over.set()
            renewing.join()


def _said(error: Exception | None) -> str | None:
    return None if error is None else f"{type(error).__name__}: {error}"
