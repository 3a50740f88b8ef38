"""How the processes of a shop wake each other after a change. Nothing depends on it: who is not woken looks anyway."""

from __future__ import annotations

import secrets
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, cast

import structlog
from sqlalchemy import func, select

from youhui.platform.db import Database
from youhui.platform.problems import Unavailable

if TYPE_CHECKING:
    import psycopg

TOPIC = "youhui_changed"
TICK = 0.2
"""seconds that one who listens takes to notice that it should stop"""
PAUSE = 0.25
"""seconds until it connects again after it was cut off; each time in vain twice as long"""
LONGEST_PAUSE = 8.0
LEAVE = 2.0
"""seconds that its thread is waited for: where the network hangs, it ends with the process"""

_log = structlog.get_logger()


class Channel(ABC):
    """Listens in a thread of its own, and connects again when it is cut off."""

    def __init__(self) -> None:
        self._me = secrets.token_hex(8)
        self._woken: Callable[[], None] = _ignored
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, woken: Callable[[], None]) -> None:
        """From now on `woken` is called after changes by others, and whenever some may have been missed."""
        self._woken = woken
        self._stopping.clear()
        self._thread = threading.Thread(target=self._listen, name="channel", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the listening."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(LEAVE)

    @abstractmethod
    def publish(self) -> None:
        """Wakes the others, if they can be reached: does not raise, takes some tenths of a second at most."""

    @abstractmethod
    def _heard(self) -> Iterator[bool]:
        """Connects, and then says at least each tick whether one should look. Raises when it is cut off."""

    def _listen(self) -> None:
        pause = PAUSE
        while not self._stopping.is_set():
            try:
                for heard in self._heard():
                    if self._stopping.is_set():
                        return
                    pause = PAUSE
                    if heard:
                        self._woken()
            except Exception as error:
                _log.warning("changes by others are not heard of at once", error=repr(error))
                self._stopping.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)


class PostgreSQLChannel(Channel):
    """NOTIFY in the shop's own database. It listens on a connection of its own, not one of the pool."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    def publish(self) -> None:
        """In a transaction of its own, after that of the change."""
        try:
            with self._database.writing() as connection:
                connection.execute(select(func.pg_notify(TOPIC, self._me)))
        except Unavailable:
            _log.warning("others are not told of a change: the database is not available")

    def _heard(self) -> Iterator[bool]:
        pooled = self._database.engine.raw_connection()
        pooled.detach()
        with closing(pooled):
            connection = cast("psycopg.Connection", pooled.dbapi_connection)
            connection.autocommit = True
            connection.execute(f"LISTEN {TOPIC}")
            yield True
            while True:
                said = {notice.payload for notice in connection.notifies(timeout=TICK, stop_after=1)}
                yield bool(said - {self._me})


def _ignored() -> None:
    """Before the start nobody is there to be woken."""
