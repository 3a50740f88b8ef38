"""How many statements a request sends to the database, in whichever thread it does so."""

from __future__ import annotations

from contextvars import ContextVar

_sent: ContextVar[list[int] | None] = ContextVar("statements", default=None)
"""one number in a list: threads that are given a copy of the context count in the same one"""


def begin() -> None:
    """From now on they are counted, in this context and its copies."""
    _sent.set([0])


def sent() -> int:
    """How many there were since `begin`."""
    counted = _sent.get()
    return counted[0] if counted else 0


def add() -> None:
    """One more."""
    counted = _sent.get()
    if counted is not None:
        counted[0] += 1
