"""Named points between two steps, at which a test makes a process fail. They do nothing unless they are told to.

`YOUHUI_FAILPOINT=NAME[:NTH]=raise|kill|sleep:SECONDS`, read when the process starts: what happens whenever the point is
reached, or only the NTH time (from 1). `kill` ends the process as a power cut would.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from itertools import count

VARIABLE = "YOUHUI_FAILPOINT"


class Reached(RuntimeError):
    """What `raise` raises."""


def armed(told: str) -> Callable[[str], None]:
    """The function that acts at the point that `told` names. Raises ValueError."""
    place, _, action = told.partition("=")
    name, _, nth = place.partition(":")
    act = _action(action, name)
    only = int(nth) if nth else None
    arrivals = count(1)

    def reach(point: str) -> None:
        if point == name and only in (None, next(arrivals)):
            act()

    return reach


def _action(action: str, name: str) -> Callable[[], None]:
    kind, _, seconds = action.partition(":")
    if kind == "sleep":
        duration = float(seconds)
        return lambda: time.sleep(duration)
    if action == "kill":
        return lambda: os.kill(os.getpid(), signal.SIGKILL)
    if action == "raise":
        return lambda: _fail(name)
    raise ValueError(f"{VARIABLE}: {action!r} is none of raise, kill, sleep:SECONDS")


def _fail(name: str) -> None:
    raise Reached(name)


def _nothing(point: str) -> None:
    """Nobody told it to do anything."""


_told = os.environ.get(VARIABLE)
reach: Callable[[str], None] = armed(_told) if _told else _nothing
"""Says that a point is reached."""
