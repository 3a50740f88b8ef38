"""One look-up for all who need it at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Hashable
from typing import Generic, TypeVar

from youhui.platform.readers import Readers

K = TypeVar("K", bound=Hashable)


class _Turn(Generic[K]):
    """A call that is still to begin, and who waits for it."""

    def __init__(self) -> None:
        self.keys: set[K] = set()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done.add_done_callback(_seen)


class Gathering(Generic[K]):
    """Calls something in the readers' threads, one call at a time, with all the keys that were asked for meanwhile.

    Whoever asks waits for a call that begins after that: what it finds is never older than the question. So any number
    who ask at once cost one call, or two if one was running. Of one event loop.
    """

    def __init__(self, readers: Readers, call: Callable[[Collection[K]], None]) -> None:
        self._readers = readers
        self._call = call
        self._next: _Turn[K] | None = None
        self._calling: asyncio.Task[None] | None = None

    async def __call__(self, keys: Collection[K] = ()) -> None:
        """Returns when a call with these keys is over. Raises what it raised, Unavailable."""
        turn = self._next
        if turn is None:
            turn = self._next = _Turn()
        turn.keys.update(keys)
        if self._calling is None or self._calling.done():
            self._calling = asyncio.create_task(self._call_all())
        await asyncio.shield(turn.done)  # who goes away takes nobody along

    async def _call_all(self) -> None:
        while (turn := self._next) is not None:
            self._next = None
            try:
                await self._readers.run(self._call, turn.keys)
            except Exception as error:
                turn.done.set_exception(error)
            else:
                turn.done.set_result(None)


def _seen(done: asyncio.Future[None]) -> None:
    """What it raised need not be logged if nobody waits any more."""
    if not done.cancelled():
        done.exception()
