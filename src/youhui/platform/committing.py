"""One thread that decides commands together: what has gathered while a transaction commits is the next transaction.

A hot row is so locked once for many commands and not once for each. Commands are decided in the order of their arrival.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import structlog
from sqlalchemy import Connection

from youhui.platform.db import Database
from youhui.platform.failpoints import reach
from youhui.platform.problems import Failed, InFlight, Unavailable
from youhui.platform.troubles import Trouble, trouble_of

WAITING = 1_000
"""so many commands may wait; more would be answered when nobody waits for them any more"""
TOGETHER = 256
"""so many are decided in one transaction"""
PATIENCE = 5.0
"""seconds after which a caller is told to try again; what becomes of the command is settled by the same request"""
_LATE = f"a command was not decided in {PATIENCE:g} s"
WITHIN = 4.0
"""seconds of one transaction: it must be over before its callers have gone"""
ATTEMPTS = 4
"""of one transaction, where other nodes lock or write the same rows"""
LEAVE = 20.0
"""seconds in which it ends what was accepted"""

Observed = Callable[[int, float], None]


class Conflict(Exception):
    """Another transaction has written a row of the same key."""


class Command(Protocol):
    """`caller` and `idempotency_key`: whose key it is, and the key; None: none was sent. `about`: for logs."""

    @property
    def caller(self) -> str: ...

    @property
    def idempotency_key(self) -> str | None: ...

    @property
    def about(self) -> str: ...


C = TypeVar("C", bound=Command)
D = TypeVar("D")


class Decided(NamedTuple, Generic[D]):
    """What became of each command, in their order, and what is told after the commit."""

    outcomes: Sequence[D | Exception]
    told: Any


Decide = Callable[[Connection, Sequence[C]], Decided[D] | None]
"""Within a transaction that writes. None: some of what was in the way is gone; commit, and begin again.

Raises Unavailable, and Conflict where another node wrote the same at the same time.
"""

_log = structlog.get_logger()


class _Waiting(Generic[C, D]):
    """A command, and where its answer goes."""

    __slots__ = ("answer", "command", "loop")

    def __init__(self, command: C, loop: asyncio.AbstractEventLoop | None) -> None:
        self.command = command
        self.loop = loop
        self.answer: asyncio.Future[D] | Future[D] = Future() if loop is None else loop.create_future()

    def settle(self, outcome: D | Exception) -> None:
        """In the loop's thread, if there is one. Nobody may be waiting any more."""
        with suppress(InvalidStateError, asyncio.InvalidStateError):
            if isinstance(outcome, Exception):
                self.answer.set_exception(outcome)
            else:
                self.answer.set_result(outcome)


