"""Codes by the million: made, and voided, in steps of a task."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from youhui.coupons.codes import store
from youhui.coupons.codes.model import Shape
from youhui.coupons.codes.problems import CodesExhausted
from youhui.coupons.codes.rules import draw
from youhui.platform.db import Connection
from youhui.platform.tasks import Progress, Task, Tasks

MAKE = "codes"
VOID = "void-codes"
"""the kinds of tasks"""
STEP = 20_000
"""codes of one transaction"""
_TRIES = 5


def register(tasks: Tasks, clock: Callable[[], datetime]) -> None:
    """The kinds of tasks."""
    steps = Steps(clock)
    tasks.register(MAKE, steps.make)
    tasks.register(VOID, steps.void)


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps, by the clock."""

    clock: Callable[[], datetime]

    def make(self, connection: Connection, task: Task) -> Progress:
        """Draws as many as are missing, at most STEP; what is there already is drawn again by the next step.

        Raises CodesExhausted, Unavailable.
        """
        shape = Shape(**task.parameters["shape"])
        missing = (task.total or 0) - task.done
        for _ in range(_TRIES if missing else 0):
            drawn = draw(shape, min(STEP, missing), secrets.token_bytes)
            made = store.add(connection, task.parameters["template"], task.id, self.clock(), drawn)
            if made:
                return Progress(
                    task.cursor, made, finished=made == missing, result={"shape": shape.document()}
                )
        raise CodesExhausted

    def void(self, connection: Connection, task: Task) -> Progress:
        """Voids the codes of a task that are not used up, STEP at a time, in the order of their keys."""
        voided = store.void_next(connection, task.parameters["task"], task.cursor, STEP, self.clock())
        return Progress(voided.last or task.cursor, voided.codes, finished=not voided.last)
