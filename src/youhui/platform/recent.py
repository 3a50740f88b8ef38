"""What was found out a moment ago, by key: who asks says how old it may be."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_NEVER = (float("-inf"), None)


class Recent(Generic[K, V]):
    """Values, each with the instant that it is of: monotonic seconds, taken before it was read.

    A look takes no lock and never waits. An older value never replaces a newer one, in whatever order threads bring
    them. At most so many are held; those brought longest ago go first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[K, tuple[float, V | None]] = OrderedDict()
        self._putting = threading.Lock()

    def get(self, key: K, since: float) -> V | None:
        """What is known as of this instant or later; None: nothing."""
        at, value = self._held.get(key, _NEVER)
        return value if at >= since else None

    def put(self, values: Mapping[K, V | None], at: float) -> None:
        """What was found as of this instant. None: nothing that was found before is true any more."""
        held = self._held
        with self._putting:
            for key, value in values.items():
                if held.get(key, _NEVER)[0] <= at:
                    held[key] = (at, value)
                    held.move_to_end(key)
            while len(held) > self._most:
                held.popitem(last=False)
