"""A few threads for what hot routes must look up: no database call runs on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from youhui.platform.db import PATIENCE
from youhui.platform.problems import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 4
WAITING = 1_000
"""so many calls may wait; more would be answered when nobody waits for them any more"""


class Readers:
    """The threads of one service; they start when they are first needed."""

    def __init__(self, threads: int = THREADS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="readers")
        self._calls = 0

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the call returns or raises. Raises Unavailable if too many wait already, or it takes too long."""
        if self._calls >= WAITING:
            raise Unavailable(f"{self._calls} reads wait already")
        context = copy_context()
        self._calls += 1
        try:
            async with asyncio.timeout(
                PATIENCE
            ):  # those before it may each wait for a database that is silent
                return await asyncio.get_running_loop().run_in_executor(
                    self._pool, lambda: context.run(call, *args, **kwargs)
                )
        except TimeoutError:
            raise Unavailable(f"not read in {PATIENCE:g} s") from None
        finally:
            self._calls -= 1

    def stop(self) -> None:
        """Waits for the calls that run, and drops those that wait."""
        self._pool.shutdown(cancel_futures=True)