class Committing(Generic[C, D]):
    """Decides the commands of one kind of one process.

    `published` is told, after each commit, of what was decided; `observed` of the size of each batch and its seconds;
    both in its thread. `name` is of that thread and of its points of failure.
    """

    def __init__(
        self,
        database: Database,
        decide: Decide[C, D],
        *,
        name: str,
        published: Callable[[Any], None] = lambda told: None,
        observed: Observed = lambda size, seconds: None,
        waiting: int = WAITING,
        together: int = TOGETHER,
    ) -> None:
        self._database = database
        self._decide = decide
        self._name = name
        self._published = published
        self._observed = observed
        self._most_waiting = waiting
        self._together = together
        self._queue: deque[_Waiting[C, D]] = deque()
        self._in_flight: set[tuple[str, str]] = set()
        self._changed = threading.Condition()
        self._stopping = True
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """How many commands wait."""
        return len(self._queue)

    def start(self) -> None:
        """From now on commands are accepted."""
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends what was accepted, and accepts nothing more."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(LEAVE)

    async def run(self, command: C) -> D:
        """What it led to, once that is committed.

        Raises what it was refused with, InFlight, and Unavailable where it is not known what became of it.
        """
        waiting = self._accept(command, asyncio.get_running_loop())
        assert isinstance(waiting.answer, asyncio.Future)
        try:
            return await asyncio.wait_for(waiting.answer, PATIENCE)
        except TimeoutError:
            raise Unavailable(_LATE) from None

    def wait(self, command: C) -> D:
        """The same for threads."""
        answer = self._accept(command, None).answer
        assert isinstance(answer, Future)
        try:
            return answer.result(PATIENCE)
        except TimeoutError:
            answer.cancel()
            raise Unavailable(_LATE) from None

    def _accept(self, command: C, loop: asyncio.AbstractEventLoop | None) -> _Waiting[C, D]:
        waiting: _Waiting[C, D] = _Waiting(command, loop)
        key = _key(command)
        with self._changed:
            if self._stopping:
                raise Unavailable("this process is ending")
            if len(self._queue) >= self._most_waiting:
                raise Unavailable(f"{len(self._queue)} commands wait already")
            if key is not None:
                if key in self._in_flight:
                    raise InFlight
                self._in_flight.add(key)
            self._queue.append(waiting)
            self._changed.notify()
        return waiting

    # -- in its thread

    def _work(self) -> None:
        while batch := self._next():
            began = time.perf_counter()
            outcomes: Sequence[D | Exception]
            try:
                outcomes = self._outcomes(batch)
            except Exception:
                _log.exception(f"{self._name} failed")
                outcomes = [Failed()] * len(batch)
            self._observed(len(batch), time.perf_counter() - began)
            self._answer(batch, outcomes)

    def _next(self) -> list[_Waiting[C, D]]:
        """What waits, in order of arrival; nothing once it is to stop and all is done.

        Nobody waits any more for an answer that took too long: such a command is left out.
        """
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._queue or self._stopping)
                batch = [self._queue.popleft() for _ in range(min(len(self._queue), self._together))]
                given_up = [one for one in batch if one.answer.done()]
                self._in_flight.difference_update(map(_key_of, given_up))
                wanted = [one for one in batch if not one.answer.done()]
                if wanted or not batch:
                    return wanted

    def _outcomes(self, batch: Sequence[_Waiting[C, D]]) -> Sequence[D | Exception]:
        """Of all together; if that fails for a reason that is of one of them, of each alone."""
        try:
            return self._committed([one.command for one in batch])
        except Unavailable as error:
            return [error] * len(batch)
        except Exception as error:
            if len(batch) == 1:
                _log.exception("command failed", about=batch[0].command.about)
                return [error if isinstance(error, Unavailable) else Failed()]
            return [outcome for one in batch for outcome in self._outcomes([one])]

    def _committed(self, commands: Sequence[C]) -> Sequence[D | Exception]:
        """Raises Unavailable, Conflict."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                decided = self._in_a_transaction(commands)
            except Conflict:
                if attempt == ATTEMPTS:
                    raise
            except Unavailable as error:
                trouble = trouble_of(error)
                if (
                    attempt == ATTEMPTS
                    or trouble is Trouble.OTHER
                    or (trouble is Trouble.LOST and attempt > 1)
                ):
                    raise
            else:
                self._published(decided.told)
                return decided.outcomes
            # Others are at the same rows: all nodes at once again would meet again.
            time.sleep(random.uniform(0, 0.005 * 2**attempt))  # noqa: S311
        raise AssertionError

    def _in_a_transaction(self, commands: Sequence[C]) -> Decided[D]:
        while True:
            with self._database.hurried(WITHIN) as connection:
                decided = self._decide(connection, commands)
                reach(f"{self._name}.commit")
            reach(f"{self._name}.committed")
            if decided is not None:
                return decided

    def _answer(self, batch: Sequence[_Waiting[C, D]], outcomes: Sequence[D | Exception]) -> None:
        """One call into each loop, however many are answered there."""
        with self._changed:
            self._in_flight.difference_update(map(_key_of, batch))
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting[C, D], D | Exception]]] = {}
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if waiting.loop is None:
                waiting.settle(outcome)
            else:
                by_loop.setdefault(waiting.loop, []).append((waiting, outcome))
        for loop, answers in by_loop.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_settle, answers)


def _settle(answers: Sequence[tuple[_Waiting[C, D], D | Exception]]) -> None:
    for waiting, outcome in answers:
        waiting.settle(outcome)


def _key(command: Command) -> tuple[str, str] | None:
    return None if command.idempotency_key is None else (command.caller, command.idempotency_key)


def _key_of(waiting: _Waiting[Any, Any]) -> tuple[str, str]:
    return _key(waiting.command) or ("", "")
