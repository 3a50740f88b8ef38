"""Ends the wait for a database that has gone silent: cuts the connection of whoever is out of time.

Drivers wait for an answer for as long as the network likes: where something on the way swallows it, for ever.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import structlog

TICK = 0.1
"""seconds between two looks: so much later than it should be is a connection cut"""

_log = structlog.get_logger()


class Watchdog:
    """The connections that are waited for, and a thread that looks at them; it starts with the first."""

    def __init__(self) -> None:
        self._watched: dict[object, tuple[float, Any]] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watching(self, connection: object, until: float) -> Iterator[None]:
        """Cuts a driver's connection if the block is not over then, by the monotonic clock: the driver raises.

        A connection without a socket (SQLite's) is left alone.
        """
        mark = object()
        with self._lock:
            self._watched[mark] = (until, connection)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="watchdog", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._watched.pop(mark, None)

    def stop(self) -> None:
        """Nothing is cut any more."""
        self._stopping.set()

    def _look(self) -> None:
        while not self._stopping.wait(TICK):
            now = time.monotonic()
            with self._lock:  # held while cutting: the connection is not somebody else's by then
                late = [
                    (mark, connection) for mark, (until, connection) in self._watched.items() if until < now
                ]
                for mark, connection in late:
                    del self._watched[mark]
                    _cut(connection)


def _cut(connection: Any) -> None:
    """Of a copy of its socket: the driver finds the stream at its end, and closes its own."""
    with suppress(Exception):  # whatever a driver raises for one that is closed already
        with socket.socket(fileno=os.dup(_socket_of(connection))) as copy:
            copy.shutdown(socket.SHUT_RDWR)
        _log.warning("connection cut: the database did not answer in time")


def _socket_of(connection: Any) -> int:
    """Of psycopg's connection, or PyMySQL's. Raises AttributeError for one that has none."""
    number: int = connection.fileno() if hasattr(connection, "fileno") else connection._sock.fileno()
    return number
