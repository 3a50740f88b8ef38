"""What can be done with codes, but for redeeming them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, TypeVar

from youhui.checkout.orders.problems import KeyReused
from youhui.coupons.codes import store
from youhui.coupons.codes.importing import Upload
from youhui.coupons.codes.jobs import MAKE, VOID
from youhui.coupons.codes.model import Code, NewCode, Shape, Wanted
from youhui.coupons.codes.problems import (
    CodeExists,
    CodesExhausted,
    CodesInProgress,
    NoCodes,
    TemplateOver,
    fault,
)
from youhui.coupons.codes.rules import check_space, draw
from youhui.coupons.issuing.problems import CodeNotFound
from youhui.coupons.model import TEMPLATE_PREFIX
from youhui.coupons.problems import CouponTemplateNotFound
from youhui.coupons.templates import store as templates
from youhui.engine.promotion import fold
from youhui.platform import task_rows
from youhui.platform.audit import record
from youhui.platform.db import Connection, Database
from youhui.platform.principals import Principal
from youhui.platform.problems import Invalid
from youhui.platform.rows import Written
from youhui.platform.task_rows import LIVE, Task
from youhui.platform.tasks import Tasks

T = TypeVar("T")

EXPORTED = 5_000
"""codes that are read at once for an export"""
_TRIES = 5
_MOST_TASKS = 100


class Made(NamedTuple):
    """Codes, and the task that made them."""

    task: Task
    codes: Sequence[Code]


class Codes:
    """The use cases. Each raises CouponTemplateNotFound where there is no such template, and Unavailable."""

    def __init__(self, database: Database, clock: Callable[[], datetime], tasks: Tasks) -> None:
        self._database = database
        self._clock = clock
        self._tasks = tasks

    # -- making

    def make(self, template_id: int, shape: Shape, count: int, by: Principal, key: str | None = None) -> Made:
        """At most AT_ONCE one-time codes, by a task that is done. `key`: the caller's Idempotency-Key.

        Raises Invalid, NoCodes, TemplateOver, KeyReused.
        """

        def made(connection: Connection) -> Made:
            task = self._task(connection, template_id, shape, count, by, key)
            if task.state == "waiting":
                drawn = draw(shape, count, secrets.token_bytes)
                store.add_all(connection, template_id, task.id, task.created_at, drawn)
                result = {"shape": shape.document()}
                task_rows.advance(connection, replace(task, done=count, result=result))
                task_rows.end(connection, task.id, "done", self._clock())
            return Made(task, store.following(connection, template_id, Wanted(task_id=task.id), "", count))

        return self._again(made)

    def start_making(
        self, template_id: int, shape: Shape, count: int, by: Principal, key: str | None = None
    ) -> Task:
        """A task that makes so many. Raises as `make`."""
        with self._database.writing() as connection:
            task = self._task(connection, template_id, shape, count, by, key)
        self._tasks.wake()
        return task

    def _task(
        self,
        connection: Connection,
        template_id: int,
        shape: Shape,
        count: int,
        by: Principal,
        key: str | None,
    ) -> Task:
        """A new one, or that of the key."""
        now, name = self._clock(), _name(template_id)
        once = None if key is None else f"{MAKE}:{by.name}:{key}"
        parameters = {"template": template_id, "shape": shape.document()}
        task = None if once is None else task_rows.called(connection, once)
        if task is None:
            self._check_room(connection, template_id, shape, count)
            task = self._tasks.add(connection, now, MAKE, name, parameters, count, by, once)
            after = {**shape.document(), "count": count, "task": task.id}
            record(connection, now, by, "code.make", name, after=after)
        if (task.parameters, task.total) != (parameters, count):
            raise KeyReused
        return task

    def add_shared(self, template_id: int, new: NewCode, by: Principal) -> Code:
        """Raises CodeExists, NoCodes, TemplateOver."""
        now = self._clock()
        with self._database.writing() as connection:
            self._check_template(connection, template_id)
            if not store.add(connection, template_id, 0, now, [new]):
                raise CodeExists(given=new.code)
            after = {"code": new.code, "uses_limit": new.uses_limit, "per_customer": new.per_customer}
            record(connection, now, by, "code.add", _name(template_id), after=after)
            return _there(store.find(connection, new.key))

    def upload(self, template_id: int, how: Written, by: Principal, from_line: int = 1) -> Upload:
        """A stream of codes to be fed. Raises NoCodes, TemplateOver."""
        with self._database.writing() as connection:
            self._check_template(connection, template_id)
        return Upload(self._database, self._clock, template_id, how, by, from_line)

    # -- reading

    def page(self, template_id: int, wanted: Wanted, offset: int, limit: int) -> tuple[Sequence[Code], int]:
        """A page of a template's codes, by their keys, and how many there are."""
        with self._database.reading() as connection:
            templates.get(connection, template_id)
            return store.page(connection, template_id, wanted, offset, limit)

    def export(self, template_id: int, wanted: Wanted, by: Principal) -> Iterator[Sequence[Code]]:
        """All of them, in pages that are each as of their own moment. That they were taken away is written down."""
        with self._database.writing() as connection:
            templates.get(connection, template_id)
            after = {"state": wanted.state, "task": wanted.task_id}
            record(connection, self._clock(), by, "code.export", _name(template_id), after=after)
        return self._pages(template_id, wanted)

    def _pages(self, template_id: int, wanted: Wanted) -> Iterator[Sequence[Code]]:
        last = ""
        while True:
            with self._database.reading() as connection:
                found = store.following(connection, template_id, wanted, last, EXPORTED)
            if not found:
                return
            yield found
            last = found[-1].key

    def find(self, key: str) -> Code | None:
        """By its key."""
        with self._database.reading() as connection:
            return store.find(connection, key)

    def get(self, code: str) -> Code:
        """One, however it is written. Raises CodeNotFound."""
        return _there(self.find(fold(code)))

    # -- voiding

    def void(self, template_id: int, code: str, by: Principal) -> Code:
        """What was redeemed of it stays. Raises CodeNotFound, also for another template's."""
        now, key = self._clock(), fold(code)
        with self._database.writing() as connection:
            before = _there(store.find(connection, key))
            if before.template_id != template_id:
                raise CodeNotFound
            if before.voided_at is None:
                store.void(connection, key, now)
                what = {"code": before.code, "used": before.used}
                record(connection, now, by, "code.void", _name(template_id), before=what)
            return _there(store.find(connection, key))

    def start_voiding(self, template_id: int, task_id: int, by: Principal) -> Task:
        """A task that voids what a task has made. Raises Invalid if it made none of this template, CodesInProgress."""
        made = self._tasks.get(task_id)
        if (made.kind, made.object) != (MAKE, _name(template_id)):
            raise Invalid([fault("task", "not_its_task")])
        if made.state in LIVE:
            raise CodesInProgress(task=task_id)
        now = self._clock()
        with self._database.writing() as connection:
            task = self._tasks.add(connection, now, VOID, _name(template_id), {"task": task_id}, None, by)
            after = {"made_by": task_id, "task": task.id}
            record(connection, now, by, "code.void", _name(template_id), after=after)
        self._tasks.wake()
        return task

    # -- inside

    def _check_template(self, connection: Connection, template_id: int) -> None:
        """Locks it, so that it stays as it is, and so that room is reckoned by one at a time."""
        template = templates.lock(connection, [template_id]).get(template_id)
        if template is None:
            raise CouponTemplateNotFound(id=template_id)
        if template.status in ("closed", "void"):
            raise TemplateOver
        if "code" not in template.ways:
            raise NoCodes

    def _check_room(self, connection: Connection, template_id: int, shape: Shape, count: int) -> None:
        """Among those that there are and those that tasks are still to make."""
        self._check_template(connection, template_id)
        there = store.count(connection, template_id)
        for state in LIVE:
            wanted = task_rows.Wanted(_name(template_id), MAKE, state)
            running, _ = task_rows.listed(connection, wanted, 0, _MOST_TASKS)
            there += sum([(task.total or 0) - task.done for task in running])
        check_space(shape, count, there)

    def _again(self, work: Callable[[Connection], T]) -> T:
        for _ in range(_TRIES):
            with suppress(store.Taken), self._database.writing() as connection:
                return work(connection)
        raise CodesExhausted


def _name(template_id: int) -> str:
    return f"{TEMPLATE_PREFIX}{template_id}"


def _there(code: Code | None) -> Code:
    if code is None:
        raise CodeNotFound
    return code
