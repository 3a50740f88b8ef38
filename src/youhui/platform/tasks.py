"""Long work in short steps: it shows how far it has come, can be stopped, and goes on where its process was killed.

A step, and the note of how far it has come, are one transaction, in which the task's row is locked: each step has its
effect exactly once, whoever does it. A process that works on a task holds it a little beyond each step; once that is
over any process may go on.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import structlog
from sqlalchemy.exc import IntegrityError

from youhui.platform import task_rows
from youhui.platform.audit import record
from youhui.platform.db import Connection, Database
from youhui.platform.failpoints import reach
from youhui.platform.jobs import TURN
from youhui.platform.languages import LANGUAGES, both
from youhui.platform.principals import Principal
from youhui.platform.problems import Failed, Refusal, Unavailable
from youhui.platform.task_rows import Task as Task
from youhui.platform.task_rows import Wanted as Wanted

INTERVAL = 2.0
"""seconds between two looks for what another process has added, or left"""
CLAIM = timedelta(seconds=10)
"""how long a task stays with a process after its last step there"""
WITHIN = 20.0
"""seconds of a step, after which it is cut and tried again; a good one takes less than one"""
LEAVE = 8.0
"""seconds in which a step that was begun may end when the process is stopped"""
_AT_ONCE = 100
"""tasks that take turns in one process"""

_log = structlog.get_logger()


class TaskNotFound(Refusal):
    """No task has this id."""

    status = 404
    code = "TASK_NOT_FOUND"
    sentences = both("后台任务 {id} 不存在", "There is no task {id}")


class TaskEnded(Refusal):
    """It is done, failed or cancelled already. The answer has the `state`."""

    status = 409
    code = "TASK_ENDED"
    sentences = both("后台任务 {id} 已结束，不能取消", "Task {id} has ended and cannot be cancelled")


@dataclass(frozen=True, slots=True)
class Progress:
    """What a step has come to: the new `cursor`, how much more is done, whether that was all.

    `result`: what all steps together led to so far, in place of what it was; None: as it was.
    """

    cursor: str
    done: int = 0
    finished: bool = False
    result: Mapping[str, Any] | None = None


Step: TypeAlias = Callable[[Connection, Task], Progress]
"""Does the next part of a task, in the transaction that it is given; called in a thread, again and again. One takes a
second at most. A Refusal that it raises ends the task as failed; Unavailable does not, it is tried again.
"""


class Tasks:
    """The kinds of long work that this process knows, and the thread that does it."""

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
        self._pause = TURN if database.engine.dialect.name == "sqlite" else 0.0
        self._me = secrets.token_hex(16)
        self._steps: dict[str, Step] = {}
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def register(self, kind: str, step: Step) -> None:
        """Before the start. A kind has 40 characters at most."""
        self._steps[kind] = step

    def start(self) -> None:
        """From now on tasks are worked on, these and those that were left."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._follow, name="tasks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Begins no other step. What is not finished may go on elsewhere at once, or here after the next start."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(LEAVE)

    def wake(self) -> None:
        """There is a new one, which is committed: looks at once."""
        self._woken.set()

    # -- what can be done with a task

    def add(
        self,
        connection: Connection,
        at: datetime,
        kind: str,
        object: str,  # noqa: A002
        parameters: Mapping[str, Any],
        total: int | None,
        by: Principal,
        once: str | None = None,
    ) -> Task:
        """A new one, in the caller's transaction; `wake` after its commit. `parameters` are JSON.

        `once` (240 characters at most) is the name of what must be added once: if it was, that task is the answer, and
        nothing else happens. The caller compares.
        """
        new = Task(
            id=0, kind=kind, object=object, parameters=parameters, state="waiting", cursor="", done=0, total=total,
            result={}, error=None, created_by=by.name, created_at=at, started_at=None, finished_at=None,
        )  # fmt: skip
        there = None if once is None else task_rows.called(connection, once)
        if there is not None:
            return there
        try:
            with connection.begin_nested():
                return replace(new, id=task_rows.add(connection, new, once))
        except IntegrityError:
            there = None if once is None else task_rows.called(connection, once)
            if there is None:
                raise
            return there

    def get(self, id: int) -> Task:  # noqa: A002
        """Raises TaskNotFound, Unavailable."""
        with self._database.reading() as connection:
            return _there(task_rows.get(connection, id), id)

    def listed(self, wanted: Wanted, offset: int, limit: int) -> tuple[Sequence[Task], int]:
        """A page, the latest first and without their parameters, and how many there are in all. Raises Unavailable."""
        with self._database.reading() as connection:
            return task_rows.listed(connection, wanted, offset, limit)

    def cancel(self, id: int, by: Principal) -> Task:  # noqa: A002
        """Nothing more is done of it; what was done stays. Raises TaskNotFound, TaskEnded, Unavailable."""
        now = self._clock()
        with self._database.writing() as connection:
            ended = task_rows.end(connection, id, "cancelled", now)
            task = _there(task_rows.get(connection, id), id)
            if not ended:
                raise TaskEnded(id=id)
            after = {"state": task.state, "done": task.done}
            record(connection, now, by, "task.cancel", f"task:{id}", after=after)
        return task

    # -- working

    def run_waiting(self) -> None:
        """Works in this thread until nothing more can be done now. Raises Unavailable."""
        while self._round(pause=0):
            pass

    def _follow(self) -> None:
        while not self._stopping.is_set():
            if not self._tried():
                self._woken.wait(self._interval)
            self._woken.clear()
        with suppress(Unavailable), self._database.writing() as connection:
            task_rows.let_go(connection, self._me)

    def _tried(self) -> bool:
        """Whether there may be more to do at once."""
        try:
            return self._round(self._pause)
        except Unavailable as error:
            _log.warning("tasks wait", cause=error.cause)
        except Exception:
            _log.exception("tasks failed")
        return False

    def _round(self, pause: float) -> bool:
        """One step of each task that is due; whether any has come further. Raises Unavailable."""
        with self._database.reading() as connection:
            found = task_rows.due(connection, self._steps, self._me, self._clock(), _AT_ONCE)
        further = False
        for id_ in found:
            if self._stopping.is_set():
                return False
            further |= self._step(id_)
            self._stopping.wait(pause)
        return further

    def _step(self, id_: int) -> bool:
        """Whether the task has come further. One that cannot now does not keep the others. Raises Unavailable."""
        try:
            return self._stepped(id_)
        except Unavailable as error:
            _log.warning("task waits", task=id_, cause=error.cause)
            return False
        except Refusal as refusal:
            return self._failed(id_, refusal)
        except Exception:
            _log.exception("task failed", task=id_)
            return self._failed(id_, Failed())

    def _stepped(self, id_: int) -> bool:
        now = self._clock()
        with self._database.writing(WITHIN) as connection:
            task = task_rows.take(connection, id_, self._me, now, now + self._claim)
            if task is None:
                return False
            progress = self._steps[task.kind](connection, task)
            reach("tasks.step")
            after = _after(task, progress)
            task_rows.advance(connection, after)
            if progress.finished:
                task_rows.end(connection, id_, "done", now)
            reach("tasks.commit")
        reach("tasks.committed")
        if progress.finished:
            _log.info("task done", task=id_, kind=task.kind, done=after.done)
        return progress.finished or (after.cursor, after.done) != (task.cursor, task.done)

    def _failed(self, id_: int, refusal: Refusal) -> bool:
        error: dict[str, str] = {language: refusal.message(language) for language in LANGUAGES}
        error["code"] = refusal.code
        with self._database.writing() as connection:
            return task_rows.end(connection, id_, "failed", self._clock(), error)


def _after(task: Task, progress: Progress) -> Task:
    result = task.result if progress.result is None else progress.result
    return replace(task, cursor=progress.cursor, done=task.done + progress.done, result=result)


def _there(task: Task | None, id_: int) -> Task:
    if task is None:
        raise TaskNotFound(id=id_)
    return task
