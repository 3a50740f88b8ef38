"""Follows the versions of what is priced by: in memory, as new as what is stored at the last look.

On the node that wrote, a write is followed at once (`notice`); what other processes wrote is found by looking every
second. Who holds something made of a source keys it by the source's version, or listens for its change.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import structlog

from youhui.checkout.store import Source, read_versions
from youhui.platform.db import Database
from youhui.platform.problems import Unavailable

INTERVAL = 1.0
"""seconds between two looks at the versions (P16: stale for at most 2 s)"""

_log = structlog.get_logger()


class Following:
    """The versions, and who wants to know of their changes."""

    def __init__(self, database: Database, interval: float = INTERVAL) -> None:
        self._database = database
        self._interval = interval
        self._versions: Mapping[Source, int] = dict.fromkeys(Source, -1)
        self._listeners: list[tuple[Source, Callable[[], None]]] = []
        self._looking = threading.Lock()
        self._stopping = threading.Event()
        self._follower: threading.Thread | None = None

    def listen(self, source: Source, changed: Callable[[], None]) -> None:
        """From now on `changed` is called after each change of the source, one call at a time."""
        self._listeners.append((source, changed))

    def version(self, source: Source) -> int:
        """As of the last look. Never waits."""
        return self._versions[source]

    def start(self) -> None:
        """Looks, then follows until `stop`. Raises Unavailable."""
        self.look()
        self._stopping.clear()
        self._follower = threading.Thread(target=self._follow, name="versions", daemon=True)
        self._follower.start()

    def stop(self) -> None:
        """Ends the following."""
        self._stopping.set()
        if self._follower is not None:
            self._follower.join()

    def look(self) -> None:
        """Makes what is held as new as what is stored when this is called, and tells who listens. Raises Unavailable."""
        with self._looking:
            with self._database.reading() as connection:
                versions = read_versions(connection)
            before, self._versions = self._versions, versions
            for source, changed in self._listeners:
                if versions[source] != before[source]:
                    changed()

    def notice(self) -> None:
        """Looks after a write by this process. If that fails the write stands, and is found by the next look."""
        try:
            self.look()
        except Unavailable:
            _log.warning("versions not followed: the database is not available")

    def _follow(self) -> None:
        while not self._stopping.wait(self._interval):
            try:
                self.notice()
            except Exception:
                _log.exception("versions not followed")
