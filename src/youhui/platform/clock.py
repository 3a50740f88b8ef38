"""The time that all nodes go by: the database's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from youhui.platform.db import Connection


def system_clock() -> datetime:
    """The time by this machine's clock, in UTC."""
    return datetime.now(UTC)


class DatabaseClock:
    """The database's time, in UTC, told without asking it: this machine's, and how far that is off.

    `ask` asks the database. Two nodes whose clocks are an hour apart so price, place and expire alike.
    """

    def __init__(
        self, ask: Callable[[Connection], datetime], local: Callable[[], datetime] = system_clock
    ) -> None:
        self._ask = ask
        self._local = local
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """The time. Never waits."""
        return self._local() + self._ahead

    def compare(self, connection: Connection) -> None:
        """Finds out how far the clocks are apart, to half the time that the answer takes.

        What was found before stays as long as the answer does not contradict it, so that the time does not jitter.
        """
        if connection.dialect.name == "sqlite":
            return  # its clock is this machine's
        began = self._local()
        told = self._ask(connection)
        half = (self._local() - began) / 2
        ahead = told - began - half
        if abs(ahead - self._ahead) > half:
            self._ahead = ahead
