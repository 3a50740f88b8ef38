"""Follows the versions of what is priced by: in memory, as new as what is stored at the last look.

On the node that wrote, a write is followed at once (`notice`), and it wakes the others through the channel, if there is
one. Whatever becomes of that, all look every second. Who holds something made of a source keys it by the source's
version, or listens for its change.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import structlog

from youhui.checkout.store import Source, read_versions
from youhui.platform.channel import Channel
from youhui.platform.db import Connection, Database
from youhui.platform.problems import Unavailable

INTERVAL = 1.0
"""seconds between two looks at the versions (P16: stale for at most 2 s)"""
LEAVE = 2.0
"""seconds that the thread is waited for at the end: it may be waiting for a database that hangs"""
UNKNOWN = -1

_log = structlog.get_logger()


@dataclass(slots=True)
class _Listener:
    source: Source
    changed: Callable[[], None]
    followed: int = UNKNOWN

    def follow(self, version: int) -> None:
        """If it fails, the version is not followed, and the next look tries again."""
        if version != self.followed:
            self.changed()
            self.followed = version


class Following:
    """The versions, and who wants to know of their changes.

    `last_looked_at` and `last_changed_at`, by the monotonic clock, are of the last look that succeeded, and of the last
    one that found a change. `every_look` is called in the thread after its looks, for what can be tidied meanwhile;
    `beside` in each look, with its connection, for what else is asked of the database as often.
    """

    def __init__(
        self,
        database: Database,
        channel: Channel | None = None,
        *,
        interval: float = INTERVAL,
        every_look: Callable[[], None] | None = None,
        beside: Callable[[Connection], None] | None = None,
    ) -> None:
        self._database = database
        self._channel = channel
        self._interval = interval
        self._every_look = every_look
        self._beside = beside
        self._versions: Mapping[Source, int] = dict.fromkeys(Source, UNKNOWN)
        self._listeners: list[_Listener] = []
        self._looking = threading.Lock()
        self._wake = threading.Event()
        self._untold = False
        self._stopping = False
        self._follower: threading.Thread | None = None
        self.last_looked_at = self.last_changed_at = time.monotonic()

    def listen(self, source: Source, changed: Callable[[], None]) -> None:
        """From now on `changed` is called after each change of the source, one call at a time.

        It is called again at each look until it succeeds.
        """
        self._listeners.append(_Listener(source, changed))

    def version(self, source: Source) -> int:
        """As of the last look. Never waits."""
        return self._versions[source]

    def start(self) -> None:
        """Looks, then follows until `stop`. Raises Unavailable."""
        self.look()
        self._stopping = False
        self._follower = threading.Thread(target=self._follow, name="versions", daemon=True)
        self._follower.start()
        if self._channel is not None:
            self._channel.start(self._wake.set)

    def stop(self) -> None:
        """Ends the following."""
        if self._channel is not None:
            self._channel.stop()
        self._stopping = True
        self._wake.set()
        if self._follower is not None:
            self._follower.join(LEAVE)

    def look(self) -> None:
        """Makes what is held as new as what is stored when this is called, and tells listeners. Raises Unavailable."""
        with self._looking:
            with self._database.reading() as connection:
                versions = read_versions(connection)
                if self._beside is not None:
                    self._beside(connection)
            self.last_looked_at = time.monotonic()
            if versions != self._versions:
                self._versions = versions
                self.last_changed_at = self.last_looked_at
            for listener in self._listeners:
                _attempt(partial(listener.follow, versions[listener.source]))

    def notice(self) -> None:
        """Looks after a write by this process. If that fails the write stands, and is found by the next look."""
        _attempt(self.look)
        if self._channel is not None:
            self._untold = True
            self._wake.set()

    def _follow(self) -> None:
        """However many wake it while it looks, it looks once more."""
        while True:
            self._wake.wait(self._interval)
            self._wake.clear()
            if self._stopping:
                return
            if self._untold and self._channel is not None:
                self._untold = False
                self._channel.publish()
            _attempt(self.look)
            if self._every_look is not None:
                _attempt(self._every_look)


def _attempt(step: Callable[[], None]) -> None:
    """What fails is logged and must not stop the rest: it is tried again with the next look."""
    try:
        step()
    except Unavailable as error:
        _log.warning("versions not followed: the database is not available", error=error.cause)
    except Exception:
        _log.exception("versions not followed")
